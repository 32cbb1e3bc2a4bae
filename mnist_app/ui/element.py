"""The small elements of our own: each a folder with plain HTML, CSS and JavaScript."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Palette
from mnist_app.imaging.image_files import as_base64

SHARED_SCRIPT = Path(__file__).parent / "components" / "shared.js"


def element(folder: Path, constants: Mapping[str, Any] | None = None) -> ComponentRenderer:
    """Return the element whose files, named as the folder, lie in `folder`; call it once.

    `constants` are as for `script`.

    Raises FileNotFoundError when one of the three files is missing.
    """
    html, css = (
        (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css")
    )
    return st.components.v2.component(
        f"mnist_lab_{folder.name}", html=html, css=css, js=script(folder, constants)
    )


def script(folder: Path, constants: Mapping[str, Any] | None = None) -> str:
    """Return an element's JavaScript, a module: what all share, its parts, and its own script.

    `constants` are Python's, by the names that they have there: what both must say alike.
    """
    own = folder / f"{folder.name}.js"
    parts = sorted(file for file in folder.glob("*.js") if file != own)
    known = [f"const {name} = {json.dumps(value)};" for name, value in (constants or {}).items()]
    files = [file.read_text(encoding="utf-8") for file in (SHARED_SCRIPT, *parts, own)]
    return "\n".join([*known, *files])


def palettes(names: Iterable[Palette]) -> dict[str, str]:
    """Return the colors of palettes for the browser, which looks them up by index.

    Each is 256 colors of three bytes, RGB, in base64.
    """
    return {name: as_base64(colormap.colors(name).tobytes()) for name in sorted(set(names))}
