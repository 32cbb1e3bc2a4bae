"""A picture of a digit becomes the 28x28 image that MNIST's makers would have produced.

The recipe is LeCun's (http://yann.lecun.com/exdb/mnist/): the ink is cropped, scaled into a
20x20 box with its aspect ratio kept, and moved so that its center of mass lies in the middle of
28x28. Ink is bright on black, 0 to 255, as in MNIST.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]
Background = Literal["black", "unknown"]

IMAGE_SIDE = 28
BOX_SIDE = 20
# The center of mass of all 70,000 MNIST images lies within half a pixel of index 14, not 13.5.
CENTER = 14

SMALLEST_SIDE = 10
LARGEST_SIDE = 1024
# Levels of 255 between paper and ink below which a picture counts as blank.
LEAST_CONTRAST = 24
# Components with less than this share of the ink are specks of dust.
SPECK_SHARE = 0.01
MOST_COVERAGE = 0.6
DOT_SHARE = 0.15

# OpenCV's own threads cost more than they bring on pictures this small, and starve the server.
cv2.setNumThreads(1)


class Problem(Enum):
    """Why a picture cannot be read as one digit; the value is a sentence for the person."""

    TOO_SMALL = f"This picture is too small: a digit needs at least {SMALLEST_SIDE} pixels."
    BLANK = "There is no ink here yet. Draw a digit from 0 to 9."
    DOT = "This is only a dot. Draw a digit, large enough to fill half of the canvas."
    FULL = "There is ink all over. Clear it and draw one digit with some room around it."
    SEVERAL = "There is more than one group of ink. Draw one digit at a time."


@dataclass(frozen=True)
class Normalized:
    """Every picture on the way from a drawing to an MNIST digit.

    All pictures are uint8, 0 to 255. Where `problem` is set because no ink was found, `crop` and
    `scaled` have shape (0, 0) and `image` is black.
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
    """Why this should not be read as a digit, or None."""


def normalize(picture: Image, background: Background = "unknown") -> Normalized:
    """Turn a picture of a digit into an MNIST image, keeping every step.

    `picture` is uint8 of shape (height, width) in gray, (height, width, 3) in RGB or
    (height, width, 4) in RGBA, dark on light or light on dark. `background` is "black" for our
    own canvas, whose ink is exact, and "unknown" for photographs and files.

    Raises ValueError when `picture` is no such array.
    """
    gray = to_gray(picture)
    ink = gray if background == "black" else find_ink(gray)
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
        problem=_find_problem(picture.shape[:2], ink),
    )


def normalize_ink(ink: Image) -> Image:
    """Return exact ink, uint8 (height, width), as an MNIST image, uint8 (28, 28), and no step."""
    return center_by_mass(scale_into_box(cut(ink, bounding_box(ink))))


def to_gray(picture: Image) -> Image:
    """Return `picture` (gray, RGB or RGBA, uint8) as gray, uint8 (height, width).

    Transparent parts become paper: white under dark ink, black under light ink. A picture with
    a side of more than 1024 pixels is scaled down to it. Raises ValueError for other arrays.
    """
    if picture.dtype != np.uint8:
        raise ValueError(f"A picture has values of type uint8, not {picture.dtype}.")
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (3, 4)):
        raise ValueError(
            "A picture has the shape (height, width), (height, width, 3) or (height, width, 4), "
            f"not {picture.shape}."
        )
    if picture.size == 0:
        raise ValueError(f"A picture has at least one pixel; this one has shape {picture.shape}.")
    picture = _resize(picture, min(1, LARGEST_SIDE / max(picture.shape[:2])), cv2.INTER_LINEAR)
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 3:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return _flatten_alpha(picture)


