"""The pixel lens: input and output side by side, and the arithmetic of the window in between.

It moves in the browser alone: by mouse, finger or arrow keys. Its values follow the pen.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.convolution import Array, PoolingRule, SlidingWindow
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import WINDOWS_SCRIPT, element

USES = (WINDOWS_SCRIPT,)
_ELEMENT = element(Path(__file__).parent, uses=USES)


@dataclass(frozen=True)
class PixelGrid:
    """One of the two arrays that the lens shows."""

    title: str
    values: Array
    """Shape (rows, columns)."""
    scale: Scale


@dataclass(frozen=True)
class ConvolutionStep:
    """What a convolution does with the window."""

    kernel: Array
    """Shape of the window."""
    scale: Scale
    """The kernel's colors."""
    bias: float | None = None
    """What is added to the sum; None where there is no bias."""


@dataclass(frozen=True)
class LiveMap:
    """What the lens shows while the pen moves: a map of a layer, and a map that it is made of."""

    layer: str
    before: str
    """The layer before."""
    number: int
    channel: int
    """Which map of the layer before."""
    network: str = "trained"
    """The network's key, see `parts.live_network`."""


def lens(
    source: PixelGrid,
    result: PixelGrid,
    window: SlidingWindow,
    how: ConvolutionStep | PoolingRule,
    key: str,
    live: LiveMap | None = None,
) -> None:
    """Show how `window` makes `result` of `source`, value by value.

    Args:
        source: What the window slides over.
        result: What it makes, shape `window.steps`; its numbers are shown as they are given, and
            only products and sums are the browser's.
        window: How it slides.
        how: What happens in the window.
        key: Keeps the window's place over reruns.
        live: What it follows while the pen moves; None leaves all as it is.
    """
    step = how if isinstance(how, ConvolutionStep) else None
    _ELEMENT(
        key=key,
        data={
            "input": _data(source),
            "output": _data(result),
            "live": live and asdict(live),
            "window": window.size,
            "stride": window.stride,
            "before": window.padding_before,
            "after": window.padding_after,
            "rule": "convolution" if step else how,
            "kernel": step and _data(PixelGrid("kernel", step.kernel, step.scale)),
            "bias": step and step.bias,
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
    }
