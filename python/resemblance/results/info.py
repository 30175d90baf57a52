"""What `list_measures` tells about each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from resemblance.results._labels import unknown
from resemblance.results._text import Shown, as_html, as_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Info(Shown):
    """A measure, its options, and what it states about itself.

    Attributes
    ----------
    name, family, form : str
        The name of the function; what it looks at; the mathematical form that decides how it is computed and tested.
    options : list of dict
        For each option its ``name``, ``kind``, ``default``, ``choices`` and whether it is ``required``.
    facts : dict
        With default options: kind, range, value at identity, invariances, reference, cost.
    """

    name: str
    family: str
    form: str
    options: list[dict[str, Any]]
    facts: dict[str, Any]

    def __str__(self) -> str:
        """Write one line: name, kind, family, options."""
        return f"{self.name}: {self.facts.get('kind')}, {self.family}; {self._options()}"

    def _options(self) -> str:
        return ", ".join(option["name"] for option in self.options) or "no options"


@dataclass(frozen=True, repr=False)
class MeasureList(Shown, Sequence[Info]):
    """The measures of this library, by position or name; printed as a table.

    Attributes
    ----------
    infos : tuple of Info
        One per measure, in the order of the catalogue.
    """

    infos: tuple[Info, ...]

    def __len__(self) -> int:
        return len(self.infos)

    @overload
    def __getitem__(self, key: int | str) -> Info: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Info, ...]: ...
    def __getitem__(self, key: int | slice | str) -> Info | tuple[Info, ...]:
        """Return a measure by its position or its name."""
        if isinstance(key, str):
            names = [info.name for info in self.infos]
            if key not in names:
                raise unknown(key, names, "measure")
            return self.infos[names.index(key)]
        return self.infos[key]

    def __str__(self) -> str:
        """Write a table with one line per measure."""
        return as_text(self._table(), left=len(self._table()[0]))

    def _repr_html_(self) -> str:
        return as_html(self._table(), "measures")

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with one row per measure and one column per fact."""
        import pandas as pd  # noqa: PLC0415 - an optional dependency

        index = pd.Index([info.name for info in self.infos], name="measure")
        return pd.DataFrame([{"family": one.family, "form": one.form} | one.facts for one in self.infos], index=index)

    def _table(self) -> list[list[str]]:
        heading = ["measure", "kind", "range", "family", "form", "options"]
        return [heading, *(self._line(info) for info in self.infos)]

    @staticmethod
    def _line(info: Info) -> list[str]:
        low, high = info.facts["range"]
        span = f"{low:.4g} to {high:.4g}"
        return [info.name, info.facts["kind"], span, info.family, info.form, info._options()]  # noqa: SLF001 - of this module
