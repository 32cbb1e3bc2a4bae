"""The search for strokes on a reader whose answers are known: the nearest mean image of a digit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_app.data import datasets
from mnist_app.explain.candidates import Drawing
from mnist_app.explain.counterfactual import ALTERNATIVES, MOST_INK, MOST_STROKES, Search
from mnist_app.explain.library import Library
from mnist_app.explain.strokes import Stroke, changed_share, drawn
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import (
    Image,
    bounding_box,
    normalize,
    normalize_ink,
    place_on_canvas,
)

KNOWN = datasets.load_test()[:1000]
EXAMPLES = {digit: KNOWN.images[KNOWN.labels == digit] for digit in range(10)}
MEANS = np.stack([EXAMPLES[digit].mean(axis=0) for digit in range(10)]).astype(np.float32) / 255
SIDE = 280
places = st.tuples(*[st.floats(0, SIDE)] * 2)
drawings = st.builds(
    lambda paths, width: drawn(
        np.zeros((SIDE, SIDE), np.uint8), tuple(Stroke(np.array(path), width) for path in paths)
    ),
    st.lists(st.lists(places, min_size=2, max_size=5), min_size=1, max_size=3),
    st.integers(4, 60),
)


class NearestMean:
    """Reads an image as the digit whose mean image is nearest."""

    def logits(self, images: Image) -> Array:
        far = (images[:, np.newaxis] / np.float32(255) - MEANS) ** 2
        return np.asarray(-far.sum(axis=(2, 3)), np.float32)

    def slopes(self, images: Image, signs: Array) -> Array:
        away = (MEANS - images[:, np.newaxis] / np.float32(255)) * 2 / 255
        return np.asarray((signs[..., np.newaxis, np.newaxis] * away).sum(axis=1), np.float32)


READER = NearestMean()


@settings(max_examples=4, deadline=None)
@given(ink=drawings, wanted=st.integers(0, 9))
def test_no_stroke_is_returned_that_does_not_do_what_it_says(ink: Image, wanted: int) -> None:
    found = Search(ink, READER, 0.4, EXAMPLES).find(wanted)
    assert len(found) <= ALTERNATIVES
    assert [one.ink for one in found] == sorted(one.ink for one in found)
    for one in found:
        assert len(one.strokes) <= MOST_STROKES
        again = normalize(drawn(ink, one.strokes), background="black")
        assert again.problem is None
        assert int(READER.logits(again.image[np.newaxis])[0].argmax()) == wanted
        assert one.ink == changed_share(ink, one.canvas) <= MOST_INK


def test_where_strokes_would_take_too_much_ink_there_are_none() -> None:
    """Four fifths of a full canvas would have to go."""
    ink = np.full((SIDE, SIDE), 255, np.uint8)
    assert Search(ink, READER, 0.4, EXAMPLES).find(1) == []


@pytest.mark.parametrize("number", [0, 7])
def test_a_library_weighs_strokes_as_if_each_were_drawn(number: int) -> None:
    """As long as none moves or scales the digit, which slopes know nothing of."""
    ink = place_on_canvas(KNOWN.images[number], SIDE)
    drawing = Drawing(ink)
    library = Library(drawing)
    row, column = np.mgrid[:28, :28].astype(np.float32)
    slopes = np.sin(row / 4) + np.cos(column / 5)
    brought, inks = library.promises([ink], drawing.image[np.newaxis], slopes[np.newaxis])
    changes, shares, promised = [], [], []
    for stroke, promise, share in zip(library.strokes, brought[:, 0], inks[:, 0], strict=True):
        canvas = stroke.over(ink)
        image = normalize_ink(canvas)
        if bounding_box(canvas) == bounding_box(ink) and bounding_box(image) == bounding_box(
            drawing.image
        ):
            changes.append(float((slopes * (image.astype(float) - drawing.image)).sum()))
            promised.append(float(promise))
            shares.append(changed_share(ink, canvas) - float(share))
    assert len(changes) > 300
    assert np.corrcoef(changes, promised)[0, 1] > 0.98
    assert np.abs(shares).max() < 0.06


@pytest.mark.parametrize("width", [6, 9, 14, 20, 28])
def test_a_stroke_is_as_wide_as_it_says(width: int) -> None:
    blank = np.zeros((SIDE, SIDE), np.uint8)
    long, short = (
        int(
            Stroke(np.array([[60.0, 70.0], [60 + 0.8 * length, 70 + 0.6 * length]]), width)
            .over(blank)
            .sum()
        )
        for length in (150, 50)
    )
    assert (long - short) / 255 / 100 == pytest.approx(width, abs=1.1)
