"""Damage files of every format at random, for a while: each is read, or refused by name, in little memory and time.

``python tests/fuzz/readers.py --seconds 60 --seed 7``. A file that does anything else is kept, and its path printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import mutations

import resemblance as rs
from resemblance import io

LONGEST = 5.0  # seconds for a file of some hundred bytes
LARGEST = 64 << 20  # bytes


def read(path: Path) -> str:
    """Read everything in a file, and return how that ended."""
    try:
        opened = io.open(path)
        for name in opened if isinstance(opened, io.Members) else ():
            np.array(opened[name])
        if path.suffix in {".csv", ".tsv"}:
            io.open_ids(str(path), 3)
    except rs.ResemblanceError as error:
        if len(str(error)) > 1000 or "\n" in str(error):
            raise AssertionError("a message is no sentence") from error
        return error.code
    return "read"


def main() -> int:
    """Run for the time that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random, files, counts = np.random.default_rng(options.seed), mutations.small_files(), dict[str, int]()
    expected = mutations.REFUSALS | {"read", "row_count_mismatch", "bad_option"}
    folder = Path(tempfile.mkdtemp(prefix="resemblance-fuzz-"))
    end, failures = time.monotonic() + options.seconds, 0
    tracemalloc.start()
    with rs.config(on_warning="ignore"):
        while time.monotonic() < end:
            name = str(random.choice(list(files)))
            path = folder / name
            path.write_bytes(mutations.damaged(files[name], random))
            tracemalloc.reset_peak()
            start = time.monotonic()
            try:
                outcome = read(path)
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                outcome = f"{type(error).__name__}: {error}"
            if time.monotonic() - start > LONGEST:
                outcome = "slow"
            if tracemalloc.get_traced_memory()[1] > LARGEST:
                outcome = "large"
            counts[outcome] = counts.get(outcome, 0) + 1
            if outcome not in expected:
                failures += 1
                kept = folder / f"{failures}-{name}"
                path.rename(kept)
                sys.stdout.write(f"{outcome}: {kept}\n")
    sys.stdout.write(f"{sum(counts.values())} files, seed {options.seed}: {counts}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
