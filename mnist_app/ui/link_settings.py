"""What the address of each page says, beside the network and the drawing.

Numbers of maps and images that a network or data set does not have are left to the pages, which
bring them into their bounds as they do where another network is chosen.
"""

import re
from dataclasses import replace

import streamlit as st

from mnist_app.analysis import ten_digits
from mnist_app.data.datasets import CLASSES, MNIST, SOURCES
from mnist_app.data.stroke_links import LinkError
from mnist_app.imaging.convolution import (
    LARGEST_STRIDE,
    PADDINGS,
    PRESETS,
    RULES,
    SIDES,
    KernelChoice,
)
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.networks.interventions import LARGEST_POOL, Pooling
from mnist_app.networks.layers import POOLING, layers_of_kind
from mnist_app.networks.learning import MOST_STEPS, STEP_SIZES, SteepestOf, WeightAt
from mnist_app.training import presets, runs, settings
from mnist_app.training.run import RunError
from mnist_app.training.settings import BOUNDS, CHOICES, Settings, SettingsError
from mnist_app.ui import learning_session, resources, session, visitor, why_session
from mnist_app.ui.link_kernels import edit_kernels, edited_kernels
from mnist_app.ui.link_values import (
    Setting,
    choice,
    number,
    part,
    read_choice,
    read_number,
    slug,
)
from mnist_app.ui.parts import scene_place
from mnist_app.ui.parts.browsing import EVERY_DIGIT, ORDERS

MOST = 100_000
"""More than there are maps, units, images or pages of anything."""
FARTHEST_MOVE, FARTHEST_SHIFT = 100, 4
RUN_NOT_HERE = "The run of this link was started by somebody else, or is not here any more."
ALL, NONE = "", "none"
_WEIGHT = re.compile(r"([a-z]\w{0,40})\.([0-9])\.(max)?([0-9]{1,5}(?:-[0-9]{1,5}){0,3})", re.ASCII)


def _kernel() -> str:
    chosen = session.kernel()
    if chosen.learned is not None:
        return str(chosen.learned)
    return "" if chosen.preset == KernelChoice().preset else slug(chosen.preset)


def _choose_kernel(text: str) -> None:
    """Choose a well-known kernel by its name, or a learned one by its number."""
    if text[:1].isdecimal():
        session.choose_kernel(replace(session.kernel(), learned=read_number(text, 0, MOST)))
        return
    preset = read_choice(text, {slug(name): name for name in PRESETS})
    session.choose_kernel(replace(session.kernel(), preset=preset, learned=None))


def _pooling_layers() -> tuple[str, list[str]]:
    """Return the key under which the chosen network's changed layers are kept, and all names."""
    card = resources.card(session.network())
    names = [layer.name for layer in layers_of_kind(card.layers, *POOLING)]
    return f"{session.NETWORK_POOL}{card.name}", names


def _changed_layers() -> str:
    key, names = _pooling_layers()
    chosen = st.session_state.get(key, names)
    return ALL if chosen == names else ",".join(chosen) or NONE


def _change_layers(text: str) -> None:
    key, names = _pooling_layers()
    chosen = [] if text == NONE else text.split(",")
    if not set(chosen) <= set(names):
        raise ValueError("The network has no such layer.")
    session.pick(key, [name for name in names if name in chosen])


def _pooled() -> str:
    """Return which layer's map is pooled; nothing for the digit, which is no layer."""
    chosen = st.session_state.get(session.POOLED)
    return chosen if chosen in _layers() else ""


def _pool(layer: str) -> None:
    session.pick(session.POOLED, _known(layer))


def _layers() -> list[str]:
    return [layer.name for layer in resources.card(session.network()).layers]


def _known(layer: str) -> str:
    if layer not in _layers():
        raise ValueError("The network has no such layer.")
    return layer


def _picked_layer() -> str:
    return str(st.session_state.get(session.PICKED_LAYER) or "")


def _pick_layer(layer: str) -> None:
    session.pick(session.PICKED_LAYER, _known(layer))


def _only_disputed() -> str:
    return "yes" if st.session_state.get(session.DISPUTED) is True else ""


def _show_disputed(text: str) -> None:
    session.pick(session.DISPUTED, read_choice(text, {"yes": True}))


def _corruption() -> str:
    chosen = st.session_state.get(session.CORRUPTION)
    return chosen if chosen in CORRUPTIONS else next(iter(CORRUPTIONS))


