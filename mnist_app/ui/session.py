"""Everything kept for one visitor: each session_state key has its accessor here.

Those of How it learns stand in `learning_session`, of the lessons in `lesson_session`, some of
Training in `training_session`; who the visitor is, `visitor` keeps.
"""

from collections.abc import Iterable, Mapping

import streamlit as st

from mnist_app.analysis.ten_digits import Challenge
from mnist_app.imaging.convolution import Kernel, KernelChoice
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.interventions import Pooling
from mnist_app.networks.registry import DEFAULT_NETWORK, NETWORKS
from mnist_app.training import runs
from mnist_app.training.settings import Settings, as_dictionary
from mnist_app.ui import visitor
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.link_state import LinkState

PEN_WIDTH = "pen_width"
NETWORK = "network"
PICTURE_SOURCE = "picture_source"
MOVE_ACROSS = "move_across"
MOVE_DOWN = "move_down"
SHIFT_RIGHT = "shift_right"
SHIFT_DOWN = "shift_down"
PICKED_LAYER = "picked_layer"
PICKED_MAP = "picked_map"
PICKED_CHANNEL = "picked_channel"
CODE = "code"
POOLED = "pooled"
POOLED_MAP = "pooled_map"
NETWORK_POOL = "network_pool_"
SHOWN_RUN = "shown_run"
COMPARED_RUNS = "compared_runs"
BESIDE_RUN = "beside_run"
OTHERS_RUNS = "others_runs"
PRESET = "preset"
PICKED_DOT = "picked_dot"
PICKED_CELL = "picked_cell"
CORRUPTION = "corruption"
STRENGTH = "strength_"
SOURCE = "source"
SPLIT = "split"
DIGIT = "digit"
ORDER = "order"
DISPUTED = "disputed"
IMAGE_PAGE = "image_page"
IMAGE_NUMBER = "image_number"
PICKED_IMAGE = "picked_image"
SETTING = "setting_"
FINE_TUNING = "fine_tuning_is_open"
FINE_TUNED = "fine_tuned_run"
AWAITED = "awaited_run"
ROOM_ADDRESS = "room_address"
ROOM_TASK = "room_task"
ROOM_DIGIT = "room_digit"
_RUN_TROUBLE = "run_trouble"
_ACTIVE = "active_run"
_WATCHED = "watched_drawing"
_NETWORK_LABEL = "network_label"
_EDITED = "edited_kernels"
_KERNEL = "chosen_kernel"
_POOLING = "chosen_pooling"
_PAGE = "page"
_ARRIVALS = "arrivals"
_DRAWING = "drawing"
_BEGUN = "begun_drawing"
_RECEIVED = "received_drawing"
_HAS_DRAWN = "has_drawn"
_POLLING = "polling"
_PICTURE_TROUBLE = "picture_trouble"
_PICTURES = "pictures_brought"
_LINKS = "links"
_NEXT_NETWORK = "next_network"
_NETWORK_CHOICES = "network_choices"
_CHALLENGE = "challenge"


def drawing() -> Drawing:
    """Return the visitor's drawing as it was kept last. Pages get it from `canvas.show`."""
    kept: Drawing = st.session_state.setdefault(_DRAWING, Drawing())
    return kept


def keep_drawing(drawing: Drawing) -> Drawing:
    """Keep the visitor's drawing, and return it."""
    st.session_state[_DRAWING] = drawing
    if drawing.has_ink:
        st.session_state[_HAS_DRAWN] = True
    return drawing


def begun_drawing() -> Drawing:
    """Return the drawing that the last canvas was started with; an empty one before the first."""
    begun: Drawing = st.session_state.setdefault(_BEGUN, Drawing())
    return begun


def begin_canvas(drawing: Drawing) -> None:
    """Remember the drawing that a canvas starts with."""
    st.session_state[_BEGUN] = drawing


def is_received(canvas: int, sent: object) -> bool:
    """Say whether this is what the canvas of this number sent last: most reruns bring it again."""
    return bool(st.session_state.get(_RECEIVED) == _mark(canvas, sent))


def set_received(canvas: int, sent: object) -> None:
    """Remember what the canvas of this number sent."""
    st.session_state[_RECEIVED] = _mark(canvas, sent)


def has_drawn() -> bool:
    """Say whether there was ever ink in this session: a new canvas sends that it is empty."""
    return _HAS_DRAWN in st.session_state


