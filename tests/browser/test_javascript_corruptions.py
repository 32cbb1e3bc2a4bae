"""Corruptions in the browser, against `imaging.corruptions`."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from mnist_app.data import datasets
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.ui.parts import corrupting
from tests.support.javascript import Script

IMAGES = datasets.load_test().images[:2]


@pytest.fixture(scope="module")
def live(browser: Browser) -> Iterator[Script]:
    page = browser.new_page()
    yield Script(page, "live")
    page.close()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_within_a_gray_level(live: Script, name: str) -> None:
    corruption = CORRUPTIONS[name]
    steps = np.arange(corruption.strengths[0], corruption.strengths[-1] + 0.01, corruption.step)
    cases = [(image, float(strength)) for image in IMAGES for strength in steps]
    asked = [(image.ravel().tolist(), corrupting.prepare(name, s)) for image, s in cases]
    calls = "(calls) => calls.map(([image, how]) => [...PREPARED(Uint8Array.from(image), how)])"
    found = live.page.evaluate(calls.replace("PREPARED", "globalThis.scripts.live.corrupt"), asked)
    for (image, strength), one in zip(cases, found, strict=True):
        difference = np.array(one, int) - corruption.apply(image, strength).ravel()
        assert np.abs(difference).max() <= 1, strength
