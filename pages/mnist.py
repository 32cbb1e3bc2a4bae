"""MNIST itself: the images that the networks learn from and are tested on."""

from dataclasses import replace

import numpy as np
import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, MNIST, DatasetError, Source
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks import registry
from mnist_app.ui import canvas, layout, link_settings, resources, session
from mnist_app.ui.components.embedding_map import embedding_map
from mnist_app.ui.markup import legends, panels, predictions
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, browsing, inside, live_network

NEIGHBOR_SIDE = 58
AVERAGE_SIDE = 136
# Between two pictures in one, RGB.
LINE = np.full((1, IMAGE_SIDE, 3), 128, np.uint8)

layout.begin(
    "MNIST",
    "70,000 handwritten digits. Draw, and see yours find its place among them.",
    link_settings.COLLECTION,
)
canvas.controls()


def show_figures(source: Source) -> None:
    """How many images there are, and how large each is."""
    images = source.training + source.test
    with st.container(horizontal=True):
        st.metric("Images", f"{images:,}")
        st.metric("Training images", f"{source.training:,}")
        st.metric("Test images", f"{source.test:,}")
        st.metric("Bytes per image (28 × 28)", f"{IMAGE_SIDE**2:,}")
        st.metric("Total size", f"{images * IMAGE_SIDE**2 / 1e6:,.1f} MB")


@st.fragment
def find_place() -> None:
    """Each stroke and each click on the map reruns this and nothing else."""
    with layout.beside_canvas():
        subject = inside.subject(canvas.show())
        outputs = asking.layers(subject.image, network=embedding.NETWORK)
        place = inside.place_of(outputs)
        with st.container(key="map"):
            embedding_map(
                f"{st.get_option('server.baseUrlPath')}/{resources.packed_map().path}".lstrip("/"),
                embedding.NETWORK,
                place,
                session.picked_number(session.PICKED_DOT),
                MNIST.training,
                key="embedding",
                on_pick=lambda number: session.pick(session.PICKED_DOT, number),
            )
            with st.container(horizontal=True, key="beside_map"):
                title = registry.title(embedding.NETWORK)
                answer = inside.prediction_view(title, outputs, network=embedding.NETWORK)
                answer = replace(answer, live=embedding.NETWORK, version=subject.version)
                st.html(predictions.compact_predictions([answer]), width="content")
                st.html(panels.tight_row(shown_images(place)), width="stretch")
            st.caption(f"{subject.note} {map_in_words(title)}")
    asked = live_network.answered(embedding.NETWORK, outputs, network=embedding.NETWORK)
    live_network.show(subject, asked)


def map_in_words(title: str) -> str:
    """Return what the map shows."""
    return (
        f"Each dot is one of {MNIST.training:,} training images; close are those that “{title}” "
        f"finds similar, by the {len(embedding.read().mean)} values of its last hidden layer. The "
        "large ring is your digit, the small rings are most similar to it. The map was made with "
        "t-SNE, which preserves neighborhoods: sizes and distances of islands mean little."
    )


def shown_images(place: embedding.Place | None) -> list[Panel]:
    """Return the image that was clicked, and those most similar to the drawing."""
    split = resources.split(MNIST.name, "training")
    picked = session.picked_number(session.PICKED_DOT)
    shown = [
        (f"{split.labels[index]}", index) for index in ([] if place is None else place.neighbors)
    ]
    if picked is not None:
        # In the place of the least similar one: the row stays as long as it is.
        shown = [(f"Kept: {split.labels[picked]}", picked), *shown[: embedding.NEIGHBORS - 1]]
    return [
        Panel(title, split.images[index], f"{index:,}", NEIGHBOR_SIDE) for title, index in shown
    ]


@st.fragment
def browse(source: Source, part: str) -> None:
    """Each choice and each click reruns this and nothing else."""
    split = resources.split(source.name, part)
    found = resources.look_at(source.name, part)
    which = browsing.filter_images(source, part, split, found)
    images, details = st.columns([2, 1], gap="large")
    with images:
        picked = browsing.show_page(split, which)
    if picked is not None:
        with details:
            browsing.show_image(source, part, split, found, picked)
        browsing.show_loss(source, part, split, picked)


