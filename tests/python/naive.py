"""The slow textbook twin of every measure, under the same name and with the same options.

Each function follows the printed formula as literally as it can and takes another road than the library, so that one
mistake cannot be made twice: explicit centering matrices and traces, inverse roots of covariances, a rotation that is
really applied, least squares with an intercept column, loops over rows. NumPy and SciPy only. Where a formula divides
zero by zero the answer is NaN; the library must then raise a named error.

Two things are meant for exact data only: nothing here is scaled against overflow, and centering is done after the fact,
so huge offsets and 1e150 belong to tables of their own (`pairs.py`).
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import linalg, optimize, special, stats
from scipy.spatial.distance import cdist, pdist, squareform

ROUND_OFF = 1e-11  # a denominator below this share of its uncorrected size is nothing but round-off


# Similarity matrices


def cka(x, y, *, kernel="linear", estimator="biased", bandwidth=1.0, sigma=None, gamma=None, coef0=1.0, degree=3):
    """Kornblith et al. 2019, section 3: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), kernels left uncentered.

    The debiased HSIC of Song et al. 2012 is the inner product of U-centered kernels (Szekely & Rizzo 2014).
    """
    k, m = (_kernel(a, kernel, bandwidth, sigma, gamma, coef0, degree) for a in (x, y))
    hsic = {"biased": _hsic_biased, "debiased": _hsic_debiased, "lange": _hsic_lange}[estimator]
    kk, mm = hsic(k, k), hsic(m, m)
    if not all(own > ROUND_OFF**2 * np.mean(a**2) for own, a in ((kk, k), (mm, m))):
        return math.nan
    return float(hsic(k, m) / (np.sqrt(kk) * np.sqrt(mm)))


def _kernel(x, kernel, bandwidth, sigma, gamma, coef0, degree):  # noqa: PLR0917 - the options of cka, in order
    if kernel == "precomputed":
        return x
    if kernel == "linear":
        return x @ x.T
    if kernel == "cosine":
        return np.array([[_cosine(a, b) for b in x] for a in x])
    if kernel == "polynomial":
        gamma = 1 / x.shape[1] if gamma is None else gamma
        return (gamma * (x @ x.T) + coef0) ** degree
    d = cdist(x, x)
    sigma = bandwidth * np.median(pdist(x)) if sigma is None else sigma
    return np.exp(-(d**2) / (2 * sigma**2)) if kernel == "rbf" else np.exp(-d / sigma)


def _centering(n):
    return np.eye(n) - np.ones((n, n)) / n


def _hsic_biased(k, m):
    h = _centering(len(k))
    return np.trace(k @ h @ m @ h)


def _hsic_debiased(k, m):
    return _u_product(k, m)


def _hsic_lange(k, m):
    h = _centering(len(k))
    a, b = h @ k @ h, h @ m @ h
    return sum(a[i, j] * b[i, j] for i in range(len(k)) for j in range(len(k)) if i != j)


def _u_product(k, m):
    """(1 / (n (n - 3))) sum over i != j of U-centered entries; sums run over the off-diagonal entries only."""
    n = len(k)
    off = ~np.eye(n, dtype=bool)

    def centered(a):
        rows = [a[i, off[i]].sum() for i in range(n)]
        total = sum(rows)
        return np.array(
            [
                [a[i, j] - (rows[i] + rows[j]) / (n - 2) + total / ((n - 1) * (n - 2)) for j in range(n)]
                for i in range(n)
            ]
        )

    return float((centered(k) * centered(m))[off].sum()) / (n * (n - 3))


def eigenspace_overlap(x, y, *, center=False, divisor="rank"):
    """May et al. 2019: tr(Px Py) of the projectors x (x'x)^+ x', over the larger rank or width."""
    sides = [(a, _centered(a) if center else a) for a in (x, y)]
    ranks = [np.linalg.matrix_rank(a, tol=_rank_cut(a, raw)) for raw, a in sides]
    if min(ranks) == 0:
        return math.nan
    projectors = [a @ np.linalg.pinv(a, rcond=1e-12) for _, a in sides]
    size = max(ranks) if divisor == "rank" else max(x.shape[1], y.shape[1])
    return float(np.trace(projectors[0] @ projectors[1]) / size)


def rsa(
    x,
    y,
    *,
    inner="pearson",
    outer="spearman",
    precision=None,
    bandwidth=1.0,
    sigma=None,
    constant_rows="raise",
):
    """Kriegeskorte et al. 2008: compare the upper triangles (i < j) of two matrices of pairwise dissimilarities."""
    keep = np.ones(len(x), dtype=bool)
    if inner == "pearson":
        keep = np.array([np.ptp(a) > 0 and np.ptp(b) > 0 for a, b in zip(x, y, strict=True)])
        if constant_rows == "raise" and not keep.all():
            return math.nan
    elif inner == "cosine":
        keep = np.array([np.any(a != 0) and np.any(b != 0) for a, b in zip(x, y, strict=True)])
        if constant_rows == "raise" and not keep.all():
            return math.nan
    u, v = (_triangle(a[keep], inner, precision, bandwidth, sigma) for a in (x, y))
    if outer == "spearman":
        u, v = (stats.rankdata(_without_round_off(a)) for a in (u, v))
    if outer in ("kendall_tau_a", "kendall_tau_b"):
        return _kendall(*map(_without_round_off, (u, v)), variant=outer[-1])
    if outer == "cosine":
        return _ratio(u @ v, np.sqrt(u @ u) * np.sqrt(v @ v))
    if len(u) < 2 or any(np.ptp(a) <= ROUND_OFF * np.max(np.abs(a)) for a in (u, v)):
        return math.nan
    return float(stats.pearsonr(u, v).statistic)


def _kendall(u, v, variant):
    """Kendall 1945: the sum of products of signs of differences, over all pairs of entries."""
    signs = [np.sign(a[:, None] - a[None, :]) for a in (u, v)]
    untied = [np.count_nonzero(a) for a in signs]
    if min(untied) == 0:
        return math.nan
    over = len(u) * (len(u) - 1) if variant == "a" else math.sqrt(untied[0] * untied[1])
    return float(np.sum(signs[0] * signs[1]) / over)


def _triangle(x, inner, precision, bandwidth, sigma):
    upper = np.triu_indices(len(x), 1)
    if inner == "precomputed":
        return x[upper]
    if inner == "linear":
        return np.array([x[i] @ x[j] for i, j in zip(*upper, strict=True)])
    if inner == "rbf":
        d = pdist(x)
        return np.exp(-(d**2) / (2 * (bandwidth * np.median(d) if sigma is None else sigma) ** 2))
    if inner == "mahalanobis":
        return pdist(x, "mahalanobis", VI=np.asarray(precision))
    names = {"pearson": "correlation", "cosine": "cosine", "euclidean": "euclidean", "sq_euclidean": "sqeuclidean"}
    values = pdist(x, names[inner])
    if inner in ("pearson", "cosine"):
        values[np.abs(values) < 1e-14] = 0.0  # of two equal rows, what is left of 1 - 0.9999999999999999
    return values


def _without_round_off(values):
    """Merge values that differ in their last digits only, so that what is tied on paper is tied here."""
    order = np.argsort(values, kind="stable")
    gap = np.diff(values[order]) > ROUND_OFF * np.abs(values[order][1:])
    merged = np.empty_like(values)
    merged[order] = np.concatenate([[0.0], np.cumsum(gap)])
    return merged


def distance_correlation(x, y, *, squared=False, bias_corrected=False, metric="euclidean"):
    """Szekely, Rizzo & Bakirov 2007: double-centered distances; bias-corrected: Szekely & Rizzo 2013 (squared form)."""
    a, b = (v if metric == "precomputed" else cdist(v, v) for v in (x, y))
    h = _centering(len(a))

    def product(k, m):
        return _u_product(k, m) if bias_corrected else np.trace(h @ k @ h @ m) / len(k) ** 2

    xx, yy = product(a, a), product(b, b)
    if not (xx > ROUND_OFF**2 * np.mean(a**2) and yy > ROUND_OFF**2 * np.mean(b**2)):
        return math.nan
    value = product(a, b) / np.sqrt(xx) / np.sqrt(yy)
    return float(value if squared or bias_corrected else np.sqrt(max(value, 0.0)))


# Canonical correlations


def cca_mean(x, y, *, summary="mean", divisor="rank"):
    """Hotelling 1936: singular values of Cxx^(-1/2) Cxy Cyy^(-1/2), summarized."""
    rho, least = _canonical(x, y)[:2]
    if not len(rho):
        return math.nan
    if summary == "wilks":
        return float(np.prod(1 - rho**2))
    if summary == "lawley_hotelling":
        return math.inf if rho[0] > 1 - 1e-10 else float(np.sum(rho**2 / (1 - rho**2)))
    count = least if divisor == "rank" else min(x.shape[1], y.shape[1])
    return float({"mean": rho.sum() / count, "first": rho[0], "sum": rho.sum()}[summary])


def cca_mean_squared(x, y, *, summary="mean", divisor="rank"):
    """Yanai 1974: the mean of squared canonical correlations; their sum is the Pillai trace tr(Cxx^+ Cxy Cyy^+ Cyx)."""
    xc, yc = _centered(x), _centered(y)
    pillai = np.trace(_inverse(xc.T @ xc) @ xc.T @ yc @ _inverse(yc.T @ yc) @ yc.T @ xc)
    ranks = [np.linalg.matrix_rank(a, tol=_rank_cut(a, b)) for a, b in ((xc, x), (yc, y))]
    if min(ranks) == 0:
        return math.nan
    if summary == "sum":
        return float(pillai)
    return float(pillai / (min(ranks) if divisor == "rank" else min(x.shape[1], y.shape[1])))


def svcca(x, y, *, threshold=0.99, k=None):
    """Raghu et al. 2017: mean canonical correlation of the leading principal components of either side."""

    def truncated(a):
        values, vectors = linalg.eigh(_centered(a).T @ _centered(a))
        values, vectors = values[::-1].clip(0), vectors[:, ::-1]
        share = np.cumsum(values) / values.sum()
        kept = int(np.argmax(share >= threshold * (1 - 1e-12))) + 1 if k is None else k
        return _centered(a) @ vectors[:, :kept]

    return cca_mean(truncated(x), truncated(y))


def pwcca(x, y, *, weights_from="x"):
    """Morcos et al. 2018: canonical correlations weighted by a_i = sum_j |<h_i, x_j>|, h_i the variates of one side."""
    if weights_from == "smaller":
        weights_from = "x" if x.shape[1] <= y.shape[1] else "y"
    if weights_from == "y":
        return pwcca(y, x)
    rho, _, left, _ = _canonical(x, y)
    xc = _centered(x)
    h = xc @ _inverse_root(xc.T @ xc) @ left  # unit-norm variates, one per column
    weights = [sum(abs(h[:, i] @ column) for column in xc.T) for i in range(len(rho))]
    return _ratio(weights @ rho, sum(weights))


def linear_regression_r2(x, y, *, alpha=0.0, average="variance"):
    """In-sample R2 of x predicting y: least squares with an intercept column; ridge by sqrt(alpha) I as extra rows."""
    n, d = x.shape
    if alpha == 0:
        design, target = np.column_stack([np.ones(n), _centered(x)]), y
    else:  # the intercept is free of the penalty, so it is the mean
        design = np.vstack([_centered(x), np.sqrt(alpha) * np.eye(d)])
        target = np.vstack([_centered(y), np.zeros((d, y.shape[1]))])
    weights = np.linalg.lstsq(design, target, rcond=1e-12)[0]
    residual = (target - design @ weights)[:n] ** 2
    total = _centered(y) ** 2
    if average == "variance":
        return _ratio(total.sum() - residual.sum(), total.sum())
    alive = [j for j in range(y.shape[1]) if np.ptp(y[:, j]) > 0]
    return float(np.mean([1 - residual[:, j].sum() / total[:, j].sum() for j in alive])) if alive else math.nan


def _centered(x):
    return _centering(len(x)) @ x


def _rank_cut(centered, raw):
    return max(max(raw.shape) * 2.0**-52 * linalg.norm(centered, 2), 2.0**-53 * linalg.norm(raw))


def _inverse(c):
    return np.linalg.pinv(c, rcond=1e-12, hermitian=True)


def _inverse_root(c):
    values, vectors = linalg.eigh(c)
    kept = values > 1e-12 * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T


def _canonical(x, y):
    """Canonical correlations (min(rank) of them), the smaller rank, and the two sets of whitened directions."""
    xc, yc = _centered(x), _centered(y)
    ranks = [np.linalg.matrix_rank(a, tol=_rank_cut(a, b)) for a, b in ((xc, x), (yc, y))]
    if min(ranks) == 0:
        return np.array([]), 0, None, None
    left, rho, right = linalg.svd(_inverse_root(xc.T @ xc) @ (xc.T @ yc) @ _inverse_root(yc.T @ yc))
    least = min(ranks)
    return rho[:least].clip(0, 1), least, left[:, :least], right[:least].T


# Alignment


def procrustes(x, y, *, center=False, normalize=False, squared=False):
    """Schonemann 1966: the residual |xQ - y| after SciPy's best rotation, narrower side padded with zero columns."""
    residual = _residual(*_prepared(x, y, center, normalize))
    return float(residual**2 if squared else residual)


def angular_shape(x, y, *, center=False):
    """Williams et al. 2021: the angle between xQ and y on the sphere of unit Frobenius norm, from its chord."""
    return float(2 * np.arcsin(_residual(*_prepared(x, y, center, normalize=True)) / 2))


def _prepared(x, y, center, normalize):
    sides = [_centered(a) if center else np.array(a, dtype=float) for a in (x, y)]
    width = max(x.shape[1], y.shape[1])
    sides = [np.pad(a, ((0, 0), (0, width - a.shape[1]))) for a in sides]
    if not normalize:
        return sides
    norms = [linalg.norm(a) for a in sides]
    if min(norms) <= ROUND_OFF * max(linalg.norm(x), linalg.norm(y)) or min(norms) == 0:
        return [np.full_like(a, math.nan) for a in sides]
    return [a / norm for a, norm in zip(sides, norms, strict=True)]


def _residual(x, y):
    if np.isnan(x).any():
        return math.nan
    return linalg.norm(x @ linalg.orthogonal_procrustes(x, y)[0] - y)


def aligned_cosine(x, y, *, group="orthogonal", reduce="mean"):
    """Hamilton et al. 2016: rotate (or permute the columns of) x onto y, then the mean cosine of matching rows."""
    product = x.T @ y
    lengths = [(linalg.norm(a), linalg.norm(b)) for a, b in zip(x, y, strict=True)]
    if group == "permutation":
        cosines = sum(np.outer(a, b) / (p * q) for a, b, (p, q) in zip(x, y, lengths, strict=True) if p * q > 0)
        aligned = x[:, _assignment(product, cosines)]
    elif np.linalg.matrix_rank(product, tol=1e-12 * linalg.norm(product)) == len(product):
        aligned = x @ linalg.orthogonal_procrustes(x, y)[0]
    else:  # the best rotation is not unique; the part of it that is: M (M'M)^(+1/2)
        left, values, right = linalg.svd(product)
        kept = values > 1e-12 * values[0]
        aligned = x @ left[:, kept] @ right[kept]
    rows = [_ratio(a @ b, p * q) for a, b, (p, q) in zip(aligned, y, lengths, strict=True)]
    return _reduced(rows, reduce)


def _assignment(product, second):
    """For every column of y the column of x that takes its place; brute force while that is possible."""
    d = len(product)
    if d <= 6:
        orders = list(itertools.permutations(range(d)))
        best = max(sum(product[p[j], j] for j in range(d)) for p in orders)
        ties = [p for p in orders if sum(product[p[j], j] for j in range(d)) >= best - 1e-12 * abs(best)]
        return list(max(ties, key=lambda p: sum(second[p[j], j] for j in range(d))))
    rows, columns = optimize.linear_sum_assignment(-product)
    return [int(rows[list(columns).index(j)]) for j in range(d)]


# Neighbors


def knn_jaccard(x, y, *, k=10, metric="cosine", reduce="mean"):
    """Schumacher et al. 2021: mean over rows of |A & B| / |A | B|, A and B the k nearest neighbors on either side."""
    a, b = memberships(x, k, metric), memberships(y, k, metric)
    return _reduced(list(np.minimum(a, b).sum(axis=1) / np.maximum(a, b).sum(axis=1)), reduce)


def mutual_knn(x, y, *, k=10, metric="cosine", reduce="mean"):
    """Huh et al. 2024: mean over rows of |A & B| / k."""
    a, b = memberships(x, k, metric), memberships(y, k, metric)
    return _reduced(list(np.minimum(a, b).sum(axis=1) / k), reduce)


def second_order_cosine(x, y, *, k=10, metric="cosine", inner="similarity", neighbors="union", reduce="mean"):
    """Hamilton et al. 2016: per row the cosine between the two vectors of cosine similarities to all neighbors."""
    rows = []
    for i, (a, b) in enumerate(zip(memberships(x, k, metric) > 0, memberships(y, k, metric) > 0, strict=True)):
        chosen = np.flatnonzero(a | b if neighbors == "union" else a & b)
        u, v = (np.array([_cosine(side[i], side[j]) for j in chosen]) for side in (x, y))
        if inner == "distance":
            u, v = 1 - u, 1 - v
            # of a row and its copy the distance is zero, not what is left of 1 - 0.9999999999999999
            u, v = np.where(np.abs(u) < ROUND_OFF, 0.0, u), np.where(np.abs(v) < ROUND_OFF, 0.0, v)
        rows.append(_cosine(u, v, undefined=math.nan))
    return _reduced(rows, reduce)


def memberships(x, k, metric):
    """n x n: 1 for a neighbor, an equal share of the places left for each of those tied at the k-th place, else 0."""
    similarity = _similarity(x, metric)
    found = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        others = [j for j in range(len(x)) if j != i]
        of_others = {j: similarity(i, j) for j in others}
        last = sorted(of_others.values(), reverse=True)[k - 1]
        tied = [j for j in others if abs(of_others[j] - last) <= 1e-12 * max(1.0, abs(last))]
        certain = [j for j in others if of_others[j] > last and j not in tied]
        found[i, certain] = 1
        found[i, tied] = min(1, (k - len(certain)) / len(tied))
    return found


def neighbors_of(x, k, metric):
    """The k rows most similar to each row, itself excluded by index, nearest first; of rows without ties."""
    similarity = _similarity(x, metric)
    lists = []
    for i in range(len(x)):
        others = [(-similarity(i, j), j) for j in range(len(x)) if j != i]
        lists.append([j for _, j in sorted(others)[:k]])
    return lists


def _similarity(x, metric):
    return {
        "cosine": lambda i, j: _cosine(x[i], x[j]),
        "euclidean": lambda i, j: -math.sqrt(sum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True))),
        "inner": lambda i, j: float(x[i] @ x[j]),
        "precomputed": lambda i, j: -x[i, j],
    }[metric]


