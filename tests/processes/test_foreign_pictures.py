"""Pictures of strangers: read in a process that may end as it wants, within memory and time."""

import io
import resource
import threading
import time

import cv2
import numpy as np
import PIL.Image
import pytest

from mnist_app import limits
from mnist_app.imaging import foreign_pictures
from mnist_app.imaging.image_files import PictureError
from mnist_app.imaging.normalize import normalize_ink
from tests.support.handwriting import drawn
from tests.support.images import difference


def saved(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def paper(digit: int, width: int, height: int) -> PIL.Image.Image:
    return PIL.Image.fromarray(255 - drawn(digit, 400, 30)).resize((width, height)).convert("RGB")


def slow_jpeg(scans: int) -> bytes:
    """Return a progressive JPEG of 25 million pixels, one of whose scans comes again and again."""
    jpeg = saved(PIL.Image.new("L", (5000, 5000), 200), "JPEG", progressive=True)
    starts = [at for at in range(len(jpeg)) if jpeg[at : at + 2] == b"\xff\xda"]
    repeated = jpeg[starts[-1] : -2]
    return jpeg[:-2] + repeated * scans + b"\xff\xd9"


def test_photos_of_phones_are_read() -> None:
    plain = normalize_ink(drawn(5, 400, 30))
    photo = paper(5, 8160, 6120)  # 50 million pixels
    for data in (saved(photo, "JPEG", progressive=True), saved(paper(5, 400, 400), "PNG")):
        ink = foreign_pictures.find_ink(data)
        assert max(ink.shape) <= 1024
        if ink.shape[0] == ink.shape[1]:
            assert difference(normalize_ink(ink), plain) < 8


def test_what_is_no_picture_costs_no_process() -> None:
    _, tiff = cv2.imencode(".tiff", drawn(5))
    began = time.process_time()
    for data in (b"", b"no picture", tiff.tobytes(), b"GIF89a" + bytes(1000)):
        with pytest.raises(PictureError, match="not a PNG or JPEG"):
            foreign_pictures.find_ink(data)
    with pytest.raises(PictureError, match="at most 10 MB"):
        foreign_pictures.find_ink(b"\xff\xd8\xff" + bytes(11 * 2**20))
    assert time.process_time() - began < 0.1


def test_damaged_pictures_and_bombs_are_refused_in_words() -> None:
    bomb = saved(PIL.Image.new("1", (5000, 5000)), "PNG")  # 3 KB
    for data, sentence in (
        (saved(paper(5, 400, 400), "PNG")[:500], "not a PNG or JPEG"),
        (bomb, "at most 20 million pixels"),
    ):
        with pytest.raises(PictureError, match=sentence):
            foreign_pictures.find_ink(data)


def test_a_picture_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.DECODING_SECONDS.variable, "1")
    own, began = time.process_time(), time.monotonic()
    with pytest.raises(PictureError, match="takes too long"):
        foreign_pictures.find_ink(slow_jpeg(scans=2000))
    assert time.monotonic() - began < 10
    assert time.process_time() - own < 0.3


def test_memory_is_limited_and_is_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PNG of 20 million pixels of four bytes does not fit into what is left of 500 MB."""
    monkeypatch.setenv(limits.DECODING_MB.variable, "500")
    noise = np.zeros((4400, 4400, 4), np.uint8)
    data = saved(PIL.Image.fromarray(noise), "PNG")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureError, match="memory"):
        foreign_pictures.find_ink(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB


def test_whoever_would_wait_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_pictures, "WAITING_SECONDS", 0.2)
    monkeypatch.setenv(limits.DECODING_SECONDS.variable, "2")
    troubles: list[str] = []

    def read() -> None:
        try:
            foreign_pictures.find_ink(slow_jpeg(scans=2000))
        except PictureError as error:
            troubles.append(str(error))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(troubles) == sorted([foreign_pictures.BUSY] * 2 + [foreign_pictures.TOO_SLOW])
    assert foreign_pictures.find_ink(saved(paper(5, 400, 400), "PNG")).any()
