"""Max pooling: each window keeps only its largest value."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import Array, ConvolutionError, PoolingRule
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import LARGEST_POOL, Interventions, Pooling, own_pooling
from mnist_app.networks.layers import POOLING, Layer, find_layer, layers_of_kind, visible_layers
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components.lens import PixelGrid, lens
from mnist_app.ui.markup import legends, panels, predictions
from mnist_app.ui.markup.network_words import shape_in_words
from mnist_app.ui.markup.numbers import exact_percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside

DIGIT = "Your digit"
NAMES: dict[PoolingRule, str] = {
    "max": "Max pooling",
    "average": "Average pooling",
    "subsample": "Subsampling",
}
KEPT: dict[PoolingRule, str] = {"max": "largest", "average": "mean", "subsample": "first"}
RULES_IN_WORDS = (
    "**Max pooling** keeps the largest value of each window. **Average pooling** keeps each "
    "window’s mean. **Subsampling** keeps the first pixel of each window and ignores the others."
)
SIDE = 184
REPEATED_SIDE = 168
TIMES = 3

layout.begin(
    "Max pooling",
    "A window slides over the image and keeps only the **largest value** at each stop. The image "
    "gets smaller and more abstract, and the exact position of a stroke matters less.",
)
canvas.controls()


@st.fragment
def pool() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    card = inside.card()
    with layout.beside_canvas():
        subject = inside.subject(canvas.show())
        outputs = asking.layers(subject.image)
        with st.container():
            source, layer, number = choose_source(card, subject.image, outputs)
            size, stride = choose_window()
            st.caption(subject.note)
    try:
        convolution.sliding_window(convolution.shape(source), (size, size), stride, "valid")
    except ConvolutionError as error:
        st.warning(str(error), icon=":material/straighten:")
    else:
        show_pooling(source, layer, number, size, stride)
        scale = scale_of(source, layer)
        shown = compare(source, scale, size, stride)
        repeated = repeat(source, scale, size, stride)
        inside.show_code(snippets.pooling(subject.image, layer, number, card.name, size, stride))
        inside.save_button("max_pooling", "Max pooling", lambda: [*shown, *repeated[1:]])
    change_network(card, subject.image, outputs)


def choose_source(
    card: Card, image: Image, outputs: Layers | Pending | Refused
) -> tuple[Array, str, int]:
    """Let the visitor choose; return what is pooled, its layer ("" for the digit) and its map."""
    digit = image.astype(np.float32)
    layers = [layer for layer in visible_layers(card.layers)[1:] if len(layer.shape) == 3]
    names = [DIGIT, *(layer.name for layer in layers)]
    if st.session_state.get(session.POOLED) not in names:
        session.pick(session.POOLED, DIGIT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Image to pool", names, key=session.POOLED, persist_state="session", width=200
        )
        if name == DIGIT:
            return digit, "", 0
        number = choose_map(find_layer(card.layers, name))
    if isinstance(outputs, Pending | Refused):
        st.info(asking.why_not(outputs))
        return digit, "", 0
    return outputs[name][..., number], name, number


def choose_map(layer: Layer) -> int:
    """Let the visitor choose one of a layer's maps."""
    last = layer.shape[-1] - 1
    session.number_within(session.POOLED_MAP, last)
    return st.number_input(
        f"Map (0–{last})",
        0,
        last,
        key=session.POOLED_MAP,
        persist_state="session",
        width=180,
    )


def choose_window() -> tuple[int, int]:
    """Let the visitor choose the pool's size and stride, in pixels."""
    with st.container(horizontal=True):
        size = st.slider(
            "Pool size", 1, LARGEST_POOL, 2, key=session.POOL_SIZE, persist_state="session"
        )
        stride = st.slider(
            "Stride", 1, LARGEST_POOL, 2, key=session.POOL_STRIDE, persist_state="session"
        )
    if stride < size:
        st.caption("The windows overlap.")
    elif stride == size:
        st.caption("The windows touch without overlapping.")
    else:
        st.caption("The windows skip the pixels between them.")
    return size, stride


def scale_of(source: Array, layer: str) -> Scale:
    """Return grays for the digit, else a scale for the map."""
    return colormap.fitting(source) if layer else pixels()


def show_pooling(source: Array, layer: str, number: int, size: int, stride: int) -> None:
    """The lens, with the rule that the visitor chooses."""
    rule: PoolingRule = st.segmented_control(
        "Keep from each window",
        convolution.RULES,
        format_func=KEPT.__getitem__,
        default="max",
        required=True,
        key=session.POOL_RULE,
        persist_state="session",
    )
    pooled = convolution.pool(source, size, stride, rule)
    scale = scale_of(source, layer)
    title = f"{layer}, map {number}" if layer else DIGIT
    lens(
        PixelGrid(f"{title}: {shape_in_words(source.shape)}", source, scale),
        PixelGrid(f"{NAMES[rule]}: {shape_in_words(pooled.shape)}", pooled, scale),
        convolution.sliding_window(convolution.shape(source), (size, size), stride, "valid"),
        rule,
        key="lens_pooling",
    )