# Descriptive statistics


def participation_ratio(x, y=None, *, center=True, compare="absolute_difference"):
    """(sum of eigenvalues)^2 / sum of squared eigenvalues of the covariance."""

    def number(a):
        c = a.T @ (_centering(len(a)) if center else np.eye(len(a))) @ a
        return (
            _ratio(np.trace(c) ** 2, np.trace(c @ c)) if np.trace(c) > ROUND_OFF**2 * linalg.norm(a) ** 2 else math.nan
        )

    return _compared(number, x, y, compare)


def uniformity(x, y=None, *, t=2.0, pairs="all", normalize_rows=False, compare="absolute_difference"):
    """Wang & Isola 2020: log of the mean of exp(-t |x_i - x_j|^2), over all ordered pairs or over i < j."""

    def number(a):
        if normalize_rows:
            if any(not np.any(row) for row in a):
                return math.nan
            a = np.array([row / linalg.norm(row) for row in a])
        squares = squareform(pdist(a, "sqeuclidean")).ravel() if pairs == "all" else pdist(a, "sqeuclidean")
        return float(special.logsumexp(-t * squares) - np.log(len(squares)))

    return _compared(number, x, y, compare)


def _compared(number, x, y, compare):
    if y is None:
        return number(x)
    of_x, of_y = number(x), number(y)
    if compare is None:
        return of_x, of_y
    if compare == "absolute_difference":
        return abs(of_x - of_y)
    return _ratio(min(abs(of_x), abs(of_y)), max(abs(of_x), abs(of_y)))


