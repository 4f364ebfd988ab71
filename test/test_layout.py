"""How the package is laid out: folders without cycles, and names that mean one thing each."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mail_ros

PACKAGE = Path(mail_ros.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})

# Folders of the core, from the ground up: each may import what stands before it. Its single modules are the ground.
CORE = ("signal", "models", "filter", "platform", "localizer")


def imported(path: Path) -> Iterator[Path]:
    """Modules of the package that a module imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE.name:
                yield from module_at(parts[1:])


def module_at(parts: list[str]) -> Iterator[Path]:
    """File of the longest beginning of a dotted name that is a module."""
    for end in range(len(parts), 0, -1):
        path = PACKAGE.joinpath(*parts[:end])
        if path.with_suffix(".py").is_file() or path.is_dir():
            yield path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
            return


IMPORTED = {path: set(imported(path)) for path in MODULES}


def children_graph(folder: Path) -> dict[str, set[str]]:
    """Which modules and folders right below a folder import which others of them."""
    graph: dict[str, set[str]] = defaultdict(set)
    for path, others in IMPORTED.items():
        for other in others:
            if folder in path.parents and folder in other.parents:
                ours, theirs = (one.relative_to(folder).parts[0] for one in (path, other))
                if ours != theirs and "__init__.py" not in (ours, theirs):
                    graph[ours].add(theirs)
    return graph


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """A cycle of a graph; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(PACKAGE.parent)))
def test_what_lies_in_a_folder_has_no_import_cycle(folder: Path) -> None:
    assert not cycle(children_graph(folder))


def test_a_cycle_would_be_found() -> None:
    assert cycle({"signal": {"filter"}, "filter": {"models"}, "models": {"signal"}})
    assert not cycle({"signal": {"filter"}, "models": {"filter", "signal"}})
    assert children_graph(PACKAGE)["cli"] >= {"core", "data"}


def test_the_core_is_built_from_the_ground_up() -> None:
    graph = children_graph(PACKAGE / "core")
    assert {path.name for path in (PACKAGE / "core").iterdir() if (path / "__init__.py").is_file()} == set(CORE)
    for name, others in graph.items():
        above = CORE[CORE.index(name) + 1 :] if name in CORE else CORE
        assert not others & set(above), f"core/{name}"


def names_of_classes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(), str(path)).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    return found


@pytest.mark.slow
def test_a_class_name_exists_once() -> None:
    assert not {name: paths for name, paths in names_of_classes().items() if len(paths) > 1}


def test_a_module_name_exists_once() -> None:
    """A module of `cli` may have the name of its verb, as the one that does the work."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        if not path.stem.startswith("__"):
            found[path.stem].add(str(path.relative_to(PACKAGE)))
    twins = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert not {name: paths for name, paths in twins.items() if len(paths - {f"cli/{name}.py"}) > 1}
