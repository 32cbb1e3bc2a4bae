"""Pages without a browser: the real scripts, the real model process, and what they show.

Widgets are found by their key or label, elements of our own by their key.
"""

import base64
import json
import time
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import numpy as np
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import encode_png
from tests.support.handwriting import canvas_strokes_of, drawn
from tests.support.serving import ROOT

SCRIPT = ROOT / "mnist_app" / "ui" / "entry" / "navigation.py"


class Labeled(Protocol):
    """A widget of Streamlit's tests."""

    label: str


WidgetType = TypeVar("WidgetType", bound=Labeled)


def open_app(network: str = "") -> AppTest:
    """Open the first page; a network may be chosen by its short name."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    if network:
        app.session_state["network"] = network
    app.run()
    assert not app.exception
    return app


def open_page(name: str) -> AppTest:
    """Open a page by its file's name, and wait for the network."""
    return go_to(open_app(), name)


def go_to(app: AppTest, name: str) -> AppTest:
    """Go to a page by its file's name, and wait for the network."""
    app.switch_page(str(ROOT / "pages" / f"{name}.py"))
    return run(app)


def run(app: AppTest, _changed: object = None) -> AppTest:
    """Run until the network is awake, after a widget was changed."""
    for _ in range(120):
        app.run()
        assert not app.exception
        if "waking up" not in text_of(app):
            return app
        time.sleep(0.5)
    raise AssertionError("The network did not wake up within a minute.")


def by_label(widgets: Iterable[WidgetType], label: str) -> WidgetType:
    """Return the one widget with this label."""
    [found] = [widget for widget in widgets if widget.label == label]
    return found


def press(app: AppTest, label: str) -> AppTest:
    """Press the button with this label."""
    by_label(app.button, label).click()
    return run(app)


def choose_network(app: AppTest, name: str) -> AppTest:
    """Choose a network in the sidebar by its short name."""
    network_choice(app).set_value(name)
    return run(app)


def network_choice(app: AppTest) -> Selectbox:
    """Return where one chooses a network, in the sidebar."""
    [found] = app.sidebar.selectbox
    return found


def draw(app: AppTest, digit: int) -> AppTest:
    """Seed what the canvas sends when a digit is drawn."""
    return send(app, encode_png(drawn(digit)), canvas_strokes_of(digit))


def send(app: AppTest, png: bytes, strokes: object = "") -> AppTest:
    """Seed what the canvas sends: a picture and strokes, by default none."""
    return send_to_canvas(app, {"data": data_uri(png), "strokes": strokes})


def send_to_canvas(app: AppTest, drawing: object) -> AppTest:
    """Seed anything that a browser could send in a drawing's place."""
    canvas = app.session_state["drawing"].canvas
    app.session_state[f"canvas_{canvas}"] = {"drawing": drawing}
    return run(app)


def data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def text_of(app: AppTest) -> str:
    """Return all text on the page, the sidebar's too."""
    elements = [*app.html, *app.info, *app.warning, *app.error, *app.caption, *app.markdown]
    return "\n".join(str(element.value) for element in elements)


def html_with(app: AppTest, part: str) -> str:
    """Return the first HTML element that contains `part`."""
    return next(str(html.value) for html in app.html if part in str(html.value))


def table_with(app: AppTest, column: str) -> Any:  # noqa: ANN401
    """Return the first table that has this column, a pandas DataFrame."""
    return next(table.value for table in app.table if column in table.value)


def component(app: AppTest, key: str) -> dict[str, Any]:
    """Return what the server sent to the element of our own with this key."""
    [found] = [element.proto for element in app.get("bidi_component") if element.key == key]
    sent: dict[str, Any] = json.loads(found.json)
    return sent


def component_keys(app: AppTest) -> list[str | None]:
    """Return the keys of all elements of our own, in their order."""
    return [element.key for element in app.get("bidi_component")]


def grid_values(lens: dict[str, Any], name: str) -> Array:
    """Return the values of one of the grids that a lens shows: "input", "kernel" or "output"."""
    grid = lens[name]
    values = np.frombuffer(base64.b64decode(grid["values"]), "<f4")
    return values.reshape(grid["rows"], grid["columns"])


def answer_texts(app: AppTest) -> str:
    """Return the HTML of the answers that stand side by side."""
    return html_with(app, 'class="lab-predictions')


def answers(app: AppTest) -> list[str]:
    """Return the digits of the answers that stand side by side, in their order."""
    parts = answer_texts(app).split('aria-label="Answer: ')[1:]
    return [part.split('">')[1].split("<")[0] for part in parts]


def answer_text(app: AppTest, title: str) -> str:
    """Return the HTML of the answer with this title."""
    parts = answer_texts(app).split('class="lab-prediction"')
    return next(part for part in parts if f'aria-label="Answer: {title}"' in part)


def shown_code(app: AppTest, containing: str = "") -> dict[str, Any]:
    """Run the code that the page shows, the one with this text in it; return its variables."""
    if not app.code:
        app.session_state["code"] = True
        run(app)
    code = next(block.value for block in app.code if containing in block.value)
    names: dict[str, Any] = {}
    exec(compile(code, "<shown code>", "exec"), names)
    return names