def show_digits(source: Source) -> None:
    """How many there are of each digit, the average of each, and how much its pixels vary."""
    training = resources.look_at(source.name, "training")
    test = resources.look_at(source.name, "test")
    st.subheader("Digit by digit", anchor=False)
    st.markdown(
        "For each digit: the average of its training images, and below it how much each pixel "
        "varies among them (standard deviation). Bright pixels are where people write differently."
    )
    white, varying = pixels(), pixels(float(training.deviations.max()))
    shown = [
        Panel(
            str(digit),
            np.vstack([white.paint(average), LINE, varying.paint(spread)]),
            f"{training.counts[digit] + test.counts[digit]:,}",
            AVERAGE_SIDE,
        )
        for digit, (average, spread) in enumerate(
            zip(training.means, training.deviations, strict=True)
        )
    ]
    st.html(panels.tight_row(shown))
    st.caption("The number under each digit counts its images, training and test together.")
    st.html(
        legends.legend(white, "Above: average value of a pixel")
        + legends.legend(varying, "Below: standard deviation of a pixel")
    )


def explain() -> None:
    """Where the images come from, and why some are set aside."""
    st.subheader("Where the images come from", anchor=False)
    st.markdown(
        "In the 1990s, the American National Institute of Standards and Technology (NIST) "
        "collected forms filled in by Census Bureau employees and by high school students. Yann "
        "LeCun, Corinna Cortes, and Christopher Burges combined digits from both groups, half and "
        "half, into MNIST. Each digit was cut out, scaled to fit into 20 × 20 pixels, and centered "
        "by its mass on 28 × 28, just as your drawing is here. "
        "[The data set’s page](http://yann.lecun.com/exdb/mnist/), CC BY-SA 3.0."
    )
    st.subheader("Why 10,000 are set aside", anchor=False)
    st.markdown(
        "A network with 100,000 parameters can memorize its training images, which says nothing "
        "about how it reads others. The test images are by **other writers**, and no network here "
        f"has ever learned from them. A further {datasets.VALIDATION_IMAGES:,} training images are "
        "set aside for validation. They tell a training run how sure its network may be, so it "
        "looks at the test images only once, at the end.\n\nThe networks that come with the app "
        "are slightly less innocent. Several ways of training them were compared by their test "
        "images: see “What was tried” on the page Report card."
    )


def show_files(error: DatasetError) -> None:
    """What to do to have EMNIST here."""
    st.error(str(error), icon=":material/folder_off:")
    st.markdown(
        f"**EMNIST Digits** has {EMNIST.training:,} training and {EMNIST.test:,} test images from "
        f"[NIST]({datasets.EMNIST_PAGE}), by many more writers than MNIST’s. To browse them here, "
        f"download [gzip.zip]({datasets.EMNIST_DOWNLOAD}) (562 MB) and copy these four of its "
        f"files, unchanged, into the folder `{datasets.emnist_folder()}` on the computer that runs "
        "this program. Then reload this page."
    )
    st.table(
        [
            {
                "File": file.name,
                "Contents": file.holds,
                "Bytes": f"{file.bytes:,}",
            }
            for file in datasets.emnist_files()
        ]
    )
    st.markdown("Their SHA-256 checksums, in the format of `sha256sum -c`:")
    digests = [f"{file.sha256}  {file.name}" for file in datasets.emnist_files()]
    st.code("\n".join(digests), language=None)
    st.caption(
        "Cohen, Afshar, Tapson and van Schaik, EMNIST: an extension of MNIST to handwritten "
        "letters (2017), https://arxiv.org/abs/1702.05373."
    )


def show_unofficial_files(names: list[str]) -> None:
    """Say that what is shown is not what EMNIST is."""
    if names:
        st.warning(
            f"These files are not from the official archive: {', '.join(names)}. This page shows "
            "what they contain.",
            icon=":material/fingerprint:",
        )


find_place()
st.subheader("Browse", anchor=False)
show_figures(MNIST)
choices = st.container(horizontal=True)
with choices:
    chosen = browsing.choose_source()
try:
    splits = {part: resources.split(chosen.name, part) for part in ("training", "test")}
except DatasetError as error:
    show_files(error)
else:
    show_unofficial_files(resources.unofficial_files() if chosen == EMNIST else [])
    with choices:
        chosen_part = browsing.choose_part({part: len(splits[part]) for part in splits})
    browse(chosen, chosen_part)
    show_digits(chosen)
explain()
layout.poll_for_inference()
layout.end("robustness", "Robustness")
