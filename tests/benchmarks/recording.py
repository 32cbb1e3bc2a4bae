"""Record a digit as it is drawn: python -m tests.benchmarks.recording FILE.gif.

In a real browser on the page Draw, a picture every few points of the strokes, so that the film
moves as evenly on a busy machine as on another.
"""

import argparse
import io
import itertools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.support.chromium import start_browser
from tests.support.handwriting import DIGITS
from tests.support.serving import serve

SIZE = {"width": 1280, "height": 800}
SHOWN = (900, 562)
PICTURES_A_DIGIT = 16
MILLISECONDS = 90
LAST_MILLISECONDS = 1500


def main() -> None:
    """Draw a 3 and then a 5, and save what is seen meanwhile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file: Path = parser.parse_args().file
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder) / "log") as server,
        start_browser() as browser,
    ):
        page = browser.new_page(viewport=SIZE, bypass_csp=True)
        page.goto(server.url)
        page.locator("canvas.upper-canvas").wait_for()
        page.wait_for_timeout(8000)  # the network is here by then, and Keras is awake
        pictures: list[Image.Image] = []
        lengths: list[int] = []
        for digit in (3, 5):
            taken = list(_draw(page, digit))
            pictures += taken
            lengths += [MILLISECONDS] * (len(taken) - 1) + [LAST_MILLISECONDS]
            page.keyboard.press("Escape")
            page.wait_for_timeout(1000)
    colors = pictures[PICTURES_A_DIGIT - 1].quantize(128)
    first, *others = [picture.quantize(palette=colors, dither=0) for picture in pictures]
    first.save(file, save_all=True, append_images=others, duration=lengths, loop=0, optimize=True)
    print(f"{file}: {len(pictures)} pictures, {file.stat().st_size / 1e6:.1f} MB")


def _draw(page: Page, digit: int) -> itertools.chain[Image.Image]:
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    return itertools.chain.from_iterable(
        _stroke(page, np.array(stroke) * box["width"] / 100 + [box["x"], box["y"]])
        for stroke in DIGITS[digit]
    )


def _stroke(page: Page, points: np.ndarray) -> list[Image.Image]:
    count = 3 * PICTURES_A_DIGIT
    places = np.linspace(0, len(points) - 1, count)
    x, y = (np.interp(places, np.arange(len(points)), points[:, axis]) for axis in (0, 1))
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    pictures = []
    for index in range(count):
        page.mouse.move(x[index], y[index])
        if index % 3 == 2:
            pictures.append(_picture(page))
    page.mouse.up()
    page.wait_for_timeout(1200)
    return [*pictures, _picture(page)]


def _picture(page: Page) -> Image.Image:
    shot = Image.open(io.BytesIO(page.screenshot(type="png"))).convert("RGB")
    return shot.resize(SHOWN, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
