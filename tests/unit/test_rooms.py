"""The one rule of the house: pages -> ui -> plain modules; the model only through the engine."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import ROOT

FILES = sorted(
    [
        ROOT / "streamlit_app.py",
        *(ROOT / "pages").rglob("*.py"),
        *(ROOT / "mnist_app").rglob("*.py"),
    ]
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_import_is_allowed_in_its_room(file: Path) -> None:
    room = file.relative_to(ROOT).as_posix()
    imported = set(imports(file))
    packages = {name.split(".")[0] for name in imported}
    in_ui = room.startswith("mnist_app/ui/")
    in_model = room.startswith("mnist_app/model/")
    on_page = room.startswith("pages/") or room == "streamlit_app.py"
    if not in_model:
        assert not packages & {"tensorflow", "keras"}
    if not (in_ui or on_page):
        assert not packages & {"streamlit", "streamlit_drawable_canvas"}
        assert not any(name.startswith("mnist_app.ui") for name in imported)
    if not in_model and room not in {"mnist_app/inference.py", "mnist_app/workers.py"}:
        assert not any(name.startswith("mnist_app.model") for name in imported)
    assert "pages" not in packages


def test_no_two_pages_call_their_fragment_alike() -> None:
    """See layout.poll_for_engine: one page's fragment would be taken for the other's."""
    names = [
        node.name
        for file in (ROOT / "pages").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one).startswith("st.fragment") for one in node.decorator_list)
    ]
    assert len(names) >= 5
    assert len(names) == len(set(names))


def test_the_walk_finds_what_it_looks_for() -> None:
    assert "mnist_app.model.inspection" in set(imports(ROOT / "mnist_app" / "inference.py"))
    assert "tensorflow" in set(imports(ROOT / "mnist_app" / "model" / "inspection.py"))


def imports(file: Path) -> Iterator[str]:
    """Every module that `file` imports, also inside functions, and what it takes from each."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
