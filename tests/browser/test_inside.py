"""The pages that look inside in a real browser: hover, step, type, click, compare with Keras."""

import re
import time

import cv2
import keras
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.convolution import Array
from mnist_app.model import builder
from tests.browser.conftest import (
    OpenPage,
    draw,
    expect_answer,
    is_too_wide,
    keep_screenshot,
    start_stroke,
    wait_for_network,
    wait_until_quiet,
)
from tests.support.serving import Server

EXAMPLE = datasets.load_test().images[0].astype(np.float32)
PAGES = ("Pixels", "Convolution", "Feature maps", "Max pooling")
FIRST_ANSWER = {
    "Pixels": "Answer: Centered, as in MNIST",
    "Convolution": "Answer: As trained",
    "Feature maps": "Answer: The network’s answer",
    "Max pooling": "Answer: As trained",
}


class Lens:
    """The n-th lens of a page, as a person sees it."""

    def __init__(self, page: Page, key: str) -> None:
        self.page = page
        self.root = page.locator(f".st-key-{key} .lens")
        self.root.scroll_into_view_if_needed()

    def point_at(self, name: str, row: float, column: float, rows: int, columns: int) -> None:
        """Hover over the middle of a value of the grid `name`."""
        box = self.root.locator(f".pixel-grid.{name}").bounding_box()
        assert box is not None
        self.page.mouse.move(
            box["x"] + (column + 0.5) * box["width"] / columns,
            box["y"] + (row + 0.5) * box["height"] / rows,
        )

    def expect_place(self, row: int, column: int) -> None:
        expect(self.root.locator(".place")).to_have_text(f"Row {row}, column {column}")

    def numbers(self, name: str) -> list[float]:
        texts = self.root.locator(f".{name} .cell").all_inner_texts()
        return [float(text.replace("−", "-")) for text in texts]

    def value(self) -> float:
        return float(self.root.locator(".result strong").get_attribute("data-value") or "nan")


def open_inside(open_page: OpenPage, server: Server, name: str, **how: bool) -> Page:
    page = open_page(f"{server.url}/{name.lower().replace(' ', '_')}", **how)
    expect(first_answer(page, name)).to_have_text(re.compile(r"^\d$"))
    wait_until_quiet(page)
    return page


def first_answer(page: Page, name: str) -> Locator:
    return page.get_by_role("status", name=FIRST_ANSWER[name], exact=True)


def keras_convolution(image: Array, kernel: Array) -> Array:
    result = keras.ops.conv(image[None, :, :, None], kernel[:, :, None, None])
    return np.asarray(result)[0, :, :, 0]


