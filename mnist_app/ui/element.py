"""The small elements of our own: each a folder with plain HTML, CSS and JavaScript."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def element(folder: Path) -> ComponentRenderer:
    """Return the element whose files, named as the folder, lie in `folder`; call it once.

    Raises FileNotFoundError when one of the three files is missing.
    """
    html, css, js = (
        (folder / f"{folder.name}.{kind}").read_text() for kind in ("html", "css", "js")
    )
    return st.components.v2.component(f"mnist_lab_{folder.name}", html=html, css=css, js=js)
