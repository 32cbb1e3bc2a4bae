"""A picture of what a network reads wrong."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.analysis.benchmark import Errors
from mnist_app.imaging.normalize import Image

MAX_TILES = 240
# Height and width of a tile, in pixels; a strip for the text lies below its image.
TILE = (140, 124)
IMAGE_SIDE = 112
TOP, LEFT = 4, 6
BACKGROUND = 32


def error_sheet(errors: Errors, columns: int = 10) -> Image:
    """Return the first 240 errors side by side, uint8 (height, width), in gray.

    Each shows what the network saw, the label, its answer and how sure it was.
    """
    shown = zip(errors.images[:MAX_TILES], errors.labels, errors.probabilities, strict=False)
    tiles = [_tile(image, int(label), answer) for image, label, answer in shown]
    missing = -len(tiles) % columns if tiles else columns
    tiles += [np.zeros(TILE, np.uint8)] * missing
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.vstack(rows)


def _tile(image: Image, label: int, probabilities: NDArray[np.float32]) -> Image:
    tile = np.full(TILE, BACKGROUND, np.uint8)
    shown = cv2.resize(image, (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_NEAREST)
    tile[TOP : TOP + IMAGE_SIDE, LEFT : LEFT + IMAGE_SIDE] = shown
    predicted = int(probabilities.argmax())
    text = f"{label} read as {predicted}, {100 * probabilities[predicted]:.0f}%"
    place = (LEFT, TILE[0] - 8)
    cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1, cv2.LINE_AA)
    return tile
