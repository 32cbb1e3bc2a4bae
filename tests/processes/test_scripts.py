"""The whole training scripts that pages show: each is Python, and they run as they stand."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_app.codegen import scripts
from mnist_app.data import datasets
from mnist_app.networks.architecture import is_written_by_hand
from mnist_app.networks.layer_specs import ArchitectureError
from mnist_app.training.presets import PRESETS, SHIPPED
from mnist_app.training.settings import CHOICES, Settings
from tests.support.serving import ROOT

EVERY = {**{name: preset.settings for name, preset in PRESETS.items()}, **SHIPPED}
NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.mark.parametrize("augmentation", CHOICES["augmentation"])
@pytest.mark.parametrize("schedule", CHOICES["schedule"])
@pytest.mark.parametrize("name", EVERY)
def test_every_script_is_python(name: str, schedule: str, augmentation: str) -> None:
    chosen = replace(EVERY[name], schedule=schedule, augmentation=augmentation)
    compile(scripts.keras_script(chosen), name, "exec")
    if is_written_by_hand(chosen.architecture):
        compile(scripts.tensorflow_script(chosen), name, "exec")
        return
    with pytest.raises(ArchitectureError, match="is not written by hand here"):
        scripts.tensorflow_script(chosen)


@pytest.mark.parametrize(
    ("network", "augmentation"), [("built", "augmented and synthetic"), ("lenet", "none")]
)
def test_a_script_runs_as_it_stands(network: str, augmentation: str, tmp_path: Path) -> None:
    chosen = Settings(
        network=network, images=400, epochs=1, batch_size=100, augmentation=augmentation
    )
    text = from_the_file(scripts.keras_script(chosen))
    assert 10 <= run_script(text, tmp_path) <= 100


def from_the_file(script: str) -> str:
    """The only change to a script: the same images, from this project instead of the internet."""
    loading = "keras.datasets.mnist.load_data()"
    assert script.count(loading) == 1
    a, b, c, d = (f'np.load(r"{datasets.MNIST_FILE}")["{name}"]' for name in NAMES)
    return script.replace(loading, f"(({a}, {b}), ({c}, {d}))")


def run_script(text: str, folder: Path) -> float:
    """Run a script in a folder of its own, this project beside it; return what it has right."""
    (folder / "script.py").write_text(text)
    printed = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(ROOT)},
    ).stdout
    found = re.search(r"Right on the 10,000 test images: ([\d.]+)%", printed)
    assert found is not None
    assert (folder / "network.keras").exists()
    return float(found[1])