def _mark(canvas: int, sent: object) -> int:
    """Return a number in the place of what was sent, which is long."""
    return hash((canvas, repr(sent)))


def network() -> str:
    """Return the name of the network that the visitor has chosen."""
    chosen = st.session_state.get(NETWORK)
    if not isinstance(chosen, str):
        return DEFAULT_NETWORK
    if chosen in NETWORKS:
        return chosen
    is_usable = registry.exists(chosen) and runs.may_use(chosen, visitor.owner())
    return chosen if is_usable else DEFAULT_NETWORK


def choose_network(name: str) -> None:
    """Choose a network for the visitor, as if in the sidebar. Call it before that is shown."""
    st.session_state[NETWORK] = name
    st.session_state[_NETWORK_CHOICES] = st.session_state.get(_NETWORK_CHOICES, 0) + 1


def network_widget() -> str:
    """Return the key of the widget where the visitor chooses a network himself.

    It is another one after each `choose_network`: a fragment that asks again on its own says what
    stands in all widgets, and may have been on its way with the choice before.
    """
    return f"network_{st.session_state.get(_NETWORK_CHOICES, 0)}"


def take_choice(widget: str) -> None:
    """Choose what the visitor chose in a widget of this key, if it is the one on the screen."""
    chosen = st.session_state.get(widget)
    if widget == network_widget() and isinstance(chosen, str):
        st.session_state[NETWORK] = chosen


def choose_network_next(name: str) -> None:
    """Choose a network where the sidebar is shown already: the page's next run has it."""
    st.session_state[_NEXT_NETWORK] = name


def take_next_network() -> None:
    """Choose the network that waits to be chosen, if there is one. Call it before the sidebar."""
    name = st.session_state.pop(_NEXT_NETWORK, None)
    if name is not None:
        choose_network(name)


def is_new_label(label: str) -> bool:
    """Say whether the chosen network had another label when it was last shown; remember this."""
    before = st.session_state.get(_NETWORK_LABEL)
    st.session_state[_NETWORK_LABEL] = label
    return before != label


def number_within(key: str, last: int, least: int = 0) -> int:
    """Return the number kept under a widget's key, brought to `least` to `last` for the widget.

    What was picked in one network or layer may be too large for the next. Call it before the
    widget.
    """
    number = min(max(int(st.session_state.get(key) or least), least), last)
    st.session_state[key] = number
    return number


def pick(key: str, value: int | str | tuple[int, int] | list[str] | None) -> None:
    """Put a value in the place of what a widget shows. Call it before the widget."""
    st.session_state[key] = value


def shift() -> tuple[int, int]:
    """Return how far the visitor has shifted the digit on Feature maps, down and right."""
    return int(st.session_state.get(SHIFT_DOWN, 0)), int(st.session_state.get(SHIFT_RIGHT, 0))


def set_shift(down: int, right: int) -> None:
    """Remember how far the digit is shifted, in pixels."""
    st.session_state[SHIFT_DOWN], st.session_state[SHIFT_RIGHT] = down, right


def picked_number(key: str) -> int | None:
    """Return the number that was picked under `key` by a click; None where none was."""
    picked = st.session_state.get(key)
    return picked if isinstance(picked, int) else None


def strength(name: str, neutral: float) -> float:
    """Return how strong the visitor made a corruption; `neutral` before he touched it."""
    return float(st.session_state.get(f"{STRENGTH}{name}", neutral))


def pick_strength(name: str, strength: float) -> None:
    """Remember how strong the visitor made a corruption."""
    st.session_state[f"{STRENGTH}{name}"] = strength


def picked_cell() -> tuple[int, int] | None:
    """Return the cell of the confusion matrix that the visitor picked: a label and an answer."""
    picked: tuple[int, int] | None = st.session_state.get(PICKED_CELL)
    return picked


def pooling() -> Pooling:
    """Return the pooling that the visitor chose."""
    chosen: Pooling = st.session_state.get(_POOLING, Pooling("max", 2, 2))
    return chosen


def choose_pooling(chosen: Pooling) -> None:
    """Keep the pooling that the visitor chose."""
    st.session_state[_POOLING] = chosen


def forget(key: str) -> None:
    """Let a widget start over. Call it before the widget."""
    st.session_state.pop(key, None)


def is_kept(key: str) -> bool:
    """Say whether a widget's value is known."""
    return st.session_state.get(key) is not None


