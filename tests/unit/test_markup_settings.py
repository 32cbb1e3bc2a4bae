"""What pages call the settings of a training, and the pictures of its presets."""

from dataclasses import fields
from xml.etree import ElementTree

import pytest

from mnist_app.training.presets import PRESETS, SHIPPED
from mnist_app.training.settings import CHOICES, Settings
from mnist_app.ui.markup import preset_pictures, setting_words

# No field: a preset or a file of strokes sets them, or the page itself.
WITHOUT_FIELD = {"beta_2", "label_smoothing", "rewritten", "negative_share", "start_from"}


def test_every_setting_and_every_choice_has_words() -> None:
    names = {field.name for field in fields(Settings)}
    assert setting_words.FIELDS.keys() == names - WITHOUT_FIELD
    assert all(field.about.endswith(".") for field in setting_words.FIELDS.values())
    choices = {name: set(titles) for name, titles in setting_words.CHOICES.items()}
    assert choices == {name: set(known) for name, known in CHOICES.items()}


def test_settings_are_summed_up_in_words() -> None:
    noisy = PRESETS["label-noise"].settings
    assert setting_words.images_in_words(noisy).endswith(" images, 20% mislabeled")
    assert setting_words.images_in_words(SHIPPED["cnn"]) == (
        "57,000 images, augmented, and synthetic digits"
    )
    assert setting_words.optimizer_in_words(Settings()) == (
        "Adam, rate 0.016 (one cycle), batches of 256"
    )
    assert setting_words.network_in_words(Settings()) == "2 stages, 8 kernels of 5\xa0×\xa05"
    assert setting_words.network_in_words(Settings(stages=0)) == "Dense layers"
    assert setting_words.network_in_words(Settings(start_from="cnn")) == "Small CNN, fine-tuned"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_picture_and_a_sentence(preset: str) -> None:
    drawn = ElementTree.fromstring(str(preset_pictures.picture(preset)))
    assert len(list(drawn.iter())) > 3
    lesson = PRESETS[preset].lesson
    assert lesson.endswith(".")
    assert ". " not in lesson
