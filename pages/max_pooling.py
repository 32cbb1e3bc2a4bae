"""Max pooling: of each window only the largest value goes on."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import Array, ConvolutionError, PoolingRule
from mnist_app.imaging.normalize import Image
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import LARGEST_POOL, Interventions, Pooling
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components.lens import PixelGrid, lens
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.figures import exactly
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside

DIGIT = "Your digit"
NAMES: dict[PoolingRule, str] = {
    "max": "Max pooling",
    "average": "Average pooling",
    "subsample": "Plain subsampling",
}
SENTENCES: dict[PoolingRule, str] = {
    "max": "keeps the largest value of each window",
    "average": "keeps each window's mean",
    "subsample": "keeps the first pixel of each window and looks at no other",
}
SIDE = 184
REPEATED_SIDE = 168
TIMES = 3

layout.begin(
    "Max pooling",
    "A window walks over the image, and of each window only the **largest value** goes on. The "
    "image gets smaller and more abstract, and cares less where exactly a stroke lies.",
)
canvas.controls()


def choose_source(
    card: Card, image: Image, outputs: dict[str, Array] | str
) -> tuple[Array, str, int]:
    """Let the visitor choose; return what is pooled, its layer ("" for the digit) and its map."""
    digit = image.astype(np.float32)
    layers = [layer for layer in anatomy.visible_layers(card)[1:] if len(layer.shape) == 3]
    names = [DIGIT, *(layer.name for layer in layers)]
    if st.session_state.get(session.POOLED) not in names:
        session.pick(session.POOLED, DIGIT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "What is pooled", names, key=session.POOLED, persist_state="session", width=200
        )
        if name == DIGIT:
            return digit, "", 0
        last = anatomy.find(card, name).shape[-1] - 1
        session.number_within(session.POOLED_MAP, last)
        number = st.number_input(
            f"Map, 0 to {last}",
            0,
            last,
            key=session.POOLED_MAP,
            persist_state="session",
            width=180,
        )
    if isinstance(outputs, str):
        st.info(outputs)
        return digit, "", 0
    return outputs[name][..., number], name, number


def choose_window() -> tuple[int, int]:
    """Let the visitor choose the pool's size and stride, in pixels."""
    with st.container(horizontal=True):
        size = st.slider(
            "Pool size", 1, LARGEST_POOL, 2, key=session.POOL_SIZE, persist_state="session"
        )
        stride = st.slider(
            "Stride", 1, LARGEST_POOL, 2, key=session.POOL_STRIDE, persist_state="session"
        )
    overlap = "Windows overlap." if stride < size else "Windows do not overlap."
    st.caption(overlap if stride <= size else "Windows leave pixels out between them.")
    return size, stride


def scale_of(source: Array, layer: str) -> Scale:
    """Return grays for the digit, else a scale for the map."""
    return colormap.fitting(source) if layer else pixels()


def walk_over(source: Array, layer: str, number: int, size: int, stride: int) -> None:
    """The lens, with the rule that the visitor chooses."""
    rule: PoolingRule = st.segmented_control(
        "Of each window goes on",
        convolution.RULES,
        format_func=lambda rule: {
            "max": "the largest",
            "average": "the mean",
            "subsample": "the first",
        }[rule],
        default="max",
        required=True,
        key=session.POOL_RULE,
        persist_state="session",
    )
    pooled = convolution.pool(source, size, stride, rule)
    scale = scale_of(source, layer)
    title = f"{layer}, map {number}" if layer else DIGIT
    lens(
        PixelGrid(f"{title}: {anatomy.size_of(source)}", source, scale),
        PixelGrid(f"{NAMES[rule]}: {anatomy.size_of(pooled)}", pooled, scale),
        convolution.walk(convolution.shape(source), (size, size), stride, "valid"),
        rule,
        key="lens_pooling",
    )


