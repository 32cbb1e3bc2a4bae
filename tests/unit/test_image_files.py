"""Files that people bring: every kind of PNG and JPEG, and files that are neither."""

import io

import numpy as np
import PIL.Image
import pytest

from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.image_files import PictureError
from tests.support.handwriting import drawn


def saved(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1", "I;16"])
def test_every_kind_of_png_shows_the_same_digit(mode: str) -> None:
    paper = 255 - drawn(5)
    if mode == "I;16":
        image = PIL.Image.fromarray(paper.astype(np.uint16) * 257)
    else:
        image = PIL.Image.fromarray(paper).convert(mode)
    result = normalize.normalize(image_files.read_picture(saved(image, "PNG")))
    usual = normalize.normalize(drawn(5), "black").image
    assert np.abs(result.image.astype(int) - usual).mean() < 4


def test_a_phone_photograph_is_turned_upright() -> None:
    paper = PIL.Image.fromarray(255 - drawn(7)).transpose(PIL.Image.Transpose.ROTATE_90)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # the camera was held so that a quarter turn clockwise is upright
    result = normalize.normalize(image_files.read_picture(saved(paper, "JPEG", exif=exif)))
    usual = normalize.normalize(drawn(7), "black").image
    assert np.abs(result.image.astype(int) - usual).mean() < 8


def test_a_large_photograph_is_reduced_but_not_too_much() -> None:
    photo = PIL.Image.fromarray(255 - drawn(2)).resize((4000, 3000))
    height, width = image_files.read_picture(saved(photo, "JPEG")).shape[:2]
    assert normalize.LARGEST_SIDE <= max(height, width) < 4000


def test_damaged_and_other_files_are_refused() -> None:
    png = saved(PIL.Image.fromarray(drawn(4)), "PNG")
    jpeg = saved(PIL.Image.fromarray(drawn(4)), "JPEG")
    gif = saved(PIL.Image.fromarray(drawn(4)), "GIF")
    for data in (b"", b"hello", gif, png[:100], png[: len(png) // 2], jpeg[: len(jpeg) // 2]):
        with pytest.raises(PictureError, match="not a PNG or JPEG"):
            image_files.read_picture(data)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    for side in (8000, 20_000):
        bomb = saved(PIL.Image.new("1", (side, side)), "PNG")
        with pytest.raises(PictureError, match="too large"):
            image_files.read_picture(bomb)