def _strength() -> str:
    name = _corruption()
    neutral = CORRUPTIONS[name].neutral
    strength = session.strength(name, neutral)
    return "" if strength == neutral else f"{strength:g}"


def _pick_strength(text: str) -> None:
    name = _corruption()
    low, *_, high = CORRUPTIONS[name].strengths
    strength = float(text)
    if not low <= strength <= high:
        raise ValueError(f"This is no strength from {low} to {high}.")
    session.pick_strength(name, strength)


def _steps() -> str:
    """Return the steps on one digit: of each, which of STEP_SIZES it was, in hexadecimal."""
    return "".join(f"{STEP_SIZES.index(rate):x}" for rate in learning_session.steps_taken())


def _take_steps(text: str) -> None:
    sizes = {f"{number:x}": size for number, size in enumerate(STEP_SIZES)}
    if len(text) > MOST_STEPS:
        raise ValueError("These are too many steps.")
    learning_session.take_steps(tuple(read_choice(number, sizes) for number in text))


def _weight() -> str:
    weight = learning_session.learning_weight(session.network())
    if weight is None:
        return ""
    if isinstance(weight, SteepestOf):
        return f"{weight.layer}.{weight.array}.max{weight.number}"
    return f"{weight.layer}.{weight.array}.{'-'.join(map(str, weight.index))}"


def _pick_weight(text: str) -> None:
    """Pick a weight; the model process says where the network has none like it."""
    found = _WEIGHT.fullmatch(text)
    if found is None:
        raise ValueError("This is no weight.")
    layer, array, is_steepest, index = found.groups()
    places = tuple(int(place) for place in index.split("-"))
    weight = SteepestOf(layer, int(array), places[0])
    learning_session.pick_learning_weight(
        session.network(), weight if is_steepest else WeightAt(layer, int(array), places)
    )


def _cell() -> str:
    picked = session.picked_cell()
    return "" if picked is None else f"{picked[0]}-{picked[1]}"


def _pick_cell(text: str) -> None:
    label, answer = (read_number(digit, 0, CLASSES - 1) for digit in text.split("-"))
    session.pick(session.PICKED_CELL, (label, answer))


def _preset_of_training() -> str:
    chosen = st.session_state.get(session.PRESET)
    return chosen if chosen in presets.PRESETS else next(iter(presets.PRESETS))


def _chosen_preset() -> str:
    preset = _preset_of_training()
    return "" if preset == next(iter(presets.PRESETS)) else preset


def _choose_preset(text: str) -> None:
    name = read_choice(text, {name: name for name in presets.PRESETS})
    session.pick(session.PRESET, name)
    session.choose_settings(presets.PRESETS[name].settings)


def _changed_settings() -> str:
    """Return what differs from the chosen preset: "epochs:3,optimizer:sgd"."""
    usual = settings.as_dictionary(presets.PRESETS[_preset_of_training()].settings)
    chosen = session.chosen_settings()
    return ",".join(
        f"{name}:{chosen[name]}"
        for name in [*CHOICES, *BOUNDS, "batch_norm"]
        if name in chosen and chosen[name] != usual[name]
    )


def _change_settings(text: str) -> None:
    preset = _preset_of_training()
    changed = dict(one.split(":") for one in text.split(","))
    if not changed.keys() <= {*CHOICES, *BOUNDS, "batch_norm"}:
        raise ValueError("There is no such setting.")
    usual = settings.as_dictionary(presets.PRESETS[preset].settings)
    values = {name: _as(getattr(Settings(), name), value) for name, value in changed.items()}
    try:
        chosen = settings.read(usual | values)
    except SettingsError as error:
        raise LinkError(str(error)) from error
    session.pick(session.PRESET, preset)
    session.choose_settings(chosen)


def _as(usual: object, text: str) -> object:
    """Return a setting's value, which is of the same type as another of it."""
    if isinstance(usual, bool):
        return read_choice(text, {"True": True, "False": False})
    return type(usual)(text) if isinstance(usual, int | float) else text


def _run() -> str:
    """Return the shown run where it is the visitor's own: others' come and go."""
    name = st.session_state.get(session.SHOWN_RUN)
    return name if isinstance(name, str) and _is_own(name) else ""


