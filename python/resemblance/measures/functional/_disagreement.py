"""Share of inputs with different predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def disagreement(
    x: Representation,
    y: Representation,
    *,
    kind: Literal["labels", "scores", "tokens"] | None = None,
    missing: Literal["error", "drop", "class"] = "error",
) -> float:
    r"""Share of inputs on which two models predict different classes, a distance of predictions.

    .. math:: \mathrm{disagreement}(x, y) = \frac{1}{n} \sum_i [a_i \ne b_i]

    with :math:`a_i, b_i` the classes predicted for input i; of tokens, the share of positions. Also called churn.

    Parameters
    ----------
    x, y : array_like, shape (n,), (n, C) or (n, T)
        One class per input (whole numbers, truth values or words), scores of C classes, or with ``kind="tokens"`` one
        class for each of T positions. Row i of both belongs to the same input.
    kind : {"labels", "scores", "tokens"}, optional
        What the arrays hold. A vector holds labels, and a table with some entry that is no whole number, or with
        one-hot rows, holds scores. Any other table must be told: tokens are compared position by position, and
        sequences stay whole in tests and intervals (leave padding out: pass the answers of all positions as a vector,
        and ``groups=``).
    missing : {"error", "drop", "class"}, default "error"
        What to do about inputs without an answer: refuse them, leave them out on both sides, or count no answer as a
        class of its own.

    Returns
    -------
    float
        From 0 (the same predictions) to 1.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Two accurate models agree because both are right: with error rates e and e' the value lies between \|e - e'\| and
    e + e', however different the models are. See `error_corrected_disagreement` and `cohen_kappa`.

    References
    ----------
    .. [1] O. Madani, D. Pennock, G. Flake, "Co-validation: Using model disagreement on unlabeled data to validate
       classification algorithms", NeurIPS 2004.

    Examples
    --------
    >>> from resemblance import disagreement, rowwise
    >>> disagreement([0, 1, 2, 1], [0, 1, 1, 1])
    0.25
    >>> rowwise([[0.9, 0.1], [0.4, 0.6]], [1, 1], disagreement)
    array([1., 0.])
    >>> disagreement(["cat", "dog", None, "cat"], ["cat", "cat", "dog", "cat"], missing="drop")
    0.3333333333333333
    >>> disagreement(["cat", "dog", None, "cat"], ["cat", "cat", "dog", "cat"], missing="drop")
    0.3333333333333333
    """
    return score("disagreement", x, y, kind=kind, missing=missing)