class Bench:
    """The kernel that slides over the digit, as a person sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".bench")

    def point_at(self, name: str, row: float, column: float, side: int) -> None:
        """Hover over the middle of a value of the picture `name`, which has so many a side."""
        box = self.root.locator(f".{name} .grid").bounding_box()
        assert box is not None
        self.page.mouse.move(
            box["x"] + (column + 0.5) * box["width"] / side,
            box["y"] + (row + 0.5) * box["height"] / side,
        )

    def expect_place(self, row: int, column: int) -> None:
        expect(self.root.locator(".place")).to_have_text(f"Row {row}, column {column}")

    def numbers(self, name: str) -> list[float]:
        texts = self.root.locator(f".cell .{name}").all_inner_texts()
        return [float(text.strip("=× ").replace("−", "-")) for text in texts]

    def weight(self, row: int, column: int, kernel: str = "Kernel") -> Locator:
        return self.root.get_by_label(f"{kernel}, row {row}, column {column}", exact=True)

    def value(self) -> float:
        value = self.root.locator(".result strong").get_attribute("data-value")
        return float(value or "nan")

    def filled(self) -> int:
        """Return how many values of the result are there."""
        return int(self.root.locator(".output").get_attribute("data-filled") or -1)

    def drawn(self) -> int:
        """Return how many values of the result are painted."""
        pixels = pixels_of(self.root.locator(".output canvas"))
        return int(np.count_nonzero(pixels[3::4]))

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def expect_agrees(self, row: int, column: int, kernel: Array, result: Array) -> None:
        side = len(kernel)
        window = EXAMPLE[row : row + side, column : column + side]
        assert self.numbers("pixel") == window.ravel().tolist()
        assert self.numbers("product") == pytest.approx((window * kernel).ravel(), abs=0.51)
        assert self.value() == pytest.approx(float(result[row, column]), abs=1e-3)


def test_hovering_shows_what_keras_computes_by_itself(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url + "/report_card")
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(server.url + "/convolution")
    expect(first_answer(page, "Convolution")).to_have_text("7")
    wait_until_quiet(page)
    kernel = convolution.PRESETS["Sobel vertical"].kernel
    result = keras_convolution(EXAMPLE, kernel)
    bench = Bench(page)
    time.sleep(0.5)
    sent.clear()
    for row, column in ((9, 8), (14, 15), (20, 11)):
        bench.point_at("output", row, column, 26)
        bench.expect_place(row, column)
        bench.expect_agrees(row, column, kernel, result)
        bench.point_at("input", row + 4, column + 1, 28)
        bench.expect_place(row + 3, column)
        bench.expect_agrees(row + 3, column, kernel, result)
    assert sent == []


def test_a_finger_moves_the_window(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Convolution", phone=True)
    bench = Bench(page)
    grid = bench.root.locator(".output .grid")
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box is not None
    grid.tap(position={"x": 10.5 * box["width"] / 26, "y": box["height"] - 2})
    bench.expect_place(25, 10)
    assert not is_too_wide(page)


def test_play_fills_the_result_and_can_be_stepped(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Convolution")
    bench = Bench(page)
    grid = bench.root.locator(".output .grid")
    grid.press("Home")
    bench.expect_place(0, 0)
    grid.press("ArrowDown")
    grid.press("ArrowRight")
    bench.expect_place(1, 1)
    bench.button("Step forward").click()
    bench.expect_place(1, 2)
    bench.button("Step back").click()
    bench.expect_place(1, 1)
    expect(bench.root.locator(".words")).to_have_text("Row 1, column 1: 0 = 0")
    assert bench.drawn() == 676
    bench.button("Start over").click()
    assert (bench.filled(), bench.drawn()) == (0, 0)
    for _ in range(3):
        bench.button("Step forward").click()
    assert (bench.filled(), bench.drawn()) == (3, 3)
    grid.press("ArrowDown")
    grid.press("ArrowLeft")
    assert (bench.filled(), bench.drawn()) == (28, 28)
    bench.button("Show all").click()
    assert bench.drawn() == 676
    page.emulate_media(reduced_motion="no-preference")
    flying = bench.root.locator(".sky span")
    grid.press(" ")
    expect(flying.first).to_be_visible()
    grid.press(" ")
    expect(bench.root.locator(".play")).to_have_text("▶ Play")
    assert 0 < bench.filled() == bench.drawn() < 676
    began = time.monotonic()
    bench.root.locator(".play").click()
    expect(bench.root.locator(".output")).to_have_attribute("data-filled", "676")
    assert time.monotonic() - began < 6  # three seconds on a machine that is not busy
    expect(flying).to_have_count(0)
    assert bench.drawn() == 676
    page.emulate_media(reduced_motion="reduce")


def test_typing_into_the_kernel_changes_the_result_at_once(
    server: Server, open_page: OpenPage
) -> None:
    page = open_inside(open_page, server, "Convolution")
    bench = Bench(page)
    bench.point_at("output", 14, 15, 26)
    bench.expect_place(14, 15)
    kernel = convolution.PRESETS["Sobel vertical"].kernel.copy()
    kernel[1, 1] = -1.5
    result = keras_convolution(EXAMPLE, kernel)
    # The server is not waited for: the value is there when the key is.
    value = bench.weight(2, 2).evaluate(
        """field => {
          field.value = "-1.5";
          field.dispatchEvent(new Event("input"));
          return field.getRootNode().querySelector(".result strong").dataset.value;
        }"""
    )
    assert float(value) == pytest.approx(float(result[14, 15]), abs=1e-3)
    bench.expect_agrees(14, 15, kernel, result)
    bench.weight(2, 2).fill("a lot")
    expect(bench.root.get_by_text("Row 2, column 2: “a lot” is not a number.")).to_be_visible()
    assert bench.value() == pytest.approx(float(result[14, 15]), abs=1e-3)
    bench.button("Reset").click()
    expect(bench.weight(2, 2)).to_have_value("0")
    expect(page.get_by_text("is not a number")).to_have_count(0)


def test_what_is_typed_is_kept_and_keys_go_from_cell_to_cell(
    server: Server, open_page: OpenPage
) -> None:
    page = open_inside(open_page, server, "Convolution")
    bench = Bench(page)
    bench.weight(1, 1).focus()
    for key, cell in (("ArrowRight", (1, 2)), ("ArrowDown", (2, 2)), ("ArrowLeft", (2, 1))):
        page.keyboard.press(key)
        expect(bench.weight(*cell)).to_be_focused()
    page.keyboard.press("Tab")
    expect(bench.weight(2, 2)).to_be_focused()
    field = bench.weight(1, 2)
    field.fill("8")
    bench.button("5 × 5").click()
    expect(bench.root.locator(".cell")).to_have_count(25)
    bench.button("3 × 3").click()
    expect(field).to_have_value("8")
    field.fill("9")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Max pooling").click(delay=300)
    expect(first_answer(page, "Max pooling")).to_have_text("7")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Convolution").click()
    expect(field).to_have_value("9")


PASTED = (
    "np.array([[0, -1, 0.5], [2, 3, 4], [5, 6, -7]], np.float32)",
    "1,-1,0.5\n2,3,4\n5,6,-7\n",
    "2\t-1\t0,5\n2\t3\t4\n5\t6\t-7",
)


def test_a_kernel_is_pasted_in_three_forms(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Convolution")
    bench = Bench(page)
    bench.point_at("output", 14, 15, 26)
    bench.expect_place(14, 15)
    for first, text in enumerate(PASTED):
        bench.weight(1, 1).evaluate(
            """(field, text) => {
              const data = new DataTransfer();
              data.setData("text", text);
              const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
              field.dispatchEvent(paste);
            }""",
            text,
        )
        kernel = np.array([[first, -1, 0.5], [2, 3, 4], [5, 6, -7]], np.float32)
        bench.expect_agrees(14, 15, kernel, keras_convolution(EXAMPLE, kernel))


def test_a_learned_kernel_is_picked_and_muted_by_keys(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Convolution")
    bench = Bench(page)
    bench.button("Kernel 10").click()
    weights, bias = builder.load("cnn").get_layer("conv1").get_weights()
    kernel = weights[:, :, 0, 10]
    expect(bench.weight(5, 5, "Kernel 10")).to_have_value(f"{round(float(kernel[4, 4]), 3):g}")
    result = keras_convolution(EXAMPLE / 255, kernel) + bias[10]
    for row, column in ((10, 8), (13, 16)):
        bench.point_at("output", row, column, 24)
        bench.expect_place(row, column)
        window = EXAMPLE[row : row + 5, column : column + 5] / 255
        assert bench.numbers("pixel") == pytest.approx(window.ravel().tolist(), abs=0.006)
        assert bench.value() == pytest.approx(max(0.0, float(result[row, column])), abs=1e-5)
    changed = page.get_by_role("status", name="Answer: With changes", exact=True)
    expect(changed).to_have_text("7")
    bench.button("Kernel 10").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(bench.button("Mute map 11")).to_be_focused()
    page.keyboard.press("Enter")
    expect(bench.button("Mute map 11")).to_have_attribute("aria-pressed", "true")
    bench.button("Mute all but this").click()
    expect(bench.root.locator(".pair.muted")).to_have_count(15)
    network = builder.load("cnn")
    alone = np.zeros_like(weights)
    alone[..., 10] = weights[..., 10]
    network.get_layer("conv1").set_weights([alone, np.where(np.arange(len(bias)) == 10, bias, 0)])
    share = f"{100 * float(np.asarray(network(EXAMPLE[None])).max()):.1f}%"
    expect(page.locator("[data-live=changed] .lab-words")).to_contain_text(share)
    bench.button("Reset all").click()
    expect(bench.root.locator(".pair.muted")).to_have_count(0)
    expect(changed).to_have_text("7")


def column(page: Page, name: str) -> Locator:
    return page.locator(".column", has=page.locator("b", has_text=name)).locator("canvas")


def pixels_of(canvas: Locator) -> Array:
    values = canvas.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    return np.asarray(values)


def test_a_click_on_a_map_shows_how_it_was_made(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Feature maps")
    page.locator(".stage").focus()
    said = page.locator(".layers .words")
    for _ in range(12):  # how many tiles a column has beside each other depends on its width
        page.keyboard.press("ArrowRight")
        if said.inner_text().startswith("conv2, map "):
            break
    expect(said).to_have_text(re.compile("^conv2, map "))
    page.keyboard.press("Home")
    box = column(page, "conv2").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1.5 * box["width"] / 3, box["y"] + 2.5 * box["height"] / 16)
    expect(page.locator(".large figcaption")).to_have_text("conv2, map 7")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Map 7 of conv2 reads all 16 maps of pool1")).to_be_visible()
    network = builder.load("cnn")
    until = keras.Model(network.input, network.get_layer("pool1").output)
    pool1 = np.asarray(until(EXAMPLE[None]))[0]
    kernel = network.get_layer("conv2").get_weights()[0][..., 7]
    result = keras_convolution(pool1[..., 0], kernel[..., 0])
    lens = Lens(page, "lens_origin")
    lens.point_at("output", 3, 4, 8, 8)
    lens.expect_place(3, 4)
    assert lens.numbers("window") == pytest.approx(pool1[3:8, 4:9, 0].ravel().tolist(), abs=0.006)
    assert lens.value() == pytest.approx(float(result[3, 4]), abs=1e-5)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-explanation")).to_have_count(0)


def test_maps_move_while_one_draws_and_shifts(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Feature maps")
    maps = column(page, "pool2")
    example = pixels_of(maps)
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    assert canvas is not None
    across, down = canvas["x"] + canvas["width"] / 2, canvas["y"]
    page.mouse.move(across, down + 40)
    page.mouse.down()
    page.mouse.move(across, down + 160, steps=5)
    expect(page.locator(".row.first b")).to_have_text("1")
    assert not np.array_equal(pixels_of(maps), example)
    page.mouse.up()
    wait_until_quiet(page)
    drawn = pixels_of(column(page, "conv1"))
    page.get_by_role("button", name="Shift right").click()
    expect(page.get_by_text("shifted back")).to_be_visible()
    assert not np.array_equal(pixels_of(column(page, "conv1")), drawn)


def test_a_stroke_on_any_page_is_there_on_all(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, [[(50, 20), (50, 80)]])
    expect_answer(page, 1)
    for name in PAGES:
        page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
        expect(first_answer(page, name)).to_have_text("1")
    wait_until_quiet(page)
    draw(page, [[(20, 20), (50, 20)]])
    expect(first_answer(page, "Max pooling")).to_have_text("7")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Feature maps").click()
    expect(first_answer(page, "Feature maps")).to_have_text("7")


def test_the_picture_is_saved(server: Server, open_page: OpenPage) -> None:
    page = open_inside(open_page, server, "Max pooling")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "max_pooling.png"
    picture = cv2.imread(str(download.value.path()))
    assert picture is not None
    assert picture.shape[0] > 500
    assert len(np.unique(picture)) > 50


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_nothing_is_cut_on_any_page(
    server: Server, open_page: OpenPage, phone: bool, dark: bool
) -> None:
    page = open_page(server.url, phone=phone, dark=dark)
    for name in PAGES:
        path = name.lower().replace(" ", "_")
        page.goto(f"{server.url}/{path}")
        expect(first_answer(page, name)).to_have_text("7")
        wait_until_quiet(page)
        assert not is_too_wide(page), name
        keep_screenshot(
            page, f"{path}-{'phone' if phone else 'wide'}-{'dark' if dark else 'light'}"
        )


@pytest.mark.parametrize("column", [0, 2, 4], ids=["one map", "parts", "products"])
def test_an_open_explanation_follows_the_pen(
    open_page: OpenPage, server: Server, column: int
) -> None:
    page = open_page(f"{server.url}/feature_maps")
    wait_for_network(page)
    draw(page, [[(50, 20), (50, 80)]])
    expect(page.locator("[data-answer]").first).to_have_attribute("data-source", "server")
    page.locator(".layers .column canvas").nth(column).click(position={"x": 8, "y": 8})
    canvases = page.locator(".st-key-explanation canvas")
    canvases.first.wait_for()
    pictures = "all => all.map(canvas => canvas.toDataURL())"
    wait_until_quiet(page)
    before = canvases.evaluate_all(pictures)
    start_stroke(page, 7)
    page.wait_for_timeout(300)
    during = canvases.evaluate_all(pictures)
    assert sum(a != b for a, b in zip(before, during, strict=True)) >= 2
    page.mouse.up()
    expect(page.locator("[data-answer]").first).to_have_attribute("data-source", "server")
    wait_until_quiet(page)
    page.wait_for_timeout(300)
    from_server = canvases.evaluate_all(pictures)
    # Once more in the browser, of what is drawn now.
    page.evaluate("document.dispatchEvent(new Event('lab:canvas-changed'))")
    expect(page.locator("[data-answer]").first).to_have_attribute("data-source", "live")
    page.wait_for_timeout(300)
    assert canvases.evaluate_all(pictures) == from_server
