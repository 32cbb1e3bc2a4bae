"""The drawing on its way through the network, layer by layer."""

import numpy as np
import streamlit as st
from markupsafe import Markup

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.layers import (
    INPUT,
    Layer,
    correlation,
    find_layer,
    layers_of_kind,
    visible_layers,
)
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components.tile_grids import TileGrid, tile_grids
from mnist_app.ui.markup import legends, pictures, predictions
from mnist_app.ui.markup.network_words import (
    as_maps,
    kind_in_words,
    shape_in_words,
    tiles_across,
    zoom,
)
from mnist_app.ui.markup.numbers import percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside, origin

# How high the maps of a layer are on the page, in pixels, before they are shrunk to fit.
HEIGHT = 400
MOST_WEIGHT_IMAGES = 40
DENSE_NETWORK = "mlp"
"""The network whose units are compared with the chosen one's maps when the digit is shifted."""

layout.begin(
    "Feature maps",
    "Follow your digit through the network, from left to right. Each layer makes **feature maps** "
    "from the layer before it. Click one to see how it was made.",
)
canvas.controls()


@st.fragment
def look_inside() -> None:
    """Each stroke, slider and click reruns this and nothing else."""
    with layout.beside_canvas():
        subject = inside.subject(canvas.show())
        with st.container():
            shifted, down, right = shift(subject.image)
            outputs = asking.layers(shifted)
            answer = inside.prediction_view("The network’s answer", outputs, shifted)
            st.html(predictions.predictions([answer], charts=False))
            st.caption(subject.note)
    if isinstance(outputs, Pending | Refused):
        return
    show_shift(subject.image, shifted, down, right)
    show_layers(inside.card(), outputs, shifted)


def shift(image: Image) -> tuple[Image, int, int]:
    """Let the visitor shift the digit by a few pixels; return it and how far, down and right."""
    with st.container(horizontal=True):
        right = st.slider("Shift right (pixels)", -4, 4, 0, key=session.SHIFT_RIGHT)
        down = st.slider("Shift down (pixels)", -4, 4, 0, key=session.SHIFT_DOWN)
    return convolution.shift(image, down, right), down, right


def show_shift(image: Image, shifted: Image, down: int, right: int) -> None:
    """What a shift does to the maps of this network, and to a dense network's units."""
    if not (down or right):
        st.caption(
            "Shift the digit: feature maps shift along with it, but dense units change completely."
        )
        return
    networks = dict.fromkeys([session.network(), DENSE_NETWORK])
    st.table([row for name in networks for row in similarity(name, image, shifted, down, right)])
    st.caption(
        "Similarity of the values before and after the shift, as a correlation: 1 means identical, "
        "0 means unrelated."
    )


def similarity(
    name: str, image: Image, shifted: Image, down: int, right: int
) -> list[dict[str, str]]:
    """Compare a network's first layer that learns before and after the shift."""
    layer = next(
        layer for layer in visible_layers(resources.card(name).layers)[1:] if layer.parameters
    )
    original, moved = asking.layers(image, network=name), asking.layers(shifted, network=name)
    if isinstance(original, Pending | Refused) or isinstance(moved, Pending | Refused):
        return []
    before, after = original[layer.name], moved[layer.name]
    shifted_back = "units have no position"
    if layer.kind == "Conv2D":
        shifted_back = f"{correlation(convolution.shift(after, -down, -right), before):.2f}"
    return [
        {
            "Layer": f"{layer.name} of {registry.title(name)} ({kind_in_words(layer)})",
            "At the same position": f"{correlation(after, before):.2f}",
            "Shifted back": shifted_back,
        }
    ]


def show_layers(card: Card, outputs: Layers, image: Image) -> None:
    """All layers as one picture, and how the map or unit that is picked was made."""
    picked = picked_so_far(card, outputs)
    grids = show_all(card, outputs, picked)
    layer = choose(card, picked)
    origin.show(card, outputs, layer, picked[1])
    if not layers_of_kind(card.layers, "Conv2D"):
        show_weight_images(card, outputs, picked)
    inside.show_code(snippets.feature_maps(image, card.name))
    title = f"Feature maps of {registry.title(card.name)}"
    inside.save_button("feature_maps", title, lambda: as_panels(grids))


def picked_so_far(card: Card, outputs: Layers) -> tuple[str, int]:
    """Return what is picked: at first, and in a newly chosen layer, the map with most in it."""
    layers = visible_layers(card.layers)
    name = st.session_state.get(session.PICKED_LAYER)
    if name not in [layer.name for layer in layers]:
        name = layers[1].name
        session.pick(session.PICKED_LAYER, name)
        session.forget(session.PICKED_MAP)
    last = last_of(find_layer(card.layers, name))
    if last and not session.is_kept(session.PICKED_MAP):
        session.pick(session.PICKED_MAP, int(as_maps(outputs[name]).max((1, 2)).argmax()))
    return name, session.number_within(session.PICKED_MAP, last)


