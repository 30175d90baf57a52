"""What may be passed is the same everywhere: sets of representations, ids, tensors; streams are refused unread."""

from __future__ import annotations

import datetime as dt
import sys
from functools import partial
from types import ModuleType

import numpy as np
import pytest

import resemblance as rs

RNG = np.random.default_rng(0)
STACK = RNG.normal(size=(3, 16, 4))
TEST = partial(rs.pairwise_test, measures=rs.cka, n_resamples=99, rng=0)
SETS = {"pairwise": partial(rs.pairwise, measures=rs.cka), "pairwise_test": TEST}
EACH = pytest.mark.parametrize("call", SETS)
FORMS = {
    "stack": STACK,
    "list": list(STACK),
    "tuple": tuple(STACK),
    "nested_lists": STACK.tolist(),
    "lists_of_arrays_of_rows": [list(one) for one in STACK],
    "mapping": dict(zip("012", STACK, strict=True)),
    "values_of_a_mapping": dict(zip("012", STACK, strict=True)).values(),
}


@EACH
@pytest.mark.parametrize("form", FORMS)
def test_sets_of_representations_in_any_form(call, form):
    found = SETS[call](FORMS[form])[0]
    assert found.rows == ("0", "1", "2")
    assert np.array_equal(found.values, SETS[call](list(STACK))[0].values)
    second = SETS[call](list(STACK), y=FORMS[form])[0]
    assert second.columns == ("0", "1", "2")


@EACH
def test_names_that_are_the_same_as_text_are_refused(call):
    with pytest.raises(rs.ResemblanceError, match="'1'"):
        SETS[call]({1: STACK[0], "1": STACK[1]})


DAY = dt.date(2020, 1, 1)
IDS = np.repeat(np.arange(8), 2)
IDS_IN_FORMS = {
    "whole": IDS,
    "list": IDS.tolist(),
    "unsigned": IDS.astype(np.uint8),
    "floats": IDS / 4,
    "text": [f"stimulus {i}" for i in IDS],
    "dates": np.datetime64(DAY) + IDS,
    "objects": [DAY + dt.timedelta(days=int(i)) for i in IDS],
}


@pytest.mark.parametrize("form", IDS_IN_FORMS)
def test_groups_are_ids_of_any_kind_everywhere(form):
    x, y = STACK[:2]
    given = IDS_IN_FORMS[form]
    calls = {
        "test": lambda groups: rs.permutation_test(x, y, rs.cka, n_resamples=99, rng=0, groups=groups).pvalue,
        "grid": lambda groups: TEST(STACK, groups=groups)[0].pvalues.tobytes(),
        "interval": lambda groups: rs.confidence_interval(x, y, rs.cka, groups=groups).leave_one_out.tobytes(),
        "difference": lambda groups: rs.similarity_difference(x, y, STACK[2], rs.cka, groups=groups).standard_error,
    }
    for name, call in calls.items():
        assert call(given) == call(IDS), name


@pytest.mark.parametrize(
    "groups", [[1.0, np.nan] * 8, [None, *range(15)], np.zeros((16, 1))], ids=["nan", "none", "2d"]
)
def test_groups_that_are_no_ids_are_refused_everywhere(groups):
    x, y = STACK[:2]
    for call in (
        partial(rs.permutation_test, x, y, rs.cka),
        partial(TEST, STACK),
        partial(rs.confidence_interval, x, y, rs.cka),
        partial(rs.similarity_difference, x, y, STACK[2], rs.cka),
    ):
        with pytest.raises(rs.ResemblanceError, match="groups") as caught:
            call(groups=groups)
        assert caught.value.code == "bad_option"


class Loader:
    """Batches, as a data loader has them: a length, and nothing but iteration."""

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return 4

    def __iter__(self):
        for batch in np.split(STACK[0], 4):
            self.read += 1
            yield batch


def test_streams_are_refused_before_they_are_touched():
    loader = Loader()
    calls = [partial(rs.cka, y=STACK[1]), partial(rs.compare, y=STACK[1], measures=rs.cka), *SETS.values()]
    for call in calls:
        for stream, name in ((iter(loader), "generator"), (zip(STACK, STACK, strict=True), "zip")):
            with pytest.raises(rs.ResemblanceError, match=rf"x is a {name}, a stream.*np\.concatenate") as caught:
                call(stream)
            assert caught.value.code == "unsupported_dtype"
    with pytest.raises(TypeError, match="x is a Loader, a stream"):
        rs.cka(loader, STACK[1])
    assert loader.read == 0


class Tensor:
    """What matters of a tensor that is part of a graph: NumPy gets it only once it is detached."""

    requires_grad = True

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape = array.shape
        self.device = type("Device", (), {"type": "cpu"})()
        self.layout = "strided"
        self.dtype = array.dtype

    def detach(self) -> np.ndarray:
        return self._array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, key):
        return Tensor(self._array[key])

    def __iter__(self):
        return map(Tensor, self._array)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


@pytest.fixture
def tensor(monkeypatch):
    torch = ModuleType("torch")
    torch.strided, torch.bfloat16, torch.int16 = "strided", "bfloat16", "int16"
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(Tensor, "__module__", "torch")
    return Tensor


def test_tensors_that_require_grad(tensor):
    """A tensor is detached; where NumPy would have to do it, the refusal says how."""
    x, y = STACK[:2]
    assert rs.cka(tensor(x), tensor(y)) == rs.cka(x, y)
    assert np.array_equal(rs.pairwise(tensor(STACK), rs.cka)[0].values, rs.pairwise(STACK, rs.cka)[0].values)
    calls = [
        lambda: rs.cka([tensor(row) for row in x], y),
        lambda: rs.permutation_test(x, y, rs.cka, groups=tensor(IDS)),
        lambda: rs.permutation_test(x, y, rs.cka, groups=[tensor(np.array(i)) for i in IDS]),
        lambda: rs.confidence_interval(x, y, rs.cka, groups=tensor(IDS)),
    ]
    for call in calls:
        with pytest.raises(rs.ResemblanceError, match=r"requires grad.*\.detach\(\)") as caught:
            call()
        assert caught.value.code == "unsupported_dtype"
