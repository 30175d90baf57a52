"""Settings meet each two choices of options that the library takes together, and each choice every input."""

from __future__ import annotations

import itertools

import covering
import pairs
import pytest
from settings import (
    EVERY,
    MEASURES,
    NOT_GIVEN,
    Setting,
    accepts,
    every_setting,
    factors_of,
    given,
    with_inputs,
)

import resemblance as rs


def choices(setting) -> list[tuple[str, str]]:
    return [(name, repr(setting.options.get(name, NOT_GIVEN))) for name in factors_of(MEASURES[setting.measure])]


@pytest.mark.parametrize("measure", MEASURES)
def test_each_two_choices_that_go_together_meet(measure):
    ours = [setting for setting in EVERY if setting.measure == measure]
    possible = {pair for setting in every_setting(measure) for pair in itertools.combinations(choices(setting), 2)}
    shown = {pair for setting in ours for pair in itertools.combinations(choices(setting), 2)}
    assert shown == possible
    assert all(accepts(measure)(setting.options) for setting in ours)
    assert len({str(setting) for setting in ours}) == len(ours)


@pytest.mark.parametrize("measure", MEASURES)
def test_each_choice_occurs(measure):
    """Also those that go with nothing else would be missed here."""
    ours = [setting for setting in EVERY if setting.measure == measure]
    shown = {choice for setting in ours for choice in choices(setting)}
    assert shown == {(name, repr(value)) for name, values in factors_of(MEASURES[measure]).items() for value in values}


@pytest.mark.parametrize("measure", MEASURES)
def test_each_choice_meets_each_input(measure):
    ours = [setting for setting in EVERY if setting.measure == measure]
    inputs = [f"input {i}" for i in range(7)]
    cases = with_inputs(ours, inputs)
    assert {(choice, given) for setting, given in cases for choice in choices(setting)} == {
        (choice, given) for setting in ours for choice in choices(setting) for given in inputs
    }
    assert {str(setting) for setting, _ in cases} == {str(setting) for setting in ours}


def outcome(setting, pair) -> float | None:
    """The score, or None where there is none."""
    try:
        return setting.library(*(pair.dress(a) for a in setting.inputs(pair.x, pair.y)))
    except rs.ResemblanceError:
        return None


def differ(one, other) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > 1e-9 * max(abs(one), abs(other))


VALUES = [
    (measure, name, value)
    for measure, info in MEASURES.items()
    for name, values in factors_of(info).items()
    for value in values[1:]
]


@pytest.mark.parametrize(("measure", "name", "value"), VALUES, ids=str)
def test_each_value_of_an_option_does_something(measure, name, value):
    """Somewhere the score is another one than with the first value, all else the same."""
    first = factors_of(MEASURES[measure])[name][0]
    asked = [setting for setting in every_setting(measure) if setting.options.get(name, NOT_GIVEN) is value]
    pairs_of = [(setting, Setting(measure, given(setting.options | {name: first}))) for setting in asked]
    comparable = [pair for pair in pairs_of if accepts(measure)(pair[1].options)]
    assert asked
    # an option without which there is no score, as a matrix for its distance, has nothing to be compared with
    assert not comparable or any(
        differ(outcome(with_it, pair), outcome(without, pair))
        for with_it, without in comparable
        for pair in (pairs.DEFINED + pairs.DEGENERATE if "matrix" in with_it.input else pairs.SCORES)
    )


def test_few_rows_cover_many_factors():
    """Ten factors of three values: all pairs of 59,049 combinations, and one factor forbids what another needs."""
    factors = {f"f{i}": list("abc") for i in range(10)}
    rows = covering.pairwise(factors, lambda row: True)
    for one, other in itertools.combinations(factors, 2):
        assert {(row[one], row[other]) for row in rows} == set(itertools.product("abc", repeat=2))
    assert rows[0] == dict.fromkeys(factors, "a")
    assert rows == covering.pairwise(factors, lambda row: True)
    assert len(rows) < 80

    def accepts(row):
        return (row["f1"] == "a" or row["f0"] == "b") and row["f2"] != "c"

    rows = covering.pairwise(factors, accepts)
    assert all(map(accepts, rows))
    met = {(row["f0"], row["f1"]) for row in rows}
    assert met == {("a", "a"), ("b", "a"), ("c", "a"), ("b", "b"), ("b", "c")}
