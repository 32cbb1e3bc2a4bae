"""Upright bars with a number above and a name below each."""

from collections.abc import Sequence

from markupsafe import Markup

from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import count

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


def error_rows(wrong: Sequence[int], images: Sequence[int]) -> Markup:
    """Return a row a digit as HTML: "3  9 wrong of 1,010", with a bar as long as its errors.

    `wrong` and `images` count, for each digit, the images that are read wrong, and all of them.
    """
    most = max([*wrong, 1])
    rows = joined(
        Markup('<div><b>{}</b><i style="--share: {:.3f}"></i><span>{}</span></div>').format(
            digit, errors / most, f"{count(errors)} wrong of {count(all_of_it)}"
        )
        for digit, (errors, all_of_it) in enumerate(zip(wrong, images, strict=True))
    )
    return Markup('<div class="lab-errors">{}</div>').format(rows)
