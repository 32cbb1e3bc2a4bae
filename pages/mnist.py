"""MNIST itself: the images that the networks learn from and are tested on."""

import numpy as np
import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, MNIST, DatasetError, Source
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components.embedding_map import Mark
from mnist_app.ui.components.embedding_map import embedding_map as show_map
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import browsing, inside

NEIGHBOR_SIDE = 58
AVERAGE_SIDE = 136
# Between two pictures in one, RGB.
LINE = np.full((1, IMAGE_SIDE, 3), 128, np.uint8)

layout.begin(
    "MNIST",
    "70,000 handwritten digits. The networks learn from most of them and are tested on the others.",
)
canvas.controls()


def show_figures(source: Source) -> None:
    """How many images there are, and how large each is."""
    images = source.training + source.test
    with st.container(horizontal=True):
        st.metric("Images", f"{images:,}")
        st.metric("To learn from", f"{source.training:,}")
        st.metric("To be tested on", f"{source.test:,}")
        st.metric("Bytes an image: 28 × 28", f"{IMAGE_SIDE**2:,}")
        st.metric("All of them", f"{images * IMAGE_SIDE**2 / 1e6:,.1f} MB")


@st.fragment
def find_place() -> None:
    """Each stroke and each click on the map reruns this and nothing else."""
    st.subheader("Your digit among the others", anchor=False)
    st.markdown(
        f"Each dot is one of the {MNIST.training:,} training images. Two lie near each other where "
        f"the network “{embedding.NETWORK}” sees them alike, in the {len(embedding.read().mean)} values of "
        "its last hidden layer. The large ring is your digit; the small ones are the training "
        "images most like it. Click on any dot. The map was drawn by t-SNE, which keeps who is "
        "near whom; how far islands lie apart and how large they are says little."
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        canvas.canvas()
        subject = inside.subject()
        outputs = inside.layers(subject.image, network=embedding.NETWORK)
        place = (
            None if isinstance(outputs, str) else embedding.read().place(outputs[embedding.LAYER])
        )
        st.caption(subject.words)
        answer = inside.prediction_view(
            f"“{embedding.NETWORK}” answers", outputs, network=resources.card(embedding.NETWORK)
        )
        st.html(f'<div class="lab-compact">{figures.predictions([answer], charts=False)}</div>')
        if place is not None:
            show_neighbors(place)
    with right:
        show_map(
            resources.embedding_picture(),
            "Map of the training images: ten colored islands, one a digit",
            marks(place),
            key="embedding",
            on_pick=pick_dot,
        )
        show_picked_dot()


def pick_dot(x: float, y: float) -> None:
    """Remember the training image whose dot lies nearest to a click."""
    session.pick(session.MAP_PICKED, embedding.read().nearest_to(x, y))


def marks(place: embedding.Place | None) -> list[Mark]:
    """What stands on the map: the digits' names, the drawing, what is near it, what was picked."""
    map_ = embedding.read()
    shown = [Mark(x, y, "name", str(d)) for d, (x, y) in enumerate(resources.embedding_names())]
    picked = session.picked_number(session.MAP_PICKED)
    if picked is not None:
        x, y = map_.positions[picked].tolist()
        shown.append(Mark(x, y, "picked"))
    if place is not None:
        near = map_.positions[place.neighbors].tolist()
        shown += [Mark(x, y, "near") for x, y in near]
        shown.append(Mark(place.x, place.y, "own"))
    return shown


def show_neighbors(place: embedding.Place) -> None:
    """The training images most like the drawing."""
    split = resources.split(MNIST.name, "training")
    st.markdown("**The training images most like it**, with their labels:")
    shown = [
        Panel(str(split.labels[index]), split.images[index], f"{index:,}", NEIGHBOR_SIDE)
        for index in place.neighbors
    ]
    st.html(f'<div class="lab-tight">{panels.row(shown)}</div>')


def show_picked_dot() -> None:
    """The image whose dot was clicked."""
    picked = session.picked_number(session.MAP_PICKED)
    if picked is None:
        return
    split = resources.split(MNIST.name, "training")
    st.markdown("**The dot that you clicked on:**")
    title = f"Labeled {split.labels[picked]}"
    note = f"Training image {picked:,}"
    st.html(panels.row([Panel(title, split.images[picked], note)]))


@st.fragment
def browse(source: Source, part: str) -> None:
    """Each choice and each click reruns this and nothing else."""
    split = resources.split(source.name, part)
    found = resources.look_at(source.name, part)
    which = browsing.filter_images(source, part, split, found)
    sheet, image = st.columns([2, 1], gap="large")
    with sheet:
        picked = browsing.show_hundred(split, which)
    if picked is not None:
        with image:
            browsing.show_image(source, part, split, found, picked)
        browsing.show_loss(source, part, split, picked)


def show_digits(source: Source) -> None:
    """How many there are of each digit, the average of each, and how much its pixels vary."""
    training = resources.look_at(source.name, "training")
    test = resources.look_at(source.name, "test")
    st.subheader("Digit by digit", anchor=False)
    st.markdown(
        "The average of all training images of a digit, and below it how much each pixel varies "
        "from one to the other (standard deviation): bright where people write differently."
    )
    white, varying = pixels(), pixels(float(training.spreads.max()))
    shown = [
        Panel(
            str(digit),
            np.vstack([white.paint(average), LINE, varying.paint(spread)]),
            f"{training.counts[digit] + test.counts[digit]:,}",
            AVERAGE_SIDE,
        )
        for digit, (average, spread) in enumerate(
            zip(training.averages, training.spreads, strict=True)
        )
    ]
    st.html(f'<div class="lab-tight">{panels.row(shown)}</div>')
    st.caption("Under each digit: how many images it has, training and test together.")
    st.html(
        panels.legend(white, "Above: average value of a pixel")
        + panels.legend(varying, "Below: standard deviation of its values")
    )


def explain() -> None:
    """Where the images come from, and why some are kept apart."""
    st.subheader("Where they come from", anchor=False)
    st.markdown(
        "In the 1990s the American National Institute of Standards and Technology (NIST) collected "
        "forms filled in by staff of the Census Bureau and by high-school students. Yann LeCun, "
        "Corinna Cortes and Christopher Burges mixed digits of both, half and half, into MNIST: "
        "each was cut out, scaled into 20 × 20 pixels and centered by its mass on 28 × 28, just as "
        "your drawing is here. [The data set’s page](http://yann.lecun.com/exdb/mnist/), CC BY-SA "
        "3.0."
    )
    st.subheader("Why 10,000 are kept apart", anchor=False)
    st.markdown(
        "A network with 100,000 numbers of its own can learn its training images by heart, and "
        "says nothing by that about others. The test images are by **other writers**, and no "
        "network here has ever learned from one. Of the training images "
        f"{datasets.VALIDATION_IMAGES:,} are held out, too: on these a training finds out how sure the "
        "network may be, so that it looks at the test images only once, at the end. The networks "
        "that ship are a little less innocent: several ways to train them were compared by their "
        "test images, too, as the page Models says under “What was tried”."
    )


def show_files(error: DatasetError) -> None:
    """What to do to have EMNIST here."""
    st.error(str(error), icon=":material/folder_off:")
    st.markdown(
        f"**EMNIST Digits**: {EMNIST.training:,} training and {EMNIST.test:,} test images, from "
        f"[NIST]({datasets.EMNIST_PAGE}), by many more writers than MNIST’s. Download "
        f"[gzip.zip]({datasets.EMNIST_DOWNLOAD}) (562 MB), and put these four of its files, as they "
        f"are, into the folder `{datasets.emnist_folder()}` of the computer that this program runs "
        "on. Then load this page again."
    )
    st.table(
        [
            {
                "File": file.name,
                "Holds": file.holds,
                "Bytes": f"{file.bytes:,}",
            }
            for file in datasets.emnist_files()
        ]
    )
    st.markdown("Their SHA-256 digests, as `sha256sum -c` reads them:")
    digests = [f"{file.sha256}  {file.name}" for file in datasets.emnist_files()]
    st.code("\n".join(digests), language=None)
    st.caption(
        "Cohen, Afshar, Tapson and van Schaik, EMNIST: an extension of MNIST to handwritten "
        "letters (2017), https://arxiv.org/abs/1702.05373."
    )


def show_strangers(names: list[str]) -> None:
    """Say that what is shown is not what EMNIST is."""
    if names:
        st.warning(
            f"Not the files of the official archive: {', '.join(names)}. What is shown is what "
            "they hold.",
            icon=":material/fingerprint:",
        )


show_figures(MNIST)
find_place()
st.subheader("Browse", anchor=False)
choices = st.container(horizontal=True)
with choices:
    chosen = browsing.choose_source()
try:
    splits = {part: resources.split(chosen.name, part) for part in ("training", "test")}
except DatasetError as error:
    show_files(error)
else:
    show_strangers(resources.strangers() if chosen == EMNIST else [])
    with choices:
        chosen_part = browsing.choose_part({part: len(splits[part]) for part in splits})
    browse(chosen, chosen_part)
    show_digits(chosen)
explain()
layout.poll_for_engine()
