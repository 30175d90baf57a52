"""How results are looked up: by label, by name, by position."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from resemblance.errors import make

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 8  # labels in a message


def position(key: str | int, labels: Sequence[str], what: str) -> int:
    """Return the position of a label; whole numbers are positions already."""
    if not isinstance(key, str):
        return key
    if key not in labels:
        raise unknown(key, labels, what)
    return labels.index(key)


def unknown(key: str, labels: Sequence[str], what: str) -> Exception:
    """Name the label that was probably meant, or some that there are."""
    near = get_close_matches(key, labels, 1)
    more = ", ..." if len(labels) > _LISTED else ""
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, labels[:_LISTED]))}{more}."
    return make("unknown_label", f"{what} {key!r} is not there; {hint}", {"given": key, "closest": [*near, None][0]})
