"""Small files of every format, and damage to them: shared by the tests and by `tests/fuzz/readers.py`."""

from __future__ import annotations

import io as bytes_io
import json
import struct
from typing import Any

import numpy as np

#: Codes with which a damaged file may be refused.
REFUSALS = frozenset(
    {
        "damaged_file",
        "unsafe_file",
        "unsupported_dtype",
        "not_a_number",
        "over_budget",
        "header_assumed",
        "index_assumed",
    }
)

_NUMBERS = np.arange(12, dtype="<f4").reshape(4, 3)


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """Write an array file by hand."""
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H" if version[:1] == b"\x01" else "<I", len(text)) + text + data


def safetensors(header: Any, data: bytes = b"", size: int | None = None) -> bytes:
    """Write a safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def entry(dtype: str, shape: list[Any], begin: Any, end: Any) -> dict[str, Any]:
    """Return the header entry of one tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def _saved(save: Any, *arrays: Any, **named: Any) -> bytes:
    stream = bytes_io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


def small_files() -> dict[str, bytes]:
    """Return the content of a good file of every kind, by name."""
    two = {"a": entry("F32", [4, 3], 0, 48), "b": entry("BF16", [2, 2], 48, 56), "c": entry("BF16", [], 56, 58)}
    return {
        "x.npy": _saved(np.save, _NUMBERS),
        "words.npy": _saved(np.save, np.array(["cat", "dog", "cat"])),
        "x.npz": _saved(np.savez, first=_NUMBERS, second=_NUMBERS[:2]),
        "packed.npz": _saved(np.savez_compressed, first=_NUMBERS, second=_NUMBERS[:2]),
        "x.csv": b"a,b\n1,2.5\n-3e5,4\n",
        "named.csv": b"id,a,b\ncat,1,2.5\ndog,-3e5,4\n",
        "x.tsv": b'1\t2\n"3"\t4\n',
        "ids.csv": b"class\n3\n1\n2\n",
        "x.safetensors": safetensors(two, bytes(58)),
    }


_TOKENS = (
    b"\xff" * 8, bytes(8), b"((((((((", b"9" * 40, b"-1", b"{", b"'", b'"', b",", b"\n", b"\r", b"\x1c", b"e999", b"O",
    b"<U99999999", b"(0, 4611686018427387904)", b"PK\x01\x02", b"PK\x03\x04", b"\x00\xff\xff\xff", b"NA", b"nan",
)  # fmt: skip


def damaged(good: bytes, random: np.random.Generator) -> bytes:
    """Overwrite, cut off, insert, swap or repeat some bytes somewhere, once or a few times."""
    for _ in range(int(random.integers(1, 4))):
        if not good:
            return good
        at, end = sorted(int(place) for place in random.integers(len(good) + 1, size=2))
        token = _TOKENS[int(random.integers(len(_TOKENS)))]
        noise = random.bytes(int(random.integers(1, 20)))
        flipped = bytes(byte ^ (1 << int(random.integers(8))) for byte in good[at : at + 1])
        results = (
            good[:at] + noise[:1] + good[at + 1 :],
            good[:at] + flipped + good[at + 1 :],
            good[:at] + token + good[at + len(token) :],
            good[:at],
            good[:at] + noise + good[at:],
            good[:at] + token + good[at:],
            good[:at] + good[end:],
            good[:end] + good[at:],
        )
        good = results[int(random.integers(len(results)))]
    return good
