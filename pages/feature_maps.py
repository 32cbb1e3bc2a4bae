"""The drawing on its way through the network, layer by layer."""

from dataclasses import replace

import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.layers import (
    INPUT,
    Layer,
    correlation,
    find_layer,
    folded_layers,
    layers_of_kind,
    visible_layers,
)
from mnist_app.ui import canvas, layout, link_settings, resources, session
from mnist_app.ui.components.layer_columns import LayerColumn, layer_columns
from mnist_app.ui.components.nudge import nudge
from mnist_app.ui.components.tile_grids import TileGrid, tile_grids
from mnist_app.ui.markup import legends, pictures, predictions
from mnist_app.ui.markup.network_words import (
    as_maps,
    kind_in_words,
    tiles_across,
)
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside, live_network, network_columns, origin

MOST_WEIGHT_IMAGES = 40
FARTHEST_SHIFT = 4
DENSE_NETWORK = "mlp"
"""The network whose units are compared with the chosen one's maps when the digit is shifted."""

layout.begin(
    "Feature maps",
    "Follow your digit through the network, from left to right.",
    link_settings.FEATURE_MAPS,
)
canvas.controls()


@st.fragment
def follow_through_layers() -> None:
    """Each stroke, shift and click reruns this and nothing else."""
    with layout.beside_canvas():
        drawing = canvas.show()
        subject = inside.subject(drawing)
        down, right = session.shift()
        shifted = convolution.shift(subject.image, down, right)
        outputs = asking.layers(shifted)
        with st.container(key="maps_side"):
            answer = inside.prediction_view("The network’s answer", outputs, shifted)
            answer = replace(answer, live=live_network.TRAINED, version=drawing.version)
            st.html(predictions.predictions([answer], charts=False))
            nudge(down, right, FARTHEST_SHIFT, "nudge", session.set_shift)
            st.caption(similarity(subject.image, shifted, down, right))
            st.caption(subject.note)
        with st.container(key="maps"):
            if not isinstance(outputs, Pending | Refused):
                columns = show_columns(inside.card(), outputs)
                explain_picked(inside.card(), outputs)
    if isinstance(outputs, Pending | Refused):
        return
    inside.offer_code(lambda: snippets.feature_maps(shifted, session.network()))
    title = f"Feature maps of {registry.title(session.network())}"
    inside.save_button("feature_maps", title, lambda: as_panels(columns))
    example = {} if drawing.has_ink else {"example": as_base64(subject.image.tobytes())}
    live_network.show(
        drawing,
        live_network.answered(live_network.TRAINED, outputs),
        prepare={"kind": "shift", "down": down, "right": right} | example,
    )


def similarity(image: Image, shifted: Image, down: int, right: int) -> str:
    """Say what a shift does to the maps of this network, and to a dense network's units."""
    if not (down or right):
        return "Shift the digit: maps move along, dense units change altogether."
    said = [
        how_similar(name, image, shifted, down, right)
        for name in dict.fromkeys([session.network(), DENSE_NETWORK])
    ]
    return f"Correlation with before: {'; '.join(filter(None, said))}." if any(said) else ""


def how_similar(name: str, image: Image, shifted: Image, down: int, right: int) -> str:
    """Compare a network's first layer that learns before and after the shift."""
    layer = next(
        layer for layer in visible_layers(resources.card(name).layers)[1:] if layer.parameters
    )
    original, moved = asking.layers(image, network=name), asking.layers(shifted, network=name)
    if isinstance(original, Pending | Refused) or isinstance(moved, Pending | Refused):
        return ""
    before, after = original[layer.name], moved[layer.name]
    where = f"{layer.name} of {registry.title(name)} {correlation(after, before):.2f}"
    if layer.kind != "Conv2D":
        return where
    back = correlation(convolution.shift(after, -down, -right), before)
    return f"{where}, shifted back {back:.2f}"


def show_columns(card: Card, outputs: Layers) -> list[LayerColumn]:
    """The network as columns; a click opens how a map or unit was made."""
    groups, last = network_columns.groups_of(card)
    picked = picked_so_far(card)
    shown = [shown_of(group, picked) for group in groups]
    columns = [
        LayerColumn(
            network_columns.heading(group, name_of(group, picked)),
            layer,
            as_maps(outputs[layer]),
            is_input=layer == "scale",
            word="map" if outputs[layer].ndim > 1 else "unit",
        )
        for group, layer in zip(groups, shown, strict=True)
    ]
    layer_columns(
        columns,
        network_columns.heading(last, name_of(last, picked)),
        outputs.probabilities,
        lambda: network_columns.scale_of(columns),
        card.name,
        live_network.TRAINED,
        "layers",
        picked,
        pick,
        close,
        in_browser=resources.packed_network(card.name) is not None,
    )
    return columns


