"""The style sheet of all pages."""

from pathlib import Path

from markupsafe import Markup

_FILES = sorted((Path(__file__).parent / "styles").glob("*.css"))
SHEET = Markup("<style>\n{}</style>").format(
    Markup("\n".join(file.read_text(encoding="utf-8") for file in _FILES))
)
"""`styles/*.css`, read once, as HTML: what all pages share is in `base.css`, which comes first."""
