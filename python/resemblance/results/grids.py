"""The result of `pairwise`: a labelled matrix per measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from resemblance.facts import Facts
from resemblance.results._labels import position
from resemblance.results._text import Shown, as_html, as_latex, as_text, number, plain, shortened
from resemblance.results.scores import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    import pandas as pd
    import xarray as xr
    from numpy.typing import DTypeLike, NDArray

    from resemblance.errors import ResemblanceWarning


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Shown):
    """The scores of all pairs under one measure; the pair ``(i, j)`` is row i against column j, in that order.

    Attributes
    ----------
    measure, label : str
        The name, and the name with the options that were given.
    options : dict
        All options.
    facts : Facts
        What the measure states about itself.
    values : ndarray
        The scores, one row per representation of the first set, one column per representation of the second; NaN where
        there is none.
    rows, columns : tuple of str
        The names of the representations.
    status : dict
        For the pairs without a value, ``(i, j)`` to ``(code, message)``.
    null_mean : ndarray or None
        What each pair would score if its rows were matched at random, where that is known for all pairs.
    pvalues : ndarray or None
        Room for p-values, which `plot` marks: ``dataclasses.replace(grid, pvalues=...)``.
    warnings : list of ResemblanceWarning
        Why values may be misread.
    null_mean_from : {"closed_form", "moments"} or None
        How the chance levels are known: exactly, or from the exact mean of what the score is a root or an angle of.
    """

    measure: str
    label: str
    options: dict[str, Any]
    values: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    facts: Facts = field(default=Facts(), repr=False)
    status: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    null_mean: NDArray[np.float64] | None = None
    pvalues: NDArray[np.float64] | None = None
    warnings: list[ResemblanceWarning] = field(default_factory=list)
    null_mean_from: str | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.rows), len(self.columns)

    def __getitem__(self, pair: tuple[str | int, str | int]) -> float:
        """Return the score of a pair, each side by name or position."""
        row, column = pair
        return float(self.values[position(row, self.rows, "row"), position(column, self.columns, "column")])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __str__(self) -> str:
        """Write the matrix with its names, the middle left out if it is large."""
        return "\n".join([self._caption(), as_text(self._table())])

    def _repr_html_(self) -> str:
        return as_html(self._table(), self._caption())

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        whole = {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}
        return whole | {"status": [[*pair, code, message] for pair, (code, message) in self.status.items()]}

    def to_pandas(self) -> pd.DataFrame:
        """Return the scores as a data frame with the names on both sides."""
        import pandas as pd  # noqa: PLC0415 - an optional dependency

        return pd.DataFrame(self.values, index=list(self.rows), columns=list(self.columns))

    def to_xarray(self) -> xr.Dataset:
        """Return scores, chance levels and whatever else each pair has with named axes."""
        import xarray as xr  # noqa: PLC0415 - an optional dependency

        return xr.Dataset(
            {name: (("x", "y"), array) for name, array in self._tables().items() if array is not None},
            coords={"x": list(self.rows), "y": list(self.columns)},
            attrs={"measure": self.label},
        )

    def to_records(self) -> list[dict[str, Any]]:
        """Return one dictionary per pair: names, score and what else is known; None where there is no number."""
        present = {name: array for name, array in self._tables().items() if array is not None}
        return [
            {"x": row, "y": column} | {name: _number(array[i, j]) for name, array in present.items()}
            for i, row in enumerate(self.rows)
            for j, column in enumerate(self.columns)
        ]

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write the scores with the names on both sides; every digit, and nothing where there is no score."""
        import csv  # noqa: PLC0415 - only wanted here
        from pathlib import Path  # noqa: PLC0415

        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["", *self.columns])
            for name, row in zip(self.rows, self.values.tolist(), strict=True):
                writer.writerow([name, *("" if value != value else repr(value) for value in row)])  # noqa: PLR0124

    def to_latex(self) -> str:
        """Return the whole matrix as a LaTeX table."""
        lines = [[name, *map(number, row)] for name, row in zip(self.rows, self.values.tolist(), strict=True)]
        return as_latex([["", *self.columns], *lines])

    def plot(self, ax: Any = None, **how: Any) -> Any:
        """Draw the matrix; `resemblance.plot.heatmap` says how."""
        from resemblance.plot import heatmap  # noqa: PLC0415 - needs an optional dependency

        return heatmap(self, ax=ax, **how)

    def _tables(self) -> dict[str, NDArray[np.float64] | None]:
        """Name the matrices that tell something about each pair."""
        return {"score": self.values, "null_mean": self.null_mean, "pvalue": self.pvalues}

    def _table(self) -> list[list[str]]:
        return shortened(self.rows, self.columns, self.values)

    def _caption(self) -> str:
        parts = [f"{self.label} ({self.facts.kind})"]
        if not self.facts.symmetric:
            parts.append("row -> column")
        if self.status:
            parts.append(f"{len(self.status)} without a value")
        if self.warnings:
            parts.append("remarks: " + ", ".join(dict.fromkeys(warning.code for warning in self.warnings)))
        return "; ".join(parts)


AnyGrid = TypeVar("AnyGrid", bound=Grid)


@dataclass(frozen=True, eq=False, repr=False)
class Grids(Shown, Mapping[str, AnyGrid], Generic[AnyGrid]):
    """A grid per measure, by name, label or position; a mapping from labels to grids.

    Attributes
    ----------
    grids : tuple of Grid
        One per measure, in the order asked for.
    """

    grids: tuple[AnyGrid, ...]

    def __getitem__(self, key: str | int) -> AnyGrid:
        """Return a grid by its position, its label, or its name if that says which."""
        return self.grids[find(key, self.grids) if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[str]:
        return iter([grid.label for grid in self.grids])

    def __len__(self) -> int:
        return len(self.grids)

    def __str__(self) -> str:
        """Write one grid below the other."""
        return "\n\n".join(map(str, self.grids))

    def _repr_html_(self) -> str:
        return "".join(grid._repr_html_() for grid in self.grids)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return all fields of all grids, by label."""
        return {grid.label: grid.to_dict() for grid in self.grids}

    def to_pandas(self) -> pd.DataFrame:
        """Return all scores in one data frame, with the measure as the outer level of the rows."""
        import pandas as pd  # noqa: PLC0415 - an optional dependency

        return pd.concat({grid.label: grid.to_pandas() for grid in self.grids}, names=["measure", "x"])

    def to_xarray(self) -> xr.Dataset:
        """Return all grids along an axis `measure`."""
        import xarray as xr  # noqa: PLC0415 - an optional dependency

        labels = xr.DataArray(list(self), dims="measure", name="measure")
        return xr.concat([grid.to_xarray() for grid in self.grids], dim=labels, combine_attrs="drop")
