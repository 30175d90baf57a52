"""Which file of the library imports which: the Rust core by `use` lines and paths, the package by its syntax trees."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def without_comments(code: str) -> str:
    """Rust code whose comments, strings and characters are blank; line breaks stay where they are."""
    pattern = r'//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|\'(?:\\[^\n]{1,8}?|[^\\\n])\''
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), code, flags=re.DOTALL)


class Crate:
    """The modules of the core: paths such as ("engines", "spectrum"), the file of each and what it re-exports."""

    def __init__(self, src: Path) -> None:
        self.files: dict[tuple[str, ...], Path] = {}
        for file in sorted(src.rglob("*.rs")):
            parts = file.relative_to(src).with_suffix("").parts
            self.files[() if parts == ("lib",) else parts[:-1] if parts[-1] == "mod" else parts] = file
        self.code = {module: without_comments(file.read_text()) for module, file in self.files.items()}
        self.reexports = {module: self._reexports(module) for module in self.files}

    def imports(self, module: tuple[str, ...]) -> set[tuple[str, ...]]:
        """Modules whose items this one names; of a name handed on, the module that defines it."""
        return {self.defining(path) for path in self._paths(module)} - {module}

    def _reexports(self, module: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        found = {}
        for tree in re.findall(r"\bpub(?:\([^)]*\))? use ([^;]+);", self.code[module]):
            for path in _leaves(tree):
                full, name = self._absolute(module, path.split(" as ")[0].split("::")), re.split(r"::| as ", path)[-1]
                if full:
                    found[name.strip()] = full
        return found

    def _paths(self, module: tuple[str, ...]) -> set[tuple[str, ...]]:
        """All paths of a file that begin at the crate, at the module above or at a module below."""
        found = set()
        for inner, code in _inline_modules(self.code[module]):
            for tree in re.findall(r"\buse ([^;]+);", code):
                found |= {
                    self._absolute((*module, *inner), path.split(" as ")[0].split("::")) for path in _leaves(tree)
                }
            for path in re.findall(r"(?<![\w:])(?:\w+::)+\w+", re.sub(r"\buse [^;]+;", "", code)):
                found.add(self._absolute((*module, *inner), path.split("::")))
        return {path for path in found if path}

    def _absolute(self, module: tuple[str, ...], path: list[str]) -> tuple[str, ...] | None:
        path = [part.strip() for part in path]
        if path[0] == "crate":
            return tuple(path[1:]) or None
        if path[0] == "self":
            return (*module, *path[1:])
        if path[0] == "super":
            ups = sum(1 for part in path if part == "super")
            return (*module[: len(module) - ups], *path[ups:])
        if (*module, path[0]) in self.files:
            return (*module, *path)
        return None

    def defining(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The module that defines what a path ends with."""
        seen = set()
        while path not in seen:
            seen.add(path)
            at = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in self.files)
            rest = path[len(at) :]
            if not rest or rest[0] not in self.reexports[at]:
                return at
            path = (*self.reexports[at][rest[0]], *rest[1:])
        return at


def _inline_modules(code: str) -> list[tuple[tuple[str, ...], str]]:
    """The code of a file, and of each module that is written within it, such as its tests."""
    found = []
    while opening := re.search(r"\bmod (\w+) \{", code):
        depth, at = 1, opening.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        found += [((opening[1], *inner), part) for inner, part in _inline_modules(code[opening.end() : at - 1])]
        code = code[: opening.start()] + code[at:]
    return [*found, ((), code)]


def _leaves(tree: str) -> list[str]:
    """The paths of a `use` tree."""
    tree = " ".join(tree.split())
    if "{" not in tree:
        return [tree]
    head, _, inner = tree.partition("{")
    inner = inner[: inner.rindex("}")]
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(inner):
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    parts.append(inner[start:])
    return [leaf for part in parts if part.strip() for leaf in _leaves(head.strip() + part.strip())]


def package_files(package: Path) -> dict[str, Path]:
    """The modules of a package by name."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def package_imports(package: Path) -> dict[str, set[str]]:
    """For each module of a package the modules it imports, also inside of functions and for types only."""
    names = package_files(package)
    found = {}
    for name, file in names.items():
        is_package = file.name == "__init__.py"
        found[name] = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names if alias.name in names}
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parent = name.split(".")[: len(name.split(".")) - node.level + is_package]
                    base = ".".join([*parent, *filter(None, [node.module])])
                if base not in names:
                    continue
                below = {f"{base}.{alias.name}" for alias in node.names}
                found[name] |= below & set(names)
                if below - set(names) - {f"{package.name}._core"}:
                    found[name].add(base)
        found[name].discard(name)
    return found


def circles(graph: dict) -> list[set]:
    """Sets of more than one node each of which can be reached from each other (Tarjan 1972)."""
    index, low, stack, found, counter = {}, {}, [], [], [0]

    def visit(node: object) -> None:
        index[node] = low[node] = counter[0]
        counter[0] += 1
        stack.append(node)
        for other in sorted(graph.get(node, ()), key=str):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            together = set()
            while not together or node not in together:
                together.add(stack.pop())
            if len(together) > 1:
                found.append(together)

    for node in sorted(graph, key=str):
        if node not in index:
            visit(node)
    return found
