"""The small elements of our own: each a folder with plain HTML, CSS and JavaScript."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Palette
from mnist_app.imaging.image_files import as_base64

COMPONENTS = Path(__file__).parent / "components"
SHARED_SCRIPT = COMPONENTS / "shared.js"


def element(folder: Path) -> ComponentRenderer:
    """Return the element whose files, named as the folder, lie in `folder`; call it once.

    Raises FileNotFoundError when one of the three files is missing.
    """
    html, css = (
        (folder / f"{folder.name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css")
    )
    return st.components.v2.component(
        f"mnist_lab_{folder.name}", html=html, css=css, js=_loader(folder)
    )


def _loader(folder: Path) -> str:
    """Return a module that loads an element's JavaScript, which the browser keeps.

    Streamlit sends an element's own module at each rerun: it has to be short.
    """
    base = st.get_option("server.baseUrlPath").strip("/")
    path = f"{base}/{script_path(folder)}".lstrip("/")
    return (
        f"const loaded = await import(`${{location.origin}}/{path}`);\n"
        "export default loaded.default;\n"
    )


def script_path(folder: Path) -> str:
    """Return the path of the URL of an element's JavaScript: another text has another one."""
    digest = hashlib.sha256(script(folder).encode()).hexdigest()[:16]
    return f"scripts/{folder.name}-{digest}.js"


@functools.cache
def find_script(path: str) -> str | None:
    """Return the JavaScript that has this path of `script_path`; None where there is none."""
    folders = [file.parent for file in COMPONENTS.glob("*/*.html")]
    return next((script(folder) for folder in folders if script_path(folder) == path), None)


def script(folder: Path) -> str:
    """Return an element's JavaScript, a module: what all share, its parts, and its own script."""
    own = folder / f"{folder.name}.js"
    parts = sorted(file for file in folder.glob("*.js") if file != own)
    return "\n".join(file.read_text(encoding="utf-8") for file in (SHARED_SCRIPT, *parts, own))


def palettes(names: Iterable[Palette]) -> dict[str, str]:
    """Return the colors of palettes for the browser, which looks them up by index.

    Each is 256 colors of three bytes, RGB, in base64.
    """
    return {name: as_base64(colormap.colors(name).tobytes()) for name in sorted(set(names))}