def find_ink(gray: Image) -> Image:
    """Return the ink of a gray picture, bright on black, uint8 of the same shape.

    The paper is what most of the border shows. Uneven light is removed by a top-hat transform,
    dust by its size. A picture without contrast gives black.
    """
    if _contrast(gray) < LEAST_CONTRAST:
        return np.zeros_like(gray)
    bright = 255 - gray if _paper_is_light(gray) else gray
    lift = _lift_from_even_paper if _is_even(bright) else _lift_from_uneven_paper
    return _remove_specks(lift(bright))


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

    The shift is a whole number of pixels, and no pixel is lost: where the middle cannot be
    reached, the digit goes as near as the border allows.
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
    """Return a whole gray picture as uint8 (28, 28), wherever its ink is: the easy, worse way."""
    small = cv2.resize(picture, (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def place_on_canvas(ink: Image, side: int) -> Image:
    """Show `ink` in a square of `side` pixels, as large in it as MNIST's digits are in theirs.

    Enlarged pixels stay square and exact, so that an MNIST image drawn this way is normalized to
    itself again. Ink of shape (height, width), 0 to 255; the result has shape (side, side).
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
    """Move the ink of a canvas (height, width, ...) without cutting any of it off.

    `box` is where the ink is; `across` and `down` are shares, -1 to 1, of the room there is left
    or right of it, above or below.
    """
    x, y, width, height = box
    rows, columns = picture.shape[:2]
    right = round(across * (columns - x - width if across > 0 else x))
    below = round(down * (rows - y - height if down > 0 else y))
    # What leaves on one side and comes in on the other is paper.
    return np.roll(picture, (below, right), axis=(0, 1))


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


def _contrast(gray: Image) -> int:
    """Return the levels between the darkest and the brightest patch of 3x3 pixels."""
    calm = cv2.blur(gray, (3, 3)) if min(gray.shape) >= 3 else gray
    return int(calm.max()) - int(calm.min())


def _paper_is_light(gray: Image) -> bool:
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    middle = (int(gray.min()) + int(gray.max())) / 2
    return bool(np.median(border) > middle)


def _is_even(bright: Image) -> bool:
    paper = np.median(bright)
    return bool(np.mean(np.abs(bright - paper) <= 2) > 0.5)


def _lift_from_even_paper(bright: Image) -> Image:
    """Subtract a paper that is one gray; an eighth of the ink's peak is compression noise."""
    lifted = cv2.subtract(bright, np.full_like(bright, np.median(bright)))
    peak = int(lifted.max())
    lifted[lifted < peak / 8] = 0
    return np.asarray(cv2.convertScaleAbs(lifted, alpha=255 / max(1, peak)), dtype=np.uint8)


def _lift_from_uneven_paper(bright: Image) -> Image:
    """Remove light and shadow by a top-hat transform; strokes are at most a third wide."""
    side = max(3, min(bright.shape) // 3) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    calm = cv2.GaussianBlur(bright, (0, 0), max(0.5, max(bright.shape) / 400))
    lifted = np.asarray(cv2.morphologyEx(calm, cv2.MORPH_TOPHAT, kernel), dtype=np.uint8)
    if _contrast(lifted) < LEAST_CONTRAST:
        return np.zeros_like(lifted)
    return _stretch(lifted)


def _stretch(lifted: Image) -> Image:
    """Map half of Otsu's threshold to 0 and the typical ink to 255, straight in between."""
    threshold, mask = cv2.threshold(lifted, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    low = threshold / 2
    high = max(low + 1, float(np.median(lifted[mask > 0])))
    stretched = (lifted.astype(np.float32) - low) * (255 / (high - low))
    return np.asarray(np.rint(np.clip(stretched, 0, 255)), dtype=np.uint8)


def _remove_specks(ink: Image) -> Image:
    mask = (ink > 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return ink
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
    areas[0] = 0
    kept = areas >= SPECK_SHARE * areas.sum()
    return np.where(kept[labels], ink, 0).astype(np.uint8)


def _find_problem(shape: tuple[int, ...], ink: Image) -> Problem | None:
    if max(shape) < SMALLEST_SIDE:
        return Problem.TOO_SMALL
    solid = np.where(ink > 127, ink, 0).astype(np.uint8)
    inside = cut(solid, bounding_box(solid)) > 0
    if inside.size == 0:
        return Problem.BLANK
    if inside.sum() > MOST_COVERAGE * ink.size:
        return Problem.FULL
    if _is_dot(inside, max(ink.shape)):
        return Problem.DOT
    if _has_far_groups(inside):
        return Problem.SEVERAL
    return None


def _is_dot(inside: NDArray[np.bool_], picture_side: int) -> bool:
    small = max(inside.shape) < DOT_SHARE * picture_side
    round_enough = max(inside.shape) <= 1.6 * min(inside.shape)
    return bool(small and round_enough and inside.mean() > 0.6)


def _has_far_groups(inside: NDArray[np.bool_]) -> bool:
    """Say whether a gap goes all the way through and both sides of it are large.

    A digit in two strokes (a 5 with its bar, an open 4) has a small gap or a small part.
    """
    side_by_side = _gap_splits(inside, least_gap=0.12)
    stacked = _gap_splits(inside.T, least_gap=0.2)
    return side_by_side or stacked


def _gap_splits(inside: NDArray[np.bool_], least_gap: float) -> bool:
    """Look for empty columns, `least_gap` of the height wide, between two parts half as high."""
    height = inside.shape[0]
    filled = np.flatnonzero(inside.any(axis=0))
    gaps = np.flatnonzero(np.diff(filled) - 1 >= max(1, least_gap * height))
    for left, right in zip(filled[gaps], filled[gaps + 1], strict=True):
        parts = inside[:, : left + 1], inside[:, right:]
        tall = min(_height(part) for part in parts) >= 0.5 * height
        heavy = min(part.sum() for part in parts) >= 0.1 * inside.sum()
        if tall and heavy:
            return True
    return False


def _height(part: NDArray[np.bool_]) -> int:
    rows = np.flatnonzero(part.any(axis=1))
    return int(rows[-1] - rows[0] + 1)
