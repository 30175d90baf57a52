"""From `rng=` to the key of the random streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Sequence

    RNG: TypeAlias = int | Sequence[int] | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator | None


def key_of(rng: RNG) -> bytes:
    """Make the 32 bytes that every permutation of a run is derived from.

    A seed always gives the same key. A generator is advanced, so that the next call gives another one.
    """
    if isinstance(rng, np.random.BitGenerator):
        rng = np.random.Generator(rng)
    if isinstance(rng, np.random.Generator):
        return rng.integers(0, 2**64, size=4, dtype=np.uint64).astype("<u8").tobytes()
    try:
        seeds = rng if isinstance(rng, np.random.SeedSequence) else np.random.SeedSequence(rng)
    except (TypeError, ValueError) as error:
        message = (
            f"rng={rng!r} must be None, a whole number of at least 0, or a SeedSequence, BitGenerator or Generator "
            "of numpy.random."
        )
        raise make("bad_option", message, {"option": "rng", "given": repr(rng)}) from error
    return seeds.generate_state(8, np.uint32).astype("<u4").tobytes()
