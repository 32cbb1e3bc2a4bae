"""The whole way of the drawing through the network, from left to right."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import Card, Layer
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components.maps import TileGrid, maps
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.figures import percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside, origin

# What a sheet of maps takes on the page, in pixels, before it is shrunk to fit.
HEIGHT = 400
MOST_WEIGHT_IMAGES = 40
COMPARED = "mlp"

layout.begin(
    "Feature maps",
    "The whole way of your digit through the network, from left to right. Each layer makes "
    "**feature maps** of what the layer before it found. Click on one to see how it was made.",
)
canvas.controls()


def slide(image: Image) -> tuple[Image, int, int]:
    """Let the visitor slide the digit by a few pixels; return it and how far, down and right."""
    with st.container(horizontal=True):
        right = st.slider("Slide it right (pixels)", -4, 4, 0, key="slide_right")
        down = st.slider("Slide it down (pixels)", -4, 4, 0, key="slide_down")
    return convolution.shift(image, down, right), down, right


def show_way(card: Card, outputs: dict[str, Array], picked: tuple[str, int]) -> list[TileGrid]:
    """All layers that can be seen, as one picture."""
    layers = anatomy.visible_layers(card)
    inner = [outputs[layer.name] for layer in layers[1:-1]]
    scale = colormap.around_zero(*inner, stretched=True)
    sheets = [sheet_of(layer, outputs, scale) for layer in layers]
    maps(sheets, "All layers, from the input to the answer", "way", picked, pick)
    st.html(
        panels.legend(scale, "Value in a map or unit; small values get more of the colors")
        + "<small>Input and probabilities: black is 0, white is 1.</small>"
    )
    return sheets


def sheet_of(layer: Layer, outputs: dict[str, Array], scale: Scale) -> TileGrid:
    """Return a layer's maps or units as a sheet."""
    output = outputs["scale" if layer.name == anatomy.INPUT else layer.name]
    shown = anatomy.as_maps(output)
    parameters = f"{layer.parameters:,}\nparameters" if layer.parameters else "\n"
    is_answer = layer.kind == "Softmax"
    names = [f"{digit}: {percent(float(p))}" for digit, p in enumerate(output)] if is_answer else []
    return TileGrid(
        layer.name,
        layer.name,
        f"{anatomy.words(layer)}\n{anatomy.size(layer).replace(' ', '')}\n{parameters}",
        shown,
        pixels(1.0) if is_answer or layer.name == anatomy.INPUT else scale,
        anatomy.across(len(shown)),
        3 if len(shown) == 1 else anatomy.zoom(shown, HEIGHT),
        word="unit" if output.ndim == 1 else "map",
        names=tuple(names),
        first=int(output.argmax()) if is_answer else -1,
    )


def pick(layer: str, number: int) -> None:
    """Choose a map or unit, as if in the fields below the picture."""
    session.pick(session.PICKED_LAYER, layer)
    session.pick(session.PICKED_MAP, number)


def picked_so_far(card: Card, outputs: dict[str, Array]) -> tuple[str, int]:
    """Return what is picked: at first, and in a newly chosen layer, the map with most in it."""
    layers = anatomy.visible_layers(card)
    name = st.session_state.get(session.PICKED_LAYER)
    if name not in [layer.name for layer in layers]:
        name = st.session_state[session.PICKED_LAYER] = layers[1].name
        session.forget(session.PICKED_MAP)
    last = last_of(anatomy.find(card, name))
    if last and not session.is_kept(session.PICKED_MAP):
        session.pick(session.PICKED_MAP, int(anatomy.as_maps(outputs[name]).max((1, 2)).argmax()))
    return name, session.number_within(session.PICKED_MAP, last)


def last_of(layer: Layer) -> int:
    """Return the number of a layer's last map or unit."""
    is_one_map = layer.kind in {"InputLayer", "GRU"}
    return 0 if is_one_map else layer.shape[-1] - 1


def choose(card: Card, picked: tuple[str, int]) -> Layer:
    """The same choice as by a click, for the keyboard; return the layer."""
    layer = anatomy.find(card, picked[0])
    st.subheader("How it was made", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Layer",
            [layer.name for layer in anatomy.visible_layers(card)],
            key=session.PICKED_LAYER,
            persist_state="session",
            on_change=session.forget,
            args=[session.PICKED_MAP],
            width=220,
        )
        last = last_of(layer)
        word = "Unit" if len(layer.shape) == 1 else "Map"
        st.number_input(
            f"{word}, 0 to {last}",
            0,
            max(last, 1),
            key=session.PICKED_MAP,
            persist_state="session",
            width=180,
            disabled=not last,
        )
    return layer


