"""Share of inputs on which a group conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import group

if TYPE_CHECKING:
    from resemblance._inputs import ModelsLike


def ambiguity(
    models: ModelsLike,
    *,
    kind: Literal["labels", "scores", "tokens", "counts"] | None = None,
    missing: Literal["error", "drop", "class", "skip"] = "error",
) -> float:
    r"""Ambiguity: the share of inputs on which the models of a group conflict, a distance.

    Asks on which share of the inputs the models of a group conflict.

    .. math:: \mathrm{ambiguity} = \frac{1}{n} \sum_i [\text{some two models answer input } i \text{ differently}]

    With two models this is their `disagreement`. It grows with the number of models: whoever compares groups compares
    groups of one size.

    Parameters
    ----------
    models : mapping or sequence of array_like, each of shape (n,), (n, C) or (n, T); or array_like of shape (n, C)
        Classes (whole numbers, truth values or words), scores or tokens of at least two models. Row i of all belongs to
        the same input. With ``kind="counts"`` one table: how many votes each input has for each class.
    kind : {"labels", "scores", "tokens", "counts"}, optional
        What the arrays hold. A vector holds labels, and a table with some entry that is no whole number, or with
        one-hot rows, holds scores. Any other table must be told. Of tokens, a row counts by its share of positions.
    missing : {"error", "drop", "class", "skip"}, default "error"
        What to do about inputs without an answer of some model: refuse them, leave the input out, count no answer as a
        class of its own, or judge every input by the votes it has (inputs with fewer than two are left out). With
        ``kind="counts"``, ``"skip"`` allows different numbers of votes.

    Returns
    -------
    float
        From 0 (the same predictions by all) to 1 (a conflict on every input).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    References
    ----------
    .. [1] C. Marx, F. Calmon, B. Ustun, "Predictive Multiplicity in Classification", ICML 2020, arXiv:1909.06677.

    Examples
    --------
    >>> import resemblance as rs
    >>> a = [0, 0, 1, 1, 2, 0, 1, 1, 2, 2]
    >>> b = [1, 1, 1, 1, 2, 0, 0, 1, 2, 1]
    >>> c = [0, 0, 1, 2, 2, 2, 0, 1, 1, 0]
    >>> rs.ambiguity([a, b]), rs.ambiguity([a, b, c])
    (0.4, 0.7)
    >>> rs.rowwise([a, b, c], None, rs.ambiguity)
    array([1., 1., 0., 1., 0., 1., 1., 0., 1., 1.])
    """
    return group("ambiguity", models, kind=kind, missing=missing)
