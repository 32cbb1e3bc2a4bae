"""The notebook of a run: it is valid, and its cells train both networks, one after the other."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import nbformat
import numpy as np
import pytest

from mnist_app.codegen.notebook import notebook
from mnist_app.data import datasets
from mnist_app.networks.architecture import is_written_by_hand
from mnist_app.networks.layers import count_parameters
from mnist_app.training import labeled_drawings
from mnist_app.training.presets import PRESETS, SHIPPED
from mnist_app.training.settings import CHOICES, Settings
from tests.support.handwriting import drawn
from tests.support.serving import ROOT

EVERY = {**{name: preset.settings for name, preset in PRESETS.items()}, **SHIPPED}
QUICK = Settings(
    images=300,
    epochs=2,
    batch_size=100,
    dense=16,
    augmentation="augmented and synthetic",
    label_smoothing=0.1,
    label_noise=0.1,
)
FINE_TUNED = Settings(
    network="cnn", start_from="cnn", images=300, epochs=1, optimizer="sgd", learning_rate=0.001
)
MADE = {
    "first": "[keras_batches.losses[0], hand_losses[0]]",
    "last": "[keras_batches.losses[-1], hand_losses[-1]]",
    "parameters": "[network.count_params(), hand_parameters]",
    "right": "[float(keras_accuracy), float(hand_accuracy)]",
    "images": "len(seen)",
    "fours": "int(targets[:, 4].sum())",
    "wrong": "int((labels != np.load(DATA)['y_train'][:IMAGES]).sum())",
}
# What Jupyter does, without its kernel: all cells of a notebook share their names.
RUN_CELLS = """
import json, sys
for book in ("quick.ipynb", "fine-tuned.ipynb"):
    names = {}
    for number, cell in enumerate(json.load(open(book))["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    made = json.loads(sys.argv[1]).items()
    print(json.dumps({name: eval(expression, names) for name, expression in made}))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run all cells of two notebooks in a folder with MNIST's file; return what they made."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "quick.ipynb").write_text(notebook("quick-1", QUICK))
    (folder / "fine-tuned.ipynb").write_text(notebook("fine-tuned-2", FINE_TUNED))
    (folder / "mnist.npz").symlink_to(datasets.MNIST_FILE)
    (folder / "mnist_app").symlink_to(ROOT / "mnist_app")
    drawing = labeled_drawings.LabeledDrawing(1, drawn(4, 28), 4, {})
    (folder / "my_digits.npz").write_bytes(labeled_drawings.as_npz([drawing]))
    printed = subprocess.run(
        [sys.executable, "-c", RUN_CELLS, json.dumps(MADE)],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ
        | {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
    ).stdout
    return [json.loads(line) for line in printed.splitlines() if line.startswith('{"first"')]


@pytest.mark.parametrize("augmentation", CHOICES["augmentation"])
@pytest.mark.parametrize("name", EVERY)
def test_every_notebook_is_valid_and_python(name: str, augmentation: str) -> None:
    start_from = "cnn" if augmentation == "none" else ""
    chosen = replace(EVERY[name], augmentation=augmentation, start_from=start_from)
    book = nbformat.reads(notebook(f"{name}-1", chosen, ["It was changed."]), 4)
    nbformat.validate(book)
    source = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    compile(source, name, "exec")
    assert "It was changed." in book.cells[0].source
    assert ("tf.GradientTape" in source) == is_written_by_hand(chosen.architecture)


def test_both_trainings_of_a_notebook_agree(made: list[dict[str, Any]]) -> None:
    """Augmented, with synthetic digits, smoothed targets and wrong labels: both say the same."""
    quick, _ = made
    assert quick["first"][0] == pytest.approx(quick["first"][1], rel=1e-4)
    assert max(quick["last"]) < 0.95 * min(quick["first"])
    assert quick["last"][0] == pytest.approx(quick["last"][1], rel=0.05)
    assert quick["parameters"] == 2 * [count_parameters(QUICK.layers)]
    assert quick["images"] == QUICK.images_per_epoch
    assert quick["wrong"] == 30


def test_a_notebook_fine_tunes_with_its_drawings(made: list[dict[str, Any]]) -> None:
    _, fine_tuned = made
    assert min(fine_tuned["right"]) > 0.99
    own = int(np.sum(datasets.load_training(count=300).labels == 4))
    assert fine_tuned["fours"] == own + 100
