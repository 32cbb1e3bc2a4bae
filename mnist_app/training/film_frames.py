"""The frames of a film: what a run looked like after so many images, as a picture of 960 x 540."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnist_app.data.datasets import CLASSES, WATCHED_IMAGES, Split
from mnist_app.imaging import colormap
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.training.film import Film

WIDTH, HEIGHT = 960, 540
MOST_FRAMES = 100
LARGEST_LOSS = 4.6
"""Twice the loss of guessing; curves that go beyond are cut there."""
_FONTS = Path(__file__).parent.parent / "ui" / "fonts"
# A frame has 256 colors: grays, into which text and digits fade, then a diverging scale, then some.
_GRAYS, _DIVERGING = 128, 112
_FIRST_DIVERGING, _FIRST_OTHER = _GRAYS, _GRAYS + _DIVERGING
_OTHERS = ("#5b95f5", "#f08c1d", "#ff4fd6")
_BLUE, _ORANGE, _HERE = range(_FIRST_OTHER, _FIRST_OTHER + len(_OTHERS))
_PAPER, _PANEL, _LINE, _DIM, _INK = 9, 0, 26, 84, 122
_LEFT, _RIGHT, _TOP = 24, 348, 96
_WALL = (588, 228)
# As in painting.js: up to so many wrong digits stand side by side, with what they are taken for.
_FORWARD = (6, 12, 24, 40, 60)
_LARGEST_TILE, _CAPTION = 56, 14
_CHART = (282, 120)
Canvas = NDArray[np.uint8]


def palette() -> bytes:
    """Return the colors of all frames, red, green and blue of each, 768 bytes."""
    grays = np.repeat(np.rint(np.linspace(0, 255, _GRAYS))[:, np.newaxis], 3, axis=1)
    chosen = np.rint(np.linspace(0, 255, _DIVERGING)).astype(int)
    others = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in _OTHERS]
    colors = np.concatenate([grays, colormap.colors("diverging")[chosen], others])
    return np.pad(colors, ((0, 256 - len(colors)), (0, 0))).astype(np.uint8).tobytes()


def moments_of_frames(film: Film) -> list[int]:
    """Return after how many images each frame shows the run: evenly on a logarithmic scale."""
    history = film.history
    known = {one.images for one in film.moments}
    known |= set(history.training.images) | set(history.validation.images)
    count = max(2, min(MOST_FRAMES, 6 * len(known)))
    first, end = _first(film), film.end
    places = np.linspace(0, math.log1p(end / first), count)
    return [0, *(round(first * math.expm1(place)) for place in places[1:-1]), end]


def frames(film: Film, watched: Split) -> Iterator[Image.Image]:
    """Yield the frames, with the palette's colors; `watched` are the images of the wall."""
    painter = _Painter(film, watched)
    for images in moments_of_frames(film):
        frame = painter.frame(images).convert("L")
        frame.putpalette(palette())
        yield frame


