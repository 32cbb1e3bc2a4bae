"""The networks: what each is, what it learned from and how good it is."""

import streamlit as st

from mnist_app.ui import layout, resources, session

layout.begin(
    "Models", "The network that answers, layer by layer. Choose another one in the sidebar."
)
card = resources.card(session.network())

with st.container(horizontal=True):
    st.metric("MNIST test images it gets right", f"{100 * card.test_accuracy:.2f} %")
    st.metric("Parameters", f"{card.parameters:,}")
    st.metric("Time to train", f"{card.seconds_to_train / 60:.0f} min")

st.table(
    [
        {
            "Layer": layer.name,
            "Kind": layer.kind,
            "Output": " × ".join(str(length) for length in layer.shape),
            "Parameters": f"{layer.parameters:,}",
        }
        for layer in card.layers
    ]
)
st.markdown(
    f"**Input:** {card.input}.\n\n"
    f"**Trained on** {card.data}, {card.settings['epochs']} epochs "
    f"in batches of {card.settings['batch_size']}, seed {card.settings['seed']}; "
    f"timed on {card.machine}."
)
