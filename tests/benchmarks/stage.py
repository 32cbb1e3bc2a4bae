"""Measure the stage: python -m tests.benchmarks.stage. Prints a table.

A lesson is gone through by keys alone, three times: for each scene the milliseconds from the key to
the painted step, median and worst of its steps. Painted is a step whose script has ended, whose
elements stand there, and two frames later. The server was awake before.
"""

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from mnist_app.lessons.reading import lessons
from tests.benchmarks.draw import processor
from tests.support.chromium import start_browser
from tests.support.mouse import draw_one
from tests.support.serving import serve

SCREEN: ViewportSize = {"width": 1280, "height": 720}
ROUNDS = 3
PRESS = """([key, scene, step]) => new Promise((end) => {
  const began = performance.now();
  const isThere = () => {
    const address = new URL(location).searchParams;
    const app = document.querySelector("[data-testid=stApp]");
    const element = document.querySelector(".st-key-scene_element");
    const roots = [...(element?.querySelectorAll("*") ?? [])].map((one) => one.shadowRoot);
    return address.get("scene") === scene && address.get("step") === step
      && app.dataset.testScriptState === "notRunning"
      && roots.every((root) => !root || root.childElementCount);
  };
  const look = () => {
    if (!isThere()) requestAnimationFrame(look);
    else requestAnimationFrame(() => requestAnimationFrame(() => end(performance.now() - began)));
  };
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  requestAnimationFrame(look);
})"""


def main() -> None:
    """Go through a lesson, and print how long each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lesson", choices=list(lessons()), default="talk")
    lesson = lessons()[parser.parse_args().lesson]
    waits: dict[str, list[float]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder) / "log") as server,
        start_browser() as browser,
    ):
        page = browser.new_page(viewport=SCREEN, bypass_csp=True)
        page.goto(f"{server.url}/stage?lesson={lesson.name}")
        page.locator(".stage-control").wait_for(state="attached")
        page.wait_for_timeout(8000)  # Keras is awake
        draw_one(page)
        page.wait_for_timeout(2000)
        for _ in range(ROUNDS):
            for scene in lesson.scenes:
                for step in range(len(scene.steps)):
                    if (scene, step) != (lesson.scenes[0], 0):
                        waits[scene.title].append(_press(page, "PageDown", scene.name, step))
            _press(page, "Home", lesson.scenes[0].name, 0)
    print(f"{processor()}, {os.cpu_count()} cores\n")
    print("| scene | steps | key to painted, median / worst |\n|---|---|---|")
    every = [one for found in waits.values() for one in found]
    for title, found in [*waits.items(), ("all", every)]:
        steps = len(found) // ROUNDS
        print(f"| {title} | {steps} | {statistics.median(found):.0f} / {max(found):.0f} ms |")


def _press(page: Page, key: str, scene: str, step: int) -> float:
    """Press a key, and return the milliseconds until a step of a scene is painted."""
    page.wait_for_timeout(500)
    return float(page.evaluate(PRESS, [key, scene, str(step)]))


if __name__ == "__main__":
    main()