def shown_of(group: list[Layer], picked: tuple[str, int] | None) -> str:
    """Return the layer whose maps a column shows: its last, or a folded one that is open."""
    name = name_of(group, picked)
    if name == INPUT:
        return "scale"
    return group[-1].name if name == group[0].name else name


def name_of(group: list[Layer], picked: tuple[str, int] | None) -> str:
    """Return which layer of a group a click opens: the one that is open, or the first."""
    names = [layer.name for layer in group]
    return picked[0] if picked is not None and picked[0] in names else names[0]


def picked_so_far(card: Card) -> tuple[str, int] | None:
    """Return the layer and the map or unit that is explained; None where none is."""
    name = st.session_state.get(session.PICKED_LAYER)
    if name not in [layer.name for layer in visible_layers(card.layers)]:
        return None
    return name, session.number_within(session.PICKED_MAP, last_of(find_layer(card.layers, name)))


def pick(layer: str, number: int) -> None:
    """Open how a map or unit was made."""
    session.pick(session.PICKED_LAYER, layer)
    session.pick(session.PICKED_MAP, number)


def close() -> None:
    """Close what is explained."""
    session.forget(session.PICKED_LAYER)


def last_of(layer: Layer) -> int:
    """Return the number of a layer's last map or unit."""
    is_one_map = layer.kind in {"InputLayer", "GRU"}
    return 0 if is_one_map else layer.shape[-1] - 1


def explain_picked(card: Card, outputs: Layers) -> None:
    """How the map or unit that is picked was made, below the columns."""
    picked = picked_so_far(card)
    if picked is None:
        return
    name, number = picked
    group = next(
        group for group in folded_layers(card.layers) if name in [layer.name for layer in group]
    )
    with st.container(key="explanation"):
        with st.container(horizontal=True, vertical_alignment="center", key="explained"):
            word = "unit" if len(find_layer(card.layers, name).shape) == 1 else "map"
            st.markdown(f"**{name}, {word} {number}**", width="content")
            for layer in group if len(group) > 1 else []:
                st.button(
                    kind_in_words(layer),
                    key=f"part_{layer.name}",
                    type="tertiary",
                    disabled=layer.name == name,
                    on_click=pick,
                    args=(layer.name, number),
                )
            st.button("Close", icon=":material/close:", key="close", help="Escape", on_click=close)
        origin.show(card, outputs, find_layer(card.layers, name), number)


def show_weight_images() -> None:
    """For networks without maps: what each unit of the first dense layer looks for."""
    card = inside.card()
    layer = layers_of_kind(card.layers, "Dense")[0]
    weights = resources.weights(card.name)[layer.name][0]
    if layers_of_kind(card.layers, "Conv2D") or len(weights) != IMAGE_SIDE**2:
        return
    images = weights.T[:MOST_WEIGHT_IMAGES].reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    which = f" These are the first {len(images)}." if len(images) < weights.shape[1] else ""
    st.subheader("Weight images", anchor=False)
    st.markdown(
        f"Each unit of {layer.name} has one weight per pixel. Ink on orange raises the unit’s "
        f"value, and ink on blue lowers it.{which}"
    )
    scale = colormap.around_zero(images)
    grid = TileGrid(layer.name, layer.name, "", images, scale, 10, 2, "unit")
    tile_grids([grid], "Weight images", "weight_images", on_pick=pick)
    st.html(legends.legend(scale, "Weight of a pixel"))


def as_panels(columns: list[LayerColumn]) -> list[Panel]:
    """Return all columns as panels, to be saved."""
    scale = network_columns.scale_of(columns)
    return [
        Panel(
            column.heading.title,
            pictures.tiles(
                column.maps,
                pixels(1.0) if column.is_input else scale,
                tiles_across(len(column.maps)),
            ),
            column.heading.note,
        )
        for column in columns
    ]


follow_through_layers()
if layout.is_ready():
    show_weight_images()
layout.end("training", "watch a network learn")
layout.poll_for_inference()
