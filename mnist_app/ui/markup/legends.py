"""A color scale as a bar with its values beside it."""

import numpy as np
from markupsafe import Markup

from mnist_app.imaging.colormap import Scale, colors
from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import short_number

# So many colors, at equal distances, make a bar that cannot be told from all 256.
_STOPS = 33


def legend(scale: Scale, title: str) -> Markup:
    """Return a scale as HTML: what its values are, a bar of its colors, five values below it."""
    ticks = joined(Markup("<span>{}</span>").format(short_number(value)) for value in scale.ticks())
    return Markup(
        '<div class="lab-legend"><div>{}</div><div class="lab-bar" style="background: {}"></div>'
        '<div class="lab-ticks">{}</div></div>'
    ).format(title, gradient(scale), ticks)


def gradient(scale: Scale) -> str:
    """Return a scale's colors from its lowest value to its highest as a CSS background."""
    palette = colors(scale.palette)[np.rint(np.linspace(0, 255, _STOPS)).astype(int)]
    stops = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in palette)
    return f"linear-gradient(to right, {stops})"
