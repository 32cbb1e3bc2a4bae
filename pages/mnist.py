"""MNIST itself: the images that the networks learn from and are tested on."""

import numpy as np
import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, MNIST, DatasetError, Source
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components.embedding_map import Mark
from mnist_app.ui.components.embedding_map import embedding_map as show_map
from mnist_app.ui.markup import legends, panels, predictions
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, browsing, inside

NEIGHBOR_SIDE = 58
AVERAGE_SIDE = 136
# Between two pictures in one, RGB.
LINE = np.full((1, IMAGE_SIDE, 3), 128, np.uint8)

layout.begin(
    "MNIST",
    "70,000 handwritten digits. Networks learn from most of them and are tested on the rest.",
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
    st.subheader("Your digit among the others", anchor=False)
    title = registry.title(embedding.NETWORK)
    st.markdown(
        f"Each dot is one of the {MNIST.training:,} training images. Two dots are close together "
        f"when “{title}” sees their images as similar, judging by the "
        f"{len(embedding.read().mean)} values of its last hidden layer. The large ring is your "
        "digit, and the small rings are the training images most similar to it. Click any dot to "
        "see its image.\n\nThe map was made with t-SNE, which preserves neighborhoods. The sizes "
        "of the islands and the distances between them mean little."
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        subject = inside.subject(canvas.show())
        outputs = asking.layers(subject.image, network=embedding.NETWORK)
        place = place_of(outputs)
        st.caption(subject.note)
        answer = inside.prediction_view(title, outputs, network=embedding.NETWORK)
        st.html(predictions.compact_predictions([answer]))
        if place is not None:
            show_neighbors(place)
    with right:
        show_map(
            resources.embedding_picture(),
            "Map of the training images: ten colored islands, one for each digit",
            marks(place),
            key="embedding",
            on_pick=pick_dot,
        )
        show_picked_dot()


def place_of(outputs: Layers | Pending | Refused) -> embedding.Place | None:
    """Return where the digit lies on the map, as soon as the network has answered."""
    if isinstance(outputs, Pending | Refused):
        return None
    return embedding.read().place(outputs[embedding.LAYER])


def pick_dot(x: float, y: float) -> None:
    """Remember the training image whose dot lies nearest to a click."""
    session.pick(session.PICKED_DOT, embedding.read().nearest_to(x, y))


def marks(place: embedding.Place | None) -> list[Mark]:
    """What stands on the map: the digits' names, the drawing, what is near it, what was picked."""
    map_ = embedding.read()
    shown = [Mark(x, y, "name", str(d)) for d, (x, y) in enumerate(resources.embedding_names())]
    picked = session.picked_number(session.PICKED_DOT)
    if picked is not None:
        x, y = map_.positions[picked].tolist()
        shown.append(Mark(x, y, "picked"))
    if place is not None:
        near = map_.positions[place.neighbors].tolist()
        shown += [Mark(x, y, "near") for x, y in near]
        shown.append(Mark(place.x, place.y, "own"))
    return shown


def show_neighbors(place: embedding.Place) -> None:
    """The training images most similar to the drawing."""
    split = resources.split(MNIST.name, "training")
    st.markdown("**The most similar training images**, with their labels:")
    shown = [
        Panel(str(split.labels[index]), split.images[index], f"{index:,}", NEIGHBOR_SIDE)
        for index in place.neighbors
    ]
    st.html(panels.tight_row(shown))


def show_picked_dot() -> None:
    """The image whose dot was clicked."""
    picked = session.picked_number(session.PICKED_DOT)
    if picked is None:
        return
    split = resources.split(MNIST.name, "training")
    st.markdown("**The dot you clicked:**")
    title = f"Labeled {split.labels[picked]}"
    note = f"Training image {picked:,}"
    st.html(panels.row([Panel(title, split.images[picked], note)]))


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
    show_unofficial_files(resources.unofficial_files() if chosen == EMNIST else [])
    with choices:
        chosen_part = browsing.choose_part({part: len(splits[part]) for part in splits})
    browse(chosen, chosen_part)
    show_digits(chosen)
explain()
layout.poll_for_inference()
