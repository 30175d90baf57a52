"""Tables of inputs, shared by all tests: what every measure must answer, and what every measure must refuse.

A `Pair` holds two plain float64 arrays and the `dress` in which they are handed over: a dtype, a memory layout, a
container. A setting first turns the plain arrays into what it takes (`Setting.inputs`), the dress comes last, so that a
precomputed kernel meets negative strides as well.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = tempfile.TemporaryDirectory()  # for memory maps; removed when Python ends


def plain(array: np.ndarray) -> np.ndarray:
    return array


@dataclass(frozen=True)
class Pair:
    """Two arrays for the same inputs."""

    name: str
    x: np.ndarray
    y: np.ndarray
    dress: Callable[[np.ndarray], Any] = plain
    rel: float = 1e-9
    abs: float = 1e-11

    def __str__(self) -> str:
        return self.name


def related(n: int, d_x: int, d_y: int, seed: int = 0, noise: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """Two representations with a common part; columns of unlike size and mean, so that nothing holds by symmetry."""
    rng = np.random.default_rng([seed, n, d_x, d_y])
    common = rng.normal(size=(n, 3))
    x = common @ rng.normal(size=(3, d_x)) + noise * rng.normal(size=(n, d_x))
    y = common @ rng.normal(size=(3, d_y)) + noise * rng.normal(size=(n, d_y))
    return x * np.linspace(1, 2, d_x) + 0.3, y * np.linspace(1.5, 0.5, d_y) - 0.2


# Dresses


def _negative_strides(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array[tuple(slice(None, None, -1) for _ in array.shape)])[
        tuple(slice(None, None, -1) for _ in array.shape)
    ]


def _sliced(array: np.ndarray) -> np.ndarray:
    wide = np.full([3 * size + 1 for size in array.shape], np.nan)
    view = wide[tuple(slice(1, None, 3) for _ in array.shape)]
    view[...] = array
    return view


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _memory_map(array: np.ndarray) -> np.ndarray:
    with tempfile.NamedTemporaryFile(dir=_FOLDER.name, suffix=".npy", delete=False) as file:
        np.save(file, array)
    return np.load(Path(file.name), mmap_mode="r")


def _misaligned(array: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(array)
    buffer = np.zeros(array.nbytes + 1, dtype=np.uint8)
    view = np.ndarray(array.shape, dtype=array.dtype, buffer=buffer, offset=1)
    view[...] = array
    return view


def as_type(dtype: Any) -> Callable[[np.ndarray], np.ndarray]:
    def dress(array: np.ndarray) -> np.ndarray:
        return array.astype(dtype)

    return dress


def _tuples(array: np.ndarray) -> Any:
    return tuple(map(tuple, array.tolist())) if array.ndim == 2 else tuple(array.tolist())


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "fortran_order": np.asfortranarray,
    "transposed_view": lambda a: np.ascontiguousarray(a.T).T,
    "negative_strides": _negative_strides,
    "sliced": _sliced,
    "read_only": _read_only,
    "memory_map": _memory_map,
    "misaligned": _misaligned,
    "lists": lambda a: a.tolist(),
    "tuples": _tuples,
    "big_endian": as_type(">f8"),
    "long_double": as_type(np.longdouble),
    "float32": as_type(np.float32),
    "float32_sliced": lambda a: _sliced(a).astype(np.float32)[::1, ::1] if a.ndim == 2 else a.astype(np.float32),
    "float16": as_type(np.float16),
}


# Representations that every measure answers


def _with_constant_columns() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(20, 5, 4, seed=3)
    x[:, 1], y[:, 0] = 0.0, 7.5
    return x, y


def _with_repeated_rows() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(12, 4, 3, seed=4)
    rows = [*range(12), 0, 1, 2, 3, 3, 3]
    return x[rows], y[rows]


def _with_a_copied_column() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(20, 4, 3, seed=5)
    return np.column_stack([x, x[:, 0]]), y


def _with_a_far_row() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(20, 4, 3, seed=6)
    x[7] += 50
    y[7] -= 50
    return x, y


def _small_integers() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(20, 4, 3, seed=7)
    return np.round(25 * x), np.round(25 * y)


def _same() -> tuple[np.ndarray, np.ndarray]:
    x, _ = related(20, 4, 3, seed=8)
    return x, x


def _layout_pair() -> tuple[np.ndarray, np.ndarray]:
    return related(16, 5, 4, seed=9)


DEFINED = [
    Pair("generic", *related(20, 4, 3)),
    Pair("equal_widths", *related(18, 5, 5, seed=1)),
    Pair("wide", *related(12, 30, 25)),
    Pair("one_side_wide", *related(14, 3, 40)),
    Pair("tall", *related(40, 3, 2)),
    Pair("one_column", *related(15, 1, 1)),
    Pair("repeated_rows", *_with_repeated_rows()),
    Pair("constant_columns", *_with_constant_columns()),
    Pair("copied_column", *_with_a_copied_column()),
    Pair("far_row", *_with_a_far_row(), rel=1e-8),
    Pair("same", *_same()),
    Pair("integers", *_small_integers(), dress=as_type(np.int64)),
    Pair("bytes", *(a - a.min() for a in _small_integers()), dress=as_type(np.uint8)),
    *(Pair(name, *_layout_pair(), dress=dress) for name, dress in LAYOUTS.items()),
]


# Where some measures have no answer: the oracle says which, by NaN


def _equidistant() -> tuple[np.ndarray, np.ndarray]:
    return np.eye(12), related(12, 4, 3, seed=10)[1]


def _with_a_zero_row() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(16, 4, 4, seed=12)
    x[5] = 0.0
    return x, y


def _with_a_constant_row() -> tuple[np.ndarray, np.ndarray]:
    x, y = related(16, 4, 4, seed=13)
    x[2] = 0.7
    y[9] = -1.5
    return x, y


DEGENERATE = [
    Pair("equal_rows", np.tile([0.1, 0.7, 0.3], (14, 1)), related(14, 3, 3)[1]),
    Pair("equal_rows_second", related(14, 3, 3)[0], np.tile([0.1, 0.7, 0.3], (14, 1))),
    Pair("all_zero", np.zeros((14, 3)), related(14, 3, 3)[1]),
    Pair("equidistant", *_equidistant()),
    Pair("zero_row", *_with_a_zero_row()),
    Pair("constant_row", *_with_a_constant_row()),
]


# Sizes at which a square overflows or vanishes; read with the facts of the measure (test_textbook)

SCALES = {"huge": 1e150, "tiny": 1e-150, "large": 1e30, "small": 1e-30}


# Predictions: class ids, or scores of which the largest decides


def scores(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of two models that often agree, and are often right by `settings.labels_for`."""
    rng = np.random.default_rng([seed, n, classes])
    truth = np.random.default_rng(11).integers(0, 3, size=n) % classes
    common = 1.2 * np.eye(classes)[truth] + rng.normal(size=(n, classes))
    return common + 0.6 * rng.normal(size=(n, classes)), common + 0.6 * rng.normal(size=(n, classes))


