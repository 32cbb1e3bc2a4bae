"""Ink on a photograph or a scan, despite uneven light, noise and dust.

Pictures are gray: uint8, shape (height, width), from 0 black to 255 white.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

# Gray levels between paper and ink below which a picture counts as blank.
LOWEST_CONTRAST = 24
# Connected parts with a smaller share of the ink are specks of dust.
SPECK_SHARE = 0.01
# A pixel that is this many gray levels from the median belongs to evenly lit paper.
EVEN_TOLERANCE = 2
# Fainter than this share of the darkest ink is compression noise.
NOISE_SHARE = 1 / 8


def find_ink(gray: Gray) -> Gray:
    """Return the ink of a picture, bright on black, of the same shape.

    The paper is what most of the border shows. A picture without contrast gives black.
    """
    if _contrast(gray) < LOWEST_CONTRAST:
        return np.zeros_like(gray)
    bright = 255 - gray if _is_paper_light(gray) else gray
    lift = _lift_from_even_paper if _is_evenly_lit(bright) else _lift_from_uneven_paper
    return _remove_specks(lift(bright))


def _contrast(gray: Gray) -> int:
    """Return the gray levels between the darkest and the brightest patch of 3x3 pixels."""
    smooth = cv2.blur(gray, (3, 3)) if min(gray.shape) >= 3 else gray
    return int(smooth.max()) - int(smooth.min())


def _is_paper_light(gray: Gray) -> bool:
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    middle = (int(gray.min()) + int(gray.max())) / 2
    return bool(np.median(border) > middle)


def _is_evenly_lit(bright: Gray) -> bool:
    distance = np.abs(bright - np.median(bright))
    return bool(np.mean(distance <= EVEN_TOLERANCE) > 0.5)


def _lift_from_even_paper(bright: Gray) -> Gray:
    """Subtract paper that has a single gray level."""
    lifted = cv2.subtract(bright, np.full_like(bright, np.median(bright)))
    peak = int(lifted.max())
    lifted[lifted < peak * NOISE_SHARE] = 0
    return np.asarray(cv2.convertScaleAbs(lifted, alpha=255 / max(1, peak)), dtype=np.uint8)


def _lift_from_uneven_paper(bright: Gray) -> Gray:
    """Remove light and shadow by a top-hat transform; strokes are at most a third as wide."""
    side = max(3, min(bright.shape) // 3) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    smooth = cv2.GaussianBlur(bright, (0, 0), max(0.5, max(bright.shape) / 400))
    lifted = np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, kernel), dtype=np.uint8)
    if _contrast(lifted) < LOWEST_CONTRAST:
        return np.zeros_like(lifted)
    return _stretch(lifted)


def _stretch(lifted: Gray) -> Gray:
    """Map half of Otsu's threshold to 0 and the median of the ink to 255, linearly."""
    threshold, mask = cv2.threshold(lifted, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    low = threshold / 2
    high = max(low + 1, float(np.median(lifted[mask > 0])))
    stretched = (lifted.astype(np.float32) - low) * (255 / (high - low))
    return np.asarray(np.rint(np.clip(stretched, 0, 255)), dtype=np.uint8)


def _remove_specks(ink: Gray) -> Gray:
    mask = (ink > 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:  # the background and one part
        return ink
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
    areas[0] = 0
    is_kept = areas >= SPECK_SHARE * areas.sum()
    return np.where(is_kept[labels], ink, 0).astype(np.uint8)