def show_sliding(image: Image, moved: Image, down: int, right: int) -> None:
    """What sliding does to the maps of this network, and to a dense network's units."""
    if not (down or right):
        st.caption("Slide it: maps move along with the digit, dense units change altogether.")
        return
    rows = [
        row
        for name in dict.fromkeys([session.network(), COMPARED])
        for row in alike(name, image, moved, down, right)
    ]
    st.table(rows)
    st.caption(
        "How alike the values are before and after (correlation: 1 is the same, 0 is unrelated)."
    )


def alike(name: str, image: Image, moved: Image, down: int, right: int) -> list[dict[str, str]]:
    """Compare a network's first layer that learns before and after the slide."""
    card = resources.card(name)
    layer = next(layer for layer in anatomy.visible_layers(card)[1:] if layer.parameters)
    one, other = inside.layers(image, network=name), inside.layers(moved, network=name)
    if isinstance(one, str) or isinstance(other, str):
        return []
    before, after = one[layer.name], other[layer.name]
    moved_along = "has no place"
    if layer.kind == "Conv2D":
        moved_along = f"{anatomy.likeness(convolution.shift(after, -down, -right), before):.2f}"
    return [
        {
            "Layer": f"{layer.name} of {name} ({anatomy.words(layer)})",
            "In the same place": f"{anatomy.likeness(after, before):.2f}",
            "Moved along": moved_along,
        }
    ]


def show_weight_images(card: Card, outputs: dict[str, Array], picked: tuple[str, int]) -> None:
    """For networks without maps: what each unit of the first dense layer looks for."""
    layer = anatomy.layers_of(card, "Dense")[0]
    weights = resources.weights(card.name)[layer.name][0]
    if len(weights) != IMAGE_SIDE**2:
        return
    units = np.arange(weights.shape[1])
    which = ""
    if len(units) > MOST_WEIGHT_IMAGES:
        units = np.argsort(-outputs[layer.name])[:MOST_WEIGHT_IMAGES]
        which = f" Here are the {MOST_WEIGHT_IMAGES} most active ones."
    images = weights[:, units].T.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    st.subheader("Weight images", anchor=False)
    st.markdown(
        f"Each unit of {layer.name} has a weight for each pixel: ink on orange counts for it, ink "
        f"on blue against it.{which} Click on one."
    )
    scale = colormap.around_zero(images)
    is_shown = picked[0] == layer.name and picked[1] in units
    maps(
        [
            TileGrid(
                layer.name, layer.name, "", images, scale, 10, 2, "unit", numbers=units.tolist()
            )
        ],
        "Weight images",
        key="weight_images",
        picked=(layer.name, units.tolist().index(picked[1])) if is_shown else None,
        on_pick=lambda _, number: pick(layer.name, int(units[number])),
        wrapped=True,
    )
    st.html(panels.legend(scale, "Weight of a pixel"))


@st.fragment
def look_inside() -> None:
    """Each stroke, slider and click reruns this and nothing else."""
    card = inside.card()
    with st.container(horizontal=True, gap="large"):
        canvas.canvas()
        subject = inside.subject()
        with st.container():
            moved, down, right = slide(subject.image)
            outputs = inside.layers(moved)
            answer = inside.prediction_view("What the network answers", outputs, moved)
            st.html(figures.predictions([answer], charts=False))
            st.caption(subject.words)
    if isinstance(outputs, str):
        return
    show_sliding(subject.image, moved, down, right)
    picked = picked_so_far(card, outputs)
    sheets = show_way(card, outputs, picked)
    layer = choose(card, picked)
    origin.show(card, outputs, layer, picked[1])
    if not anatomy.layers_of(card, "Conv2D"):
        show_weight_images(card, outputs, picked)
    inside.show_code(snippets.feature_maps(moved, card.name))
    inside.save_button("feature_maps", f"Feature maps of {card.name}", lambda: as_panels(sheets))


def as_panels(sheets: list[TileGrid]) -> list[Panel]:
    """Return the picture of all layers as panels, to be saved."""
    return [
        Panel(
            sheet.title,
            panels.tiles(sheet.maps, sheet.scale, sheet.across),
            sheet.note.replace("\n", ", "),
        )
        for sheet in sheets
    ]


look_inside()
layout.poll_for_engine()
