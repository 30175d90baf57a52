"""Docstrings say what the signatures say and what the core says: every public function, parsed."""

from __future__ import annotations

import inspect
import re
import typing
from typing import Any, Literal, get_args, get_origin

import pytest
from settings import MEASURES, PLAIN

import resemblance as rs
from resemblance._config import Policy

SECTIONS = (
    "Parameters",
    "Returns",
    "Yields",
    "Raises",
    "Warns",
    "See Also",
    "Notes",
    "References",
    "Examples",
)
FUNCTIONS = {name: getattr(rs, name) for name in rs.__all__ if inspect.isfunction(getattr(rs, name))}
ONE_ROW_PER_INPUT = re.compile(r"\b[Oo]ne row per input|[Oo]ne class per input|[Ss]cores of C classes")
SAME_INPUT = re.compile(
    r"Row i belongs to the same input as row i of `x`|Row i of (both|all) belongs to the same input"
    r"|of the same inputs or of others"
)

SETTINGS_OF = {setting.measure: setting for setting in PLAIN}

EACH = pytest.mark.parametrize("name", FUNCTIONS)
EACH_MEASURE = pytest.mark.parametrize("name", MEASURES)


def sections(function: Any) -> dict[str, str]:
    """Split a docstring; what stands before the first section is called by the empty name."""
    text = inspect.getdoc(function) or ""
    parts = re.split(r"(?:^|\n)([A-Z][A-Za-z ]+)\n-{3,}\n", text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section: str) -> dict[str, tuple[str, str]]:
    """Read a list of parameters: to each name its type and its text."""
    found: dict[str, tuple[str, str]] = {}
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        heading, _, text = entry.partition("\n")
        names, _, kind = heading.partition(" : ")
        for name in names.split(","):
            found[name.strip()] = kind, " ".join(text.split())
    return found


def choices_of(function: Any, name: str) -> tuple[str, ...]:
    """Return the choices of an argument, from its annotation."""
    signature = inspect.signature(function).parameters[name].annotation
    if "Policy" in str(signature):
        return get_args(Policy)
    found = re.search(r"Literal\[([^\]]*)\]", str(signature))
    return tuple(re.findall(r"[\"']([^\"']+)[\"']", found[1])) if found else ()


@EACH
def test_sections_are_known_and_in_order(name):
    order = [section for section in sections(FUNCTIONS[name]) if section]
    assert set(order) <= set(SECTIONS)
    assert order == sorted(order, key=SECTIONS.index)
    assert "Examples" in order or name == "show_config"


@EACH
def test_an_example_can_be_run(name):
    assert ">>> " in sections(FUNCTIONS[name])["Examples"]


@EACH
def test_every_argument_is_documented_and_no_other(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    wanted = [stars.get(one.kind, "") + one.name for one in parameters.values()]
    documented = entries(sections(FUNCTIONS[name]).get("Parameters", ""))
    assert [one for one in documented if one] == wanted or sorted(documented) == sorted(wanted)


@EACH
def test_what_is_raised_is_one_line_that_names_the_page_of_codes(name):
    raises = sections(FUNCTIONS[name]).get("Raises")
    if raises is not None:
        error, *lines = raises.strip("\n").split("\n")
        assert error == "ResemblanceError"
        assert len(lines) == 1
        assert "the page of codes" in lines[0]


@EACH
def test_braces_are_the_choices_of_the_annotation(name):
    function = FUNCTIONS[name]
    for argument, (kind, _) in entries(sections(function).get("Parameters", "")).items():
        if argument.lstrip("*") not in inspect.signature(function).parameters or argument.startswith("*"):
            continue
        braces = re.match(r"\{([^}]*)\}", kind)
        words = tuple(re.findall(r'"([^"]+)"', braces[1])) if braces else ()
        if not braces and kind == "":
            continue  # several arguments that are those of another function
        assert words == choices_of(function, argument), argument


@EACH
def test_defaults_are_those_of_the_signature(name):
    function = FUNCTIONS[name]
    for argument, (kind, text) in entries(sections(function).get("Parameters", "")).items():
        parameter = inspect.signature(function).parameters.get(argument)
        if parameter is None or kind == "":
            continue
        told = re.search(r"default (.+)$", kind)
        if parameter.default is inspect.Parameter.empty:
            assert told is None, argument
            assert "optional" not in kind, argument
        elif parameter.default in (None, ..., ()):
            assert told is None, argument
            assert "optional" in kind or kind == '{"probs", "logits", "log_probs"}', argument
        else:
            told = told or re.search(r"``(\w+)`` \(the default\)", text)  # where the line is full
            assert told is not None, argument
            assert (repr(told[1]) if "``" in told[0] else told[1]).replace('"', "'") == repr(parameter.default), (
                argument
            )


@EACH_MEASURE
def test_options_are_those_of_the_core(name):
    """Names in order, choices in order, defaults: what the function says and what the measure declares."""
    function = FUNCTIONS[name]
    parameters = inspect.signature(function).parameters
    options = {option.name: option for option in MEASURES[name].options}
    assert set(options) == set(parameters) - {"x", "y", "models"}
    for option in options.values():
        if option.choices:
            words = choices_of(function, option.name)
            assert words == tuple(choice for choice in option.choices if choice in words), option.name
            for choice in set(option.choices) - set(words):  # the core knows the word, and why it will not do
                with pytest.raises(rs.ResemblanceError, match=choice):
                    SETTINGS_OF[name].library([0, 1, 1], [0, 1, 0], **{option.name: choice})
        default = parameters[option.name].default
        assert default in (inspect.Parameter.empty, None) if option.required else default == option.default


@EACH_MEASURE
def test_arguments_of_measures_are_told_in_the_standard_words(name):
    """What a row is, and that rows of both sides belong together, or need not."""
    told = entries(sections(FUNCTIONS[name])["Parameters"])
    if "models" in told:
        assert SAME_INPUT.search(told["models"][1])
        return
    assert all(told[side][0].startswith("array_like, shape (") for side in "xy")
    assert ONE_ROW_PER_INPUT.search(told["x"][1])
    assert SAME_INPUT.search(told["y"][1])
    assert ("of others" in told["y"][1]) != MEASURES[name].facts.rows_paired


@EACH_MEASURE
def test_a_measure_has_a_formula_and_a_reference(name):
    found = sections(FUNCTIONS[name])
    assert ".. math::" in found[""] + found.get("Notes", "")
    assert ".. [1] " in found["References"]
    assert re.match(r"float\n", found["Returns"])


def test_annotations_of_choices_are_literals():
    """The reading of annotations as text agrees with Python's own."""
    hints = typing.get_type_hints(rs.cka, vars(typing) | {"Representation": Any, "ArrayLike": Any})
    kernel = hints["kernel"]
    assert get_origin(kernel) is Literal
    assert get_args(kernel) == choices_of(rs.cka, "kernel")


def test_the_parser_sees_what_is_wrong():
    def wrong(x, *, kernel: Literal["a", "b"] = "a"):
        """Score.

        Examples
        --------
        >>> 1
        1

        Parameters
        ----------
        x : array_like
            The first.
        kernel : {"b", "a"}, default "b"
            The second.
        """

    found = sections(wrong)
    assert list(found) == ["", "Examples", "Parameters"]
    assert entries(found["Parameters"]) == {
        "x": ("array_like", "The first."),
        "kernel": ('{"b", "a"}, default "b"', "The second."),
    }
    assert choices_of(wrong, "kernel") == ("a", "b")
