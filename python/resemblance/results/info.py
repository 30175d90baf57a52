"""What `list_measures` tells about each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, overload

from resemblance.facts import Facts, Option
from resemblance.results._labels import unknown
from resemblance.results._text import Shown, as_html, as_text, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Info(Shown):
    """A measure, its options, and what it states about itself.

    Attributes
    ----------
    name, family, form : str
        The name of the function; what it looks at; the mathematical form that decides how it is computed and tested.
    options : tuple of Option
        Each option with its kind, its default and its choices.
    facts : Facts
        What it states with default options: kind, range, value at identity, invariances, reference, cost.
    """

    name: str
    family: str
    form: str
    options: tuple[Option, ...]
    facts: Facts

    @classmethod
    def of_core(cls, found: Mapping[str, Any]) -> Info:
        """Take what the compiled core tells of a measure."""
        options = tuple(Option.of_core(one) for one in found["options"])
        return cls(**{**found, "options": options, "facts": Facts.of_core(found["facts"])})

    def __str__(self) -> str:
        """Write one line: name, kind, family, options."""
        return f"{self.name}: {self.facts.kind}, {self.family}; {self._options()}"

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them."""
        return {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}

    def _options(self) -> str:
        return ", ".join(option.name for option in self.options) or "no options"


@dataclass(frozen=True, eq=False, repr=False)
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
        return pd.DataFrame(
            [{"family": one.family, "form": one.form} | one.facts.to_dict() for one in self.infos], index=index
        )

    def _table(self) -> list[list[str]]:
        heading = ["measure", "kind", "range", "family", "form", "options"]
        return [heading, *(self._line(info) for info in self.infos)]

    @staticmethod
    def _line(info: Info) -> list[str]:
        span = "-" if info.facts.range is None else "{:.4g} to {:.4g}".format(*info.facts.range)
        return [info.name, info.facts.kind, span, info.family, info.form, info._options()]  # noqa: SLF001 - of this module
