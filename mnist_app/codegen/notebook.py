"""A run as a Jupyter notebook: the same network, trained with Keras and with TensorFlow by hand.

It is made of the same parts as the scripts, in cells with a word of explanation each. Both
trainings begin with the same weights and see the same batches, so their numbers can be compared.
"""

from collections.abc import Sequence

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mnist_app.codegen import scripts
from mnist_app.codegen.notebook_training import (
    NOT_BY_HAND,
    Cell,
    by_hand,
    code,
    with_keras,
    words,
)
from mnist_app.codegen.snippets import import_lines
from mnist_app.data.datasets import MNIST, VALIDATION_IMAGES
from mnist_app.networks.architecture import is_written_by_hand
from mnist_app.training.run import drawings_per_epoch
from mnist_app.training.settings import Settings

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_SCHEDULES = {
    "one cycle": "It rises in the first fifth of the batches, then falls along a cosine.",
    "cosine": "It falls along a cosine, from the first batch to the last.",
    "constant": "It stays the same from the first batch to the last.",
}


def notebook(name: str, settings: Settings, notes: Sequence[str] = ()) -> str:
    """Return a notebook, nbformat 4 as JSON, that trains the network of the run `name`.

    `notes` are sentences on what the run did and the notebook does not.
    """
    cells = [*_beginning(name, settings, notes), *_data(settings), *_rate(settings)]
    cells += with_keras(settings)
    cells += by_hand(settings) if is_written_by_hand(settings.architecture) else NOT_BY_HAND
    made = [
        (new_code_cell if cell.is_code else new_markdown_cell)(cell.text.strip(), id=f"cell-{at}")
        for at, cell in enumerate(cells)
    ]
    return str(nbformat.writes(new_notebook(cells=made, metadata={"kernelspec": _KERNEL})))


def _beginning(name: str, settings: Settings, notes: Sequence[str]) -> list[Cell]:
    said = "".join(f"\n- {note}" for note in notes)
    return [
        words(
            f"""\
# {name}: a network learns to read digits

This notebook trains the network of the run **{name}** again, from MNIST Lab: once with Keras, once
with TensorFlow by hand, where each step stands before your eyes. Run its cells from top to bottom.
It needs the packages `tensorflow` and `matplotlib`.
{_what_it_needs(settings)}{said}
""",
        ),
        code(
            f"""\
{import_lines("math")}
{scripts.PATH_IMPORT}

{import_lines("keras", "matplotlib.pyplot as plt", "numpy as np", "tensorflow as tf")}

{scripts.constants(settings)}
keras.utils.set_random_seed(SEED)
""",
        ),
    ]


def _what_it_needs(settings: Settings) -> str:
    """Return the sentence that says why the program must lie beside it, where it must."""
    is_plain = settings.augmentation == "none" and settings.data == MNIST.name
    has_own = "mnist_app" in scripts.network_code(settings.architecture)
    if is_plain and not has_own and not settings.start_from:
        return ""
    return """
It uses code of MNIST Lab: put it into the program’s folder, where `mnist_app` lies, and install its
`requirements.txt`.
"""


def _data(settings: Settings) -> list[Cell]:
    """The images, and what becomes of them in each epoch."""
    return [
        words(
            f"""\
## The images

Each image has 28 × 28 pixels from 0 (black) to 255 (white), and a label from 0 to 9. The network
learns from the first {settings.images:,} training images. The last {VALIDATION_IMAGES:,} are for
validation: they tell during the training how well it reads what it has not seen. The test images
are looked at once, at the end. {_noise_in_words(settings)}
""",
        ),
        code(scripts.loading(settings)),
        code(
            '''\
def show(some, titles, columns=10):
    """Show images side by side, with a title each."""
    rows = math.ceil(len(some) / columns)
    figure, places = plt.subplots(rows, columns, figsize=(columns, 1.3 * rows), squeeze=False)
    for place in places.flat:
        place.axis("off")
    for place, image, title in zip(places.flat, some, titles):
        place.imshow(image, cmap="gray", vmin=0, vmax=255)
        place.set_title(title)
    plt.show()


show(images[:20], labels[:20])
''',
        ),
        words(f"## An epoch\n\n{_epoch_in_words(settings)}"),
        code(scripts.training_data(settings)),
        *(_drawings(settings) if settings.start_from else ()),
        code(_epoch_code(settings)),
    ]


