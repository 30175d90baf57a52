"""What `list_measures` tells about each measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Info:
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
        options = ", ".join(option["name"] for option in self.options) or "no options"
        return f"{self.name}: {self.facts.get('kind')}, {self.family}; {options}"