def ids(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x, y = scores(n, classes, seed)
    return x.argmax(axis=1), y.argmax(axis=1)


def _tied() -> tuple[np.ndarray, np.ndarray]:
    x, y = scores(24, 4, seed=3)
    return np.round(x), np.round(y)


def _near_identical() -> tuple[np.ndarray, np.ndarray]:
    x, _ = scores(24, 5, seed=4)
    return x, x + 1e-4 * np.random.default_rng(0).normal(size=x.shape)


PREDICTIONS = [
    Pair("ids", *ids(30, 3)),
    Pair("ids_two_classes", *ids(25, 2)),
    Pair("ids_int32", *ids(20, 4), dress=as_type(np.int32)),
    Pair("ids_bytes", *ids(20, 4), dress=as_type(np.uint8)),
    Pair("ids_far_apart", *(a * 10**12 + 5 for a in ids(20, 3))),
    Pair("ids_reversed", *ids(20, 3), dress=_negative_strides),
    Pair("ids_list", *ids(20, 3), dress=lambda a: a.tolist()),
    Pair("ids_read_only", *ids(20, 3), dress=_read_only),
    Pair("ids_one_constant", np.ones(12, dtype=np.int64), ids(12, 3)[1]),
    Pair("ids_strided", *(np.repeat(a, 3)[::3] for a in ids(20, 3))),
]

SCORES = [
    Pair("scores", *scores(30, 3)),
    Pair("scores_two_classes", *scores(25, 2)),
    Pair("scores_many_classes", *scores(20, 120)),
    Pair("scores_tied", *_tied()),
    Pair("scores_near_identical", *_near_identical(), rel=1e-5, abs=0.0),
    Pair("scores_far_apart", *(40 * a for a in scores(20, 4, seed=5))),
    Pair("scores_repeated_rows", *(np.repeat(a, 2, axis=0) for a in scores(10, 3, seed=6))),
    *(Pair(f"scores_{name}", *scores(16, 4, seed=7), dress=dress) for name, dress in LAYOUTS.items()),
]


# Refused


def _spoiled(value: float) -> Callable[[np.ndarray], Any]:
    def spoil(array: np.ndarray) -> np.ndarray:
        array = np.array(array, dtype=float)
        array[5, 1] = value
        return array

    return spoil


@dataclass(frozen=True)
class Refusal:
    """What is done to a good array, the code of the error, and words that its message must contain."""

    name: str
    spoil: Callable[[np.ndarray], Any]
    code: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


REFUSED = [
    Refusal("nan", _spoiled(np.nan), "nonfinite_input", ("row 5", "column 1")),
    Refusal("nan_float32", lambda a: _spoiled(np.nan)(a).astype(np.float32), "nonfinite_input", ("row 5", "column 1")),
    Refusal("nan_float16", lambda a: _spoiled(np.nan)(a).astype(np.float16), "nonfinite_input", ("row 5", "column 1")),
    Refusal("nan_fortran", lambda a: np.asfortranarray(_spoiled(np.nan)(a)), "nonfinite_input", ("row 5", "column 1")),
    Refusal("nan_negative", lambda a: _negative_strides(_spoiled(np.nan)(a)), "nonfinite_input", ("row 5", "column 1")),
    Refusal("nan_list", lambda a: _spoiled(np.nan)(a).tolist(), "nonfinite_input", ("row 5", "column 1")),
    Refusal("inf", _spoiled(np.inf), "nonfinite_input", ("row 5", "column 1")),
    Refusal("minus_inf", _spoiled(-np.inf), "nonfinite_input", ("row 5", "column 1")),
    Refusal(
        "long_double_overflow",
        lambda a: a.astype(np.longdouble) * np.longdouble("1e400"),
        "nonfinite_input",
        ("row 0",),
    ),
    Refusal("no_rows", lambda a: a[:0], "empty_input", ("0",)),
    Refusal("no_columns", lambda a: a[:, :0], "empty_input", ("0",)),
    Refusal("empty_list", lambda a: [[]], "empty_input"),
    Refusal("three_axes", lambda a: a[:, None, :], "layout_required", ("reshape",)),
    Refusal("four_axes", lambda a: a[:, None, None, :], "layout_required"),
    Refusal("strings", lambda a: a.astype(str), "unsupported_dtype", ("text",)),
    Refusal("list_of_strings", lambda a: [["a", "b"]] * len(a), "unsupported_dtype"),
    Refusal("bytestrings", lambda a: a.astype("S8"), "unsupported_dtype"),
    Refusal("objects", lambda a: a.astype(object), "unsupported_dtype", ("object",)),
    Refusal("object_with_none", lambda a: [[None, 1.0]] * len(a), "unsupported_dtype"),
    Refusal("complex", lambda a: a.astype(complex), "unsupported_dtype", ("complex",)),
    Refusal("dates", lambda a: np.zeros(a.shape, dtype="datetime64[s]"), "unsupported_dtype"),
    Refusal("records", lambda a: np.zeros(len(a), dtype=[("u", float), ("v", int)]), "unsupported_dtype"),
    Refusal("ragged", lambda a: [[1.0, 2.0], [3.0]] * (len(a) // 2), "unsupported_dtype"),
    Refusal(
        "masked", lambda a: np.ma.masked_array(a, mask=np.eye(*a.shape, dtype=bool)), "unsupported_dtype", ("mask",)
    ),
    Refusal("none", lambda a: None, "unsupported_dtype", ("None",)),
    Refusal("one_string", lambda a: "x.npy", "unsupported_dtype"),
    Refusal("dictionary", lambda a: {"layer": a}, "unsupported_dtype"),
    Refusal("set", lambda a: {1.0, 2.0}, "unsupported_dtype"),
    Refusal("number", lambda a: 3.0, "not_two_dimensional"),
    Refusal("python_object", lambda a: object(), "unsupported_dtype"),
]

# What only representations are refused for: predictions may have one axis
REFUSED_MATRICES = [
    Refusal("one_axis", lambda a: a[:, 0], "not_two_dimensional"),
    Refusal("one_axis_integers", lambda a: np.arange(len(a)), "not_two_dimensional"),
]

# What only class ids are refused for; `spoil` gets class ids
REFUSED_IDS = [
    Refusal("fractions", lambda a: a + 0.5, "bad_label", ("row 0",)),
    Refusal("ids_nan", lambda a: np.where(np.arange(len(a)) == 5, np.nan, a), "missing_answer", ("row 5",)),
    Refusal("negative", lambda a: np.where(np.arange(len(a)) == 5, -1, a), "missing_answer", ("row 5",)),
    Refusal("too_large", lambda a: np.full(len(a), 2**64 - 1, dtype=np.uint64), "bad_label", ("row 0",)),
    Refusal("complex_ids", lambda a: a.astype(complex), "unsupported_dtype"),
    Refusal("no_ids", lambda a: a[:0], "empty_input"),
]