def show_all(card: Card, outputs: Layers, picked: tuple[str, int]) -> list[TileGrid]:
    """All layers that can be seen, as one picture."""
    layers = visible_layers(card.layers)
    inner = [outputs[layer.name] for layer in layers[1:-1]]
    scale = colormap.around_zero(*inner, stretched=True)
    grids = [grid_of(layer, outputs, scale) for layer in layers]
    tile_grids(grids, "All layers, from the input to the answer", "layers", picked, pick)
    st.html(
        legends.legend(scale, "Value of a map or unit (small values get more of the colors)")
        + Markup("<small>Input and probabilities: black is 0, white is 1.</small>")
    )
    return grids


def grid_of(layer: Layer, outputs: Layers, scale: Scale) -> TileGrid:
    """Return a layer's maps or units as tiles."""
    output = outputs["scale" if layer.name == INPUT else layer.name]
    shown = as_maps(output)
    parameters = f"{layer.parameters:,}\nparameters" if layer.parameters else "\n"
    is_answer = layer.kind == "Softmax"
    names = [f"{digit}: {percent(float(p))}" for digit, p in enumerate(output)] if is_answer else []
    return TileGrid(
        layer.name,
        layer.name,
        f"{kind_in_words(layer)}\n{shape_in_words(layer.shape).replace(' ', '')}\n{parameters}",
        shown,
        pixels(1.0) if is_answer or layer.name == INPUT else scale,
        tiles_across(len(shown)),
        3 if len(shown) == 1 else zoom(shown, HEIGHT),
        word="unit" if output.ndim == 1 else "map",
        names=tuple(names),
        first=int(output.argmax()) if is_answer else -1,
    )


def pick(layer: str, number: int) -> None:
    """Choose a map or unit, as if in the fields below the picture."""
    session.pick(session.PICKED_LAYER, layer)
    session.pick(session.PICKED_MAP, number)


def last_of(layer: Layer) -> int:
    """Return the number of a layer's last map or unit."""
    is_one_map = layer.kind in {"InputLayer", "GRU"}
    return 0 if is_one_map else layer.shape[-1] - 1


def choose(card: Card, picked: tuple[str, int]) -> Layer:
    """The same choice as by a click, for the keyboard; return the layer."""
    layer = find_layer(card.layers, picked[0])
    st.subheader("How it was made", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Layer",
            [layer.name for layer in visible_layers(card.layers)],
            key=session.PICKED_LAYER,
            persist_state="session",
            on_change=session.forget,
            args=[session.PICKED_MAP],
            width=220,
        )
        last = last_of(layer)
        word = "Unit" if len(layer.shape) == 1 else "Map"
        st.number_input(
            f"{word} (0–{last})",
            0,
            max(last, 1),
            key=session.PICKED_MAP,
            persist_state="session",
            width=180,
            disabled=not last,
        )
    return layer


def show_weight_images(card: Card, outputs: Layers, picked: tuple[str, int]) -> None:
    """For networks without maps: what each unit of the first dense layer looks for."""
    layer = layers_of_kind(card.layers, "Dense")[0]
    weights = resources.weights(card.name)[layer.name][0]
    if len(weights) != IMAGE_SIDE**2:
        return
    units = np.arange(weights.shape[1])
    which = ""
    if len(units) > MOST_WEIGHT_IMAGES:
        units = np.argsort(-outputs[layer.name])[:MOST_WEIGHT_IMAGES]
        which = f" These are the {MOST_WEIGHT_IMAGES} most active units."
    images = weights[:, units].T.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    st.subheader("Weight images", anchor=False)
    st.markdown(
        f"Each unit of {layer.name} has one weight per pixel. Ink on orange raises the unit’s "
        f"value, and ink on blue lowers it.{which} Click one."
    )
    scale = colormap.around_zero(images)
    is_shown = picked[0] == layer.name and picked[1] in units
    tile_grids(
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
    st.html(legends.legend(scale, "Weight of a pixel"))


def as_panels(grids: list[TileGrid]) -> list[Panel]:
    """Return the picture of all layers as panels, to be saved."""
    return [
        Panel(
            grid.title,
            pictures.tiles(grid.maps, grid.scale, grid.across),
            grid.note.replace("\n", ", "),
        )
        for grid in grids
    ]


look_inside()
layout.poll_for_inference()
