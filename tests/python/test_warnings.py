"""Every warning that concerns these measures: an example that provokes it, and one like it that stays quiet.

IND in the catalogue means independent standard Gaussian data, of which the honest answer is "no similarity".
"""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pytest

import resemblance as rs


def independent(n: int, d_x: int, d_y: int | None = None, seed: int = 0):
    rng = np.random.default_rng([seed, n, d_x])
    return rng.normal(size=(n, d_x)), rng.normal(size=(n, d_y or d_x))


def shared_coordinate(sd: float):
    x, y = independent(500, 64)
    common = sd * np.random.default_rng(1).normal(size=(500, 1))
    return np.hstack([x, common]), np.hstack([y, common])


def far_row(distance: float):
    x, y = independent(300, 32)
    x[17] += distance
    y[17] += distance
    return x, y


def tripled(times: int):
    x, y = independent(60, 32)
    return np.tile(x, (times, 1)), np.tile(y, (times, 1))


def padded(value: float | None, noise: float = 0.0):
    x, y = (a + 1 for a in independent(140, 8))
    if value is None:
        return x, y
    rest = noise * np.random.default_rng(2).normal(size=(40, 8))
    return tuple(np.vstack([a, value + rest]) for a in (x, y))


def nearly_repeated(noise: float):
    rng = np.random.default_rng(3)
    rows = np.r_[np.arange(300), np.arange(60)]
    return tuple(a[rows] + noise * rng.normal(size=(360, 16)) for a in independent(300, 16))


def collapsed(count: int):
    x, y = independent(300, 16)
    x[:count] = 0.3
    return x, y


def predicted(*, in_order: bool):
    rng = np.random.default_rng(4)
    x = rng.integers(0, 4, 300)
    y = np.where(rng.random(300) < 0.7, x, rng.integers(0, 4, 300))
    return x, y if in_order else rng.permutation(y)


def offset(size: float, dtype):
    x, y = independent(100, 4)
    return (x + size).astype(dtype), y


def dead(count: int):
    x, y = independent(100, 8, 5)
    x[:, :count] = 3.0
    return x, y


def tied_scores(digits: int):
    x, y = independent(200, 5)
    return np.round(x, digits), np.round(y, digits)


def copies(times: int):
    x, y = independent(20, 6)
    return np.repeat(x, times, axis=0), np.repeat(y, times, axis=0)


def sized(factor: float):
    x, y = independent(100, 6)
    return x, factor * y


def same(*, copy: bool):
    x, y = independent(50, 6)
    return (x, x.copy()) if copy else (x, y)


debiased = functools.partial(rs.cka, estimator="debiased")

# code, measure, data that provoke it, data that do not
CASES = [
    ("null_inflated", rs.cka, independent(64, 256), independent(600, 4)),
    ("null_inflated", functools.partial(rs.cka, kernel="rbf"), independent(64, 256), None),
    ("null_inflated", functools.partial(rs.distance_correlation, squared=True), independent(64, 256), None),
    ("rank_saturated", rs.cca_mean, independent(40, 25), independent(200, 5)),
    ("rank_saturated", rs.cca_mean_squared, independent(40, 25), independent(200, 5)),
    ("rank_saturated", rs.svcca, independent(40, 25), independent(200, 5)),
    ("rank_saturated", rs.pwcca, independent(40, 25), independent(200, 5)),
    ("rank_saturated", rs.linear_regression_r2, independent(30, 40), independent(200, 5)),
    ("in_sample_fit", rs.linear_regression_r2, independent(100, 50), independent(200, 5)),
    ("dominant_dimension", rs.cka, shared_coordinate(20), shared_coordinate(1)),
    ("dominant_sample", rs.cka, far_row(50), far_row(0)),
    ("duplicate_samples", debiased, tripled(3), tripled(1)),
    ("padding_rows", debiased, padded(0.0), padded(None)),
    ("padding_rows", debiased, padded(0.0, 1e-9), padded(None)),
    ("near_duplicates", debiased, nearly_repeated(1e-7), nearly_repeated(1e-3)),
    ("collapsed_rows", rs.cka, collapsed(75), collapsed(1)),
    ("at_chance", rs.disagreement, predicted(in_order=False), predicted(in_order=True)),
    ("at_chance", rs.cohen_kappa, predicted(in_order=False), predicted(in_order=True)),
    ("storage_precision", rs.cka, offset(1e6, np.float32), offset(1e6, np.float64)),
    ("storage_precision", rs.cca_mean, offset(200, np.float16), offset(0.0, np.float16)),
    ("small_sample", debiased, independent(20, 8), independent(100, 8)),
    ("dead_units", rs.cca_mean, dead(3), dead(0)),
    ("dead_units", rs.linear_regression_r2, dead(1), dead(0)),
    ("rank_deficient_map", rs.aligned_cosine, independent(10, 20), independent(40, 5)),
    ("ties", functools.partial(rs.disagreement, kind="scores"), tied_scores(0), tied_scores(12)),
    ("null_inflated", functools.partial(rs.knn_jaccard, k=60), independent(100, 6), None),
    ("null_inflated", rs.knn_jaccard, None, independent(300, 6)),
    ("neighbors_duplicates", rs.knn_jaccard, copies(11), copies(1)),
    ("size_decides", rs.procrustes, sized(5.0), sized(1.0)),
    ("size_decides", functools.partial(rs.procrustes, normalize=True), None, sized(5.0)),
    ("same_content", rs.cka, same(copy=True), same(copy=False)),
]


