"""Whom it resembles: the training images that the network finds most similar to the drawing."""

import numpy as np
import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.data.datasets import MNIST
from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.ui import resources
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking

SIDE = 84


def show(subject: Drawing) -> None:
    """Show the nearest training images, and how many of them have the network's answer."""
    outputs = asking.layers(subject.image, network=embedding.NETWORK)
    if isinstance(outputs, Pending | Refused):
        st.info(asking.why_not(outputs), icon=":material/hourglass:")
        return
    place = embedding.read().place(outputs[embedding.LAYER])
    split = resources.split(MNIST.name, "training")
    answer = int(outputs.probabilities.argmax())
    agree = int(np.sum(split.labels[place.neighbors] == answer))
    shown = [
        Panel(f"{split.labels[index]}", split.images[index], f"{index:,}", SIDE)
        for index in place.neighbors
    ]
    st.html(panels.tight_row(shown))
    st.caption(
        f"Of the {len(shown)} training images that “{registry.title(embedding.NETWORK)}” finds "
        f"most similar, {agree} are labeled {answer}, its answer. Where they disagree, little "
        "would change its mind."
    )
