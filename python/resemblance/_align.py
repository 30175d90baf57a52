"""Rows of several representations in one order, by their names."""

from __future__ import annotations

from typing import Any

from resemblance._bridge import report
from resemblance._rows import aligned_by_name

__all__ = ["align"]


def align(*given: Any) -> list[Any]:
    """Put the rows of several representations in one order, by their names, and keep those that all of them have.

    Parameters
    ----------
    *given : array_like with names of rows
        Data frames and series (their index), `xarray` arrays (the coordinate of the first axis), and tables that
        `resemblance.io` has read (their column of names). At least two.

    Returns
    -------
    list
        The same kinds of objects, each with the rows whose names all have, in the order of the first one.

    Raises
    ------
    ResemblanceError
        ``row_names_missing``, ``row_names_repeated`` or ``rows_misaligned``; the page of codes says when.

    Warns
    -----
    ResemblanceWarning
        ``rows_left_out`` if there are rows that some of them lack.

    Examples
    --------
    >>> import pandas as pd
    >>> import resemblance as rs
    >>> x = pd.DataFrame({"a": [0.0, 1.0, 5.0]}, index=["cat", "dog", "owl"])
    >>> y = pd.DataFrame({"b": [9.0, 2.0, 0.0]}, index=["owl", "dog", "cat"])
    >>> _, y = rs.align(x, y)
    >>> list(y.index)
    ['cat', 'dog', 'owl']
    """
    aligned, warnings = aligned_by_name([(f"argument {at + 1}", one) for at, one in enumerate(given)])
    report(warnings)
    return aligned
