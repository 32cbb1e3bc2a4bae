"""What a training depends on: the settings, their bounds, and presets that teach something."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import (
    CLASSES,
    EMNIST,
    MNIST,
    SOURCES,
    TRAINING_IMAGES,
    VALIDATION_IMAGES,
)
from mnist_app.data.epochs import Mixture
from mnist_app.networks import architecture
from mnist_app.networks.architecture import ARCHITECTURES, Architecture, is_written_by_hand
from mnist_app.networks.layer_specs import ActivationName, ArchitectureError
from mnist_app.networks.layers import Layer, count_parameters
from mnist_app.networks.registry import NETWORKS

BUILT = "built"
"""The network that is built of stages, instead of one with a name."""
MOST_PARAMETERS = 1_000_000
# With "augmented and synthetic", for each image of the data set.
SYNTHETIC_SHARE = 0.35
# The share of all images that has faults.
SPOILED_SHARE = 0.2
CHOICES: dict[str, tuple[str, ...]] = {
    "network": (BUILT, *NETWORKS),
    "activation": get_args(ActivationName),
    "optimizer": ("adam", "adamw", "momentum", "sgd", "rmsprop"),
    "schedule": ("one cycle", "cosine", "constant"),
    "data": tuple(SOURCES),
    "augmentation": ("none", "augmented", "augmented and synthetic"),
    "engine": ("keras", "tensorflow"),
}
BOUNDS: dict[str, tuple[float, float]] = {
    "stages": (0, 3),
    "filters": (1, 64),
    "kernel": (1, 9),
    "pool": (1, 4),
    "pool_stride": (1, 4),
    "dropout": (0, 0.9),
    "dense": (0, 512),
    "learning_rate": (1e-6, 1000),
    "weight_decay": (0, 0.1),
    "beta_2": (0.5, 0.9999),
    "label_smoothing": (0, 0.5),
    "label_noise": (0, 0.5),
    "batch_size": (8, 2048),
    "epochs": (1, 100),
    "images": (100, EMNIST.training - VALIDATION_IMAGES),
    "rewritten": (0, 200_000),
    "negative_share": (0, 1),
    "seed": (0, 2**31 - 1),
}
"""The least and the most that each number may be."""


class SettingsError(ValueError):
    """Settings that cannot be trained with; the message is a sentence for the person."""


@dataclass(frozen=True)
class Settings:
    """Everything that a training depends on; the same settings give the same weights."""

    network: str = BUILT
    stages: int = 2
    filters: int = 8
    """Of the first convolution; each further one has twice as many."""
    kernel: int = 5
    pool: int = 2
    pool_stride: int = 2
    activation: ActivationName = "relu"
    batch_norm: bool = True
    dropout: float = 0.0
    dense: int = 96
    """Units of the dense layer before the logits; 0 for none."""
    optimizer: str = "adam"
    learning_rate: float = 0.016
    """The highest of the schedule."""
    schedule: str = "one cycle"
    weight_decay: float = 0.0
    """For the optimizer adamw alone."""
    beta_2: float = 0.999
    """How much Adam and AdamW keep, in each step, of what they know of the gradients' squares."""
    label_smoothing: float = 0.0
    """The share of each target that is spread evenly over all ten digits; see `smooth`."""
    label_noise: float = 0.0
    """The share of the training images whose labels are wrong; see `data.label_noise`."""
    batch_size: int = 256
    epochs: int = 2
    data: str = MNIST.name
    """The data set: one of `data.datasets.SOURCES`."""
    images: int = TRAINING_IMAGES
    """How many of the images to learn from, from the first on; the validation images are others."""
    augmentation: str = "none"
    """"augmented": each image turned, slanted and distorted differently in each epoch, see
    `data.augmentation`; "augmented and synthetic": also synthetic digits and negatives, and
    faults as a bad scan has them, see `data.epochs`."""
    rewritten: int = 0
    """How many images of an epoch are people's digits, written anew. The run brings the strokes."""
    negative_share: float = 0.25
    """With "augmented and synthetic": drawings of no digit for each image of the data set."""
    seed: int = 1
    engine: str = "keras"
    """Who computes: Keras's fit, or the same loop by hand in TensorFlow."""
    start_from: str = ""
    """The network whose weights it starts with; empty for random ones."""

    @property
    def architecture(self) -> Architecture:
        """The network's layers as they are asked for."""
        if self.network != BUILT:
            return ARCHITECTURES[self.network]
        return architecture.built(
            self.stages,
            self.filters,
            self.kernel,
            self.pool,
            self.pool_stride,
            self.activation,
            self.batch_norm,
            self.dropout,
            self.dense,
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network's layers with shapes and parameters.

        Raises ArchitectureError where the network cannot be built.
        """
        return architecture.layers_of(self.architecture)

    @property
    def mixture(self) -> Mixture:
        """What joins the data set's images in each epoch."""
        if self.augmentation != "augmented and synthetic":
            return Mixture(0, 0, self.rewritten)
        synthetic, negatives = (
            round(self.images * share) for share in (SYNTHETIC_SHARE, self.negative_share)
        )
        return Mixture(synthetic, negatives, self.rewritten, SPOILED_SHARE)

    @property
    def images_per_epoch(self) -> int:
        """How many images an epoch has, a person's drawings not counted."""
        made = self.mixture
        return self.images + made.synthetic + made.rewritten + made.negatives


def read(values: Mapping[str, object]) -> Settings:
    """Return settings of `values` by name; what is not given has its default.

    Raises SettingsError for an unknown name, a value out of bounds, and a network that cannot be
    built, so values sent past the fields of the page get no further.
    """
    if not isinstance(values, Mapping):
        raise SettingsError("Settings are values by name.")
    known = {field.name: field.default for field in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(f"There is no setting “{str(name)[:40]}”.")
        check(name, value)
    settings = Settings(**{name: _as(known[name], value) for name, value in values.items()})  # type: ignore[arg-type]
    _check_together(settings)
    return settings


def known_items(values: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    """Return those of stored settings that this program knows, by name, for `read`.

    Another version of the program may have written more.
    """
    known = {field.name for field in fields(Settings)}
    return tuple((name, value) for name, value in values.items() if name in known)


def rate_at(schedule: str, highest: float, share: float) -> float:
    """Return the learning rate after a share, 0 to 1, of all batches.

    "one cycle" rises in the first fifth, then falls along a cosine to nearly nothing: Smith and
    Topin, Super-Convergence (2018), https://arxiv.org/abs/1708.07120. "cosine" only falls.
    """
    if schedule == "constant":
        return highest
    rise = 0.2 if schedule == "one cycle" else 0.0
    if share < rise:
        return highest * (0.05 + 0.95 * share / rise)
    fallen = (share - rise) / (1 - rise)
    return highest * (0.001 + 0.999 * (1 + math.cos(math.pi * fallen)) / 2)


def smooth(targets: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return targets, (n, 10), of which a share, 0 to 1, is spread evenly over all ten digits.

    A network that is never asked to be entirely sure learns better in few steps. Label smoothing:
    Szegedy and others, Rethinking the Inception Architecture (2015),
    https://arxiv.org/abs/1512.00567.
    """
    return (1 - share) * targets + np.float32(share / CLASSES)


def least_loss(share: float) -> float:
    """Return the loss of a network that answers exactly what `smooth` makes of a digit's target."""
    answer = smooth(np.eye(1, CLASSES, dtype=np.float32), share)[0]
    return -sum(float(value) * math.log(value) for value in answer if value)


def check(name: str, value: object) -> None:
    """Raise SettingsError where `value` is none that the setting `name` can have."""
    default = getattr(Settings, name)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise SettingsError(f"{_words(name)} must be yes or no.")
    elif isinstance(default, str):
        if not isinstance(value, str) or value not in CHOICES.get(name, (value,)):
            allowed = ", ".join(CHOICES.get(name, ()))
            raise SettingsError(f"{_words(name)} must be one of: {allowed}.")
    else:
        _check_number(name, value, whole=isinstance(default, int))


def _check_number(name: str, value: object, whole: bool) -> None:
    low, high = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{_words(name)} must be a number.")
    if not low <= value <= high:
        raise SettingsError(f"{_words(name)} must be from {low:,g} to {high:,.12g}.")
    if whole and not float(value).is_integer():
        raise SettingsError(f"{_words(name)} must be a whole number.")


def _as(default: object, value: object) -> object:
    return type(default)(value)  # type: ignore[call-arg]


def _check_together(settings: Settings) -> None:
    if settings.rewritten and settings.augmentation == "none":
        raise SettingsError(
            "Digits are written anew only where images are augmented. Choose an augmentation, or "
            "no rewritten digits."
        )
    source = SOURCES[settings.data]
    if settings.images > source.training - VALIDATION_IMAGES:
        raise SettingsError(
            f"{source.title} has {source.training - VALIDATION_IMAGES:,} images to learn from, "
            f"besides {VALIDATION_IMAGES:,} for validation. Choose no more than these."
        )
    try:
        layers = settings.layers
    except ArchitectureError as error:
        raise SettingsError(str(error)) from None
    parameters = count_parameters(layers)
    if parameters > MOST_PARAMETERS:
        raise SettingsError(
            f"This network would have {parameters:,} parameters, more than {MOST_PARAMETERS:,}. "
            "Take fewer filters, fewer dense units or another pooling."
        )
    if settings.engine == "tensorflow" and not is_written_by_hand(settings.architecture):
        raise SettingsError(
            "This network has layers that are not written by hand here. Train it with Keras."
        )


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def as_dictionary(settings: Settings) -> dict[str, object]:
    """Return settings as `read` takes them."""
    return asdict(settings)
