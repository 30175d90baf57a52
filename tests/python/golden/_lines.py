"""A golden number, and the arrays that the representational catalogue computes with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Golden(NamedTuple):
    source: str
    value: Any  # a number, or one per row
    measure: str
    arguments: str  # names in DATA; a group measure takes them all
    options: dict[str, Any]

    def __str__(self) -> str:
        options = ",".join(name if np.ndim(value) else f"{name}={value}" for name, value in self.options.items())
        return f"{self.measure}({self.arguments.replace(' ', ',')}{';' * bool(options)}{options})"


def line(source: str, value: Any, measure: str, arguments: str = "X Y", **options: Any) -> Golden:
    return Golden(source, value, measure, arguments, options)


def _x(n: int, p: int) -> np.ndarray:
    i, j = np.ogrid[:n, :p]
    return np.sin(1.3 * i + 0.7 * j**2 + 0.4 * i * j) + 0.25 * (j + 1)


def _y(n: int, q: int) -> np.ndarray:
    i, j = np.ogrid[:n, :q]
    m = (j + 1) % 3
    return np.cos(2.1 * i + 1.1 * j + 0.6 * i * j) + 0.8 * np.sin(1.3 * i + 0.7 * m**2 + 0.4 * i * m) - 0.2 * j


DATA: dict[str, Any] = {"X": _x(10, 3), "Y": _y(10, 4), "Z": _y(10, 4)[:, :3], "A": _x(4, 6), "B": _y(4, 5)}
