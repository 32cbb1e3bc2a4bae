"""Pictures in a row: on the page and in a file."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.image_files import decode_png, encode_png, read_picture
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import read_card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.panels import Panel


def test_saved_figure_shows_each_panel_in_its_colors() -> None:
    red, green = np.zeros((2, 4, 3), np.uint8), np.zeros((4, 2, 3), np.uint8)
    red[..., 0] = green[..., 1] = 255
    gray = np.full((3, 3), 77, np.uint8)
    saved = read_picture(
        panels.saved("Title", [Panel("a", red), Panel("b", green, "note"), Panel("c", gray)])
    )
    for color, pixels_of_it in (
        ((255, 0, 0), 420 * 210),
        ((0, 255, 0), 420 * 210),
        ((77, 77, 77), 420**2),
    ):
        assert (saved == color).all(axis=2).sum() >= pixels_of_it
    many = read_picture(panels.saved("Title", [Panel(str(index), gray) for index in range(11)]))
    assert (many == 77).all(axis=2).sum() >= 11 * 420**2


def test_row_is_safe_html_with_a_sign_between() -> None:
    html = panels.row(
        [Panel("<b>", np.zeros((2, 2), np.uint8)), Panel("2", np.zeros((2, 4), np.uint8))], "→"
    )
    assert "<b>" not in html
    assert html.count("→") == 1
    assert 'width="140" height="70"' in html


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 6), st.integers(1, 9))
def test_tiles_hold_every_map(count: int, rows: int, columns: int, across: int) -> None:
    maps = np.arange(count * rows * columns).reshape(count, rows, columns) % 200
    sheet = panels.tiles(maps.astype(np.float32), pixels(), across)
    last = count - 1
    top, left = (last // across) * (rows + 1), (last % across) * (columns + 1)
    assert (sheet[top : top + rows, left : left + columns, 0] == maps[last]).all()


def test_shown_numbers_are_short() -> None:
    shown = [panels.short(value) for value in (0, -0.5, 1.23456, 999.4, -1234.5, 1e-7)]
    assert shown == ["0", "−0.5", "1.23", "999", "−1,234", "1e−07"]


def test_colors_come_out_of_a_file_as_they_went_in() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert (decode_png(encode_png(picture)) == picture).all()


def test_box_and_center_are_marked() -> None:
    ink = np.zeros((28, 28), np.uint8)
    ink[10:20, 5:9] = 255
    boxed = panels.show_box(ink, (5, 10, 4, 10))
    assert tuple(boxed[8, 3]) == panels.MARK
    assert (boxed[12:18, 6:8] == 255).all()
    centered = panels.show_center(ink)
    marked = np.argwhere((centered == panels.MARK).all(axis=2))
    assert np.abs(marked.mean(axis=0) - (150, 70)).max() < 2


def test_every_network_has_visible_layers_from_the_input_to_the_answer() -> None:
    for name in NETWORKS:
        card = read_card(name)
        layers = anatomy.visible_layers(card)
        assert (layers[0].kind, layers[-1].kind) == ("InputLayer", "Softmax")
        assert all(anatomy.words(layer) != layer.kind for layer in layers)
        for layer in layers[1:]:
            assert anatomy.before(card, layer.name) in card.layers
