"""Settings that are worth training with: how the networks that ship were trained, and lessons."""

from dataclasses import dataclass, replace

from mnist_app.training.settings import Settings

_SHIPPED = Settings(
    network="cnn",
    optimizer="adamw",
    learning_rate=0.003,
    weight_decay=0.001,
    batch_size=128,
    epochs=60,
    augmentation="augmented and synthetic",
    rewritten=20_000,
)
SHIPPED: dict[str, Settings] = {
    "cnn": _SHIPPED,
    "champion": replace(_SHIPPED, network="champion", epochs=40),
    "lenet": replace(_SHIPPED, network="lenet", epochs=5),
    "rnn": replace(_SHIPPED, network="rnn", epochs=6),
    "mlp": replace(_SHIPPED, network="mlp", epochs=12, learning_rate=0.002),
    # More drawings of no digit, and people's, made it no better.
    "softmax": replace(_SHIPPED, network="softmax", epochs=3, rewritten=0, negative_share=0.14),
}
"""How the networks were trained that come with the program.

Digits are rewritten from the strokes of UCI's pen digits, `pendigits-orig.tra`.
"""


@dataclass(frozen=True)
class Preset:
    """Settings that are worth seeing."""

    settings: Settings
    title: str
    lesson: str
    """What one sees in this training, in a sentence."""


PRESETS: dict[str, Preset] = {
    "quick": Preset(
        Settings(images=50_000, label_smoothing=0.1, beta_2=0.99),
        "Quick",
        "From guessing to 99% on digits it has never seen; it learns from each image twice.",
    ),
    "best": Preset(
        replace(SHIPPED["champion"], rewritten=0, epochs=17),
        "Best",
        "The most accurate network here, on augmented images: this takes half an hour or more.",
    ),
    "overfit": Preset(
        Settings(
            filters=16,
            dense=128,
            batch_norm=False,
            learning_rate=0.002,
            schedule="constant",
            batch_size=50,
            epochs=30,
            images=500,
        ),
        "Overfit on purpose",
        "500 images are too few: training accuracy reaches 100%, and the validation loss grows.",
    ),
    "label-noise": Preset(
        Settings(
            filters=16,
            dense=128,
            batch_norm=False,
            learning_rate=0.002,
            schedule="constant",
            label_noise=0.2,
            batch_size=50,
            epochs=30,
            images=1000,
        ),
        "Label noise",
        "A fifth of the labels is wrong: it learns them by heart, too, and reads new digits worse.",
    ),
    "ten-images": Preset(
        Settings(images=100, batch_size=50, epochs=60, augmentation="augmented"),
        "Ten images a digit",
        "A hundred images must do: 88% of new digits with augmentation, 74% without it.",
    ),
    "high-rate": Preset(
        Settings(
            batch_norm=False,
            optimizer="sgd",
            learning_rate=3.0,
            schedule="constant",
            epochs=3,
        ),
        "Learning rate too high",
        "The first steps throw the weights so far off that it only guesses; try a thirtieth of it.",
    ),
    "dense": Preset(
        replace(SHIPPED["mlp"], augmentation="none", rewritten=0, epochs=4),
        "No convolution",
        "Several times as many parameters as “Quick”, and yet more mistakes on new digits.",
    ),
}
"""By the name that the command line takes."""
