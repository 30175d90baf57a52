"""The random permutations in plain integers: ChaCha with 8 rounds, one stream per relabelling, Lemire's Fisher-Yates.

The oracle of the core's generator. The key is the state of NumPy's SeedSequence; stream r gives relabelling r whatever
the number of threads. The words are frozen: a p-value of today must be found again in years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_MASK = (1 << 32) - 1


def _block(key: list[int], counter: int, stream: int) -> list[int]:
    """Sixteen words: constants, key, 64-bit block counter, 64-bit stream number; 8 rounds; feed-forward."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key]
    start += [counter & _MASK, counter >> 32, stream & _MASK, stream >> 32]
    s = list(start)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for x, y, z, k in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & _MASK
            v = s[z] ^ s[x]
            s[z] = ((v << k) | (v >> (32 - k))) & _MASK

    for _ in range(4):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return [(a + b) & _MASK for a, b in zip(s, start, strict=True)]


def _words(key: list[int], stream: int) -> Iterator[int]:
    counter = 0
    while True:
        yield from _block(key, counter, stream)
        counter += 1


def _below(source: Iterator[int], bound: int) -> int:
    """A uniform integer in 0 .. bound - 1."""
    while True:
        product = next(source) * bound
        low = product & _MASK
        if low >= bound or low >= (1 << 32) % bound:
            return product >> 32


def permutation(n: int, seed: int, stream: int) -> list[int]:
    """Relabelling number `stream` of a run with this seed."""
    key = [int(word) for word in np.random.SeedSequence(seed).generate_state(8, np.uint32)]
    source, order = _words(key, stream), list(range(n))
    for i in range(n - 1, 0, -1):
        j = _below(source, i + 1)
        order[i], order[j] = order[j], order[i]
    return order
