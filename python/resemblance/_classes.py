"""Class ids from whatever names classes: whole numbers, truth values, words, and objects of these.

Every array is read by itself, and yet all arrays of a comparison speak of the same classes: numbers stand for
themselves, and a word stands for a number that follows from its letters alone (62 bits of BLAKE2b, set apart from all
other ids). So summaries that were prepared elsewhere can be compared too. A missing value (NaN, None, an empty word, a
negative id) is a gap; what becomes of it is the option ``missing`` of the measure.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

WORD = 1 << 62  # ids of words begin here
GAP = (1 << 63) - 1  # the id of a missing value
_EXACT = 1 << 53  # beyond this not every whole number is a float


def is_classes(array: Array) -> bool:
    """Whether an array can only name classes: one axis (or one column) of truth values, text or objects."""
    single = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)
    return single and array.dtype.kind in "bUTO"


def class_ids(array: Array, name: str) -> NDArray[np.int64]:
    """Give numbers to the classes of an array with one axis or one column."""
    array = array.reshape(-1)
    kind = array.dtype.kind
    if kind in "biu":
        return _of_numbers(array, name)
    if kind == "f":
        return _of_floats(array, name)
    if kind in "UT":
        return _of_words(array, name)
    if kind == "O":
        return _of_objects(array, name)
    expected = "class ids are whole numbers, truth values or words"
    message = f"{name} holds values of type {array.dtype}; {expected}."
    raise make("unsupported_dtype", message, {"name": name, "given": str(array.dtype)})


def require_exact(array: Array, name: str) -> None:
    """Refuse whole numbers that double precision would round."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return
    beyond = (array > _EXACT) | (array < -_EXACT) if array.dtype.kind == "i" else array > _EXACT
    if beyond.any():
        at = tuple(int(i) for i in np.unravel_index(int(beyond.argmax()), array.shape))
        where = f"row {at[0]}" + (f", column {at[1]}" if len(at) > 1 else "")
        message = (
            f"{name} holds the integer {array[at]} at {where}, which double precision would round (it is exact up to "
            f"2**53); scale or subtract an offset first."
        )
        raise make("unsupported_dtype", message, {"name": name, "given": str(array[at]), "row": at[0]})


def _of_numbers(array: Array, name: str) -> NDArray[np.int64]:
    if array.dtype.kind != "b" and array.size and int(array.max()) >= WORD:
        row = int(array.argmax())
        raise _bad(name, row, f"the integer {array[row]}", "class ids must be below 2**62")
    return np.require(array, dtype=np.int64, requirements="A")


def _of_floats(array: Array, name: str) -> NDArray[np.int64]:
    gaps = np.isnan(array)
    whole = gaps | ((array == np.floor(array)) & (np.abs(array) <= _EXACT))
    if not whole.all():
        row = int(whole.argmin())
        raise _bad(name, row, f"{array[row]} ({array.dtype})", "class ids are whole numbers")
    ids = np.where(gaps, 0, array).astype(np.int64)
    ids[gaps] = GAP
    return ids


def _of_words(words: Iterable[str], name: str) -> NDArray[np.int64]:
    array = np.asarray(words)
    distinct, inverse = np.unique(array, return_inverse=True)
    ids = np.array([_id_of(str(word)) for word in distinct], dtype=np.int64)
    if len(np.unique(ids)) < len(ids):  # of a million words once in thirty million times
        raise _bad(name, 0, "two words with the same code", "write one of them differently")
    return ids[inverse.reshape(-1)]


def _id_of(word: str) -> int:
    if not word:
        return GAP
    digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    found = WORD + int.from_bytes(digest, "little") % WORD
    return found - 1 if found == GAP else found


def _of_objects(array: Array, name: str) -> NDArray[np.int64]:
    ids = np.full(len(array), GAP, dtype=np.int64)
    words: dict[int, str] = {}
    number: int | None = None
    for row, value in enumerate(array):
        if value is None or (value != value) is True or type(value).__name__ in {"NAType", "NaTType"}:  # noqa: PLR0124
            continue
        if isinstance(value, str):
            words[row] = value
        elif isinstance(value, bool | int | float | np.generic) and np.ndim(value) == 0:
            ids[row] = class_ids(np.array([value]), name)[0] if isinstance(value, float | np.floating) else int(value)
            if ids[row] >= WORD and ids[row] != GAP:
                raise _bad(name, row, f"the integer {value}", "class ids must be below 2**62")
            number = row if number is None else number
        else:
            raise _bad(name, row, f"a {type(value).__name__}", "class ids are whole numbers, truth values or words")
    if words and number is not None:
        row = next(iter(words))
        raise _bad(name, row, f"the word {words[row]!r}", f"row {number} holds a number; write all classes alike")
    if words:
        ids[list(words)] = _of_words(list(words.values()), name)
    return ids


def _bad(name: str, row: int, given: str, expected: str) -> Exception:
    return make("bad_label", f"{name} holds {given} at row {row}; {expected}.", {"name": name, "row": row})
