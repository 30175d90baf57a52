"""The door for data: whatever the caller has becomes what the compiled core takes.

The core takes float64 or float32 matrices with any strides, int64 vectors of class ids, prepared summaries, and pairs
``(array, storage)`` where the values arrived in a narrower type than they are handed over in: storage round-off decides
which singular values count. Everything else is converted here or refused with the argument's name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from resemblance import _core
from resemblance._classes import class_ids, is_classes, require_exact
from resemblance._rows import refuse_id_columns
from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    class SupportsDLPack(Protocol):
        """An array of another library, such as a torch tensor."""

        def __dlpack__(self, *, stream: Any = None) -> Any:
            """Hand the memory over."""

        def __dlpack_device__(self) -> tuple[int, int]:
            """Say where the memory is."""

    CoreInput: TypeAlias = NDArray[Any] | tuple[NDArray[Any], str] | _core.Prepared
    Representation: TypeAlias = ArrayLike | SupportsDLPack | _core.Prepared
    ModelsLike: TypeAlias = Mapping[Any, Representation] | Sequence[Representation] | NDArray[Any]
    Array: TypeAlias = NDArray[Any]

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)
_PLAIN = frozenset({str, bool, int, float})
_OF_CLASSES = frozenset({"labels", "classes"})  # options that name classes
_HOST = frozenset({1, 3})  # kDLCPU, kDLCUDAHost


def as_input(given: Any, name: str) -> CoreInput:
    """Turn what was given for the argument `name` into what the core takes, copying only where it must."""
    if type(given) is np.ndarray:
        dtype = given.dtype
        if (dtype is FLOAT64 or dtype is FLOAT32) and given.ndim == 2 and given.flags.aligned:
            return given
    elif isinstance(given, _core.Prepared):
        return given
    array, storage = _as_array(given, name)
    return _convert(array, name) if storage is None else (_shaped(array, name), storage)


def as_array(given: Any, name: str) -> Array:
    """Do the same for a function in Python, which takes arrays only, and words as they are."""
    converted = as_input(given, name)
    if isinstance(given, np.ndarray) and is_classes(given):
        return given
    if isinstance(converted, _core.Prepared):
        problem = f"{name} is a prepared summary, and a function of your own needs the array itself"
        raise make("summary_mismatch", problem + ".", {"name": name})
    return converted[0] if isinstance(converted, tuple) else converted


def as_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the core takes them; None means not given."""
    return {
        name: value if value.__class__ in _PLAIN else _as_option(value, name)
        for name, value in options.items()
        if value is not None
    }


class Models(NamedTuple):
    """Several representations: their labels in results, their names in messages, and themselves."""

    labels: list[str]
    names: list[str]
    given: list[Any]

    def inputs(self) -> list[CoreInput]:
        """Convert all for the core."""
        return [as_input(one, name) for one, name in zip(self.given, self.names, strict=True)]

    def sides(self) -> list[tuple[str, Any]]:
        """Pair all with their names."""
        return list(zip(self.names, self.given, strict=True))

    def arrays(self) -> list[Array]:
        """Convert all for a function in Python."""
        return [as_array(one, name) for one, name in zip(self.given, self.names, strict=True)]


def as_models(given: Any, argument: str) -> Models:
    """Recognize a mapping from names to representations, or a sequence of them, which is numbered."""
    if is_mapping(given):
        labels = [str(key) for key in given.keys()]  # noqa: SIM118 - not every mapping iterates over its keys
        if twins := [label for label in dict.fromkeys(labels) if labels.count(label) > 1]:
            message = f"{argument} has more than one representation with the name {twins[0]!r}."
            raise make("bad_option", message, {"option": argument, "given": twins[0]})
        return Models(labels, labels, list(given.values()))
    if isinstance(given, Iterator):
        raise _stream(given, argument, f"list({argument}) if each of its items is one representation, ")
    shape = getattr(given, "shape", None)
    stacked = shape is not None and len(shape) == 3
    if shape is not None and len(shape) == 2:
        message = (
            f"{argument} is one table of shape {tuple(shape)}, and what it holds must be said: list({argument}) if "
            f'every row is a model, list({argument}.T) if every column is one; kind="counts" of a measure of groups if '
            "it counts votes, one row per input."
        )
        raise make("kind_required", message, {"name": argument, "shape": tuple(shape)})
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__") or (shape is not None and not stacked):
        kind = type(given).__name__
        message = f"{argument} must be a mapping or a list of arrays, got a {kind}."
        raise make("unsupported_dtype", message, {"name": argument, "given": kind})
    members = list(given)
    labels = [str(position) for position in range(len(members))]
    return Models(labels, [f"{argument}[{label}]" for label in labels], members)