def _is_own(run: str) -> bool:
    try:
        return runs.read(run).belongs_to(visitor.owner())
    except RunError:
        return False


def _show_run(name: str) -> None:
    if not _is_own(name):
        raise LinkError(RUN_NOT_HERE)
    session.pick(session.SHOWN_RUN, name)


def _ten_digits() -> str:
    challenge = session.challenge()
    return "" if challenge is None else ten_digits.pack(challenge)


def _own(name: str) -> Setting:
    """Return what the page itself says in its address and reads there."""
    return Setting(name, lambda: str(st.query_params.get(name, "")), lambda _: None)


def _of_kernel(name: str, values: tuple[object, ...]) -> Setting:
    return part(name, session.kernel, session.choose_kernel, name, values, KernelChoice())


def _of_pooling(name: str, field: str, values: tuple[object, ...]) -> Setting:
    usual = Pooling("max", 2, 2)
    return part(name, session.pooling, session.choose_pooling, field, values, usual)


STEPS = tuple(range(1, LARGEST_POOL + 1))
PIXELS = (
    number("across", session.MOVE_ACROSS, -FARTHEST_MOVE, FARTHEST_MOVE, 0),
    number("down", session.MOVE_DOWN, -FARTHEST_MOVE, FARTHEST_MOVE, 0),
)
CONVOLUTION = (
    Setting("kernel", _kernel, _choose_kernel),
    _of_kernel("side", SIDES),
    _of_kernel("stride", tuple(range(1, LARGEST_STRIDE + 1))),
    _of_kernel("padding", PADDINGS),
    Setting("edited", edited_kernels, edit_kernels),
)
MAX_POOLING = (
    Setting("pooled", _pooled, _pool),
    number("map", session.POOLED_MAP, 0, MOST, 0),
    _of_pooling("rule", "rule", RULES),
    _of_pooling("size", "size", STEPS),
    _of_pooling("step", "stride", STEPS),
    Setting("changed", _changed_layers, _change_layers),
)
FEATURE_MAPS = (
    number("right", session.SHIFT_RIGHT, -FARTHEST_SHIFT, FARTHEST_SHIFT, 0),
    number("down", session.SHIFT_DOWN, -FARTHEST_SHIFT, FARTHEST_SHIFT, 0),
    Setting("layer", _picked_layer, _pick_layer),
    number("map", session.PICKED_MAP, 0, MOST, 0),
    number("channel", session.PICKED_CHANNEL, 0, MOST, 0),
)
TRAINING = (
    Setting("preset", _chosen_preset, _choose_preset),
    Setting("settings", _changed_settings, _change_settings),
    Setting("run", _run, _show_run),
)
LEARNING_STEP = (
    number("label", learning_session.LEARNING_LABEL, -1, CLASSES - 1, -1),
    choice("weights", learning_session.LEARNING_START, ("random", "trained"), "random"),
    Setting("weight", _weight, _pick_weight),
    Setting("steps", _steps, _take_steps),
)
WHY = (
    number("digit", why_session.DIGIT, -1, CLASSES - 1, -1),
    number("random", why_session.RANDOM, 0, 100, 0),
    choice("question", why_session.QUESTION, why_session.QUESTIONS, "mind"),
)
COLLECTION = (
    choice("set", session.SOURCE, SOURCES, MNIST.name),
    choice("split", session.SPLIT, ("training", "test"), "test"),
    choice("digit", session.DIGIT, (EVERY_DIGIT, *map(str, range(CLASSES))), EVERY_DIGIT),
    choice("order", session.ORDER, ORDERS, ORDERS[0]),
    Setting("disputed", _only_disputed, _show_disputed),
    number("page", session.IMAGE_PAGE, 1, MOST, 1),
    number("image", session.PICKED_IMAGE, 0, 10 * MOST),
    number("dot", session.PICKED_DOT, 0, MNIST.training - 1),
)
ROBUSTNESS = (
    choice("corruption", session.CORRUPTION, CORRUPTIONS, next(iter(CORRUPTIONS))),
    Setting("strength", _strength, _pick_strength),
)
CHALLENGE = (
    Setting("digits", _ten_digits, lambda text: session.keep_challenge(ten_digits.unpack(text))),
)
LESSONS = tuple(_own(name) for name in (scene_place.LESSON, scene_place.SCENE, scene_place.STEP))
REPORT_CARD = (Setting("cell", _cell, _pick_cell),)
