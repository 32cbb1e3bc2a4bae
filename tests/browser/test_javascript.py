"""The elements' JavaScript in a real browser, against NumPy and Python."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mnist_app.analysis import embedding
from mnist_app.data import datasets
from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import MARK, Palette, Scale
from mnist_app.ui import element
from mnist_app.ui.markup import style
from tests.support.javascript import COMPONENTS, Script, as_shown

# The canvas loads another script from the server: all tests of pages with a canvas try it. The page
# of a phone is no element of a page.
OTHERS = {"drawing_canvas", "join"}
FOLDERS = sorted(
    file.parent for file in COMPONENTS.glob("*/__init__.py") if file.parent.name not in OTHERS
)
RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def lens(page: Page) -> Script:
    return Script(page, "lens")


@pytest.fixture(scope="module")
def sliding(page: Page) -> Script:
    return Script(page, "sliding_kernel")


@pytest.fixture(scope="module")
def tile_grids(page: Page) -> Script:
    return Script(page, "tile_grids")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_script_is_a_module_with_one_main_function(page: Page, folder: Path) -> None:
    Script(page, folder.name)


# Shared: bytes, colors, numbers


def test_bytes_arrive_as_they_were_sent(lens: Script) -> None:
    sent = RANDOM.bytes(1000)
    assert bytes(lens.call("bytesOf", base64.b64encode(sent).decode())) == sent


def scales() -> list[tuple[Scale, np.ndarray]]:
    """Scales with values in them, at their ends, beyond, and just between two indices."""
    values = RANDOM.normal(0, 3, 500)
    between = np.arange(255) + 0.5
    return [
        (colormap.pixels(), np.concatenate([between, [-1, 0, 255, 256]])),
        (colormap.pixels(1.0), np.concatenate([RANDOM.random(500), between / 255])),
        (colormap.from_zero(values), np.concatenate([abs(values), [1e9, 0]])),
        (colormap.around_zero(values), np.concatenate([values, [0, -0.0, 1e9, -1e9]])),
        (Scale("diverging", -127.5, 127.5), between - 127.5),
    ]


def test_typed_value_has_the_index_that_python_gives_it(sliding: Script) -> None:
    for scale, values in scales():
        limits = {"low": scale.low, "high": scale.high}
        indices = sliding.each("indexOn", [(value, limits) for value in values.tolist()])
        assert indices == scale.indices(values).tolist(), scale


@pytest.mark.parametrize("name", get_args(Palette))
def test_every_index_has_its_color(lens: Script, name: Palette) -> None:
    palette = lens.call("bytesOf", element.palettes([name])[name])
    found = lens.each("colorAt", [(palette, index) for index in range(256)])
    assert found == colormap.colors(name).tolist()


def test_array_is_painted_as_python_paints_it(tile_grids: Script) -> None:
    for scale, values in scales():
        array = values[:120].reshape(8, 15)
        palette = colormap.colors(scale.palette).ravel().tolist()
        indices = scale.indices(array).ravel().tolist()
        image = tile_grids.call("imageOf", indices, palette, 8, 15)
        assert (image["height"], image["width"]) == (8, 15)
        rgba = np.array(image["data"]).reshape(8, 15, 4)
        np.testing.assert_array_equal(rgba[..., :3], scale.paint(array))
        assert (rgba[..., 3] == 255).all()


def test_text_is_black_on_light_colors_and_white_on_dark_ones(lens: Script) -> None:
    shown = np.concatenate([colormap.colors(name) for name in get_args(Palette)])
    luma = shown @ np.array([0.299, 0.587, 0.114])
    inks = lens.each("inkOn", [(color,) for color in shown.tolist()])
    assert inks == ["#000" if light else "#fff" for light in luma > 140]


def test_numbers_are_rounded_as_by_hand(lens: Script) -> None:
    exact = [0, -0.0, 1, -3, 255, 1000, -5000, 0.125, -0.125, 0.375, 2.5, 99.95, 999.5, -999.5]
    near = [0.004, -0.004, -0.005, 0.005, 99.949999, 999.49, -99.96, 1e-9, 12345.678]
    random = (RANDOM.normal(0, 1, 500) * 10 ** RANDOM.uniform(-3, 4, 500)).tolist()
    singles = np.float32(random).astype(float).tolist()
    calls = [(value, more) for value in [*exact, *near, *random, *singles] for more in (0, 1)]
    found = lens.each("rounded", calls)
    assert found == [as_shown(value, more) for value, more in calls]
    assert [as_shown(value) for value in (-0.004, 0.125, -1234.5, -7)] == [
        "0.00",
        "0.13",
        "−1235",
        "−7",
    ]


# Typed kernels


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("np.array([[0, -1, 0.5], [2, 3, 4]], np.float32)", 6, ["0", "-1", "0.5", "2", "3", "4"]),
        ("1,-1\n2,3\n", 4, ["1", "-1", "2", "3"]),
        ("2\t-1\t0,5\n2\t3\t1e-3", 6, ["2", "-1", "0,5", "2", "3", "1e-3"]),
        ("−1; .5; 2.; +3", 4, ["−1", ".5", "2.", "+3"]),
        ("1,2 3,4", 4, ["1", "2", "3", "4"]),
        ("1,2 3,4", 2, ["1,2", "3,4"]),
        ("1 2 3", 4, None),
        ("12", 9, None),
        ("a b c d", 4, None),
        ("", 1, None),
    ],
)
def test_matrix_is_pasted(
    sliding: Script, text: str, count: int, expected: list[str] | None
) -> None:
    assert sliding.call("numbersIn", text, count) == expected


@pytest.mark.parametrize("form", [str, ", ".join, "\t".join])
def test_what_python_writes_can_be_pasted(sliding: Script, form: Any) -> None:  # noqa: ANN401
    for shape in ((3, 3), (5, 5)):
        kernel = RANDOM.normal(0, 1, shape).round(3)
        text = (
            str(kernel.tolist())
            if form is str
            else "\n".join(form(map(str, row)) for row in kernel)
        )
        pasted = sliding.call("numbersIn", text, kernel.size)
        assert [float(number) for number in pasted] == kernel.ravel().tolist()


ENTRIES = {
    "0": 0,
    "-1.5": -1.5,
    "+2": 2,
    ".5": 0.5,
    "2.": 2,
    "1e2": 100,
    "1E-2": 0.01,
    "0,5": 0.5,
    "−3": -3,
    "−1e−2": -0.01,
    " 4 ": 4,
    "1000": 1000,
}
WRONG = {
    "": "is empty. Type a number, such as 0.",
    " ": "is empty. Type a number, such as 0.",
    "1001": ": 1001 is too large. Use numbers from −1000 to 1000.",
    "-1e9": ": -1e9 is too large. Use numbers from −1000 to 1000.",
    "1e400": ": 1e400 is too large. Use numbers from −1000 to 1000.",
} | {
    text: f": “{text}” is not a number. Type one, such as −1.5."
    for text in (
        "a",
        "1 2",
        "0x10",
        "--1",
        "1.2.3",
        "1,2,3",
        "NaN",
        "Infinity",
        "e5",
        ".",
        "1_0",
        "٣",
    )
}


def test_an_entry_is_read_or_it_is_said_what_is_wrong(sliding: Script) -> None:
    assert sliding.each("valueOf", [(text,) for text in ENTRIES]) == list(ENTRIES.values())
    assert set(sliding.each("problemOf", [(text, 2, 3) for text in ENTRIES])) == {""}
    said = sliding.each("problemOf", [(text, 2, 3) for text in WRONG])
    for text, sentence in zip(WRONG.values(), said, strict=True):
        assert sentence.startswith("Row 2, column 3")
        assert sentence.endswith(text)


def test_the_walk_takes_three_seconds_and_slows_down_at_the_ink(sliding: Script) -> None:
    for count, first in ((676, 0), (676, 60), (576, 575), (36, 4), (1, 0), (25, 24)):
        ends = np.array([*sliding.call("endsOfSteps", count, first)])
        assert len(ends) == count
        steps = np.diff(ends, prepend=0)
        assert (steps > 0).all()
        assert ends[first - 1] == 300 if first else steps[0] == 850
        assert steps[first] == 850
        if count > first + 3:
            assert ends[-1] == pytest.approx(3000)
            assert (np.diff(steps[first:]) < 0).all()
        assert ends[-1] <= 3000


@pytest.mark.parametrize(("count", "width"), [(16, 700), (32, 700), (6, 700), (16, 320), (64, 320)])
def test_the_strip_fits_its_place(sliding: Script, count: int, width: int) -> None:
    fit = sliding.call("fitTiles", count, width, 800)
    assert fit["columns"] * fit["rows"] >= count
    assert fit["columns"] * (fit["side"] + 3) - 3 <= width
    assert fit["side"] >= 30


# Tiles and maps


@pytest.mark.parametrize(("count", "across", "zoom"), [(16, 8, 3), (10, 1, 4.5), (7, 3, 0.8)])
def test_pointer_on_a_tile_picks_it(
    tile_grids: Script, count: int, across: int, zoom: float
) -> None:
    rows, columns, gap = 5, 6, 2
    grid = {"count": count, "rows": rows, "columns": columns, "across": across}
    down = -(-count // across)
    high, wide = rows * zoom, columns * zoom
    for share in (0.01, 0.5, 0.99):
        at = [(line, place) for line in range(down) for place in range(across)]
        pointers = [
            (grid, zoom, place * (wide + gap) + share * wide, line * (high + gap) + share * high)
            for line, place in at
        ]
        numbers = [line * across + place for line, place in at]
        expected = [number if number < count else None for number in numbers]
        assert tile_grids.each("tileAt", pointers) == expected
    beyond = [(-1, 1), (1, -1), (across * (wide + gap) + 1, 1), (1, down * (high + gap) + 1)]
    assert tile_grids.each("tileAt", [(grid, zoom, *place) for place in beyond]) == [None] * 4


PAINT = """([grid, palette, zoom]) => {
  const canvas = document.createElement("canvas");
  globalThis.scripts.tile_grids.paintTiles(canvas, grid, palette, zoom);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return { width, height, data: [...data] };
}"""


@pytest.mark.parametrize(("count", "across", "zoom"), [(16, 8, 3), (10, 1, 1), (7, 3, 2)])
def test_every_tile_has_its_values_in_its_place(
    tile_grids: Script, count: int, across: int, zoom: int
) -> None:
    maps = RANDOM.normal(0, 1, (count, 5, 6)).astype(np.float32)
    scale = colormap.around_zero(maps)
    grid = {"count": count, "rows": 5, "columns": 6, "across": across, "label": "Maps"}
    grid["indices"] = base64.b64encode(scale.indices(maps).tobytes()).decode()
    palette = colormap.colors(scale.palette).ravel().tolist()
    painted = tile_grids.page.evaluate(PAINT, [grid, palette, zoom])
    pixels = np.array(painted["data"]).reshape(painted["height"], painted["width"], 4)
    high, wide = 5 * zoom, 6 * zoom
    assert pixels.shape[:2] == (-(-count // across) * (high + 2) - 2, across * (wide + 2) - 2)
    for tile, values in enumerate(maps):
        top, left = tile // across * (high + 2), tile % across * (wide + 2)
        shown = pixels[top : top + high, left : left + wide, :3]
        expected = scale.paint(values).repeat(zoom, axis=0).repeat(zoom, axis=1)
        np.testing.assert_array_equal(shown, expected)
        pixels[top : top + high, left : left + wide] = 0
    assert not pixels.any()


PLACE = """async ({ packed, hidden }) => {
  const script = globalThis.scripts.embedding_map;
  const map = script.unpackMap(script.bytesOf(packed).buffer);
  return hidden.map((outputs) => {
    const { x, y, near } = script.placeOf(map, outputs);
    return { x, y, near: near.map((dot) => map.numbers[dot]) };
  });
}"""


def test_a_drawing_is_placed_on_the_map_as_python_places_it(page: Page) -> None:
    Script(page, "embedding_map")
    map_ = embedding.read()
    some = np.arange(0, 60_000, 9999)
    hidden = map_.mean + map_.components[some] @ map_.axes.T + RANDOM.normal(0, 0.3, (7, 128))
    labels = datasets.load_all_training().labels
    packed = base64.b64encode(embedding.pack(map_, labels)).decode()
    found = page.evaluate(PLACE, {"packed": packed, "hidden": hidden.tolist()})
    for one, outputs in zip(found, hidden, strict=True):
        expected = map_.place(outputs.astype(np.float32))
        assert one["near"] == expected.neighbors.tolist()
        assert (one["x"], one["y"]) == pytest.approx((expected.x, expected.y), abs=1e-4)


def test_one_pink_points_at_things_everywhere() -> None:
    assert f"--lab-mark: #{bytes(MARK).hex()};" in style.SHEET
