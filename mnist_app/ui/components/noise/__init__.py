"""Noise that fools a network: a slider for its strength, and what others say to it."""

from collections.abc import Mapping
from pathlib import Path

from mnist_app.explain.questions import Noise
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def noise(
    found: Noise,
    titles: Mapping[str, str],
    reject_below: Mapping[str, float],
    wanted: int,
    key: str,
) -> None:
    """Show a digit with noise of each strength, and what each network answers.

    Args:
        found: The digit with the noise, and the answers; the first strength is 0.
        titles: Network -> what people call it.
        reject_below: Network -> where it finds no digit, see `networks.prediction`.
        wanted: The digit, 0 to 9, that the noise aims at.
        key: Streamlit's key of the element.
    """
    _ELEMENT(
        key=key,
        data={
            "strengths": list(found.strengths),
            "images": as_base64(found.images.tobytes()),
            "networks": [
                {
                    "title": titles[name],
                    "rejectBelow": reject_below[name],
                    "probabilities": shares.round(4).tolist(),
                }
                for name, shares in found.probabilities.items()
            ],
            "wanted": wanted,
        },
    )
