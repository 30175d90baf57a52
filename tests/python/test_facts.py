"""Every fact of every measure in every setting, both ways: what is claimed holds, what is not claimed fails.

The list of measures, their options and their claims come from the library itself. A score is *invariant to* a change if
no representation shows a difference, so a claim is tried on all sets of data, and one set that shows a difference is
enough where nothing is claimed.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pairs
import pytest
from settings import EVERY, MEASURES, SETTINGS, parameters

import resemblance as rs
from resemblance import _core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings import Setting

SAME = 1e-8  # round-off of an ill-conditioned linear map
DIFFERENT = 1e-6

# A change that contains others: whoever ignores the first ignores all of them.
CONTAINS = {
    "orthogonal": {"permutation"},
    "invertible_linear": {"permutation", "orthogonal", "scaling"},
    "affine": {"permutation", "orthogonal", "scaling", "invertible_linear", "translation"},
    "monotone": {"row_shift"},
}
CHANGES = {
    "matrix": ["permutation", "orthogonal", "scaling", "invertible_linear", "translation", "affine"],
    "pair_matrix": ["scaling"],
    "predictions": ["relabeling", "monotone", "row_shift"],
    "probabilities": ["relabeling", "monotone", "row_shift"],
}


def claimed(facts: rs.Facts, which: str) -> set[str]:
    """Return the changes claimed, with those that they contain."""
    found = set(getattr(facts, which))
    if which == "source_invariant_to":
        found |= set(facts.invariant_to)
    if {"invertible_linear", "translation"} <= found:
        found |= {"affine"}
    return found.union(*(CONTAINS.get(change, set()) for change in found))


def data(setting: Setting) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs on which a difference would show: unlike sizes, a fast decay, small scale, many classes."""
    if setting.input in ("matrix", "pair_matrix"):
        decay = np.array([3.0, 1.0, 0.3, 0.1, 0.03])
        x, y = pairs.related(24, 5, 5, seed=21)
        return [
            setting.inputs(*pair)
            for pair in (
                pairs.related(24, 4, 3, seed=20),
                (x * decay, y * decay[::-1]),
                tuple(0.2 * a for a in pairs.related(20, 5, 5, seed=22)),
                pairs.related(20, 6, 2, seed=23, noise=5.0),
            )
        ]
    return [setting.inputs(*pairs.scores(30, classes, seed=classes)) for classes in (2, 3, 6)]


def value(setting: Setting, x: np.ndarray, y: np.ndarray) -> float | None:
    """Return the score, or None if it is refused (a shifted probability is none any more)."""
    try:
        return setting.library(x, y)
    except rs.ResemblanceError:
        return None