def row_count(converted: CoreInput) -> int:
    """Count the rows of something `as_input` returned."""
    if isinstance(converted, _core.Prepared):
        return converted.n
    array = converted[0] if isinstance(converted, tuple) else converted
    return len(array)


def whole(given: Any) -> int | None:
    """Return a whole number as one of Python's; None if it is none."""
    try:
        return None if isinstance(given, bool | np.bool_) else index(given)
    except TypeError:
        return None


def require_choice(option: str, given: object, known: tuple[str, ...]) -> None:
    """Refuse what is none of the known words."""
    if not isinstance(given, str) or given not in known:
        message = f"{option}={given!r} {_core.no_choice(str(given), known)}"
        raise make("bad_option", message, {"option": option, "given": repr(given)})


def _as_option(value: Any, name: str) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    array, _ = _as_array(value, name)
    if name in _OF_CLASSES and array.ndim == 1:
        return class_ids(array, name)
    _require_real(array, name)
    return np.require(array, dtype=np.int64 if array.ndim == 1 and array.dtype.kind in "iu" else np.float64)


def _refuse(name: str, given: str, expected: str = "a matrix of real numbers is needed") -> Exception:
    return make("unsupported_dtype", f"{name} holds {given}; {expected}.", {"name": name, "given": given})


def _as_array(given: Any, name: str) -> tuple[Array, str | None]:
    """Make a plain NumPy array, without a copy where memory can be shared, and say how narrow its values were."""
    if isinstance(given, np.ndarray):
        if isinstance(given, np.ma.MaskedArray) and (masked := int(np.ma.getmaskarray(given).sum())):
            raise _refuse(name, f"{masked} masked entries", "drop or fill them first")
        return np.asarray(given), getattr(given, "storage", None)  # files say how narrow the values were
    kind = type(given)
    where = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if given is None or isinstance(given, str | bytes | set | frozenset):
        raise _refuse(name, "None" if given is None else f"a {where}")
    if is_mapping(given):
        expected = "one matrix is needed; all pairs of several are for pairwise and pairwise_test"
        raise _refuse(name, f"a {where}, which may name several representations", expected)
    if where.startswith(("scipy.sparse.", "sparse.")):
        raise _refuse(name, f"a sparse matrix ({where})", "pass the dense array, for example x.toarray()")
    if _is_stream(given):
        raise _stream(given, name)
    if where.startswith("torch."):
        return _from_torch(given, name)
    if where.startswith("pandas.") and hasattr(given, "ndim"):
        return _from_pandas(given, name), None
    return _from_any(given, name), None


def _from_any(given: Any, name: str) -> Array:
    """Take an array of another library by its memory, or a nested list by its numbers."""
    if hasattr(given, "__dlpack_device__"):
        device = given.__dlpack_device__()
        if int(device[0]) not in _HOST:
            raise _on_device(name, f"device {tuple(map(int, device))}")
        if not hasattr(given, "__array__"):
            return np.from_dlpack(given)
    array = as_numpy(given, name)
    if array.dtype.kind == "U" and array.ndim == 1 and not all(isinstance(value, str) for value in given):
        return np.array(given, dtype=object)  # NumPy has written numbers out as words
    return array


def as_numpy(given: Any, name: str) -> Array:
    """Let NumPy read it; what stands in the way is said of the argument."""
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(given)
        where = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        if any(getattr(one, "requires_grad", False) for one in (given, *_items(given))):
            raise _refuse(name, f"a {where} that requires grad", f"pass {name}.detach() (of each tensor)") from error
        raise _refuse(name, f"a {where} that is no array", str(error).splitlines()[0].rstrip(".")) from error


