"""Functional measures: do two models give the same answers?

They compare predictions on the same inputs: one class per input (whole numbers, truth values or words), or scores, one
column per class, whose largest entry is the predicted class (the lowest index if tied). Column c means the same class
in every array. A table of whole numbers may be many things, and what it is must be said (``kind=``). Words are compared
as they are; an input without an answer is NaN, None, an empty word or a negative id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from resemblance._call import group, score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from resemblance._inputs import ModelsLike, Representation


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
        A ``ValueError`` that names the argument: different numbers of rows, a table of whole numbers of unknown meaning
        (``kind_required``), inputs without an answer (``missing_answer``), numbers that are no classes. If an input is
        no array of real numbers, also a ``TypeError``.

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
        A ``ValueError`` that names the argument: different numbers of rows, a table of whole numbers of unknown meaning
        (``kind_required``), inputs without an answer (``missing_answer``), numbers that are no classes; ``undefined``
        if both models predict one and the same class throughout. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    Chance is meant given the class frequencies. Two models that learned the same task agree far beyond it, because they
    are right on the same inputs; that is no evidence of a likeness beyond the task.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
       20, 1960.
    .. [2] J. Cohen, "Weighted kappa: Nominal scale agreement with provision for scaled disagreement or partial credit",
       Psychological Bulletin 70, 1968.
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

    As grades, a 0 against a 2 is worse than a 0 against a 1:

    >>> round(cohen_kappa(a, b, weights="quadratic"), 6)
    0.6
    """
    return score("cohen_kappa", x, y, weights=weights, classes=classes, kind=kind, missing=missing)


def ambiguity(
    models: ModelsLike,
    *,
    kind: Literal["labels", "scores", "tokens", "counts"] | None = None,
    missing: Literal["error", "drop", "class", "skip"] = "error",
) -> float:
    r"""Ambiguity: the share of inputs on which the models of a group conflict, a distance.

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
        A ``ValueError`` that names the model: fewer than two models, different numbers of rows, a table of whole
        numbers of unknown meaning (``kind_required``), inputs without an answer (``missing_answer``). If an input is no
        array of real numbers, also a ``TypeError``.

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
        A ``ValueError`` that names the model: fewer than two models, different numbers of rows, a table of whole
        numbers of unknown meaning (``kind_required``), inputs without an answer (``missing_answer``); ``undefined`` if
        all models predict one and the same class throughout. If an input is no array of real numbers, also a
        ``TypeError``.

    Notes
    -----
    With two models this is Scott's pi, which pools the class frequencies of both, and not `cohen_kappa`.

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

    Of three inputs, two have both votes for one class:

    >>> round(fleiss_kappa([[2, 0], [1, 1], [0, 2]], kind="counts"), 6)
    0.333333
    """
    return group("fleiss_kappa", models, kind=kind, missing=missing)


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
        A ``ValueError`` that names the argument: different numbers of rows, a table of whole numbers of unknown meaning
        (``kind_required``), inputs without an answer (``missing_answer``), numbers that are no classes; ``undefined``
        if the error rate is 0. If an input is no array of real numbers, also a ``TypeError``.

    Notes
    -----
    The limits depend on both error rates: compare values of models of about equal accuracy only.

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
        A ``ValueError`` that names the argument: `kind` missing (``kind_required``), rows that are no probabilities
        (with the first of them and the remedy), NaN, different numbers of rows or of classes. If an input is no array
        of real numbers, also a ``TypeError``.

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
