"""How many drawings of no digit are recognized as such.

    python -m tests.benchmarks.negatives [--network NAME] [--fonts FOLDER] [--strokes FILE]

None of these took part in a training or in the choice of a threshold: printed letters, pairs of
MNIST's test images, scribbles and shapes, all made in other ways than the negatives to train on;
letters of handwriting fonts from a folder, and pairs of people's digits from a file of strokes.
"""

import argparse
import string
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from mnist_app.analysis import metrics
from mnist_app.data import datasets, strokes
from mnist_app.data.stroke_files import WrittenDigit, read_strokes
from mnist_app.imaging.normalize import Image, Normalized, bounding_box, normalize
from mnist_app.inference import Inference
from mnist_app.networks.registry import DEFAULT_NETWORK, NETWORKS, read_card

# A person could take these for 0, 1, 2, 5, 6, 8 or 9.
LIKE_DIGITS = "IOSZDBGbgijloqsyz"
LETTERS = [letter for letter in string.ascii_letters if letter not in LIKE_DIGITS]
SIDE = 280
PRINTED = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX]


def main() -> None:
    """Print a line for each kind of drawing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default=DEFAULT_NETWORK)
    parser.add_argument("--fonts", type=Path, help="a folder of handwriting fonts")
    parser.add_argument("--strokes", type=Path, help="people's digits, as for evaluate")
    arguments = parser.parse_args()
    generator = np.random.default_rng(77)
    kinds = {
        "printed letters": printed_letters(generator),
        "two MNIST test digits": mnist_pairs(300, generator),
        "scribbles": scribbles(300, generator),
        "shapes": shapes(200, generator),
    }
    if arguments.fonts is not None:
        kinds["letters of handwriting fonts"] = font_letters(arguments.fonts, generator)
    if arguments.strokes is not None:
        written = read_strokes(arguments.strokes)
        kinds["two digits of people"] = stroke_pairs(written, 500, generator)
    inference = Inference()
    shares = []
    for name, drawings in kinds.items():
        normalized = [normalize(drawing, background="black") for drawing in drawings]
        shares.append(rejected(inference, arguments.network, normalized).mean())
        print(f"{name:30}{len(normalized):6,}{100 * shares[-1]:8.1f}% recognized as no digit")
    print(f"{'mean of the kinds':36}{100 * np.mean(shares):8.1f}%")
    inference.stop()


def rejected(inference: Inference, network: str, normalized: list[Normalized]) -> np.ndarray:
    """Return where the program recognizes no digit."""
    unreadable = np.array([each.problem is not None for each in normalized])
    answers = inference.probabilities(np.stack([each.image for each in normalized]), network)
    return unreadable | metrics.is_rejected(answers, read_card(network).reject_below)


def printed_letters(generator: np.random.Generator) -> list[Image]:
    """Return each letter in three of OpenCV's fonts, with some pens."""
    drawings = []
    for letter in LETTERS:
        for font in PRINTED:
            canvas = np.zeros((SIDE, SIDE), np.uint8)
            cv2.putText(canvas, letter, (80, 190), font, 5, 255, 8, cv2.LINE_AA)
            drawings.append(thicken(canvas, generator))
    return drawings


def font_letters(folder: Path, generator: np.random.Generator) -> list[Image]:
    """Return each letter in each font of a folder, with some pens."""
    files = sorted([*folder.rglob("*.ttf"), *folder.rglob("*.otf")])
    drawings = []
    for file in files:
        font = ImageFont.truetype(file, 160)
        for letter in LETTERS:
            canvas = Pictures.new("L", (SIDE, SIDE))
            ImageDraw.Draw(canvas).text((140, 140), letter, font=font, fill=255, anchor="mm")
            drawings.append(thicken(np.array(canvas), generator))
    return drawings


def thicken(canvas: Image, generator: np.random.Generator) -> Image:
    """Return a drawing with lines up to six pixels thicker."""
    width = int(generator.integers(1, 7))
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.dilate(canvas, pen), dtype=np.uint8)


