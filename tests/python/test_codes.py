"""Every code that the sources raise is on the page of codes, and the page has no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from resemblance import _codes, errors

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(_[a-z]+)+|clamped|interrupted|undefined|ties")
# The functions whose first argument is a code; `refuse` of the readers, not that of options.
RAISING = {"make", "ResemblanceWarning", "remark", "warning"}


def of_python(path: Path) -> set[str]:
    raising = RAISING | ({"refuse"} if path.parent.name == "io" else set())
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            if name in raising:
                found.add(node.args[0].value)
        # what a function in Python remarks: (code, message, details)
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.elts[2], ast.Dict):
            found.add(getattr(node.elts[0], "value", None))
        if isinstance(node, ast.JoinedStr) and path.name == "cli.py" and isinstance(node.values[0], ast.Constant):
            found |= set(re.findall(r"^(\w+_\w+): ", node.values[0].value))
    return {code for code in found if isinstance(code, str) and CODE.fullmatch(code)}


def of_rust(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    of_errors = re.findall(r'Self::\w+ \{ \.\. \} => "(\w+)"', text) if path.name == "error.rs" else []
    return {
        *of_errors,
        *re.findall(r'(?:Caution|Warning)::new\(\s*"(\w+)"', text),
        *re.findall(r'\bcode: "(\w+)"', text),
    }


def raised() -> set[str]:
    python = [of_python(path) for path in (ROOT / "python").rglob("*.py")]
    rust = [of_rust(path) for path in (ROOT / "src").rglob("*.rs")]
    return set().union(*python, *rust)


@pytest.mark.skipif(not (ROOT / "src").is_dir(), reason="the sources are not here")
def test_the_list_of_codes_is_what_the_sources_raise():
    listed = [*_codes.WARNINGS, *(code for codes in _codes.FAILURES.values() for code in codes)]
    assert len(set(listed)) == len(listed)
    assert raised() - set(listed) == set(), "not on the page: add them to python/resemblance/_codes.py"
    everything = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "src").rglob("*.rs"), *(ROOT / "python").rglob("*.py")]
        if path.name != "_codes.py"
    )
    gone = [code for code in listed if not re.search(rf"""["']{code}["':]""", everything)]
    assert gone == [], "no longer raised anywhere"


def test_the_walk_finds_what_is_known_to_be_there():
    """Of each way in which a code is written down."""
    assert {"null_inflated", "row_count_mismatch", "dominant_sample", "groups_in_place"} <= raised()  # Rust
    assert {"layout_required", "failed_pairs", "p_floor", "damaged_file", "file_not_found"} <= raised()  # Python


def test_every_class_of_errors_has_a_listed_code():
    failures = {code for codes in _codes.FAILURES.values() for code in codes}
    assert set(errors._CLASSES) <= failures
