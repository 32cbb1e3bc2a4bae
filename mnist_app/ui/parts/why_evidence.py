"""What the network looked at: a window that hides parts of the digit, and three maps of it."""

from collections.abc import Mapping

import streamlit as st

from mnist_app.explain.questions import AskEvidence, Evidence, Explained
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Refused
from mnist_app.ui.components.evidence import EvidenceMap
from mnist_app.ui.parts import asking

WINDOW = 5
"""The side of the window that hides, in pixels."""
SAYS = {
    "occlusion": "How much the answer suffers where a window hides the digit. It sees only what "
    "one window hides alone.",
    "integrated": "How each pixel moved the answer on the way from black to your digit. The parts "
    "add up to the whole; paper never counts.",
    "grad_cam": "Where the maps of this layer speak for the digit. Each has one weight for all "
    "places, its mean gradient. That is coarse: even the answer can look blue.",
}


def ask(explained: Explained, image: Image, digit: int) -> Evidence | None:
    """Return what of an image, uint8 (28, 28), speaks for a digit; None after saying why not."""
    question = AskEvidence(explained, image, digit, WINDOW)
    found = asking.why_once("evidence", question, (explained.key, image.tobytes(), digit))
    if isinstance(found, Refused):
        st.info(found.reason, icon=":material/info:")
        return None
    return found


def occlusion_map(found: Evidence, digit: int) -> EvidenceMap:
    """Return what the window hid at each place."""
    return EvidenceMap(f"Occlusion: what {digit} loses", found.occlusion, SAYS["occlusion"])


def integrated_map(found: Evidence) -> EvidenceMap:
    """Return what each pixel did."""
    return EvidenceMap("Integrated gradients", found.integrated, SAYS["integrated"])


def grad_cam_map(maps: Mapping[str, Array], layer: str) -> EvidenceMap:
    """Return where the maps of a convolution speak for the digit."""
    return EvidenceMap(f"Grad-CAM at {layer}", maps[layer], SAYS["grad_cam"])
