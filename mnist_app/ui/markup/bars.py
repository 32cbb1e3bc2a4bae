"""Upright bars with a number above and a name below each."""

from collections.abc import Sequence

from markupsafe import Markup

from mnist_app.ui.markup.fragments import joined

# The highest bar, in rem.
_HEIGHT = 8


def bars(
    heights: Sequence[float], above: Sequence[str], below: Sequence[str], label: str
) -> Markup:
    """Return upright bars as HTML.

    Args:
        heights: At least 0, in any unit: the highest takes all the room.
        above: A text above each bar.
        below: A text below each bar.
        label: What the bars are, read aloud before them.
    """
    pairs = list(zip(above, below, strict=True))
    most = max([*heights, 1e-9])
    shown = joined(
        Markup('<div>{}<i style="height:{:.2f}rem"></i>{}</div>').format(
            top, _HEIGHT * height / most, foot
        )
        for height, (top, foot) in zip(heights, pairs, strict=True)
    )
    said = f"{label}: {', '.join(f'{foot}: {top}' for top, foot in pairs)}"
    return Markup('<div class="lab-histogram" role="img" aria-label="{}">{}</div>').format(
        said, shown
    )
