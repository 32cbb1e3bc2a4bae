"""The small elements of our own: each a folder with plain HTML, CSS and JavaScript."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Palette
from mnist_app.imaging.image_files import as_base64

COMPONENTS = Path(__file__).parent / "components"
SHARED_SCRIPT = COMPONENTS / "shared.js"
WINDOWS_SCRIPT = COMPONENTS / "windows.js"
"""For elements with a window that slides over an array."""
_PUBLISHED: dict[str, str] = {}
_DRESS = """
/* Gives an element its HTML and CSS when it is new, or another in the place of this one. */
const STYLE = new CSSStyleSheet();
STYLE.replaceSync({css});
const TEMPLATE = document.createElement("template");
TEMPLATE.innerHTML = {html};
export function dress(root) {{
  if (root.dressed?.style === STYLE) return;
  root.dressed?.parts.forEach((part) => part.remove());
  const parts = TEMPLATE.content.cloneNode(true);
  root.dressed = {{ style: STYLE, parts: [...parts.children] }};
  root.adoptedStyleSheets = [STYLE];
  root.append(parts);
}}
"""


def element(
    folder: Path, constants: Mapping[str, Any] | None = None, uses: Sequence[Path] = ()
) -> ComponentRenderer:
    """Return the element whose files, named as the folder, lie in `folder`; call it once.

    `constants` and `uses` are as for `script`.

    Raises FileNotFoundError when one of the three files is missing.
    """
    return st.components.v2.component(
        f"mnist_lab_{folder.name}", js=_loader(folder, constants, uses)
    )


def _loader(folder: Path, constants: Mapping[str, Any] | None, uses: Sequence[Path]) -> str:
    """Return a module that loads an element's files, which the browser keeps.

    Streamlit sends an element's own module, HTML and CSS at each rerun: it has to be short.
    """
    path = publish(folder.name, script(folder, constants, uses))
    return (
        f"const loaded = await import(`${{location.origin}}/{path}`);\n"
        "export default (given) => {\n"
        "  loaded.dress(given.parentElement);\n"
        "  return loaded.default(given);\n"
        "};\n"
    )


def publish(name: str, text: str) -> str:
    """Keep JavaScript for `find_script`; return its path for the browser: another text has another.

    The path begins with `server.baseUrlPath`, and without a slash.
    """
    path = f"scripts/{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.js"
    _PUBLISHED[path] = text
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{base}/{path}".lstrip("/")


def find_script(path: str) -> str | None:
    """Return the JavaScript that was published under this path; None where there is none."""
    return _PUBLISHED.get(path)


def script(
    folder: Path, constants: Mapping[str, Any] | None = None, uses: Sequence[Path] = ()
) -> str:
    """Return an element as a module: what all share, its parts, its own script, HTML and CSS.

    `constants` are Python's, by the names that they have there: what both must say alike. The
    palettes are among them. `uses` are scripts that it shares with some others.
    """
    own = folder / f"{folder.name}.js"
    parts = sorted(file for file in folder.glob("*.js") if file != own)
    html, css = (
        json.dumps((folder / f"{folder.name}.{kind}").read_text(encoding="utf-8"))
        for kind in ("html", "css")
    )
    return module([*uses, *parts, own], constants) + _DRESS.format(html=html, css=css)


def module(files: Iterable[Path], constants: Mapping[str, Any] | None = None) -> str:
    """Return scripts as one, after what all share; `constants` are as for `script`."""
    values = {"PALETTES": palettes(get_args(Palette))} | dict(constants or {})
    known = [f"const {name} = {json.dumps(value)};" for name, value in values.items()]
    texts = [file.read_text(encoding="utf-8") for file in (SHARED_SCRIPT, *files)]
    return "\n".join([*known, *texts, ""])


def palettes(names: Iterable[Palette]) -> dict[str, str]:
    """Return the colors of palettes for the browser, which looks them up by index.

    Each is 256 colors of three bytes, RGB, in base64.
    """
    return {name: as_base64(colormap.colors(name).tobytes()) for name in sorted(set(names))}


def read_pick(sent: object, counts: Mapping[str, int]) -> tuple[str, int] | None:
    """Return the name and the tile of {"name": ..., "tile": ...} that an element was clicked on.

    None where there is no such tile: a browser can send anything. `counts` are the tiles by name.
    """
    if not isinstance(sent, dict):
        return None
    name, number = sent.get("name"), sent.get("tile")
    if not isinstance(name, str) or type(number) is not int:
        return None
    return (name, number) if 0 <= number < counts.get(name, 0) else None
