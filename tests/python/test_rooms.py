"""The rooms of ARCHITECTURE.md are those of the code: who imports whom, who names what, and what things are called."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import imports
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
if not (ROOT / "ARCHITECTURE.md").exists():
    pytest.skip("an installed package has no rooms", allow_module_level=True)
MAP = (ROOT / "ARCHITECTURE.md").read_text()
SRC, PACKAGE = ROOT / "src", ROOT / "python" / "resemblance"
CRATE = imports.Crate(SRC)


def staircase(folder: str) -> list[list[str]]:
    """The rooms of a folder, storey by storey from the bottom, as the block ```rooms <folder> has them."""
    (block,) = re.findall(rf"^```rooms {re.escape(folder)}\n(.*?)^```", MAP, flags=re.MULTILINE | re.DOTALL)
    return [re.split(r" {2,}", line)[0].split() for line in block.splitlines() if not line.startswith(" ")]


@functools.cache
def rust() -> dict[str, set[str]]:
    """The files of the core by path, with those that they import."""

    def name(module: tuple[str, ...]) -> str:
        return CRATE.files[module].relative_to(SRC).as_posix()

    return {name(module): {name(other) for other in CRATE.imports(module)} for module in CRATE.files}


@functools.cache
def python() -> dict[str, set[str]]:
    found = imports.package_imports(PACKAGE)
    paths = {name: path.relative_to(PACKAGE).as_posix() for name, path in imports.package_files(PACKAGE).items()}
    return {paths[name]: {paths[other] for other in others} for name, others in found.items()}


HOUSES = {"src": rust, "python/resemblance": python}
EACH = pytest.mark.parametrize("folder", HOUSES)


def room_of(file: str, rooms: list[str]) -> str | None:
    """The room a file lies in, the smallest if they lie in one another."""
    inside = [room for room in rooms if file.rpartition(".")[0] == room or file.startswith(room + "/")]
    return max(inside, key=len, default=None)


@EACH
def test_the_map_has_every_file_and_nothing_else(folder):
    rooms = [room for storey in staircase(folder) for room in storey]
    assert len(set(rooms)) == len(rooms)
    found = {file: room_of(file, rooms) for file in HOUSES[folder]()}
    assert [file for file, room in found.items() if room is None] == []
    assert set(rooms) - set(found.values()) == set()


@EACH
def test_rooms_import_only_what_is_below_them(folder):
    storeys = staircase(folder)
    height = {room: at for at, storey in enumerate(storeys) for room in storey}
    upwards = [
        f"{file} -> {other}"
        for file, others in HOUSES[folder]().items()
        for other in sorted(others)
        for here, there in [(room_of(file, list(height)), room_of(other, list(height)))]
        if here != there and height[there] >= height[here] and not defended(file, other)
    ]
    assert upwards == []


def circles_in_the_text() -> list[list[str]]:
    """The circles that ARCHITECTURE.md names and defends, as patterns of files."""
    lines = re.findall(r"^- Circle: (.+?): ", MAP, flags=re.MULTILINE)
    return [re.findall(r"`([\w/*]+\.(?:rs|py))`", line) for line in lines]


def match(files: Iterable[str], patterns: list[str]) -> bool:
    return all(any(fnmatch.fnmatchcase(file, pattern) for pattern in patterns) for file in files)


def defended(*files: str) -> bool:
    return any(match(files, patterns) for patterns in circles_in_the_text())


@EACH
def test_no_files_import_each_other_in_a_circle(folder):
    assert [sorted(circle) for circle in imports.circles(HOUSES[folder]()) if not defended(*circle)] == []


def test_defended_circles_exist():
    found = [circle for house in HOUSES.values() for circle in imports.circles(house())]
    assert circles_in_the_text()
    for patterns in circles_in_the_text():
        assert any(match(circle, patterns) for circle in found), patterns


@pytest.mark.parametrize(
    ("crate", "room"), [("faer", "linalg"), ("pyo3", "bindings"), ("numpy", "bindings"), ("rayon", "par")]
)
def test_crates_that_one_room_alone_names(crate, room):
    naming = {
        file.relative_to(SRC).with_suffix("").parts[0]
        for module, file in CRATE.files.items()
        if re.search(rf"\b{crate}::|\buse {crate}\b", CRATE.code[module])
    }
    assert naming == {room}


def types() -> list[tuple[str, str]]:
    """Names of structs, enums, traits and types with their files; associated types are no definitions."""
    found = []
    for module, file in CRATE.files.items():
        for indent, kind, name in re.findall(
            r"^( *)(?:pub(?:\([^)]*\))? )?(struct|enum|trait|type) ([A-Z]\w*)", CRATE.code[module], flags=re.MULTILINE
        ):
            if not (kind == "type" and indent):
                found.append((name, file.relative_to(SRC).as_posix()))
    return found


def test_no_type_has_two_meanings():
    counts = Counter(name for name, _ in types())
    assert {name: [file for other, file in types() if other == name] for name, n in counts.items() if n > 1} == {}


def first_lines() -> list[tuple[str, str]]:
    """The first line of each doc comment, with its place."""
    found = []
    for file in sorted(SRC.rglob("*.rs")):
        before = ""
        for number, line in enumerate(file.read_text().splitlines(), 1):
            text = line.strip()
            mark = text[:3] if text.startswith(("///", "//!")) else ""
            if mark and mark != before:
                found.append((f"{file.relative_to(SRC).as_posix()}:{number}", text[3:].strip()))
            before = mark
    return found


def test_doc_comments_name_the_thing():
    """A summary is a noun phrase, no question and no clause."""
    clause = re.compile(r"(What|Whose|Which|Who|How|Where|Whether|By which|If|That|Is)\b")
    lines = first_lines()
    assert len(lines) > 1000
    assert [f"{place} {text}" for place, text in lines if clause.match(text)] == []


def glossary() -> list[str]:
    """The words that the glossary explains: the first column of its table."""
    (section,) = re.findall(r"^## Glossary\n(.*?)(?=^## |\Z)", MAP, flags=re.MULTILINE | re.DOTALL)
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]
    return [word.strip(" *`") for row in rows for word in re.split("[,;:]", row)]


def plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.lower())


def test_words_of_the_glossary_are_in_use():
    files = [
        *SRC.rglob("*.rs"),
        *PACKAGE.rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "docs").glob("*.rst"),
    ]
    text = plain(" ".join(file.read_text() for file in files))
    assert len(glossary()) > 50
    assert [word for word in glossary() if plain(word) not in text] == []
