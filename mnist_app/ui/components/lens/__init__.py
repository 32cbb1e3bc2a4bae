"""The pixel lens: input and output side by side, and the arithmetic of the window in between.

It moves in the browser alone: by mouse, finger, arrow keys, step by step or by itself. While the
pen moves, it computes input and result there, too.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.convolution import Array, PoolingRule, SlidingWindow
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element
from mnist_app.ui.markup.network_words import activation_in_words

Rescale = Literal["fixed", "fitting", "around_zero", "pixels", "input"]
"""How the browser finds the scale of other values: it stays; from zero where none is negative, else
around zero; around zero; grays for values of 0 to 255, else around zero; the input's scale."""

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class LayerMap:
    """A map of a layer, of what a network in the browser makes of the drawing."""

    layer: str
    number: int = 0
    network: str = "trained"
    """The network's key, see `parts.live_network`."""


@dataclass(frozen=True)
class PixelGrid:
    """One of the two arrays that the lens shows."""

    title: str
    values: Array
    """Shape (rows, columns)."""
    scale: Scale
    rescale: Rescale = "fixed"
    """How `scale` follows the values while the pen moves."""
    scaled_by: str = ""
    """The layer of the chosen network all of whose values that scale holds; empty for the values of
    this grid alone."""
    live: Literal["image"] | LayerMap | None = None
    """Where the input's values come from while the pen moves: the 28x28 pixels, 0 to 255, or a map;
    None leaves all as it is. The result is computed of them."""


@dataclass(frozen=True)
class ConvolutionStep:
    """What a convolution does with the window."""

    kernel: Array
    """Shape of the window."""
    scale: Scale
    """The kernel's colors."""
    bias: float | None = None
    """What is added to the sum; None where there is no bias."""
    activation: str = ""
    """The function as `networks.layers.activate` takes it; empty where the sum is the output."""


def lens(
    source: PixelGrid,
    result: PixelGrid,
    window: SlidingWindow,
    how: ConvolutionStep | PoolingRule,
    key: str,
) -> None:
    """Show how `window` makes `result` of `source`, value by value.

    Args:
        source: What the window slides over.
        result: What it makes, shape `window.steps`; its numbers are shown as they are given, and
            only products and sums are the browser's.
        window: How it slides.
        how: What happens in the window.
        key: Keeps the window's place over reruns.
    """
    step = how if isinstance(how, ConvolutionStep) else None
    _ELEMENT(
        key=key,
        data={
            "input": _data(source),
            "output": _data(result),
            "live": asdict(source.live) if isinstance(source.live, LayerMap) else source.live,
            "window": window.size,
            "stride": window.stride,
            "before": window.padding_before,
            "after": window.padding_after,
            "rule": "convolution" if step else how,
            "kernel": step and _data(PixelGrid("kernel", step.kernel, step.scale)),
            "bias": step and step.bias,
            "function": step and step.activation,
            "activation": step and activation_in_words(step.activation),
        },
    )


def _data(grid: PixelGrid) -> dict[str, Any]:
    rows, columns = grid.values.shape
    return {
        "title": grid.title,
        "values": as_base64(grid.values.astype("<f4").tobytes()),
        "rows": rows,
        "columns": columns,
        "scale": asdict(grid.scale),
        "rescale": grid.rescale,
        "scaledBy": grid.scaled_by,
    }