def kernel() -> KernelChoice:
    """Return which kernel the visitor lets slide over the digit."""
    chosen: KernelChoice = st.session_state.get(_KERNEL, KernelChoice())
    return chosen


def choose_kernel(chosen: KernelChoice) -> None:
    """Keep which kernel slides over the digit."""
    st.session_state[_KERNEL] = chosen


def edited_kernels() -> dict[str, Kernel]:
    """Return the kernels that the visitor has changed, by what edits call them."""
    kept: dict[str, Kernel] = st.session_state.setdefault(_EDITED, {})
    return kept


def keep_edits(names: Iterable[str], edited: Mapping[str, Kernel]) -> None:
    """Remember which of the kernels of these names are changed, and how."""
    kept = edited_kernels()
    for name in names:
        kept.pop(name, None)
    kept.update(edited)


def comes_from_elsewhere(page: str) -> bool:
    """Say whether the visitor comes to `page` from another or as the first; count that."""
    before = st.session_state.get(_PAGE)
    st.session_state[_PAGE] = page
    if before != page:
        st.session_state[_ARRIVALS] = arrivals() + 1
    return before != page


def arrivals() -> int:
    """Return how often the visitor came to a page; 1 on the first page of a session."""
    return int(st.session_state.get(_ARRIVALS, 0))


def choose_settings(settings: Settings) -> None:
    """Put settings into the fields of the training page. Call it before the fields."""
    for name, value in as_dictionary(settings).items():
        st.session_state[SETTING + name] = value


def chosen_settings() -> dict[str, object]:
    """Return what stands in the fields of the training page, as the browser sent it."""
    names = as_dictionary(Settings())
    return {
        name: st.session_state[SETTING + name]
        for name in names
        if st.session_state.get(SETTING + name) is not None
    }


def run_trouble() -> str:
    """Return the sentence that says what could not be done with a run, once; or an empty one."""
    return str(st.session_state.pop(_RUN_TROUBLE, ""))


def has_run_trouble() -> bool:
    """Say whether something could not be done with a run that has not been said yet."""
    return bool(st.session_state.get(_RUN_TROUBLE))


def set_run_trouble(sentence: str) -> None:
    """Remember what could not be done with a run."""
    st.session_state[_RUN_TROUBLE] = sentence


def was_active(run: str) -> bool:
    """Say whether this run was active when it was last shown."""
    return st.session_state.get(_ACTIVE) == run


def set_active(run: str) -> None:
    """Remember which run was active when it was shown; empty for none."""
    st.session_state[_ACTIVE] = run


def is_watched(run: str, image: Image) -> bool:
    """Say whether this run was asked about this drawing, uint8 (28, 28), last."""
    return st.session_state.get(_WATCHED) == (run, image.tobytes())


def set_watched(run: str, image: Image) -> None:
    """Remember which drawing, uint8 (28, 28), a run is asked about."""
    st.session_state[_WATCHED] = run, image.tobytes()


def is_polling() -> bool:
    """Say whether the page on the screen is asking again and again for the network."""
    return bool(st.session_state.get(_POLLING, False))


def set_polling(polling: bool) -> None:
    """Remember whether the page on the screen asks again and again for the network."""
    st.session_state[_POLLING] = polling


def picture_trouble() -> str:
    """Return the sentence that says what is wrong with the last picture, or an empty one."""
    return str(st.session_state.get(_PICTURE_TROUBLE, ""))


def set_picture_trouble(sentence: str) -> None:
    """Remember what is wrong with the last picture; an empty sentence for nothing."""
    st.session_state[_PICTURE_TROUBLE] = sentence


def pictures_brought() -> int:
    """Return how many pictures the visitor has brought."""
    return int(st.session_state.get(_PICTURES, 0))


def count_picture() -> None:
    """Remember that the visitor has brought another picture."""
    st.session_state[_PICTURES] = pictures_brought() + 1


def links() -> LinkState:
    """Return what is remembered of links, to be changed in its place."""
    kept: LinkState = st.session_state.setdefault(_LINKS, LinkState())
    return kept


def challenge() -> Challenge | None:
    """Return the ten digits that the visitor is asked for; None before the first."""
    kept: Challenge | None = st.session_state.get(_CHALLENGE)
    return kept


def keep_challenge(challenge: Challenge) -> None:
    """Remember the ten digits that the visitor is asked for, and those that are drawn."""
    st.session_state[_CHALLENGE] = challenge