# Predictions


def disagreement(x, y, *, reduce="mean"):
    """The share of inputs on which the two models decide differently."""
    return _reduced([float(a != b) for a, b in zip(_classes(x), _classes(y), strict=True)], reduce)


def cohen_kappa(x, y, *, weights=None):
    """Cohen 1960: (p_o - p_e) / (1 - p_e), observed and expected agreement from the table of counts; weighted 1968."""
    a, b = _classes(x), _classes(y)
    n = len(a)
    if weights is not None:
        classes = sorted(set(a) | set(b))
        cost = (
            np.abs(np.subtract.outer(range(len(classes)), range(len(classes))))
            ** {"linear": 1, "quadratic": 2}[weights]
        )
        observed = np.array(
            [[sum(p == i and q == j for p, q in zip(a, b, strict=True)) for j in classes] for i in classes]
        )
        expected = np.outer([a.count(c) for c in classes], [b.count(c) for c in classes]) / n
        return 1 - _ratio(float((cost * observed).sum()), float((cost * expected).sum()))
    table = {(i, j): sum(p == i and q == j for p, q in zip(a, b, strict=True)) for i in set(a) for j in set(b)}
    observed = sum(count for (i, j), count in table.items() if i == j) / n
    expected = sum(a.count(c) * b.count(c) for c in set(a) & set(b)) / n**2
    return _ratio(observed - expected, 1 - expected)


