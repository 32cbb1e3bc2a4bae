"""Settings of a training: their bounds, what is refused, and the learning rate's schedule."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.training import settings
from mnist_app.training.presets import PRESETS, SHIPPED
from mnist_app.training.settings import BOUNDS, SettingsError, least_loss, smooth


def test_presets_and_shipped_trainings_are_within_bounds() -> None:
    every = [preset.settings for preset in PRESETS.values()] + list(SHIPPED.values())
    for one in every:
        assert settings.read(settings.as_dictionary(one)) == one


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epochs": 101}, "Epochs must be from 1 to 100"),
        ({"epochs": 0}, "Epochs must be from 1 to 100"),
        ({"epochs": 1.5}, "Epochs must be a whole number"),
        ({"epochs": 10**400}, "Epochs must be from 1 to 100"),
        ({"epochs": True}, "Epochs must be a number"),
        ({"epochs": "2"}, "Epochs must be a number"),
        ({"learning_rate": math.nan}, "Learning rate must be from"),
        ({"learning_rate": math.inf}, "Learning rate must be from"),
        ({"images": 60_000}, "MNIST has 57,000 images to learn from"),
        ({"optimizer": "magic"}, "Optimizer must be one of: adam"),
        ({"network": "../../secret"}, "Network must be one of: built"),
        ({"network": None}, "Network must be one of: built"),
        ({"batch_norm": 1}, "Batch norm must be yes or no"),
        ({"__class__": 1}, "There is no setting"),
        ({"stages": 3, "kernel": 9}, "conv3 would get maps of"),
        ({"stages": 1, "filters": 64, "dense": 512, "kernel": 1, "pool": 1}, "parameters, more"),
        ({"network": "rnn", "engine": "tensorflow"}, "not written by hand"),
        ({"rewritten": 100}, "written anew only where images are augmented"),
        ({"rewritten": -1}, "Rewritten must be from 0"),
    ],
)
def test_settings_out_of_bounds_are_refused_with_a_sentence(
    values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        settings.read(values)


@given(st.dictionaries(st.sampled_from(sorted(BOUNDS)), st.floats() | st.integers() | st.text()))
def test_whatever_is_sent_is_settings_or_a_sentence(values: dict[str, object]) -> None:
    try:
        chosen = settings.read(values)
    except SettingsError as error:
        said = str(error)
    else:
        said = "."
        assert all(low <= getattr(chosen, name) <= high for name, (low, high) in BOUNDS.items())
    assert said.endswith(".")


def test_the_one_cycle_rises_and_falls_as_keras_has_it() -> None:
    steps = 100
    schedule = keras.optimizers.schedules.CosineDecay(
        0.05 * 0.01, decay_steps=80, alpha=0.001, warmup_target=0.01, warmup_steps=20
    )
    for step in range(steps):
        rate = settings.rate_at("one cycle", 0.01, step / steps)
        assert rate == pytest.approx(float(schedule(step)), rel=1e-3)
    assert settings.rate_at("constant", 0.3, 0.7) == 0.3
    assert settings.rate_at("cosine", 0.3, 0.0) == 0.3
    assert settings.rate_at("cosine", 0.3, 1.0) == pytest.approx(0.0003)


def test_smoothed_targets_sum_to_one_and_have_a_least_loss() -> None:
    targets = np.eye(10, dtype=np.float32)[:3]
    smoothed = smooth(targets, 0.1)
    assert smoothed.dtype == np.float32
    assert smoothed.sum(axis=1) == pytest.approx(1)
    assert smoothed[0] == pytest.approx([0.91] + 9 * [0.01])
    assert least_loss(0.1) == pytest.approx(-(smoothed[0] * np.log(smoothed[0])).sum())
    assert least_loss(0.0) == 0
    assert np.array_equal(smooth(targets, 0.0), targets)
