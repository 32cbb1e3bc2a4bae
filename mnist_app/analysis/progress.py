"""How long work tells how far it is, without knowing where that is shown."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Gives items one by one, and may show how many are done."""

    def __call__(self, items: Sequence[T], task: str) -> Iterable[T]:
        """Give `items`; `task` says in a few words what is done with them."""


def silently(items: Sequence[T], task: str) -> Iterable[T]:  # noqa: ARG001
    """Give `items` and show nothing."""
    return items
