"""The pixel lens: input and output side by side, and the arithmetic of the window in between.

It walks in the browser alone: by mouse, finger, arrow keys, step by step or by itself.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.convolution import Array, PoolingRule, Walk
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


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
    activation: str = ""
    """The activation's name; empty where the sum is the output."""


def lens(
    source: PixelGrid, result: PixelGrid, walk: Walk, how: ConvolutionStep | PoolingRule, key: str
) -> None:
    """Show how the window of `walk` makes `result` of `source`, value by value.

    `how` is what happens in the window. The numbers of both boards are shown as they are given;
    only products and sums are the browser's. `key` keeps the window's place over reruns.
    """
    step = how if isinstance(how, ConvolutionStep) else None
    _ELEMENT(
        key=key,
        data={
            "input": _data(source),
            "output": _data(result),
            "window": walk.window,
            "stride": walk.stride,
            "before": walk.before,
            "after": walk.after,
            "rule": "convolution" if step else how,
            "kernel": step and _data(PixelGrid("kernel", step.kernel, step.scale)),
            "bias": step and step.bias,
            "activation": step and step.activation,
        },
    )


def _data(board: PixelGrid) -> dict[str, Any]:
    rows, columns = board.values.shape
    scale = board.scale
    return {
        "title": board.title,
        "values": as_base64(board.values.astype("<f4").tobytes()),
        "rows": rows,
        "columns": columns,
        "scale": {
            "low": scale.low,
            "high": scale.high,
            "colors": as_base64(colormap.colors(scale.palette).tobytes()),
        },
    }
