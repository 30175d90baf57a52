"""Few combinations of choices that show each pair of choices: a covering array of strength two (Cohen et al. 1997).

Most mistakes need one choice or two to show (Kuhn et al. 2004), so a hundred options need not be multiplied out. A
*factor* is a name with its values, the first of which stands for "not given"; a *row* gives every factor a value.
Whether a row is allowed says the caller, which asks the library. Everything is deterministic: ties go to what was named
first.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Factors: TypeAlias = dict[str, list[Any]]
    Accepts: TypeAlias = Callable[[dict[str, Any]], bool]

Row: TypeAlias = tuple[int, ...]  # positions of the values, one per factor

# A pair of choices may need two others beside it before the library takes it.
MOST_CHANGED = 4


def pairwise(factors: Factors, accepts: Accepts) -> list[dict[str, Any]]:
    """Rows in which each two choices meet that can meet; all rows with one choice that is not the first begin it."""
    rows = [row for row in _rows(factors, MOST_CHANGED) if accepts(_named(factors, row))]
    plain = [at for at, row in enumerate(rows) if np.count_nonzero(row) <= 1]
    return [_named(factors, rows[at]) for at in _greedy([_meetings(row) for row in rows], plain)]


def product(factors: Factors, accepts: Accepts) -> Iterator[dict[str, Any]]:
    """All rows that are accepted."""
    for values in itertools.product(*factors.values()):
        row = dict(zip(factors, values, strict=True))
        if accepts(row):
            yield row


def spread(rows: Sequence[Any], inputs: Sequence[Any], choices: Callable[[Any], frozenset[Any]]) -> list[tuple]:
    """Pairs of a row and an input: each choice meets each input, and each row comes at least once."""
    found, rest = [], list(range(len(rows)))
    for number, given in enumerate(inputs):
        # what has not been used yet comes first, and what is equally good takes turns
        turn = [*rest, *(at for at in _rotated(len(rows), number) if at not in rest)]
        chosen = [turn[at] for at in _greedy([choices(rows[at]) for at in turn], [])]
        rest = [at for at in rest if at not in chosen]
        found += [(rows[at], given) for at in sorted(chosen)]
    return found + [(rows[at], inputs[number % len(inputs)]) for number, at in enumerate(rest)]


def _rows(factors: Factors, most: int) -> Iterator[Row]:
    """Rows by the number of values that are not the first."""
    names = list(factors)
    for count in range(min(most, len(names)) + 1):
        for changed in itertools.combinations(range(len(names)), count):
            for values in itertools.product(*(range(1, len(factors[names[at]])) for at in changed)):
                row = [0] * len(names)
                for at, value in zip(changed, values, strict=True):
                    row[at] = value
                yield tuple(row)


def _meetings(row: Row) -> frozenset[Any]:
    """The pairs of choices of a row, and its choices."""
    choices = list(enumerate(row))
    return frozenset([*choices, *itertools.combinations(choices, 2)])


def _greedy(shown: list[frozenset[Any]], chosen: list[int]) -> list[int]:
    """Positions of sets whose union is that of all: those that are chosen already, then what adds most each time."""
    chosen, missing = list(chosen), set().union(*shown)
    for at in chosen:
        missing -= shown[at]
    # what a set adds can only become less, so the first that still adds what it did is the best
    heap = [(-len(shown[at] & missing), at) for at in range(len(shown))]
    heapq.heapify(heap)
    while missing:
        _, best = heap[0]
        adds = -len(shown[best] & missing)
        if (adds, best) == heap[0]:
            chosen.append(best)
            missing -= shown[best]
        heapq.heapreplace(heap, (-len(shown[best] & missing), best))
    return chosen


def _rotated(count: int, by: int) -> list[int]:
    return [(at + by) % count for at in range(count)]


def _named(factors: Factors, row: Row) -> dict[str, Any]:
    return {name: values[at] for (name, values), at in zip(factors.items(), row, strict=True)}