def compare(source: Array, scale: Scale, size: int, stride: int) -> list[Panel]:
    """The three rules side by side, and what each keeps when the image moves by one pixel."""
    st.subheader("Three ways to make it smaller", anchor=False)
    kept = convolution.pool(source, size, stride).size
    st.markdown(
        f"{source.size} values become {kept}, {exactly(kept / source.size)} of them. **What "
        "survives a shift by one pixel?** The share of values that stay, within a tenth of the "
        "largest, on average over left, right, up and down; empty paper does not count. Without "
        f"pooling: {exactly(convolution.share_surviving_shift(source, 1, 1, 'max'))}."
    )
    shown = [Panel("Before", scale.paint(source), anatomy.size_of(source), SIDE)]
    for rule, name in NAMES.items():
        pooled = convolution.pool(source, size, stride, rule)
        stays = exactly(convolution.share_surviving_shift(source, size, stride, rule))
        shown.append(Panel(name, scale.paint(pooled), f"{stays} survives a shift", SIDE))
    st.html(panels.row(shown) + panels.legend(scale, "Value"))
    lines = [f"**{NAMES[rule]}** {sentence}." for rule, sentence in SENTENCES.items()]
    st.markdown(" ".join(lines))
    return shown


def repeat(source: Array, scale: Scale, size: int, stride: int) -> list[Panel]:
    """The same max pooling again and again."""
    st.subheader("Again and again", anchor=False)
    st.markdown("Max pooling once, twice, three times: until when is it a digit for you?")
    shown = [Panel("Before", scale.paint(source), anatomy.size_of(source), REPEATED_SIDE)]
    trouble = ""
    pooled = source
    for time in range(1, TIMES + 1):
        try:
            pooled = convolution.pool(pooled, size, stride)
        except ConvolutionError as error:
            trouble = f"It ends here: {error}"
            break
        note = f"{anatomy.size_of(pooled)}, {exactly(pooled.size / source.size)} of the values"
        shown.append(Panel(f"{time} ×", scale.paint(pooled), note, REPEATED_SIDE))
    st.html(panels.row(shown, between="→"))
    if trouble:
        st.caption(trouble)
    return shown


def change_network(card: Card, image: Image, outputs: dict[str, Array] | str) -> None:
    """Put another pooling into the chosen network and ask it again."""
    st.subheader("Change the network's pooling", anchor=False)
    layers = anatomy.layers_of(card, *anatomy.POOLING)
    if not layers:
        inside.offer_network_with_maps("has no pooling")
        return
    own = anatomy.own_pooling(card)
    st.markdown(
        f"“{card.name}” was trained with {NAMES[own.rule].lower()}, windows of {own.size} × "
        f"{own.size} and a stride of {own.stride}, in "
        f"{' and '.join(layer.name for layer in layers)}. Give it another and see what it "
        "answers with the kernels that it has."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        where = st.multiselect(
            "Where",
            [layer.name for layer in layers],
            default=[layer.name for layer in layers],
            key=f"where_{card.name}",
            width=260,
        )
        rule = st.selectbox(
            "Pooling",
            list(NAMES),
            format_func=NAMES.__getitem__,
            index=list(NAMES).index(own.rule),
            key=f"network_rule_{card.name}",
            width=200,
        )
        size = st.number_input(
            "Size", 1, LARGEST_POOL, own.size, key=f"network_size_{card.name}", width=120
        )
        stride = st.number_input(
            "Stride", 1, LARGEST_POOL, own.stride, key=f"network_stride_{card.name}", width=120
        )
    pooling = Pooling(rule, size, stride)
    changes = Interventions()
    if pooling != own:
        changes = Interventions(pooling=dict.fromkeys(where, pooling))
    changed = inside.layers(image, changes) if changes else "Nothing is changed yet."
    st.html(
        figures.predictions(
            [
                inside.prediction_view("As it was trained", outputs),
                inside.prediction_view("With this pooling", changed),
            ]
        )
    )


@st.fragment
def pool() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    card = inside.card()
    with st.container(horizontal=True, gap="large"):
        canvas.canvas()
        subject = inside.subject()
        outputs = inside.layers(subject.image)
        with st.container():
            source, layer, number = choose_source(card, subject.image, outputs)
            size, stride = choose_window()
            st.caption(subject.words)
    try:
        convolution.walk(convolution.shape(source), (size, size), stride, "valid")
    except ConvolutionError as error:
        st.warning(str(error), icon=":material/straighten:")
    else:
        walk_over(source, layer, number, size, stride)
        scale = scale_of(source, layer)
        shown = compare(source, scale, size, stride)
        repeated = repeat(source, scale, size, stride)
        inside.show_code(snippets.pooling(subject.image, layer, number, card.name, size, stride))
        inside.save_button("max_pooling", "Max pooling", lambda: [*shown, *repeated[1:]])
    change_network(card, subject.image, outputs)


pool()
layout.poll_for_engine()
