"""The settings of a training in people's words: fields, their help, and a line that sums up."""

from dataclasses import dataclass

from mnist_app.data.datasets import SOURCES
from mnist_app.networks import registry
from mnist_app.networks.card import TrainingDetails
from mnist_app.networks.registry import NETWORKS
from mnist_app.training.settings import BUILT, Settings
from mnist_app.ui.markup.numbers import count, exact_percent


@dataclass(frozen=True)
class Field:
    """What the field of a setting says."""

    label: str
    """With the unit, where there is one."""
    about: str
    """What it does, in a sentence or two."""


FIELDS: dict[str, Field] = {
    "network": Field(
        "Network",
        "One of the networks that come with this app, with random weights, or one that is built "
        "of stages as you like it.",
    ),
    "engine": Field(
        "Trained by",
        "Keras's fit, or the same loop by hand: TensorFlow's variables and a gradient tape. Both "
        "begin with the same weights and see the same batches.",
    ),
    "stages": Field("Stages", "Convolution, activation and max pooling, one after the other."),
    "filters": Field("Filters in stage 1", "Kernels that are learned; each stage doubles them."),
    "kernel": Field("Kernel size, pixels", "The side of the square that a filter looks at."),
    "pool": Field("Pool size, pixels", "Of a square of this side, the largest value remains."),
    "pool_stride": Field("Pool stride, pixels", "How far the pooling window moves each time."),
    "dense": Field("Dense units", "Units of the layer between the maps and the ten digits."),
    "dropout": Field(
        "Dropout, share",
        "The share of the values before the last layer that is left out at random in each step, so "
        "that none is relied on alone.",
    ),
    "activation": Field("Activation", "The bend after each sum: without it, layers are one layer."),
    "batch_norm": Field(
        "Batch normalization",
        "After each stage, values are brought to mean 0 and variance 1 in each batch: larger "
        "steps become safe.",
    ),
    "optimizer": Field(
        "Optimizer",
        "How a gradient becomes a step: straight down (SGD), with momentum, or with a step size of "
        "its own for each weight (RMSprop, Adam, AdamW).",
    ),
    "weight_decay": Field(
        "Weight decay", "In each step, all weights shrink by this times the learning rate."
    ),
    "learning_rate": Field(
        "Learning rate, at its peak",
        "The size of a step. Too small takes forever, too large throws the weights about.",
    ),
    "schedule": Field(
        "Learning rate over time",
        "One cycle: up in the first fifth, then down to nearly nothing. Cosine: only down.",
    ),
    "batch_size": Field("Batch size, images", "So many images are seen for each step."),
    "epochs": Field("Epochs", "How many times each image is seen."),
    "data": Field("Data set", "Where the images come from."),
    "images": Field(
        "Training images", "So many are learned from; 3,000 others are kept for validation."
    ),
    "label_noise": Field(
        "Wrong labels, share",
        "So many of the training labels are replaced by wrong ones. The labels of the validation "
        "and the test images stay right.",
    ),
    "augmentation": Field(
        "Augmentation",
        "Augmented: each image is turned, slanted and bent differently in each epoch. Synthetic: "
        "digits and scribbles that the program draws join them.",
    ),
    "seed": Field("Seed", "Where chance begins: the same settings and seed give the same weights."),
}
"""By the name of the setting."""
CHOICES: dict[str, dict[str, str]] = {
    "network": {BUILT: "Built from stages"} | {name: one.title for name, one in NETWORKS.items()},
    "engine": {"keras": "Keras", "tensorflow": "TensorFlow by hand"},
    "activation": {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid"},
    "optimizer": {
        "adam": "Adam",
        "adamw": "AdamW",
        "momentum": "SGD with momentum",
        "sgd": "SGD",
        "rmsprop": "RMSprop",
    },
    "schedule": {"one cycle": "One cycle", "cosine": "Cosine", "constant": "Constant"},
    "data": {source.name: source.title for source in SOURCES.values()},
    "augmentation": {
        "none": "None",
        "augmented": "Augmented",
        "augmented and synthetic": "Augmented, and synthetic digits",
    },
}
"""What each choice is called, by the name of the setting and the choice."""


def network_in_words(settings: Settings) -> str:
    """Return what is trained: "Big CNN", or "2 stages, 8 kernels of 5 × 5"."""
    if settings.start_from:
        return f"{registry.title(settings.start_from)}, fine-tuned"
    if settings.network in NETWORKS:
        return registry.title(settings.network)
    if not settings.stages:
        return "Dense layers"
    stages = "1 stage" if settings.stages == 1 else f"{settings.stages} stages"
    side = f"{settings.kernel}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{settings.kernel}"
    return f"{stages}, {settings.filters} kernels of {side}"


def images_in_words(settings: Settings) -> str:
    """Return what is learned from: "500 images, augmented", "2,000 images, 20% mislabeled"."""
    parts = [f"{count(settings.images)} images"]
    if settings.label_noise:
        parts.append(f"{exact_percent(settings.label_noise, 0)} mislabeled")
    if settings.augmentation != "none":
        parts.append(CHOICES["augmentation"][settings.augmentation].lower())
    return ", ".join(parts)


def optimizer_in_words(settings: Settings | TrainingDetails) -> str:
    """Return how it steps: "Adam, rate 0.016 (one cycle), batches of 256"."""
    optimizer = CHOICES["optimizer"][settings.optimizer]
    schedule = CHOICES["schedule"][settings.schedule].lower()
    rate = f"{settings.learning_rate:g}"
    return f"{optimizer}, rate {rate} ({schedule}), batches of {settings.batch_size}"