def mnist_pairs(count: int, generator: np.random.Generator) -> list[Image]:
    """Return pairs of MNIST's test digits, up to two of its pixels apart."""
    images = datasets.load_test().images
    drawings = []
    for _ in range(count):
        chosen = images[generator.integers(len(images), size=2)]
        boxes = [bounding_box(image) for image in chosen]
        left, right = (
            image[:, x : x + w] for image, (x, _, w, _) in zip(chosen, boxes, strict=True)
        )
        gap = np.zeros((28, int(generator.integers(0, 3))), np.uint8)
        pair = cv2.resize(np.hstack([left, gap, right]), None, fx=6, fy=6)
        drawings.append(np.asarray(pair, dtype=np.uint8))
    return drawings


def stroke_pairs(
    written: list[WrittenDigit], count: int, generator: np.random.Generator
) -> list[Image]:
    """Return pairs of people's digits, close to each other."""
    drawings = []
    for _ in range(count):
        first, second = (unit(written[i]) for i in generator.integers(len(written), size=2))
        width = max(stroke[:, 0].max() for stroke in first)
        shift = np.array([width + generator.uniform(0, 0.25), generator.uniform(-0.1, 0.1)])
        pair = WrittenDigit(0, (*first, *(stroke + shift for stroke in second)))
        drawings.append(strokes.draw(pair, int(generator.choice([8, 18])), 80))
    return drawings


def unit(written: WrittenDigit) -> Iterable[np.ndarray]:
    """Return its strokes in a box whose larger side is 1."""
    points = np.concatenate(written.strokes)
    low, side = points.min(axis=0), np.ptp(points, axis=0).max()
    return [(stroke - low) / side for stroke in written.strokes]


def scribbles(count: int, generator: np.random.Generator) -> list[Image]:
    """Return sums of sines, like the lines of a trembling hand."""
    time = np.linspace(0, 2 * np.pi, 200)
    drawings = []
    for _ in range(count):
        frequency, phase = (
            generator.uniform(0.5, 5, (2, 3, 1)),
            generator.uniform(0, 6.3, (2, 3, 1)),
        )
        amplitude = generator.uniform(20, 50, (2, 3, 1))
        points = SIDE / 2 + (amplitude * np.sin(frequency * time + phase)).sum(axis=1)
        canvas = np.zeros((SIDE, SIDE), np.uint8)
        width = int(generator.integers(6, 24))
        cv2.polylines(canvas, [points.T.astype(np.int32)], False, 255, width, cv2.LINE_AA)
        drawings.append(canvas)
    return drawings


def shapes(count: int, generator: np.random.Generator) -> list[Image]:
    """Return solid and hollow boxes, solid ellipses, level lines, circles and noise, in turn."""
    return [shape(index % 6, generator) for index in range(count)]


def shape(kind: int, generator: np.random.Generator) -> Image:
    """Return one of six shapes."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    x, y = generator.integers(20, 100, 2)
    width, height = generator.integers(60, 150, 2)
    pen = int(generator.integers(6, 16))
    if kind == 0:
        cv2.rectangle(canvas, (x, y), (x + width, y + height), 255, -1)
    elif kind == 1:
        cv2.rectangle(canvas, (x, y), (x + width, y + height), 255, pen)
    elif kind == 2:
        cv2.ellipse(canvas, (140, 140), (width // 2 + 20, height // 2 + 20), 0, 0, 360, 255, -1)
    elif kind == 3:
        cv2.line(canvas, (x, 140), (x + width, 140 + int(generator.integers(-20, 20))), 255, pen)
    elif kind == 4:
        for _ in range(3):
            middle = tuple(int(value) for value in generator.integers(60, 220, 2))
            cv2.circle(canvas, middle, int(generator.integers(10, 40)), 255, pen)
    else:
        noise = cv2.GaussianBlur(generator.normal(0, 1, (200, 200)), (0, 0), 6)
        canvas[40:240, 40:240] = np.where(noise > 0.05, 255, 0)
    return canvas


if __name__ == "__main__":
    main()
