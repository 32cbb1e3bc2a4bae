"""What pages call the layers of the networks that ship."""

from mnist_app.networks.layers import layer_before, visible_layers
from mnist_app.networks.registry import NETWORKS, read_card
from mnist_app.ui.markup.network_words import kind_in_words


def test_layers_are_visible_from_the_input_to_the_answer() -> None:
    for name in NETWORKS:
        card = read_card(name)
        layers = visible_layers(card.layers)
        assert (layers[0].kind, layers[-1].kind) == ("InputLayer", "Softmax")
        assert all(kind_in_words(layer) != layer.kind for layer in layers)
        for layer in layers[1:]:
            assert layer_before(card.layers, layer.name) in card.layers
