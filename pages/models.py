"""The networks: what each is, what it learned from and how good it is."""

import streamlit as st

from mnist_app import anatomy, strokes
from mnist_app.cards import Card
from mnist_app.figures import duration, percent
from mnist_app.ui import layout, resources, session

layout.begin(
    "Models", "The network that answers, layer by layer. Choose another one in the sidebar."
)


def show_people(card: Card) -> None:
    """How it reads people whom no network has met."""
    grid = card.evaluation["strokes"]
    st.subheader("People whom it has never met", anchor=False)
    st.markdown(
        f"{grid['digits']:,} digits that 30 people wrote on a tablet, drawn as on the canvas with "
        "thin and thick pens, small and large, in the middle and in the corners. Right on:"
    )
    st.table(
        [
            {"Pen": f"{pen} px"}
            | {
                f"Size {size} %": percent(sum(positions) / len(positions))
                for size, positions in zip(strokes.SIZES, row, strict=True)
            }
            for pen, row in zip(strokes.PENS, grid["accuracy"], strict=True)
        ]
    )
    st.caption(
        f"Size is the digit's larger side in percent of the canvas. The mean of all "
        f"{strokes.WAYS} ways to draw them is {percent(grid['mean'])}, the worst "
        f"{percent(grid['worst'])}."
    )


def show_honesty(card: Card) -> None:
    """How far its confidence can be trusted."""
    st.subheader("How sure it may be", anchor=False)
    mnist, people = card.evaluation["mnist"], card.evaluation["strokes"]["usual"]
    st.markdown(
        "When it says 90 %, it should be right nine times out of ten. Its confidence is off by "
        f"{percent(mnist['calibration_error'])} on MNIST's test images and by "
        f"{percent(people['calibration_error'])} on people's digits (expected calibration error). "
        f"Where its two most probable digits together stay below {percent(card.reject_below)}, it "
        f"recognises no digit: that happens to {percent(people['rejected'])} of people's digits."
    )


card = resources.card(session.network())

with st.container(horizontal=True):
    st.metric("MNIST test images it gets right", f"{100 * card.test_accuracy:.2f} %")
    if "strokes" in card.evaluation:
        usual = card.evaluation["strokes"]["usual"]["accuracy"]
        st.metric("People's digits, usual pen and size", f"{100 * usual:.2f} %")
    st.metric("Parameters", f"{card.parameters:,}")
    st.metric("Time to train", duration(card.seconds_to_train))

if "strokes" in card.evaluation:
    show_people(card)
    show_honesty(card)

st.subheader("Layers", anchor=False)
st.table(anatomy.rows(card.layers))
st.markdown(
    f"**Input:** {card.input}.\n\n"
    f"**Trained on** {card.data}, {card.settings['epochs']} epochs "
    f"in batches of {card.settings['batch_size']}, seed {card.settings['seed']}; "
    f"timed on {card.machine}."
)
if card.tried:
    st.subheader("What was tried", anchor=False)
    st.table(list(card.tried))