class _Painter:
    """What all frames of a film have, and how one is painted."""

    def __init__(self, film: Film, watched: Split) -> None:
        self._film = film
        self._tiles = watched.images // 2
        self._labels = watched.labels
        self._seen = [one.images for one in film.moments]
        self._asked = [images for images, _ in film.history.probability_trace]
        loss = [2.5, *film.history.training.loss, *film.history.validation.loss]
        self._most_loss = min(max(loss), LARGEST_LOSS)
        self._end = film.end
        self._base = self._empty()

    def frame(self, images: int) -> Image.Image:
        """Return the run after so many images, its gray values the palette's indices."""
        picture = self._base.copy()
        draw = ImageDraw.Draw(picture)
        self._head(draw, images)
        self._answers(draw, images)
        self._curves(draw, images)
        at = bisect_right(self._seen, images) - 1
        if at < 0:
            return picture
        canvas = np.array(picture)
        self._kernels(canvas, at)
        picture = Image.fromarray(canvas)
        self._wall(picture, at)
        return picture

    def _empty(self) -> Image.Image:
        """Return what does not change from frame to frame."""
        picture = Image.new("L", (WIDTH, HEIGHT), _PAPER)
        draw = ImageDraw.Draw(picture)
        draw.text((_LEFT, 20), self._film.run.name, fill=_INK, font=_font(26, "Bold"))
        if self._has_drawing:
            _text(draw, (_LEFT, _TOP - 24), "What it takes this drawing for", _DIM)
            canvas = np.array(picture)
            _paste(canvas, np.repeat(np.repeat(self._film.drawing // 2, 4, 0), 4, 1), _LEFT, _TOP)
            picture = Image.fromarray(canvas)
            draw = ImageDraw.Draw(picture)
        _text(draw, (_LEFT, self._kernels_top - 24), "Kernels of the first layer", _DIM)
        if not self._kernels_shape[0]:
            _text(draw, (_LEFT, self._kernels_top), "This network has none to look at.", _INK)
        for place, title in enumerate(("Loss", "Accuracy")):
            self._axes(draw, place, title)
        return picture

    @property
    def _has_drawing(self) -> bool:
        return bool(self._film.drawing.any())

    @property
    def _kernels_top(self) -> int:
        return 252 if self._has_drawing else _TOP

    @property
    def _kernels_shape(self) -> tuple[int, ...]:
        return self._film.moments[-1].kernels.shape if self._film.moments else (0, 1, 1)

    def _head(self, draw: ImageDraw.ImageDraw, images: int) -> None:
        run = self._film.run
        epoch = min(run.epochs, images // max(1, run.images_per_epoch) + 1)
        text = f"{images:,} images seen, epoch {epoch}"
        draw.text((WIDTH - _LEFT, 24), text, fill=_INK, font=_font(20), anchor="ra")

    def _answers(self, draw: ImageDraw.ImageDraw, images: int) -> None:
        """Paint ten bars beside the drawing."""
        if not self._has_drawing:
            return
        at = bisect_right(self._asked, images) - 1
        shares = self._film.history.probability_trace[at][1] if at >= 0 else (0.0,) * CLASSES
        left, full = _LEFT + 4 * IMAGE_SIDE + 32, 300 - 4 * IMAGE_SIDE - 32
        for digit, share in enumerate(shares):
            top = _TOP + round(11.3 * digit)
            draw.text((left - 16, top - 2), str(digit), fill=_DIM, font=_font(12))
            draw.rectangle((left, top, left + full, top + 8), fill=_LINE)
            color = _ORANGE if share == max(shares) else _BLUE
            draw.rectangle((left, top, left + round(full * share), top + 8), fill=color)

    def _kernels(self, canvas: Canvas, at: int) -> None:
        kernels = self._film.moments[at].kernels
        count, rows, columns = kernels.shape
        if not count:
            return
        across, scale = best_grid(count, rows, columns, 300, HEIGHT - 24 - self._kernels_top)
        shown = _FIRST_DIVERGING + (kernels.astype(np.uint16) * (_DIVERGING - 1) // 255)
        for number, kernel in enumerate(shown.astype(np.uint8)):
            large = np.repeat(np.repeat(kernel, scale, 0), scale, 1)
            top = self._kernels_top + number // across * (rows * scale + 4)
            _paste(canvas, large, _LEFT + number % across * (columns * scale + 4), top)

    def _wall(self, picture: Image.Image, at: int) -> None:
        """Paint the wrong digits: each at its own place, or few of them side by side."""
        moment, draw = self._film.moments[at], ImageDraw.Draw(picture)
        title = f"Validation digits it gets wrong: {len(moment.wrong)} of {WATCHED_IMAGES}"
        _text(draw, (_RIGHT, 268), title, _DIM)
        top = HEIGHT - 20 - _WALL[1]
        draw.rectangle((_RIGHT, top, _RIGHT + _WALL[0], top + _WALL[1]), fill=_PANEL)
        room = next((most for most in _FORWARD if most >= len(moment.wrong)), WATCHED_IMAGES)
        caption = _CAPTION if room < WATCHED_IMAGES else 0
        side = _side_of_cells(room, caption)
        across = _WALL[0] // side
        for number, (index, answer) in enumerate(zip(moment.wrong, moment.answers, strict=True)):
            row, column = divmod(number if caption else int(index), across)
            place = _RIGHT + column * side, top + row * (side + caption)
            tile = Image.fromarray(self._tiles[index])
            picture.paste(tile.resize((side - 1, side - 1), Image.Resampling.BOX), place)
            if caption:
                middle = place[0] + side // 2, place[1] + side
                text = f"{self._labels[index]} as {answer}"
                draw.text(middle, text, fill=_DIM, font=_font(11), anchor="ma")

    def _axes(self, draw: ImageDraw.ImageDraw, place: int, title: str) -> None:
        left, top, right, bottom = _chart_box(place)
        _text(draw, (left, _TOP - 24), title, _DIM)
        for start, name, color in ((72, "training", _BLUE), (144, "validation", _ORANGE)):
            draw.rectangle((left + start, _TOP - 16, left + start + 10, _TOP - 14), fill=color)
            draw.text((left + start + 15, _TOP - 22), name, fill=_DIM, font=_font(12))
        draw.rectangle((left, top, right, bottom), fill=_PANEL)
        tick = 10 ** math.ceil(math.log10(_first(self._film)))
        while tick <= self._end:
            x = self._x(tick, place)
            draw.line((x, top, x, bottom), fill=_LINE)
            if x > left + 16:
                draw.text((x, bottom + 4), _short(tick), fill=_DIM, font=_font(12), anchor="ma")
            tick *= 10

    def _curves(self, draw: ImageDraw.ImageDraw, images: int) -> None:
        history = self._film.history
        for place, (name, most) in enumerate((("loss", self._most_loss), ("accuracy", 1.0))):
            now = []
            for curve, color in ((history.training, _BLUE), (history.validation, _ORANGE)):
                count = bisect_right(curve.images, images)
                values = getattr(curve, name)[:count]
                self._line(draw, place, curve.images[:count], [v / most for v in values], color)
                now.append(values[-1] if values else None)
            _, top, right, bottom = _chart_box(place)
            x = self._x(images, place)
            draw.line((x, top, x, bottom), fill=_HERE)
            if now[1] is not None:
                text = f"{100 * now[1]:.1f}%" if name == "accuracy" else f"{now[1]:.3f}"
                font = _font(16, "Bold")
                draw.text((right, _TOP - 25), text, fill=_INK, font=font, anchor="ra")

    def _line(
        self,
        draw: ImageDraw.ImageDraw,
        place: int,
        images: Sequence[int],
        shares: Sequence[float],
        color: int,
    ) -> None:
        """Draw a curve; `shares` are of the chart's height."""
        _, top, _, bottom = _chart_box(place)
        points = [
            (self._x(one, place), bottom - (bottom - top) * min(max(share, 0.0), 1.0))
            for one, share in zip(images, shares, strict=True)
        ]
        if len(points) > 1:
            draw.line(points, fill=color, width=2)
        for x, y in points[-1:]:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)

    def _x(self, images: float, place: int) -> float:
        left, _, right, _ = _chart_box(place)
        first = _first(self._film)
        share = math.log1p(images / first) / math.log1p(self._end / first)
        return left + share * (right - left)


def best_grid(count: int, rows: int, columns: int, width: int, height: int) -> tuple[int, int]:
    """Return how many pictures stand side by side, and how large a pixel is, to fill a place."""
    best = (count, 1)
    for across in range(1, count + 1):
        down = -(-count // across)
        scale = min((width // across - 4) // columns, (height // down - 4) // rows)
        if scale >= best[1]:
            best = (across, scale)
    return best


def _side_of_cells(count: int, caption: int) -> int:
    """Return how large the cells of the wall are, so that `count` of them have room."""
    side = _LARGEST_TILE
    while (_WALL[0] // side) * (_WALL[1] // (side + caption)) < count:
        side -= 1
    return side


def _first(film: Film) -> int:
    """Return the images of a batch, with which the logarithmic scale begins."""
    return min(film.run.settings.batch_size, film.end)


def _chart_box(place: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the first or the second chart."""
    left = _RIGHT + place * (_CHART[0] + 24)
    return left, _TOP, left + _CHART[0], _TOP + _CHART[1]


def _short(number: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number // size}{letter}"
    return str(number)


def _paste(canvas: Canvas, picture: Canvas, left: int, top: int) -> None:
    """Put a picture into the canvas; what lies outside of it is cut off."""
    rows, columns = canvas[top : top + picture.shape[0], left : left + picture.shape[1]].shape
    canvas[top : top + rows, left : left + columns] = picture[:rows, :columns]


def _text(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, color: int) -> None:
    draw.text(at, text, fill=color, font=_font(14))


@cache
def _font(size: int, weight: str = "Regular") -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONTS / "inter.woff2", size)
    font.set_variation_by_name(weight)
    return font
