"""Jensen-Shannon divergence of class probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._bridge import score

if TYPE_CHECKING:
    from resemblance._inputs import Representation


def js_divergence(
    x: Representation,
    y: Representation,
    *,
    kind: Literal["probs", "logits", "log_probs"] | None = None,
    base: float | None = None,
    sqrt: bool = False,
    renormalize: bool = False,
) -> float:
    r"""Jensen-Shannon divergence of the class probabilities, a distance of predictions.

    Asks how differently two models distribute their belief over the classes. With :math:`p_i, q_i` the probabilities
    for input i and :math:`m_i` their mean,

    .. math:: \mathrm{js\_divergence}(x, y) =
        \frac{1}{2 n} \sum_i \big[\mathrm{KL}(p_i, m_i) + \mathrm{KL}(q_i, m_i)\big]

    Parameters
    ----------
    x, y : array_like, shape (n, C)
        Scores of C classes. Row i of both belongs to the same input, column c to the same class.
    kind : {"probs", "logits", "log_probs"}
        What the scores are. There is no default: logits may look like probabilities, and the result would be a
        plausible wrong number.
    base : float, optional
        Base of the logarithm, above 1; by default natural.
    sqrt : bool, default False
        Whether to take the root of each input's value before the mean, which makes it a metric.
    renormalize : bool, default False
        Whether to divide rows of ``probs`` by their sum instead of refusing those that do not sum to 1.

    Returns
    -------
    float
        In nats, or units of the given base, from 0 (the same probabilities) to log 2 (no class in common).

    Raises
    ------
    ResemblanceError
        A ``ValueError`` that names the argument; the page of codes lists all.

    Notes
    -----
    Confidence counts: two models that predict the same class everywhere differ if one is surer. Scaling the logits
    (temperature) changes the value; adding a constant to a row of logits does not.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37, 1991.

    Examples
    --------
    >>> from functools import partial
    >>> from resemblance import js_divergence, rowwise
    >>> x = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]
    >>> y = [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]
    >>> rowwise(x, y, partial(js_divergence, kind="probs")).round(6)
    array([0.021901, 0.      ])
    >>> round(js_divergence([[1.0, 0.0]], [[0.0, 1.0]], kind="probs", base=2), 6)
    1.0
    """
    return score("js_divergence", x, y, kind=kind, base=base, sqrt=sqrt, renormalize=renormalize)
