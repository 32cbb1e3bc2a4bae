"""What is remembered of links in a visitor's session."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mnist_app.ui.drawing import Drawing


@dataclass
class LinkState:
    """What a link brought, and how often one was made."""

    opened: Mapping[str, str] = field(default_factory=dict)
    """The address that was opened last, its parts by name."""
    trouble: str = ""
    """A sentence that says what is wrong with it; empty for nothing."""
    own_drawing: Drawing | None = None
    """The visitor's own drawing that the link's has replaced."""
    asked: int = 0
    """How often the visitor asked for a link."""
