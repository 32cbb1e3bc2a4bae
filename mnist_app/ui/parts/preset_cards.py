"""The presets to choose from: settings that are worth training with, and what each teaches."""

from mnist_app.training.presets import PRESETS
from mnist_app.training.settings import as_dictionary
from mnist_app.ui import session, training_session
from mnist_app.ui.components import preset_cards


def choose() -> str:
    """Let the visitor choose a preset, whose settings fill the fields; return its name."""
    name = training_session.preset()
    if name not in PRESETS or not session.chosen_settings():
        name = next(iter(PRESETS))
        _fill(name)
    is_changed = session.chosen_settings() != as_dictionary(PRESETS[name].settings)
    preset_cards.show(name, is_changed, "preset_cards", _fill)
    return name


def _fill(name: str) -> None:
    session.pick(session.PRESET, name)
    session.choose_settings(PRESETS[name].settings)