def error_corrected_disagreement(x, y, *, labels, reference="first"):
    """Fort et al. 2020: disagreement divided by the error rate of the first model (or the second, or their mean)."""
    a, b, truth = _classes(x), _classes(y), list(labels)
    wrong = [sum(p != t for p, t in zip(side, truth, strict=True)) / len(truth) for side in (a, b)]
    rate = {"first": wrong[0], "second": wrong[1], "mean": (wrong[0] + wrong[1]) / 2}[reference]
    return _ratio(sum(p != q for p, q in zip(a, b, strict=True)) / len(truth), rate)


def js_divergence(x, y, *, kind, base=None, sqrt=False, renormalize=False, reduce="mean"):
    """Mean over rows of 1/2 KL(p, m) + 1/2 KL(q, m) with m = (p + q) / 2; `sqrt` takes the root of every row."""
    rows = []
    for p, q in zip(_probabilities(x, kind, renormalize), _probabilities(y, kind, renormalize), strict=True):
        middle = (p + q) / 2
        value = (special.rel_entr(p, middle).sum() + special.rel_entr(q, middle).sum()) / 2
        value = max(float(value), 0.0) / (1.0 if base is None else math.log(base))
        rows.append(math.sqrt(value) if sqrt else value)
    return _reduced(rows, reduce)


