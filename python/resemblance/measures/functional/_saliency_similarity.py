"""Mean cosine of input gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from resemblance._bridge import as_pair
from resemblance._inputs import whole
from resemblance._stated import Stated, stated
from resemblance.errors import make
from resemblance.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from resemblance._inputs import Representation


def _facts(options: Mapping[str, Any]) -> Facts:
    return Facts(
        kind="similarity",
        input="matrix",
        form="function",
        range=(0.0, 1.0) if options["absolute"] else (-1.0, 1.0),
        identity_value=1.0,
        symmetric=True,
        triangle="no",
        degree=0,
        invariant_to=("scaling",),
        equal_widths=True,
        mean_matters=True,
        column_sizes_matter=True,
        jackknife="mean_of_rows",
        reference="Jones et al. 2022, UAI",
        cost="O(n d) per pair",
    )


def _rows(x: Representation, y: Representation, *, outputs: int = 1, absolute: bool = True) -> NDArray[np.float64]:
    """Return the mean cosine of every row, over the outputs whose gradients do not vanish; NaN where all do."""
    a, b = (_directions(side, outputs, absolute=absolute) for side in as_pair(x, y, "saliency_similarity"))
    cosines = np.clip((a * b).sum(axis=2), -1.0, 1.0)
    counts = a.any(axis=2) & b.any(axis=2)
    total = counts.sum(axis=1)
    return np.where(total > 0, np.where(counts, cosines, 0.0).sum(axis=1) / np.maximum(total, 1), np.nan)


def _directions(side: NDArray[np.float64], outputs: int, *, absolute: bool) -> NDArray[np.float64]:
    """Bring the gradient of every output to length 1; one that is zero stays so."""
    count = whole(outputs)
    if count is None or count < 1 or side.shape[1] % count:
        message = f"outputs={outputs!r} must be a whole number that divides the {side.shape[1]} columns."
        raise make("bad_option", message, {"option": "outputs", "given": repr(outputs)})
    if not isinstance(absolute, bool):
        message = f"absolute={absolute!r} must be True or False."
        raise make("bad_option", message, {"option": "absolute", "given": repr(absolute)})
    gradients = side.reshape(len(side), count, -1)
    largest = np.abs(gradients).max(
        axis=2, keepdims=True
    )  # first to size 1, for squares neither to vanish nor overflow
    scaled = gradients / np.where(largest > 0, largest, 1.0)
    length = np.sqrt((scaled * scaled).sum(axis=2, keepdims=True))
    directions = scaled / np.where(length > 0, length, 1.0)
    return np.abs(directions) if absolute else directions


@stated(Stated(_facts, rows=_rows, examples={"outputs": (2,)}))
def saliency_similarity(x: Representation, y: Representation, *, outputs: int = 1, absolute: bool = True) -> float:
    r"""Mean cosine of the input gradients of two models, a similarity of predictions.

    Asks whether two models look at the same parts of an input. With :math:`g_{ic}, h_{ic}` the gradients of output c
    for input i, of either model,

    .. math:: \mathrm{saliency\_similarity}(x, y) = \frac{1}{n C} \sum_{i, c} \cos(|g_{ic}|, |h_{ic}|)

    with absolute values entry by entry.

    Parameters
    ----------
    x : array_like, shape (n, C * d)
        One row per input: the gradients of its C outputs by the d entries of the input, one output after the other, as
        ``gradients.reshape(n, -1)`` lays an array of shape (n, C, ...) out. Only their directions matter.
    y : array_like, shape (n, C * d)
        Row i belongs to the same input as row i of `x`. The widths are equal.
    outputs : int, default 1
        C, the number of outputs.
    absolute : bool, default True
        Whether to take absolute values first, as the paper does. Without it opposite gradients score -1.

    Returns
    -------
    float
        From 0, or -1 without absolute values, to 1 (the same directions everywhere).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Absolute values make the floor high: unrelated Gaussian gradients score about :math:`2/\pi = 0.64`. Read the score
    beside its chance level (`permutation_test`), or with ``absolute=False``, where that is about 0. A gradient that is
    zero has no direction and takes no part; an input without any other is left out of the mean. The measure is a
    function in Python, so it has no summary to `prepare`.

    References
    ----------
    .. [1] H. Jones, J. Springer, G. Kenyon, J. Moore, "If You've Trained One You've Trained Them All:
       Inter-Architecture Similarity Increases With Robustness", UAI 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from resemblance import rowwise, saliency_similarity
    >>> x = np.array([[3.0, -4.0], [1.0, 0.0]])
    >>> y = np.array([[3.0, 4.0], [1.0, 1.0]])
    >>> round(saliency_similarity(x, y), 6), round(saliency_similarity(x, y, absolute=False), 6)
    (0.853553, 0.213553)
    >>> rowwise(x, y, saliency_similarity).round(6)
    array([1.      , 0.707107])
    """
    rows = _rows(x, y, outputs=outputs, absolute=absolute)
    if np.isnan(rows).all():
        message = "saliency_similarity is undefined for these data: every gradient of a side is zero."
        raise make("undefined", message, {"measure": "saliency_similarity"})
    return float(np.nanmean(rows))