def compare(source: Array, scale: Scale, size: int, stride: int) -> list[Panel]:
    """The three rules side by side, and what each keeps when the image shifts by one pixel."""
    st.subheader("Three ways to shrink it", anchor=False)
    kept = convolution.pool(source, size, stride).size
    unpooled = convolution.share_unchanged_by_shift(source, 1, 1, "max")
    st.markdown(
        f"{source.size} values become {kept} ({exact_percent(kept / source.size)}). **How much "
        "survives a shift by one pixel?** That is the share of values that stay the same, within "
        "a tenth of the largest value. It is averaged over shifts to the left, right, up, and "
        f"down, and the empty background does not count. Without pooling, it is "
        f"{exact_percent(unpooled)}."
    )
    shown = [Panel("Before", scale.paint(source), shape_in_words(source.shape), SIDE)]
    for rule, name in NAMES.items():
        pooled = convolution.pool(source, size, stride, rule)
        share = convolution.share_unchanged_by_shift(source, size, stride, rule)
        note = f"{exact_percent(share)} survives a shift"
        shown.append(Panel(name, scale.paint(pooled), note, SIDE))
    st.html(panels.row(shown) + legends.legend(scale, "Value"))
    st.markdown(RULES_IN_WORDS)
    return shown


def repeat(source: Array, scale: Scale, size: int, stride: int) -> list[Panel]:
    """The same max pooling several times in a row."""
    st.subheader("Pooling again and again", anchor=False)
    st.markdown("Max pooling once, twice, three times: when do you stop seeing a digit?")
    shown = [Panel("Before", scale.paint(source), shape_in_words(source.shape), REPEATED_SIDE)]
    trouble = ""
    pooled = source
    for time in range(1, TIMES + 1):
        try:
            pooled = convolution.pool(pooled, size, stride)
        except ConvolutionError as error:
            trouble = f"It stops here. {error}"
            break
        share = exact_percent(pooled.size / source.size)
        note = f"{shape_in_words(pooled.shape)}, {share} of the values"
        shown.append(Panel(f"{time} ×", scale.paint(pooled), note, REPEATED_SIDE))
    st.html(panels.row(shown, between="→"))
    if trouble:
        st.caption(trouble)
    return shown


def change_network(card: Card, image: Image, outputs: Layers | Pending | Refused) -> None:
    """Put another pooling into the chosen network and ask it again."""
    st.subheader("Change the network’s pooling", anchor=False)
    layers = layers_of_kind(card.layers, *POOLING)
    title = registry.title(card.name)
    if not layers:
        inside.offer_default_network(f"“{title}” has no pooling layer.")
        return
    own = own_pooling(layers[0])
    names = " and ".join(layer.name for layer in layers)
    st.markdown(
        f"“{title}” was trained with {NAMES[own.rule].lower()} in {names}, with windows of "
        f"{own.size} × {own.size} and a stride of {own.stride}. Give it another pooling, and see "
        "what it answers with the same kernels."
    )
    interventions = choose_pooling(card, layers, own)
    changed = asking.layers(image, interventions) if interventions else None
    views = [
        inside.prediction_view("As trained", outputs),
        inside.changed_view("With this pooling", changed),
    ]
    st.html(predictions.predictions(views))


def choose_pooling(card: Card, layers: list[Layer], own: Pooling) -> Interventions:
    """Let the visitor choose another pooling, and in which layers; a network keeps its choices."""
    names = [layer.name for layer in layers]
    key = f"{session.NETWORK_POOL}{card.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        where = st.multiselect("Layers", names, default=names, key=f"{key}_layers", width=260)
        rule = st.selectbox(
            "Pooling",
            list(NAMES),
            format_func=NAMES.__getitem__,
            index=list(NAMES).index(own.rule),
            key=f"{key}_rule",
            width=200,
        )
        size = st.number_input("Size", 1, LARGEST_POOL, own.size, key=f"{key}_size", width=120)
        stride = st.number_input(
            "Stride", 1, LARGEST_POOL, own.stride, key=f"{key}_stride", width=120
        )
    pooling = Pooling(rule, size, stride)
    return (
        Interventions() if pooling == own else Interventions(pooling=dict.fromkeys(where, pooling))
    )


pool()
layout.poll_for_inference()
