"""Published results on MNIST's 10,000 test images, from 1998 on."""

from dataclasses import dataclass
from typing import Literal

_LECUN = (
    "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition"
)
_LECUN_LINK = "http://yann.lecun.com/exdb/mnist/"


@dataclass(frozen=True)
class Result:
    """One result as its authors report it."""

    title: str
    error: float
    """The share of the test images that is wrong, 0 to 1."""
    year: int
    kind: Literal["one classifier", "committee"]
    source: str
    link: str


RESULTS = (
    Result("Linear classifier", 0.12, 1998, "one classifier", _LECUN, _LECUN_LINK),
    Result("Nearest neighbors", 0.05, 1998, "one classifier", _LECUN, _LECUN_LINK),
    Result(
        "Two dense layers, 300 hidden units", 0.047, 1998, "one classifier", _LECUN, _LECUN_LINK
    ),
    Result("LeNet-5", 0.0095, 1998, "one classifier", _LECUN, _LECUN_LINK),
    Result("LeNet-5, on distorted images", 0.008, 1998, "one classifier", _LECUN, _LECUN_LINK),
    Result("Boosted LeNet-4", 0.007, 1998, "committee", _LECUN, _LECUN_LINK),
    Result(
        "Virtual support vectors",
        0.0056,
        2002,
        "one classifier",
        "DeCoste and Schölkopf, Training Invariant Support Vector Machines",
        "https://doi.org/10.1023/A:1012454411458",
    ),
    Result(
        "Convolutional network, elastic distortions",
        0.004,
        2003,
        "one classifier",
        "Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks",
        _LECUN_LINK,
    ),
    Result(
        "Six dense layers, 12 million weights",
        0.0035,
        2010,
        "one classifier",
        "Cireşan, Meier, Gambardella and Schmidhuber, Deep, Big, Simple Neural Nets",
        "https://arxiv.org/abs/1003.0358",
    ),
    Result(
        "Committee of 35 convolutional networks",
        0.0023,
        2012,
        "committee",
        "Cireşan, Meier and Schmidhuber, Multi-column Deep Neural Networks",
        "https://arxiv.org/abs/1202.2745",
    ),
    Result(
        "Capsules without routing, one network",
        0.0017,
        2020,
        "one classifier",
        "Byerly, Kalganova and Dear, No Routing Needed Between Capsules",
        "https://arxiv.org/abs/2001.09136",
    ),
    Result(
        "Capsules without routing, committee",
        0.0013,
        2020,
        "committee",
        "Byerly, Kalganova and Dear, No Routing Needed Between Capsules",
        "https://arxiv.org/abs/2001.09136",
    ),
    Result(
        "Committee of committees of plain networks",
        0.0009,
        2020,
        "committee",
        "An, Lee, Park, Yang and So, An Ensemble of Simple Convolutional Neural Network Models",
        "https://arxiv.org/abs/2008.10400",
    ),
)
