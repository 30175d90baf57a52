# The compiled core. Public signatures and docstrings stand in `resemblance.measures` and `resemblance.operations`.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Prepared",
    "Sequential",
    "bet",
    "compare",
    "confidence_interval",
    "default_threads",
    "exchangeable",
    "facts",
    "group",
    "group_confidence_interval",
    "group_rows",
    "jackknife",
    "judge",
    "load_prepared",
    "measures",
    "no_choice",
    "p_floor",
    "pairings",
    "pairwise",
    "permutation",
    "permutation_grid",
    "permutation_moments",
    "permutation_test",
    "prepare",
    "pvalue_interval",
    "rows",
    "score",
    "show_config",
    "similarity_difference",
    "statistic",
    "tallied",
]

_Input: TypeAlias = NDArray[Any] | tuple[NDArray[Any], str] | Prepared
_Named: TypeAlias = tuple[str, Mapping[str, Any]]
_Remarks: TypeAlias = list[tuple[str, str, Mapping[str, Any]]]
_Resources: TypeAlias = tuple[int, int | None]
_Progress: TypeAlias = Callable[[int, int], object] | None

@final
class Prepared:
    @property
    def measure(self) -> str: ...
    @property
    def options(self) -> dict[str, Any]: ...
    @property
    def n(self) -> int: ...
    @property
    def dtype(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def row_names(self) -> str | None: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]: ...

def score(
    name: str, given: Mapping[str, Any], x: _Input, y: _Input, resources: _Resources
) -> float | tuple[float, _Remarks]: ...
def rows(
    name: str, given: Mapping[str, Any], x: _Input, y: _Input, resources: _Resources
) -> NDArray[np.float64] | tuple[NDArray[np.float64], _Remarks]: ...
def statistic(
    name: str, given: Mapping[str, Any], x: _Input, resources: _Resources
) -> float | tuple[float, _Remarks]: ...
def group(
    name: str, given: Mapping[str, Any], models: Sequence[_Input], resources: _Resources
) -> float | tuple[float, _Remarks]: ...
def group_rows(
    name: str, given: Mapping[str, Any], models: Sequence[_Input], resources: _Resources
) -> NDArray[np.float64]: ...
def compare(
    measures: Sequence[_Named], x: _Input, y: _Input, resources: _Resources, progress: _Progress
) -> list[dict[str, Any]]: ...
def pairwise(
    measures: Sequence[_Named],
    xs: Sequence[_Input],
    x_names: Sequence[str],
    ys: Sequence[_Input] | None,
    y_names: Sequence[str] | None,
    resources: _Resources,
    on_error: str,
    progress: _Progress,
) -> list[dict[str, Any]]: ...
def permutation_test(
    name: str,
    given: Mapping[str, Any],
    x: _Input,
    y: _Input,
    request: Mapping[str, Any],
    resources: _Resources,
    progress: _Progress,
) -> dict[str, Any]: ...
def permutation_moments(
    name: str,
    given: Mapping[str, Any],
    x: _Input,
    y: _Input,
    order: int,
    alternative: str | None,
    resources: _Resources,
) -> dict[str, Any]: ...
def bet(exceeds: Sequence[bool], alpha: float) -> tuple[int, float, bool | None]: ...
def tallied(scores: NDArray[np.float64], alternative: str, look: int, all_pairings: bool) -> dict[str, Any]: ...
def p_floor(min_pvalue: float, level: float) -> _Remarks: ...

@final
class Sequential:
    def __new__(cls, first: Sequence[float], alternative: str, alpha: float) -> Self: ...
    def take(self, score: float) -> bool | None: ...
    @property
    def pvalue(self) -> float: ...

def pvalue_interval(exceedances: int, total: int, sequential: bool) -> tuple[float, float]: ...
def pairings(
    request: Mapping[str, Any], n: int, numbers: Sequence[int], drawn: bool
) -> tuple[int | None, list[NDArray[np.int64]], _Remarks]: ...
def exchangeable(x: _Input, y: _Input, request: Mapping[str, Any], resources: _Resources) -> None: ...
def judge(
    values: NDArray[np.float64], counts: Sequence[bool], alternative: str, adjust: str | None, exact: bool
) -> dict[str, Any]: ...
def permutation_grid(
    name: str,
    given: Mapping[str, Any],
    xs: Sequence[_Input],
    x_names: Sequence[str],
    ys: Sequence[_Input] | None,
    y_names: Sequence[str] | None,
    request: Mapping[str, Any],
    adjust: str | None,
    resources: _Resources,
    progress: _Progress,
) -> dict[str, Any]: ...
def confidence_interval(
    name: str,
    given: Mapping[str, Any],
    x: _Input,
    y: _Input,
    alpha: float,
    groups: Sequence[int] | None,
    resources: _Resources,
    progress: _Progress,
) -> dict[str, Any]: ...
def group_confidence_interval(
    name: str,
    given: Mapping[str, Any],
    models: Sequence[_Input],
    names: Sequence[str],
    alpha: float,
    groups: Sequence[int] | None,
    resources: _Resources,
    progress: _Progress,
) -> dict[str, Any]: ...
def similarity_difference(
    name: str,
    given: Mapping[str, Any],
    x: _Input,
    y1: _Input,
    y2: _Input,
    alpha: float,
    margin: float | None,
    groups: Sequence[int] | None,
    resources: _Resources,
    progress: _Progress,
) -> dict[str, Any]: ...
def jackknife(
    estimate: float, leave_one_out: Sequence[float], alpha: float, margin: float | None, grouped: bool
) -> dict[str, Any]: ...
def prepare(
    name: str, given: Mapping[str, Any], x: _Input, row_names: str | None, resources: _Resources
) -> Prepared: ...
def load_prepared(*state: Any) -> Prepared: ...
def measures() -> list[dict[str, Any]]: ...
def no_choice(given: str, known: Sequence[str]) -> str: ...
def facts(name: str, given: Mapping[str, Any]) -> dict[str, Any]: ...
def permutation(key: bytes, stream: int, n: int) -> NDArray[np.int64]: ...
def show_config() -> dict[str, Any]: ...
def default_threads() -> int: ...
