"""A drawing becomes the 28x28 image that MNIST's makers would have produced.

The steps are LeCun's (http://yann.lecun.com/exdb/mnist/): the ink is cropped, scaled into a 20x20
box with its aspect ratio kept, and moved so that its center of mass lies in the middle of 28x28.
Ink is bright on black, 0 to 255, as in MNIST.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging import photo

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]
Background = Literal["black", "unknown"]

IMAGE_SIDE = 28
BOX_SIDE = 20
# The center of mass of all 70,000 MNIST images lies within half a pixel of index 14, not 13.5.
CENTER = 14

SMALLEST_SIDE = 10
LARGEST_SIDE = 1024
# What is at least this bright counts as ink where problems are looked for.
SOLID = 128
HIGHEST_COVERAGE = 0.6
# A dot is small, round and filled: shares of the picture's side, of its own side and of its box.
DOT_SIDE = 0.15
DOT_ELONGATION = 1.6
DOT_FILLING = 0.6
# Two groups of ink: how wide the gap between them is and how tall both are, as shares of the
# height of all ink, and how much of the ink each has.
GAP_SIDE_BY_SIDE = 0.12
GAP_STACKED = 0.2
GROUP_HEIGHT = 0.5
GROUP_INK = 0.1

# For pictures this small, OpenCV's threads cost more than they bring, and they starve the server.
cv2.setNumThreads(1)


class Problem(Enum):
    """Why a picture cannot be read as one digit; the value is a sentence for the person."""

    TOO_SMALL = f"This picture is too small. A digit needs {SMALLEST_SIDE} pixels or more."
    BLANK = "There is nothing to read here yet. Draw a digit from 0 to 9."
    DOT = "This is only a dot. Draw a larger digit."
    FULL = "There is ink almost everywhere. Draw one digit with some space around it."
    SEVERAL = "This looks like more than one digit. Draw one digit at a time."


@dataclass(frozen=True)
class Normalized:
    """Every step on the way from a drawing to an MNIST digit.

    All pictures are uint8, 0 to 255. Where there is no ink, `crop` and `scaled` have shape (0, 0)
    and `image` is black.
    """

    gray: Image
    """The picture in gray, shape (height, width), at most 1024 pixels a side."""
    ink: Image
    """The ink alone, bright on black, same shape as `gray`."""
    box: Box
    """The smallest box around the ink in `ink`: x, y, width, height in pixels."""
    crop: Image
    """The ink inside the box, shape (box height, box width)."""
    scaled: Image
    """The crop scaled to a larger side of 20 pixels."""
    image: Image
    """What the network sees, shape (28, 28)."""
    problem: Problem | None
    """Why this cannot be read as one digit; None where it can."""


def normalize(picture: Image, background: Background = "unknown") -> Normalized:
    """Turn a picture of a digit into an MNIST image, keeping every step.

    `picture` is uint8 of shape (height, width) in gray, (height, width, 3) in RGB or
    (height, width, 4) in RGBA, dark on light or light on dark. `background` is "black" for the
    canvas, whose ink is exact, and "unknown" for photographs and files.

    Raises ValueError when `picture` is no such array.
    """
    gray = to_gray(picture)
    ink = gray if background == "black" else photo.find_ink(gray)
    box = bounding_box(ink)
    crop = cut(ink, box)
    scaled = scale_into_box(crop)
    return Normalized(
        gray=gray,
        ink=ink,
        box=box,
        crop=crop,
        scaled=scaled,
        image=center_by_mass(scaled),
        problem=find_problem(ink, max(picture.shape[:2])),
    )


def normalize_ink(ink: Image) -> Image:
    """Return exact ink, uint8 (height, width), as an MNIST image, uint8 (28, 28).

    The same image as that of `normalize`, without the steps and without looking for problems.
    """
    return center_by_mass(scale_into_box(cut(ink, bounding_box(ink))))


def to_gray(picture: Image) -> Image:
    """Return `picture` (gray, RGB or RGBA, uint8) as gray, uint8 (height, width).

    Transparent parts become paper: white under dark ink, black under light ink. A picture with
    a side of more than 1024 pixels is scaled down to it. Raises ValueError for other arrays.
    """
    _check_array(picture)
    picture = _resize(picture, min(1, LARGEST_SIDE / max(picture.shape[:2])), cv2.INTER_LINEAR)
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 3:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return _flatten_alpha(picture)


def bounding_box(ink: Image) -> Box:
    """Return x, y, width and height of the smallest box around all non-zero pixels.

    The box of a black picture is (0, 0, 0, 0).
    """
    x, y, width, height = cv2.boundingRect(ink)
    return x, y, width, height


def cut(image: Image, box: Box) -> Image:
    """Return the part of `image` (height, width) inside `box` (x, y, width, height)."""
    x, y, width, height = box
    return image[y : y + height, x : x + width]


def scale_into_box(crop: Image) -> Image:
    """Scale `crop` so that its larger side has 20 pixels and its brightest pixel the value 255.

    Shrinking averages over areas, as MNIST's makers did; MNIST's images all reach 255.
    """
    if crop.size == 0:
        return np.zeros((0, 0), np.uint8)
    scaled = _resize(crop, BOX_SIDE / max(crop.shape), cv2.INTER_LINEAR)
    peak = max(1, int(scaled.max()))
    return np.asarray(cv2.convertScaleAbs(scaled, alpha=255 / peak), dtype=np.uint8)


def center_by_mass(scaled: Image) -> Image:
    """Place `scaled` (at most 20x20) on black 28x28, its center of mass in the middle.

    The shift is a whole number of pixels, and no pixel is lost: a digit that cannot reach the
    middle goes as far as the border allows.
    """
    image = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    if scaled.size == 0:
        return image
    height, width = scaled.shape
    moments = cv2.moments(scaled)
    mass = moments["m00"] or 1.0
    left = _offset(moments["m10"] / mass, width)
    top = _offset(moments["m01"] / mass, height)
    image[top : top + height, left : left + width] = scaled
    return image


def scale_whole(picture: Image) -> Image:
    """Return a whole gray picture as uint8 (28, 28), wherever its ink is.

    This is what a program does that does not normalize, for comparison.
    """
    small = cv2.resize(picture, (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def place_on_canvas(ink: Image, side: int) -> Image:
    """Return `ink` in the middle of a canvas, as large in it as MNIST's digits are in theirs.

    `ink` is uint8 (height, width), the result uint8 (side, side). Enlarged pixels stay square and
    exact, so that an MNIST image placed this way is normalized to itself again.
    """
    canvas = np.zeros((side, side), np.uint8)
    crop = cut(ink, bounding_box(ink))
    if crop.size == 0:
        return canvas
    shown = _resize(crop, side * BOX_SIDE / IMAGE_SIDE / max(crop.shape), cv2.INTER_NEAREST)
    height, width = shown.shape
    left, top = (side - width) // 2, (side - height) // 2
    canvas[top : top + height, left : left + width] = shown
    return canvas


def move_ink(picture: Image, box: Box, across: float, down: float) -> Image:
    """Return a canvas (height, width, ...) with its ink moved and none of it cut off.

    `box` is where the ink is. `across` and `down` are shares, -1 to 1, of the space there is to
    its left or right, above or below it; positive is right and down.
    """
    x, y, width, height = box
    rows, columns = picture.shape[:2]
    right = round(across * (columns - x - width if across > 0 else x))
    below = round(down * (rows - y - height if down > 0 else y))
    # Only paper leaves on one side and comes in on the other.
    return np.roll(picture, (below, right), axis=(0, 1))


def find_problem(ink: Image, picture_side: int) -> Problem | None:
    """Return why `ink`, uint8 (height, width), cannot be read as one digit; None where it can.

    `picture_side` is the larger side, in pixels, of the picture that the ink was found in.
    """
    if picture_side < SMALLEST_SIDE:
        return Problem.TOO_SMALL
    solid = (ink >= SOLID).astype(np.uint8)
    filled = cut(solid, bounding_box(solid)) > 0
    if filled.size == 0:
        return Problem.BLANK
    if filled.sum() > HIGHEST_COVERAGE * ink.size:
        return Problem.FULL
    if _is_dot(filled, max(ink.shape)):
        return Problem.DOT
    if _has_separate_groups(filled):
        return Problem.SEVERAL
    return None


def _check_array(picture: Image) -> None:
    if picture.dtype != np.uint8:
        raise ValueError(f"A picture has values of type uint8, not {picture.dtype}.")
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (3, 4)):
        raise ValueError(
            "A picture has the shape (height, width), (height, width, 3) or (height, width, 4), "
            f"not {picture.shape}."
        )
    if picture.size == 0:
        raise ValueError(f"A picture has at least one pixel; this one has shape {picture.shape}.")


def _offset(center_of_mass: float, length: int) -> int:
    return min(max(0, round(CENTER - center_of_mass)), IMAGE_SIDE - length)


def _resize(picture: Image, factor: float, enlarging: int) -> Image:
    """Shrink by averaging over areas, or enlarge by the OpenCV interpolation `enlarging`."""
    if factor == 1:
        return picture
    height, width = picture.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else enlarging
    return np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.uint8)


def _flatten_alpha(picture: Image) -> Image:
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGBA2GRAY), dtype=np.uint8)
    alpha = picture[:, :, 3]
    if alpha.min() == 255:
        return gray
    opaque = gray[alpha > 127]
    ink_is_dark = opaque.size == 0 or opaque.mean() < 128
    share = alpha.astype(np.float32) / 255
    paper = 255.0 if ink_is_dark else 0.0
    return np.rint(gray * share + paper * (1 - share)).astype(np.uint8)


def _is_dot(filled: NDArray[np.bool_], picture_side: int) -> bool:
    long, short = max(filled.shape), min(filled.shape)
    is_small = long < DOT_SIDE * picture_side
    is_round = long <= DOT_ELONGATION * short
    return bool(is_small and is_round and filled.mean() > DOT_FILLING)


def _has_separate_groups(filled: NDArray[np.bool_]) -> bool:
    """Say whether a gap runs all the way through, with a large group of ink on both sides.

    A digit in two strokes (a 5 with its bar, an open 4) has a narrow gap or a small part.
    """
    side_by_side = _is_split_by_gap(filled, GAP_SIDE_BY_SIDE)
    stacked = _is_split_by_gap(filled.T, GAP_STACKED)
    return side_by_side or stacked


def _is_split_by_gap(filled: NDArray[np.bool_], narrowest: float) -> bool:
    """Look for empty columns between two large groups; `narrowest` is a share of the height."""
    columns = np.flatnonzero(filled.any(axis=0))
    gaps = np.flatnonzero(np.diff(columns) - 1 >= max(1, narrowest * filled.shape[0]))
    return any(
        _is_large(filled[:, : last + 1], filled) and _is_large(filled[:, first:], filled)
        for last, first in zip(columns[gaps], columns[gaps + 1], strict=True)
    )


def _is_large(group: NDArray[np.bool_], filled: NDArray[np.bool_]) -> bool:
    """Say whether a group of ink is tall enough, and has enough of all ink, to be a digit."""
    rows = np.flatnonzero(group.any(axis=1))
    is_tall = rows[-1] - rows[0] + 1 >= GROUP_HEIGHT * filled.shape[0]
    return bool(is_tall and group.sum() >= GROUP_INK * filled.sum())
