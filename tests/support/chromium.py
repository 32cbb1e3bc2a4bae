"""Chromium without windows, for browser tests and benchmarks."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright


@contextmanager
def start_browser(*options: str) -> Iterator[Browser]:
    """Start the browser that MNIST_APP_TEST_BROWSER names, Debian's, or Playwright's own."""
    path = (
        os.environ.get("MNIST_APP_TEST_BROWSER")
        or shutil.which("chromium-headless-shell")
        or shutil.which("chromium")
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", *options]
        )
        yield browser
        browser.close()
