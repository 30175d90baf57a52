"""The tables of measures in the README and in ARCHITECTURE.md are those that `make tables` writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import resemblance as rs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "tables.py"
if not SCRIPT.exists():
    pytest.skip("an installed package has no README", allow_module_level=True)
spec = importlib.util.spec_from_file_location("tables", SCRIPT)
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)


@pytest.mark.parametrize("name", tables.WRITERS)
def test_tables_are_up_to_date(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert tables.WRITERS[name](text) == text, "run `make tables`"
    assert all(f"{info.name}" in text for info in rs.list_measures())


def test_a_question_is_one_sentence_without_its_stop():
    for info in rs.list_measures():
        asked = tables.question(info)
        assert 15 < len(asked) < 200
        assert not asked.endswith((".", ","))
        assert "\n" not in asked
