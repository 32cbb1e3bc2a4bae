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


def test_a_script_runs_as_it_stands(tmp_path: Path) -> None:
    """The notebook's test runs all others of the parts that it is made of."""
    chosen = Settings(network="lenet", images=400, epochs=1, batch_size=100, label_noise=0.2)
    (tmp_path / "mnist.npz").symlink_to(datasets.MNIST_FILE)
    assert 10 <= run_script(scripts.keras_script(chosen), tmp_path) <= 100


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
