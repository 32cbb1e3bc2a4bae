"""QR codes, as SVG."""

import io

import segno

_QUIET_ZONE = 2
"""Modules of white around it; phones find it with less than the four of the standard."""


def svg(text: str) -> str:
    """Return a text as a QR code that scales with its place. Raises ValueError for a long one."""
    buffer = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(buffer, kind="svg", border=_QUIET_ZONE, xmldecl=False, omitsize=True, light="#fff")
    return buffer.getvalue().decode()