def codes(measure, pair) -> list[str]:
    with rs.config(on_warning="ignore"):
        return [w.code for w in rs.compare(*pair, measure)[0].warnings]


def _id(value) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, functools.partial):
        return value.func.__name__ + "".join(f"-{name}={given}" for name, given in value.keywords.items())
    return getattr(value, "__name__", "data" if value is not None else "none")


@pytest.mark.parametrize(("code", "measure", "loud", "quiet"), CASES, ids=_id)
def test_warning(code, measure, loud, quiet):
    if loud is not None:
        assert code in codes(measure, loud)
    if quiet is not None:
        assert code not in codes(measure, quiet)


@pytest.mark.parametrize(("code", "measure", "loud", "quiet"), [case for case in CASES if case[2] is not None], ids=_id)
def test_what_a_warning_carries(code, measure, loud, quiet):
    """A stable code, one sentence with the numbers, the numbers; the same from the bare call; an error if asked for."""
    del quiet
    with rs.config(on_warning="ignore"):
        found = next(w for w in rs.compare(*loud, measure)[0].warnings if w.code == code)
    assert isinstance(found, rs.ResemblanceWarning)
    assert isinstance(found, UserWarning)
    assert str(found).startswith(f"{code}: ")
    assert found.message.endswith((".", ")", "?"))
    assert any(character.isdigit() for character in found.message) or code == "same_content"
    assert found.details or code == "same_content"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = measure(*loud)
    assert code in [w.message.code for w in caught if isinstance(w.message, rs.ResemblanceWarning)]
    assert all(w.filename == __file__ for w in caught if isinstance(w.message, rs.ResemblanceWarning))
    with rs.config(on_warning="raise"), pytest.raises(rs.ResemblanceError) as raised:
        measure(*loud)
    assert raised.value.code in codes(measure, loud)
    with rs.config(on_warning="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measure(*loud) == value


def test_the_catalogue_examples_mislead_as_stated():
    """The numbers beside the codes: what the warnings are there for."""
    with rs.config(on_warning="ignore"):
        assert rs.cka(*independent(64, 1024)) > 0.9
        assert abs(debiased(*independent(64, 1024))) < 0.05
        assert rs.cka(*shared_coordinate(20)) > 0.9
        assert rs.cka(*far_row(50)) > 0.9
        assert debiased(*tripled(3)) > 0.2
        assert debiased(*padded(0.0)) > 0.2
        assert rs.linear_regression_r2(*independent(100, 50)) > 0.3
        assert rs.cca_mean(*independent(40, 25)) > 0.7
        assert rs.knn_jaccard(*copies(11)) == 1.0


def test_data_without_problems_are_quiet():
    """Clean data, large enough: no measure has anything to say beyond what its own chance level is."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1200, 6))
    y = x @ rng.normal(size=(6, 6)) / 2 + rng.normal(size=(1200, 6))
    for measure in (
        rs.cka,
        debiased,
        rs.cca_mean,
        rs.cca_mean_squared,
        rs.svcca,
        rs.pwcca,
        rs.linear_regression_r2,
        rs.angular_shape,
        rs.aligned_cosine,
        rs.rsa,
        rs.participation_ratio,
    ):
        assert codes(measure, (x, y)) == [], measure
    assert codes(rs.disagreement, (x, x + rng.normal(size=x.shape))) == []


def test_null_inflated_states_the_null_mean():
    x, y = independent(64, 256)
    with rs.config(on_warning="ignore"):
        score = rs.compare(x, y, rs.cka)[0]
    warning = next(w for w in score.warnings if w.code == "null_inflated")
    assert warning.details["null_mean"] == pytest.approx(score.null_mean)
    assert f"{score.null_mean:.2f}" in warning.message


def test_rank_saturated_counts():
    x, y = independent(40, 25)
    with rs.config(on_warning="ignore"):
        warning = next(w for w in rs.compare(x, y, rs.cca_mean)[0].warnings if w.code == "rank_saturated")
    assert "25" in warning.message
    assert "39" in warning.message
    assert "11" in warning.message  # 25 + 25 - 39 correlations are 1 for any data


def test_dominant_sample_names_the_row():
    with rs.config(on_warning="ignore"):
        warning = next(w for w in rs.compare(*far_row(50), rs.cka)[0].warnings if w.code == "dominant_sample")
    assert "17" in warning.message


def test_dominant_dimension_names_the_column():
    with rs.config(on_warning="ignore"):
        warning = next(
            w for w in rs.compare(*shared_coordinate(20), rs.cka)[0].warnings if w.code == "dominant_dimension"
        )
    assert "64" in warning.message


class TestPFloor:
    """A test that cannot reach 0.05 whatever the data says so."""

    def codes(self, n_resamples, **options):
        x, y = independent(40, 4)
        with rs.config(on_warning="ignore"):
            found = rs.permutation_test(
                x, y, options.pop("measure", rs.procrustes), n_resamples=n_resamples, rng=0, **options
            )
        return found.min_pvalue, [w.code for w in found.warnings]

    def test_few_resamples(self):
        least, found = self.codes(9)
        assert least > 0.05
        assert "p_floor" in found

    def test_enough_resamples(self):
        least, found = self.codes(99)
        assert least <= 0.05
        assert "p_floor" not in found

    def test_few_rows(self):
        x, y = independent(3, 2)
        with rs.config(on_warning="ignore"):
            found = rs.permutation_test(x, y, rs.procrustes)
        assert found.method == "exact"
        assert found.min_pvalue > 0.05
        assert "p_floor" in [w.code for w in found.warnings]

    def test_own_function(self):
        assert "p_floor" in self.codes(9, measure=lambda x, y: float(x[0] @ y[0]))[1]


def test_grids_collect_warnings():
    models = {str(i): independent(30, 40, seed=i)[0] for i in range(3)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        grid = rs.pairwise(models, rs.cca_mean)[0]
    assert "rank_saturated" in {w.code for w in grid.warnings}
    told = [w.message.code for w in caught if isinstance(w.message, rs.ResemblanceWarning)]
    assert len(told) == len(set(told)), "each kind is told once, however many pairs show it"


def test_grids_warn_of_failed_pairs():
    models = {str(i): independent(30, 4, seed=i)[0] for i in range(3)}
    models["bad"] = models["0"][:20]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        grid = rs.pairwise(models, rs.cca_mean)[0]
    assert "failed_pairs" in [w.message.code for w in caught if isinstance(w.message, rs.ResemblanceWarning)]
    assert len(grid.status) == 6


def test_grids_find_identical_layers():
    x, y = independent(50, 6)
    with rs.config(on_warning="ignore"):
        grid = rs.pairwise({"one": x, "two": y, "copy": x.copy()}, rs.cka)[0]
    found = [w for w in grid.warnings if w.code == "same_content"]
    assert len(found) == 1
    assert "one" in found[0].message
    assert "copy" in found[0].message


def test_clamped_values_say_so():
    """Round-off above 1 is removed and reported; a value inside its range is never reported."""
    reported = 0
    for seed in range(60):
        x, _ = independent(20, 5, seed=seed)
        turned = x @ np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
        with rs.config(on_warning="ignore"):
            found = rs.compare(x, 3 * turned, [rs.cka, rs.cca_mean, rs.distance_correlation, rs.rsa])
        for score in found:
            low, high = score.facts.range
            assert low <= score.value <= high
            if "clamped" in [w.code for w in score.warnings]:
                reported += 1
                assert score.value in (low, high)
    assert reported < 240


def test_settings_of_warnings():
    x, y = independent(40, 25)
    assert rs.show_config()["on_warning"] == "warn"
    with rs.config(on_warning="ignore"):
        assert rs.show_config()["on_warning"] == "ignore"
        with rs.config(on_warning="raise"), pytest.raises(rs.ResemblanceError):
            rs.cca_mean(x, y)
        assert rs.show_config()["on_warning"] == "ignore"
    assert rs.show_config()["on_warning"] == "warn"
    with pytest.raises(rs.ResemblanceError) as caught:
        rs.config(on_warning="loud")
    assert caught.value.code == "bad_option"


def test_one_kind_can_be_filtered():
    x, y = independent(40, 25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code in set(codes(rs.cca_mean, (x, y))):
            warnings.filterwarnings("ignore", code)
        rs.cca_mean(x, y)
