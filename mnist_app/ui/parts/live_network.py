"""The networks in the browser, which answer on a page while the pen moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.ui import resources, session
from mnist_app.ui.components.live import LiveNetwork, live
from mnist_app.ui.drawing import Drawing

TRAINED, CHANGED = "trained", "changed"
"""The keys of the chosen network as it was trained, and as the visitor changed it."""


@dataclass(frozen=True)
class Asked:
    """A network that is to answer on the page, and what it said to the last stroke."""

    key: str
    """The key of the answers that are its own, see `markup.predictions`."""
    probabilities: NDArray[np.float32] | None = None
    """What Keras answered, shape (10,); None where it did not."""
    network: str = ""
    """Its name; the chosen network where it is empty."""
    interventions: Interventions = NOTHING_CHANGED
    whole: bool = False
    """Whether it gets the whole canvas shrunk instead of the digit."""


def show(drawing: Drawing, *asked: Asked, prepare: Mapping[str, Any] | None = None) -> None:
    """Let networks answer while the pen moves. Call it once, at the end of the page's fragment.

    Those that the browser cannot run are left out. `prepare` is as for `components.live`.
    """
    networks = [found for one in asked if (found := _in_browser(one)) is not None]
    if networks:
        live(networks, drawing.version, prepare)


def answered(key: str, answer: Layers | Pending | Refused | None, **more: Any) -> Asked:  # noqa: ANN401
    """Return a network as `show` takes it, with what `asking.layers` returned."""
    probabilities = answer.probabilities if isinstance(answer, Layers) else None
    return Asked(key, probabilities, **more)


def _in_browser(asked: Asked) -> LiveNetwork | None:
    network = asked.network or session.network()
    packed = resources.packed_network(network)
    if packed is None:
        return None
    return LiveNetwork(
        asked.key,
        f"{st.get_option('server.baseUrlPath')}/{packed.path}".lstrip("/"),
        resources.card(network).reject_below,
        _changes(network, asked.interventions),
        None if asked.probabilities is None else asked.probabilities.tolist(),
        asked.whole,
    )


def _changes(network: str, interventions: Interventions) -> dict[str, Any] | None:
    """Return interventions for `live/changes.js`: of kernels only those that are changed."""
    if not interventions:
        return None
    trained = resources.weights(network) if interventions.kernels else {}
    return {
        "kernels": {
            layer: _changed_kernels(trained[layer], kernels, biases)
            for layer, (kernels, biases) in interventions.kernels.items()
        },
        "pooling": {
            layer: {"rule": pooling.rule, "size": pooling.size, "stride": pooling.stride}
            for layer, pooling in interventions.pooling.items()
        },
    }


def _changed_kernels(
    trained: list[NDArray[np.float32]],
    kernels: NDArray[np.float32],
    biases: NDArray[np.float32] | None,
) -> dict[str, dict[str, Any]]:
    changed = (kernels != trained[0]).any(axis=(0, 1, 2))
    if biases is not None:
        changed |= biases != trained[1]
    return {
        str(number): {
            "values": kernels[..., number].ravel().tolist(),
            "bias": 0.0 if biases is None else float(biases[number]),
        }
        for number in np.flatnonzero(changed)
    }