def _noise_in_words(settings: Settings) -> str:
    if not settings.label_noise:
        return ""
    return (
        f"Of the labels it learns from, {100 * settings.label_noise:g}% are made **wrong on "
        "purpose**: watch it learn them by heart."
    )


def _epoch_in_words(settings: Settings) -> str:
    sentences = [
        "In an epoch the network sees each image once, in batches, in an order that is drawn anew."
    ]
    if settings.augmentation != "none":
        sentences.append(
            "Before that each image is **augmented**: turned, slanted, stretched and drawn with "
            "another pen, differently in each epoch."
        )
    if settings.mixture.synthetic:
        sentences.append(
            f"{settings.mixture.synthetic:,} synthetic digits join them, and "
            f"{settings.mixture.negatives:,} drawings of no digit, whose target is one tenth for "
            "each digit."
        )
    sentences.append("The target is one-hot: a 1 in the place of the label, else 0.")
    if settings.label_smoothing:
        sentences.append(
            f"**Label smoothing** spreads {100 * settings.label_smoothing:g}% of each target over "
            "all ten digits, so that the network is never asked to be entirely sure."
        )
    return " ".join(sentences)


def _drawings(settings: Settings) -> list[Cell]:
    """How a person's own drawings join an epoch."""
    return [
        words(
            """\
This run was **fine-tuned** on somebody's own drawings, which are not part of this notebook. Put
`my_digits.npz` beside it, which the button Export in MNIST Lab gives you: then they are mixed in,
augmented, as a quarter of each epoch. Without this file it learns from MNIST alone.
""",
        ),
        code(
            f'''\
DRAWINGS = Path("my_digits.npz")


def with_drawings(epoch, seen, targets):
    """Add the drawings, each many times and augmented."""
    if not DRAWINGS.exists():
        return seen, targets
    from mnist_app.data.augmentation import augment

    with np.load(DRAWINGS) as arrays:
        drawn, its_labels = arrays["images"], arrays["labels"]
    count = {drawings_per_epoch(settings)}
    chosen = np.arange(count) % len(drawn)
    varied = augment(drawn[chosen], np.random.default_rng([SEED, epoch, count]))
    its_targets = np.eye(10, dtype=np.float32)[its_labels[chosen]]
    return np.concatenate([seen, varied]), np.concatenate([targets, its_targets])
''',
        ),
    ]


def _epoch_code(settings: Settings) -> str:
    drawings = (
        "    seen, targets = with_drawings(epoch, seen, targets)\n" if settings.start_from else ""
    )
    return f'''\
def epoch_data(epoch):
    """The images and targets of an epoch, in the order in which they are learned."""
    seen, targets = training_data(epoch)
{drawings}{scripts.smoothing(settings)}\
    order = np.random.default_rng([SEED, epoch]).permutation(len(seen))
    return seen[order], targets[order]
'''


def _rate(settings: Settings) -> list[Cell]:
    """The learning rate and its curve."""
    count = "len(epoch_data(0)[0])" if settings.start_from else ""
    return [
        words(
            f"""\
## The learning rate

Each batch moves every weight against its gradient; the learning rate says how far.
{_SCHEDULES[settings.schedule]}
""",
        ),
        code(
            f"""\
{scripts.schedule(settings, count)}

plt.figure(figsize=(6, 2))
plt.plot([learning_rate(done) for done in range(batches)])
plt.xlabel("batches")
plt.ylabel("learning rate")
plt.show()
""",
        ),
    ]
