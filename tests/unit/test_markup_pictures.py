"""Pictures in a row: on the page and in a file."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.imaging.colormap import MARK, Scale, around_zero, colors, pixels
from mnist_app.imaging.image_files import data_uri, encode_png, read_picture
from mnist_app.ui.markup import legends, panels, pictures
from mnist_app.ui.markup.panels import Panel

BLACK = np.zeros((2, 4), np.uint8)


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
    html = panels.row([Panel("<b>", np.zeros((2, 2), np.uint8)), Panel("2", BLACK, "<i>")], "→")
    assert "<b>" not in html
    assert "<small>&lt;i&gt;</small>" in html
    assert html.count("→") == 1
    assert 'width="140" height="70" alt="2: 4 by 2"' in html
    assert "→" not in panels.row([Panel("1", BLACK), Panel("2", BLACK)])


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 6), st.integers(1, 9))
def test_tiles_hold_every_map(count: int, rows: int, columns: int, across: int) -> None:
    maps = np.arange(count * rows * columns).reshape(count, rows, columns) % 200
    sheet = pictures.tiles(maps.astype(np.float32), pixels(), across)
    for index in range(count):
        top, left = (index // across) * (rows + 1), (index % across) * (columns + 1)
        assert (sheet[top : top + rows, left : left + columns, 0] == maps[index]).all()


def test_img_carries_the_picture_itself() -> None:
    html = pictures.img(BLACK, '"a" & b', (8, 4))
    source = data_uri(encode_png(BLACK))
    assert html == f'<img src="{source}" width="8" height="4" alt="&#34;a&#34; &amp; b">'
    assert "width" not in pictures.img(BLACK, "a")


def test_box_and_center_are_marked() -> None:
    ink = np.zeros((28, 28), np.uint8)
    ink[10:20, 5:9] = 255
    boxed = pictures.show_box(ink, (5, 10, 4, 10))
    assert tuple(boxed[8, 3]) == MARK
    assert (boxed[12:18, 6:8] == 255).all()
    centered = pictures.show_center(ink)
    marked = np.argwhere((centered == MARK).all(axis=2))
    assert np.abs(marked.mean(axis=0) - (150, 70)).max() < 2


def test_legend_goes_through_the_palette_and_says_its_values() -> None:
    scale = around_zero(np.array([-2.0, 1.0]))
    html = legends.legend(scale, "<Weight>")
    assert "&lt;Weight&gt;" in html
    values = html.split('class="lab-ticks">')[1].replace("</span>", "").split("<span>")[1:]
    assert [value.split("<")[0] for value in values] == ["−2", "−1", "0", "1", "2"]
    stops = legends.gradient(scale).split("rgb(")[1:]
    shown = [[int(part) for part in stop.split(")")[0].split()] for stop in stops]
    palette = colors("diverging")
    assert shown[0] == palette[0].tolist()
    assert shown[len(shown) // 2] == palette[128].tolist()
    assert shown[-1] == palette[255].tolist()


def test_legend_of_pixels_is_whole_and_of_shares_is_not() -> None:
    assert pixels().ticks() == [0, 64, 128, 191, 255]
    assert pixels(1.0).ticks() == [0, 0.25, 0.5, 0.75, 1]
    assert Scale("sequential", 0, 3).ticks() == [0, 0.75, 1.5, 2.25, 3]