def _items(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else []


def _is_stream(given: Any) -> bool:
    """Recognize generators, loaders of batches, and whatever else can only be iterated over."""
    known = any(hasattr(given, name) for name in ("__array__", "__getitem__", "__dlpack__", "__array_interface__"))
    return isinstance(given, Iterator) or (hasattr(given, "__iter__") and not known)


def _stream(given: Any, name: str, more: str = "") -> Exception:
    """Refuse what can be read once only, before anything is read."""
    kind = type(given).__name__
    message = (
        f"{name} is a {kind}, a stream that is read piece by piece, and whole arrays are needed: pass {more}"
        f"np.concatenate(list({name})) if they are batches of rows."
    )
    return make("unsupported_dtype", message, {"name": name, "given": kind})


def is_mapping(given: Any) -> bool:
    """Say whether it has names for its values."""
    return hasattr(given, "keys") and callable(getattr(given, "values", None))


def _from_torch(tensor: Any, name: str) -> tuple[Array, str | None]:
    torch = sys.modules["torch"]
    if tensor.device.type != "cpu":
        raise _on_device(name, f"device {tensor.device}")
    if tensor.layout is not torch.strided:
        raise _refuse(name, "a sparse tensor", "pass the dense one, x.to_dense()")
    tensor = tensor.detach()
    if tensor.dtype is torch.bfloat16:  # NumPy has no such type, so the bits travel as integers
        bits = tensor.view(torch.int16).numpy().view(np.uint16)
        return (bits.astype(np.uint32) << 16).view(np.float32), "bf16"
    return np.asarray(tensor), None


def _from_pandas(frame: Any, name: str) -> Array:
    if frame.ndim == 2:
        refuse_id_columns(frame, name)
    dtypes = frame.dtypes if frame.ndim == 2 else [frame.dtype]
    array = np.asarray(frame)
    if array.dtype == object and all(getattr(dtype, "kind", "O") in "iuf" for dtype in dtypes):
        return np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))  # columns that allow missing values
    return array


def _on_device(name: str, where: str) -> Exception:
    message = f"{name} is on {where} and must be in the memory of the host: pass {name}.cpu() (or the like)."
    return make("unsupported_dtype", message, {"name": name, "given": where})


def _require_real(array: Array, name: str) -> None:
    kind = array.dtype.kind
    if kind in "fiub" or (kind == "V" and array.dtype.name == "bfloat16"):
        return
    given = {
        "O": "Python objects",
        "U": "text",
        "S": "bytes",
        "T": "text",
        "c": "complex numbers",
        "M": "dates",
        "m": "time spans",
    }.get(kind, f"values of type {array.dtype}")
    raise _refuse(name, given, "real numbers are needed")


def _convert(array: Array, name: str) -> CoreInput:
    """Turn an array of any type into one of the few types the core takes."""
    if is_classes(array):
        return class_ids(array, name)
    _require_real(array, name)
    array = _shaped(array, name)
    dtype = array.dtype
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return np.require(array, dtype=dtype.newbyteorder("="), requirements="A")
    if dtype.kind == "f" and dtype.itemsize == 2:
        return array.astype(np.float32), "f16"
    if dtype.kind == "f":  # long double: what does not fit becomes infinite, and the core says where
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    if dtype.kind == "V":
        return array.astype(np.float32), "bf16"
    if array.ndim == 2:
        require_exact(array, name)
        return array.astype(np.float64), "int"
    return class_ids(array, name)


def _pooled(axes: int, name: str) -> str:
    """Tell how to pool an array of three axes (tokens) or more (places), which is not the same."""
    if axes == 3:
        return f"{name}.mean(axis=1) to pool the tokens of inputs x tokens x units"
    first, last = tuple(range(2, axes)), tuple(range(1, axes - 1))
    return (
        f"{name}.mean(axis={first}) to pool the places of inputs x channels x places, "
        f"{name}.mean(axis={last}) if the channels come last"
    )


def _shaped(array: Array, name: str) -> Array:
    details = {"name": name, "shape": array.shape}
    if array.ndim > 2:
        message = (
            f"{name} has shape {array.shape}: say how to reduce it to one row per input, for example "
            f"{name}.reshape(len({name}), -1) to keep everything, or {_pooled(array.ndim, name)}; "
            "several representations are for pairwise and pairwise_test."
        )
        raise make("layout_required", message, details)
    if array.ndim == 0:
        message = f"{name} must have two axes (one row per input, one column per unit), it is a single number."
        raise make("not_two_dimensional", message, details)
    return array