def linear_map(change: str, d: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix and a shift that make up the change."""
    eye, zero = np.eye(d), np.zeros(d)
    if change == "permutation":
        return eye[:, np.roll(rng.permutation(d), 1)], zero
    if change == "orthogonal":
        return np.linalg.qr(rng.normal(size=(d, d)))[0], zero
    if change == "scaling":
        return rng.choice([0.01, 0.3, 3.7, 250.0]) * eye, zero
    if change == "translation":
        return eye, 3 * rng.normal(size=d)
    u, v = (np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2))
    return (u * np.geomspace(0.2, 5, d)) @ v, zero if change == "invertible_linear" else 3 * rng.normal(size=d)


def changed(setting: Setting, change: str, pair: tuple[np.ndarray, np.ndarray], side: int, seed: int):
    """Apply a change to one side (or, where classes get new names, to both)."""
    rng = np.random.default_rng([seed, side])
    sides = list(pair)
    if setting.input == "matrix":
        matrix, shift = linear_map(change, sides[side].shape[1], rng)
        sides[side] = sides[side] @ matrix + shift
    elif change == "scaling":
        sides[side] = rng.choice([0.01, 0.3, 3.7, 250.0]) * sides[side]
    elif change == "relabeling":
        order = np.roll(rng.permutation(sides[0].shape[1]), 1)
        sides = [a[:, order] for a in sides]
    elif change == "monotone":
        sides[side] = np.sinh(sides[side] * rng.uniform(0.5, 2, size=(len(sides[side]), 1))) + 0.5 * sides[side]
    elif change == "row_shift":
        sides[side] = sides[side] + rng.normal(size=(len(sides[side]), 1))
    return tuple(sides)


def differences(setting: Setting, change: str, side: int) -> list[float]:
    """How far the score moves, on every set of data; infinite where it is refused."""
    found = []
    for seed, pair in enumerate(data(setting)):
        before, after = value(setting, *pair), value(setting, *changed(setting, change, pair, side, seed))
        if before is None and after is None:
            continue
        if before is None or after is None:
            found.append(math.inf)
        elif before == after:
            found.append(0.0)
        else:
            found.append(abs(after - before) / max(1.0, abs(before)))
    return found


# Labels get the new names as well, and another order of the rows: tests of their own below.
WITHOUT_LABELS = [s for s in EVERY if "labels" not in parameters(s.measure)]
CASES = [(s, change) for s in EVERY for change in CHANGES[s.input] if change != "relabeling" or s in WITHOUT_LABELS]


@pytest.mark.parametrize(("setting", "change"), CASES, ids=str)
def test_invariances(setting, change):
    of_both, of_source = claimed(setting.facts, "invariant_to"), claimed(setting.facts, "source_invariant_to")
    of_x, of_y = differences(setting, change, 0), differences(setting, change, 1)
    assert of_x, "no set of data gave a score"
    if change in of_source:
        assert max(of_x) < SAME, "claimed for the first argument, but the score moves"
    else:
        assert max(of_x) > DIFFERENT, "not claimed for the first argument, but no set of data shows a difference"
    if change in of_both:
        assert max(of_y) < SAME, "claimed for both arguments, but the score moves with the second"
    elif change in of_source:
        assert max(of_y) > DIFFERENT, "claimed for the first argument only, but the second shows no difference either"


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_claims_are_known_words(setting):
    facts = setting.facts
    assert set(facts.invariant_to) | set(facts.source_invariant_to) <= set(CHANGES[setting.input])
    assert facts.kind in ("similarity", "distance", "statistic")
    assert facts.reference
    assert facts.cost
    low, high = facts.range
    assert low < high


@pytest.mark.parametrize("name", MEASURES)
def test_the_list_states_the_facts_of_the_defaults(name):
    info = MEASURES[name]
    plain = next(setting for setting in EVERY if setting.measure == name)
    assert repr(info.facts) == repr(plain.facts)  # a NaN does not equal itself


def test_python_knows_every_fact_and_every_field_of_an_option():
    for entry in _core.measures():
        assert set(entry["facts"]) <= {field.name for field in dataclasses.fields(rs.Facts)}
        for option in entry["options"]:
            assert set(option) <= {field.name for field in dataclasses.fields(rs.Option)}
    with pytest.raises(TypeError, match="shape"):
        rs.Facts.of_core({"shape": "round"})


def test_relabeling_with_labels():
    new_names = np.array([2, 0, 1])
    x, y = pairs.ids(30, 3)
    labels = pairs.ids(30, 3, seed=9)[0]
    for reference in ("first", "second", "mean"):
        before = rs.error_corrected_disagreement(x, y, labels=labels, reference=reference)
        after = rs.error_corrected_disagreement(
            new_names[x], new_names[y], labels=new_names[labels], reference=reference
        )
        assert before == after
        order = np.random.default_rng(2).permutation(30)
        moved = rs.error_corrected_disagreement(x[order], y[order], labels=labels[order], reference=reference)
        assert moved == before


def random_pairs(setting: Setting) -> list[tuple[np.ndarray, np.ndarray]]:
    """Many shapes and kinds of relation, opposite ones included."""
    found = []
    rng = np.random.default_rng(33)
    for seed in range(25):
        n = int(rng.integers(12, 30))
        if setting.input in ("matrix", "pair_matrix"):
            d_x, d_y = rng.integers(3, 40 if seed % 2 else 6, size=2)
            x, y = pairs.related(n, int(d_x), int(d_y), seed=seed, noise=float(rng.choice([0.1, 1.0, 10.0])))
            pair = (x, x[:, ::-1] ** 3) if seed % 5 == 0 else (x, -y) if seed % 5 == 1 else (x, y)
            pair = tuple(a * rng.choice([0.02, 1.0]) for a in pair)
        else:
            x, y = pairs.scores(n, int(rng.integers(2, 6)), seed=seed)
            pair = (20 * x, -20 * x) if seed % 3 == 0 else (x, y * 20)
        found.append(setting.inputs(*pair))
    return found


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_range(setting):
    low, high = setting.facts.range
    values = [v for x, y in random_pairs(setting) for v in [value(setting, x, y)] if v is not None]
    assert len(values) > 15
    assert all(low <= v <= high for v in values), (min(values), max(values))


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_identity(setting):
    """A representation with itself has the value stated, and nothing is more alike."""
    facts = setting.facts
    for x, y in data(setting):
        itself, other = value(setting, x, x), value(setting, x, y)
        if itself is None:
            assert other is None, "undefined at identity only"
            continue
        identity = facts.identity_value
        if math.isfinite(identity):
            assert itself == pytest.approx(identity, rel=1e-9, abs=1e-9)
        elif math.isinf(identity):
            assert itself == identity or abs(itself) > 1e9
        else:  # it depends on the data, such as on the rank
            assert itself == pytest.approx(setting.oracle(x, x), rel=1e-9)
        if other is not None:
            assert itself >= other if facts.kind == "similarity" else itself <= other or facts.kind == "statistic"


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_symmetry(setting):
    gaps = []
    for x, y in data(setting):
        one, other = value(setting, x, y), value(setting, y, x)
        assert (one is None) == (other is None)
        if one is not None:
            gaps.append(abs(one - other) / max(1.0, abs(one)))
    assert gaps
    if setting.facts.symmetric:
        assert max(gaps) < 1e-10
    else:
        assert max(gaps) > DIFFERENT, "not claimed to be symmetric, but no set of data shows a difference"


def smallest(setting: Setting, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs with as few rows as that; of a single input both models may say the same, or nobody err."""
    if setting.input in ("matrix", "pair_matrix"):
        yield setting.inputs(*pairs.related(n, 5, 5, seed=1))
        return
    for seed in range(50):
        yield setting.inputs(*pairs.scores(n, 3, seed=seed))


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_min_rows(setting):
    least = setting.facts.min_rows
    x, y = next(pair for pair in smallest(setting, least) if not math.isnan(setting.oracle(*pair)))
    ours = setting.library(x, y)
    assert ours == pytest.approx(setting.oracle(x, y), rel=1e-8, abs=1e-8)
    fewer = (slice(least - 1),) * (2 if setting.input == "pair_matrix" else 1)
    with pytest.raises(rs.ResemblanceError) as caught:
        setting.library(x[fewer], y[fewer])
    assert caught.value.code in {"too_few_samples", "k_too_large", "empty_input"}
    assert caught.value.details


@pytest.mark.parametrize("setting", [s for s in EVERY if s.input != "pair_matrix"], ids=str)
def test_equal_widths(setting):
    x, y = pairs.related(20, 5, 3) if setting.input == "matrix" else pairs.scores(20, 5)
    if setting.input != "matrix":
        x, y = setting.inputs(x, y[:, :3])
    if setting.fits_width:
        with pytest.raises(rs.ResemblanceError) as caught:
            setting.library(x, y)
        assert caught.value.code == "width_mismatch"
        assert {str(n) for n in (5, 3)} <= set(str(caught.value).replace(",", " ").replace(".", " ").split())
    else:
        setting.library(x, y)


def _triples(setting: Setting):
    """Random triples, and triples with one on the way between the others, where inequalities are tight."""
    rng = np.random.default_rng(44)
    for seed in range(12):
        if setting.input in ("matrix", "pair_matrix"):
            x, y = pairs.related(14, 3, 3, seed=seed, noise=float(rng.choice([0.1, 1.0])))
            z = pairs.related(14, 3, 3, seed=seed + 100)[0]
        else:
            x, y = pairs.scores(14, 3, seed=seed)
            z = pairs.scores(14, 3, seed=seed + 100)[0]
        x, y = setting.inputs(x, y)
        z, _ = setting.inputs(z, z)
        yield x, y, z
        if setting.options.get("kind") == "log_probs":
            yield x, np.logaddexp(x, z) - np.log(2), z
        elif setting.input != "predictions":
            yield x, (x + z) / 2, z
            yield x, 0.7 * x + 0.3 * y, y
        else:  # one mistake each, and a model that makes both
            right = setting.options_for(x).get("labels", np.zeros(len(x), dtype=int))
            one, both, other = right.copy(), right.copy(), right.copy()
            one[0], other[1], both[:2] = right[0] + 1, right[1] + 1, right[:2] + 1
            yield one, both, other


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_triangle_inequality(setting):
    """Holds where the measure is called a metric; fails for some triple where a symmetric distance is not."""
    facts = setting.facts
    if not facts.is_metric and (facts.kind != "distance" or not facts.symmetric):
        assert not facts.is_metric
        return
    assert facts.kind == "distance", "a difference of two numbers is zero for unlike representations too"
    assert facts.symmetric
    assert facts.identity_value == 0
    slack = []
    for triple in _triples(setting):
        for x, y, z in itertools.permutations(triple):
            direct, detour = value(setting, x, z), [value(setting, x, y), value(setting, y, z)]
            if direct is not None and None not in detour:
                slack.append(sum(detour) - direct)
    assert len(slack) > 50
    if facts.is_metric:
        assert min(slack) > -1e-9
    else:
        assert min(slack) < -1e-9, "not claimed to be a metric, but no triple breaks the triangle inequality"


DISTANCES = [
    s
    for s in SETTINGS
    if s.facts.kind == "distance" and math.isfinite(s.facts.identity_value) and s.input in ("matrix", "pair_matrix")
]


@pytest.mark.parametrize("setting", DISTANCES, ids=str)
def test_distances_of_close_pairs(setting):
    """A hundredth of the step is a hundredth of the distance, or of its square, down to steps near round-off."""
    x, z = setting.inputs(*pairs.related(24, 4, 4, seed=24))
    if setting.measure == "cca_mean":  # a product of as many factors as there are columns, each of which falls
        x, z = x[:, :1], z[:, :1]
    found = [value(setting, x, x + step * z) for step in (1e-3, 1e-5, 1e-7, 1e-9)]
    if setting.measure == "cca_mean":  # 1 - rho^2 knows nothing below the round-off of 1
        found = found[:3]
    if setting.facts.form == "unpaired" and not any(found):  # graphs of neighbors do not change at all
        return
    falls = [math.log10(before / after) for before, after in itertools.pairwise(found)]
    assert round(falls[0]) in (2, 4)
    assert falls == pytest.approx([round(falls[0])] * len(falls), abs=0.02)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.input in ("matrix", "pair_matrix")], ids=str)
