"""Disagreement in units of the error rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import Representation


def error_corrected_disagreement(
    x: Representation,
    y: Representation,
    *,
    labels: ArrayLike,
    reference: Literal["first", "second", "mean"] = "first",
    kind: Literal["labels", "scores"] | None = None,
    missing: Literal["error", "drop", "class"] = "error",
) -> float:
    r"""Disagreement in units of the error rate, a distance of `x` to `y`.

    Asks whether two models differ more than their mistakes make them.

    .. math:: \mathrm{error\_corrected\_disagreement}(x, y) = \mathrm{disagreement}(x, y) \,/\, e

    with e the share of inputs on which the first model is wrong. The order of the arguments matters.

    Parameters
    ----------
    x, y : array_like, shape (n,) or (n, C)
        One class per input (whole numbers, truth values or words), or scores of C classes. Row i of both belongs to the
        same input.
    labels : array_like, shape (n,)
        The true classes, written as in `x` and `y`.
    reference : {"first", "second", "mean"}, default "first"
        Whose error rate to divide by. It is that of a model on its own inputs: a permutation test moves rows of `y`
        and leaves it as it is.
    kind : {"labels", "scores"}, optional
        What the arrays hold. A vector holds labels, and a table with some entry that is no whole number, or with
        one-hot rows, holds scores. Any other table must be told.
    missing : {"error", "drop", "class"}, default "error"
        What to do about inputs without an answer: refuse them, leave them out on both sides, or count no answer as a
        class of its own, which is always wrong.

    Returns
    -------
    float
        From \|e - e'\| / e (the mistakes of one model are among those of the other) to min(e + e', 1) / e.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    The limits depend on both error rates: compare values of models of about equal accuracy only.

    There is no score (``undefined``) if the error rate is 0.

    References
    ----------
    .. [1] S. Fort, H. Hu, B. Lakshminarayanan, "Deep Ensembles: A Loss Landscape Perspective", 2019, arXiv:1912.02757.

    Examples
    --------
    >>> from resemblance import error_corrected_disagreement
    >>> labels = [0, 0, 1, 1, 2, 2, 0, 1, 2, 0]
    >>> a = [0, 0, 1, 1, 2, 0, 1, 1, 2, 2]
    >>> b = [1, 1, 1, 1, 2, 0, 0, 1, 2, 1]

    They differ on 4 of 10 inputs; the first is wrong on 3, the second on 4:

    >>> round(error_corrected_disagreement(a, b, labels=labels), 6), error_corrected_disagreement(b, a, labels=labels)
    (1.333333, 1.0)
    """
    return score("error_corrected_disagreement", x, y, labels=labels, reference=reference, kind=kind, missing=missing)
