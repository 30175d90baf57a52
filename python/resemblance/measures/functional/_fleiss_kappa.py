"""Agreement of a group of models beyond their class frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import group

if TYPE_CHECKING:
    from resemblance._inputs import ModelsLike


def fleiss_kappa(
    models: ModelsLike,
    *,
    kind: Literal["labels", "scores", "tokens", "counts"] | None = None,
    missing: Literal["error", "drop", "class", "skip"] = "error",
) -> float:
    r"""Fleiss' kappa: agreement of a group of models beyond what their class frequencies give, a similarity.

    With :math:`n_{ic}` the number of the M models that predict class c for input i,

    .. math::

        P_i = \frac{\sum_c n_{ic}^2 - M}{M (M - 1)}, \qquad p_c = \frac{1}{n M} \sum_i n_{ic}, \qquad
        \mathrm{fleiss\_kappa} = \frac{\bar P - \sum_c p_c^2}{1 - \sum_c p_c^2}

    Parameters
    ----------
    models : mapping or sequence of array_like, each of shape (n,), (n, C) or (n, T); or array_like of shape (n, C)
        Classes (whole numbers, truth values or words), scores or tokens of at least two models. Row i of all belongs to
        the same input. With ``kind="counts"`` one table: how many votes each input has for each class.
    kind : {"labels", "scores", "tokens", "counts"}, optional
        What the arrays hold. A vector holds labels, and a table with some entry that is no whole number, or with
        one-hot rows, holds scores. Any other table must be told.
    missing : {"error", "drop", "class", "skip"}, default "error"
        What to do about inputs without an answer of some model: refuse them, leave the input out, count no answer as a
        class of its own, or judge every input by the votes it has (inputs with fewer than two then count for the class
        frequencies only). With ``kind="counts"``, ``"skip"`` allows different numbers of votes.

    Returns
    -------
    float
        From -1 / (M - 1) to 1 (the same predictions by all); 0 at chance level.

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    With two models this is Scott's pi, which pools the class frequencies of both, and not `cohen_kappa`.

    There is no score (``undefined``) if all models predict one and the same class throughout.

    References
    ----------
    .. [1] J. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76, 1971.

    Examples
    --------
    >>> from resemblance import fleiss_kappa
    >>> a = [0, 0, 1, 1, 2, 0, 1, 1, 2, 2]
    >>> b = [1, 1, 1, 1, 2, 0, 0, 1, 2, 1]
    >>> c = [0, 0, 1, 2, 2, 2, 0, 1, 1, 0]
    >>> round(fleiss_kappa([a, b]), 6), round(fleiss_kappa([a, b, c]), 6)
    (0.36, 0.232082)

    Of three inputs, two have both votes for one class:

    >>> round(fleiss_kappa([[2, 0], [1, 1], [0, 2]], kind="counts"), 6)
    0.333333
    """
    return group("fleiss_kappa", models, kind=kind, missing=missing)