def test_degree(setting):
    """The score grows as stated where both sides are multiplied by a number, and by no power where none is stated."""
    degree = setting.facts.degree
    if "scaling" in setting.facts.invariant_to:
        assert degree == 0
    found = []
    for x, y in data(setting):
        before, after = value(setting, x, y), value(setting, 3.0 * x, 3.0 * y)
        if before and after and math.isfinite(before) and math.isfinite(after):
            found.append(math.log(after / before) / math.log(3.0) if after / before > 0 else math.nan)
    assert found
    if degree is None:
        assert max(found) - min(found) > DIFFERENT or any(map(math.isnan, found))
    else:
        assert found == pytest.approx([degree] * len(found), abs=1e-6)


@pytest.mark.parametrize("setting", EVERY, ids=str)
def test_rows_paired(setting):
    moves = []
    for seed, (x, y) in enumerate(data(setting)):
        order = np.roll(np.random.default_rng(seed).permutation(len(y)), 1)
        before = value(setting, x, y)
        after = value(setting, x, y[np.ix_(order, order)] if setting.input == "pair_matrix" else y[order])
        if before is not None and after is not None:
            moves.append(abs(before - after) / max(1.0, abs(before)))
    assert moves
    if setting.facts.rows_paired:
        assert max(moves) > DIFFERENT
    else:
        assert max(moves) < 1e-12


@pytest.mark.parametrize("setting", WITHOUT_LABELS, ids=str)
def test_which_row_comes_first_does_not_matter(setting):
    """The same order for both sides leaves every score alone."""
    for seed, (x, y) in enumerate(data(setting)):
        order = np.random.default_rng(seed).permutation(len(y))
        pick = (
            (lambda a, order=order: a[np.ix_(order, order)])
            if setting.input == "pair_matrix"
            else (lambda a, order=order: a[order])
        )
        before, after = value(setting, x, y), value(setting, pick(x), pick(y))
        assert (before is None) == (after is None)
        if before is not None:
            assert after == pytest.approx(before, rel=1e-9, abs=1e-11)
