"""Ten digits as a person draws them, for the mouse and the finger of the browser tests.

Points lie in a square of 0 to 100; a stroke is a list of points, a digit a list of strokes.
"""

import base64
import math

import cv2
import numpy as np

from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.imaging.normalize import Image

Point = tuple[float, float]
Stroke = list[Point]


def arc(center: Point, radius: Point, start: float, end: float, points: int = 14) -> Stroke:
    """Return a part of an ellipse; angles in degrees, 0 to the right, 90 downwards."""
    angles = np.radians(np.linspace(start, end, points))
    return [
        (center[0] + radius[0] * math.cos(a), center[1] + radius[1] * math.sin(a)) for a in angles
    ]


DIGITS: dict[int, list[Stroke]] = {
    0: [arc((50, 50), (24, 36), -90, 270, 28)],
    1: [[(52, 14), (50, 86)]],
    2: [[*arc((48, 32), (20, 18), -170, 30), (30, 84), (74, 84)]],
    3: [[*arc((46, 31), (20, 17), -150, 90), *arc((46, 67), (23, 19), -90, 150)]],
    4: [[(38, 16), (26, 54), (72, 54)], [(62, 30), (58, 88)]],
    5: [[(70, 16), (36, 16), (33, 46), *arc((46, 63), (23, 21), -110, 140)]],
    6: [[(62, 14), (40, 38), *arc((49, 65), (19, 20), -160, 200, 26)]],
    7: [[(26, 18), (72, 18), (46, 86)]],
    8: [
        [
            *arc((50, 32), (16, 17), 90, -270, 22),
            *arc((50, 68), (20, 19), -90, 270, 24),
        ]
    ],
    9: [[*arc((48, 34), (18, 18), 0, -360, 24), (64, 60), (58, 88)]],
}


def drawn(digit: int, side: int = 280, pen: int = 18) -> Image:
    """Return a digit as light ink on black, uint8 (side, side), pen in pixels."""
    picture = np.zeros((side, side), np.uint8)
    for stroke in DIGITS[digit]:
        points = np.round(np.array(stroke) * side / 100).astype(np.int32)
        cv2.polylines(picture, [points], False, 255, pen, cv2.LINE_AA)
    return picture


def written(digit: int) -> WrittenDigit:
    """Return a digit as a file of people's strokes has it."""
    return WrittenDigit(digit, tuple(np.array(stroke, float) for stroke in DIGITS[digit]))


def canvas_strokes_of(digit: int, pen: int = 18) -> str:
    """Return a digit's strokes as the canvas sends them."""
    numbers: list[int] = []
    for stroke in DIGITS[digit]:
        numbers += [pen, len(stroke)]
        numbers += [round(28 * coordinate) for point in stroke for coordinate in point]
    return base64.b64encode(np.array(numbers, "<i2").tobytes()).decode()