def fleiss_kappa(models):
    """Fleiss 1971: mean over inputs of the share of agreeing pairs of models, corrected by pooled class shares."""
    votes = list(zip(*(_classes(m) for m in models), strict=True))  # one tuple of M votes per input
    m = len(votes[0])
    agreeing = [sum(a == b for a, b in itertools.permutations(row, 2)) / (m * (m - 1)) for row in votes]
    pooled = [c for row in votes for c in row]
    expected = sum((pooled.count(c) / len(pooled)) ** 2 for c in set(pooled))
    return _ratio(float(np.mean(agreeing)) - expected, 1 - expected)


def _classes(predictions):
    """Class ids as they are; of scores the first largest in each row."""
    predictions = np.asarray(predictions)
    if predictions.ndim == 1:
        return [int(c) for c in predictions]
    return [max(range(len(row)), key=lambda c, row=row: (row[c], -c)) for row in predictions]


def _probabilities(scores, kind, renormalize):
    scores = np.asarray(scores, dtype=float)
    if kind == "log_probs":
        return np.exp(scores)
    if kind == "logits":
        return np.array([special.softmax(row) for row in scores])
    return np.array([row / row.sum() for row in scores]) if renormalize else scores


# Small shared pieces


def _cosine(a, b, undefined=0.0):
    norms = math.sqrt(float(a @ a)) * math.sqrt(float(b @ b))
    return float(a @ b) / norms if norms > 0 else undefined


def _ratio(above, below):
    return float(above) / float(below) if abs(below) > 1e-300 else math.nan


def _reduced(rows, reduce):
    if reduce is None:
        return np.array(rows)
    defined = [value for value in rows if not math.isnan(value)]
    return float(np.mean(defined)) if defined else math.nan
