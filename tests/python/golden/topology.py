"""Golden numbers of topology, of two clouds of 24 points."""

from __future__ import annotations

import numpy as np

from golden._lines import line

_I = np.arange(24)
_ANGLE = 2 * np.pi * _I / 24

DATA = {
    "C": np.column_stack([np.cos(_ANGLE) + 0.1 * np.sin(7 * _I), np.sin(_ANGLE) + 0.1 * np.cos(5 * _I)]),
    "D": np.column_stack(
        [
            np.sin(2 * _ANGLE) + 0.1 * np.cos(3 * _I),
            np.sin(_ANGLE) + 0.1 * np.sin(11 * _I),
            0.2 * np.cos(9 * _I),
        ]
    ),
}

GOLDEN = [
    line("F", 0.001920730526, "imd", "C D", k=5),
    line("F", 80.03043859, "imd", "C D", k=5, scale="code"),
]
