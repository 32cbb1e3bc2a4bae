"""The style sheet of all pages."""

from pathlib import Path

from markupsafe import Markup

SHEET = Markup("<style>\n{}</style>").format(
    Markup(Path(__file__).with_suffix(".css").read_text(encoding="utf-8"))
)
"""`style.css`, read once, as HTML."""
