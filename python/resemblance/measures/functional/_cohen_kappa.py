"""Agreement of two models beyond their class frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import Representation


def cohen_kappa(
    x: Representation,
    y: Representation,
    *,
    weights: Literal["linear", "quadratic"] | None = None,
    classes: ArrayLike | None = None,
    kind: Literal["labels", "scores", "tokens"] | None = None,
    missing: Literal["error", "drop", "class"] = "error",
) -> float:
    r"""Cohen's kappa: agreement of two models beyond what their class frequencies give, a similarity of predictions.

    .. math:: \mathrm{cohen\_kappa}(x, y) = \frac{p_o - p_e}{1 - p_e}, \qquad p_e = \frac{1}{n^2} \sum_c k_c k'_c

    with :math:`p_o` the share of equal predictions and :math:`k_c, k'_c` how often each model predicts class c. With
    weights :math:`w_{ab}` of the cost of class a against class b it is one minus the mean cost of the n pairs of
    answers over the mean cost of all :math:`n^2` pairs.

    Parameters
    ----------
    x, y : array_like, shape (n,), (n, C) or (n, T)
        One class per input (whole numbers, truth values or words), scores of C classes, or with ``kind="tokens"`` one
        class for each of T positions. Row i of both belongs to the same input.
    weights : {"linear", "quadratic"}, optional
        For grades in order: how much an unlike answer costs, the number of grades between the two or its square.
        Without weights every unlike answer costs the same.
    classes : array_like, optional
        All classes in order, for weights. By default those that occur on either side, in order of their numbers; words
        have no order of their own.
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
        From -1 to 1 (the same predictions); 0 if the predictions are independent.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Chance is meant given the class frequencies. Two models that learned the same task agree far beyond it, because they
    are right on the same inputs; that is no evidence of a likeness beyond the task.

    There is no score (``undefined``) if both models predict one and the same class throughout.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
       20, 1960.
    .. [2] J. Cohen, "Weighted kappa: Nominal scale agreement with provision for scaled disagreement or partial credit",
       Psychological Bulletin 70, 1968.

    Examples
    --------
    >>> from resemblance import cohen_kappa
    >>> a = [0, 0, 1, 1, 2, 0, 1, 1, 2, 2]
    >>> b = [1, 1, 1, 1, 2, 0, 0, 1, 2, 1]

    Six of ten are equal, and 0.36 are expected:

    >>> round(cohen_kappa(a, b), 6)
    0.375

    As grades, a 0 against a 2 is worse than a 0 against a 1:

    >>> round(cohen_kappa(a, b, weights="quadratic"), 6)
    0.6
    """
    return score("cohen_kappa", x, y, weights=weights, classes=classes, kind=kind, missing=missing)
