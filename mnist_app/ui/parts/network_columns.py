"""A network's layers as columns: which layers share one, and what stands above it."""

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Scale
from mnist_app.networks.card import Card
from mnist_app.networks.layers import Layer, folded_layers
from mnist_app.ui.components.layer_columns import Heading, LayerColumn
from mnist_app.ui.markup.network_words import kind_in_words, shape_in_words

FEW_COLUMNS = 2
"""With so few layers there is room for the input beside them."""


def groups_of(card: Card) -> tuple[list[list[Layer]], list[Layer]]:
    """Return the layers of each column, and those of the digits at the right."""
    first, *inner, digits = folded_layers(card.layers)
    if not inner:
        return [first, digits[:1]], digits[1:]
    return [first, *inner] if len(inner) <= FEW_COLUMNS else inner, digits


def heading(group: list[Layer], name: str) -> Heading:
    """Return the heading of a column that a click reports as `name`.

    Its title, its size, its parameters, and what its layers do.
    """
    parameters = sum(layer.parameters for layer in group)
    kinds = ", ".join(f"{layer.name}: {kind_in_words(layer)}" for layer in group)
    size = shape_in_words(group[-1].shape).replace(" ", "")
    title, size = ("Ten digits", "") if group[-1].kind == "Softmax" else (group[0].name, size)
    note = f"{parameters:,} param." if parameters else ""
    return Heading(name, title, size, note, kinds)


def scale_of(columns: list[LayerColumn]) -> Scale:
    """Return the scale of all columns but the input."""
    maps = [column.maps for column in columns if not column.is_input]
    return colormap.around_zero(*maps, stretched=True)
