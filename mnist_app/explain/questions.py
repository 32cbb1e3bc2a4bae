"""Why a network answers as it does: what is asked of the model process, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mnist_app.explain.counterfactual import Counterfactual
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.networks.questions import Answer, Question

STRENGTHS = tuple(range(0, 129, 8))
"""How much each pixel may change, of 255: the strengths at which noise is tried."""


@dataclass(frozen=True, eq=False)
class Explained:
    """The network that is to be explained, as the visitor has it."""

    network: str
    interventions: Interventions = field(default=NOTHING_CHANGED)
    """Kernels that the visitor changed. Other pooling has no explanation."""
    randomized: int = 0
    """How many layers that learn, from the answer back, have random weights in the place of theirs:
    the check of Adebayo and others, https://arxiv.org/abs/1810.03292."""

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        kernels = tuple(
            (layer, *(None if array is None else array.tobytes() for array in arrays))
            for layer, arrays in self.interventions.kernels.items()
        )
        return self.network, kernels, tuple(self.interventions.pooling.items()), self.randomized


@dataclass(frozen=True, eq=False)
class Evidence:
    """What of an image speaks for a digit, and what against it: three answers, all in logits."""

    logits: Array
    """What the network answers, float32 (10,)."""
    occlusion: Array
    """By how much the digit's logit falls when a window around a pixel is black, (28, 28)."""
    integrated: Array
    """Integrated gradients from black to the image, (28, 28); they add up to `rise`."""
    rise: float
    """The digit's logit for the image, less that for a black one."""
    grad_cam: Mapping[str, Array]
    """Convolution -> Grad-CAM at the places of its maps, (rows, columns), negative parts kept."""
    layers: int
    """How many layers of the network learn: that many can be randomized."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Noise that is to make a network say another digit, by its strength."""

    strengths: tuple[int, ...]
    """How much each pixel may change, of 255."""
    images: Image
    """What the network sees at each strength, uint8 (n, 28, 28)."""
    probabilities: Mapping[str, Array]
    """Network -> its answers to them, float32 (n, 10); the one that is fooled comes first."""


@dataclass(frozen=True, eq=False)
class Dream:
    """What excites a unit, a map or a digit most."""

    image: Image
    """An image made for it, uint8 (28, 28)."""
    excitement: float
    """What it answers to that image: its output, for a map the mean of it."""
    likes: tuple[int, ...]
    """The numbers of the MNIST test images that excite it most, the first one most."""
    excitements: tuple[float, ...]
    """What it answers to those."""
    images: int
    """Among how many of MNIST's first test images these were found."""


@dataclass(frozen=True, eq=False)
class Resistance:
    """How many test images a network still reads right under noise that is made against it."""

    strengths: tuple[int, ...]
    """How much each pixel may change, of 255."""
    accuracies: tuple[float, ...]
    """The share that is right at each strength, 0 to 1."""
    images: int


@dataclass(frozen=True, eq=False)
class WhyQuestion(Question[Answer]):
    """A question about why."""

    explained: Explained


@dataclass(frozen=True, eq=False)
class AskEvidence(WhyQuestion[Evidence]):
    """What speaks for this digit, and what against it?"""

    image: Image
    """Shape (28, 28), 0 to 255."""
    digit: int
    window: int = 5
    """The side of the window that hides, odd, in pixels."""


@dataclass(frozen=True, eq=False)
class AskStrokes(WhyQuestion[dict[int, list[Counterfactual]]]):
    """Which strokes make the network say each of these digits? The answer: digit -> strokes."""

    ink: Image
    """What was drawn, bright on black, uint8 (side, side)."""
    wanted: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class AskNoise(WhyQuestion[Noise]):
    """Which noise makes the network say this digit, and do others fall for it, too?"""

    image: Image
    wanted: int
    strengths: tuple[int, ...]
    steps: int
    """1 for the fast gradient sign method, more for its repetition in small steps."""
    others: tuple[str, ...]
    """Other networks that are shown the same images."""


@dataclass(frozen=True, eq=False)
class AskDream(WhyQuestion[Dream]):
    """What does this unit, map or digit look for?"""

    layer: str
    """A map is asked about as it goes on: after its activation."""
    number: int


@dataclass(frozen=True, eq=False)
class AskResistance(WhyQuestion[Resistance]):
    """How strong must the fast gradient sign method be to fool this network?"""

    strengths: tuple[int, ...]
