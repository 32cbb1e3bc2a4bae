"""The rule of the house: pages -> ui -> plain rooms, and the model through its two doors only."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.serving import ROOT

HOUSE = ROOT / "mnist_app"
FILES = sorted([ROOT / "streamlit_app.py", *(ROOT / "pages").rglob("*.py"), *HOUSE.rglob("*.py")])

# Which rooms each room may import from, itself not counted.
PLAIN = {
    "limits",
    "cluster",
    "imaging",
    "storage",
    "data",
    "networks",
    "training",
    "classroom",
    "analysis",
    "codegen",
    "lessons",
    "explain",
}
MAY_IMPORT: dict[str, set[str]] = {
    "limits": set(),
    "logs": {"limits"},
    "cluster": set(),
    "imaging": {"limits"},
    "storage": {"limits"},
    "data": {"imaging", "storage", "limits"},
    "networks": {"imaging", "data", "storage"},
    "training": {"imaging", "data", "networks", "storage", "limits", "cluster"},
    "analysis": {"imaging", "data", "networks", "explain", "storage", "cluster"},
    "classroom": {"imaging", "data", "networks", "training", "storage", "limits"},
    "codegen": {"imaging", "data", "networks", "training"},
    "lessons": {"imaging", "networks"},
    "explain": {"imaging", "networks"},
    "model": PLAIN - {"codegen", "lessons"},
    "inference": {"imaging", "networks", "explain", "model", "limits", "logs", "cluster"},
    "workers": {"training", "storage", "model", "limits", "logs", "cluster"},
    "cli": PLAIN | {"inference", "workers"},
    "__main__": {"cli"},
    "ui": PLAIN | {"inference", "workers", "logs"},
    "pages": PLAIN | {"inference", "workers", "ui", "logs"},
    "streamlit_app": {"ui"},
}
# What each corner of the room ui may import from others of it.
WITHIN_UI: dict[str, set[str]] = {
    "markup": set(),
    "components": {"markup", "element"},
    "element": set(),
    "drawing": set(),
    "entry": set(),
}
ONLY_IN: dict[str, set[str]] = {
    "tensorflow": {"model"},
    "keras": {"model"},
    "streamlit": {"ui", "pages", "streamlit_app"},
    "streamlit_drawable_canvas": {"ui"},
    "starlette": {"ui", "streamlit_app"},
    "distributed": {"cluster"},
    "sqlalchemy": {"storage", "training", "classroom"},
}
MOST_MODULES_AT_THE_TOP = 7
MOST_LINES = 400


def room_of(module: str) -> str:
    """Return the room of a module by its dotted name; "" for what is not of the house."""
    first, *rest = module.split(".")
    if first == "mnist_app":
        return rest[0] if rest else ""
    return first if first in ("pages", "streamlit_app") else ""


def name_of(file: Path) -> str:
    """Return the dotted name of a module; that of a package is its folder's."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_import_is_allowed_in_its_room(file: Path) -> None:
    room = room_of(name_of(file))
    for name in imports(file):
        other = room_of(name)
        if other and room:
            assert other == room or other in MAY_IMPORT[room], f"{room} imports {name}"
        package = name.split(".")[0]
        assert room in ONLY_IN.get(package, {room}), f"{room} imports {name}"


@pytest.mark.parametrize("file", sorted((HOUSE / "ui").rglob("*.py")), ids=name_of)
def test_the_corners_of_the_ui_know_their_place(file: Path) -> None:
    corner = corner_of(name_of(file))
    for name in imports(file):
        other = corner_of(name)
        if corner in WITHIN_UI and other:
            assert other == corner or other in WITHIN_UI[corner], f"{corner} imports {name}"
    if corner in ("markup", "drawing"):
        assert not any(name.split(".")[0] == "streamlit" for name in imports(file))


def corner_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if parts[:2] == ["mnist_app", "ui"] and len(parts) > 2 else ""


def test_no_room_imports_another_that_imports_it() -> None:
    graph: dict[str, set[str]] = {}
    for file in FILES:
        room = room_of(name_of(file))
        others = {room_of(name) for name in imports(file)} - {room, ""}
        graph.setdefault(room, set()).update(others)
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MAY_IMPORT)


def test_no_module_imports_another_that_imports_it() -> None:
    """Counted at import time: what functions import when they run is left out."""
    known = {name_of(file): file for file in FILES}
    graph = {
        name: {other for other in imports(file, everywhere=False) if other in known} - {name}
        for name, file in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


def test_every_room_has_a_rule_and_few_stand_at_the_top() -> None:
    rooms = {room_of(name_of(file)) for file in FILES} - {""}
    assert rooms == MAY_IMPORT.keys()
    assert len(list(HOUSE.glob("*.py"))) <= MOST_MODULES_AT_THE_TOP


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_module_is_too_long_to_be_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= MOST_LINES


def test_no_two_pages_call_their_fragment_alike() -> None:
    """See layout.poll_for_inference: one page's fragment would be taken for the other's."""
    names = [
        node.name
        for file in (ROOT / "pages").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one).startswith("st.fragment") for one in node.decorator_list)
    ]
    assert len(names) >= 5
    assert len(names) == len(set(names))


def test_no_test_module_is_imported_by_another() -> None:
    for file in (ROOT / "tests").rglob("*.py"):
        for name in imports(file):
            if name.startswith("tests.") and ".test_" in f".{name}":
                raise AssertionError(f"{name_of(file)} imports {name}")


def test_names_of_tests_can_be_read_at_a_glance() -> None:
    long = [
        node.name
        for file in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if len(node.name) >= 60
    ]
    assert long == []


def test_the_walk_finds_what_it_looks_for() -> None:
    model_process = HOUSE / "inference" / "__main__.py"
    inspection = "mnist_app.model.inspection"
    assert inspection in set(imports(model_process))
    assert inspection not in set(imports(model_process, everywhere=False))
    assert "tensorflow" in set(imports(HOUSE / "model" / "inspection.py"))


def test_what_measures_is_imported_only_where_it_is_on() -> None:
    metrics = HOUSE / "ui" / "metrics.py"
    assert "prometheus_client" in set(imports(metrics))
    for file in FILES:
        assert "prometheus_client" not in set(imports(file, everywhere=False))


def imports(file: Path, everywhere: bool = True) -> Iterator[str]:
    """Yield every module that `file` imports, and what it takes from each.

    `everywhere` adds what functions import.
    """
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
