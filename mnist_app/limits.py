"""How much anybody may take of what all share: a limit a line, and what may be switched off.

Each is set by an environment variable of the server and is read when it is asked for.
"""

import logging
import os
from dataclasses import dataclass

LOGGER = logging.getLogger(__name__)
OFF = ("off", "0", "no", "false")


@dataclass(frozen=True)
class Limit:
    """The most of something that there may be, a whole number."""

    variable: str
    """The environment variable that sets it."""
    default: int
    about: str
    """What is counted and in which unit, as the README says it."""
    least: int = 0

    def value(self) -> int:
        """Return what is set, at least `least`; the default where that is no number."""
        given = os.environ.get(self.variable, "")
        if not given.isdecimal() or len(given) > 15:
            if given:
                LOGGER.warning("%s is no whole number: %r", self.variable, given[:40])
            return self.default
        return max(self.least, int(given))


@dataclass(frozen=True)
class Switch:
    """Something that visitors may do unless it is switched off."""

    variable: str
    about: str

    def is_on(self) -> bool:
        """Say whether it is allowed: the variable says nothing, or anything but "off"."""
        return os.environ.get(self.variable, "on").lower() not in OFF


TRAINERS = Limit("MNIST_APP_TRAINERS", 1, "trainings at a time on this machine; 0 for none")
UPLOADS = Switch("MNIST_APP_UPLOADS", "visitors bring pictures, as files or by camera")
UPLOAD_MB = Limit("MNIST_APP_UPLOAD_MB", 10, "megabytes of a picture that a visitor brings")
UPLOADS_MB = Limit(
    "MNIST_APP_UPLOADS_MB", 50, "megabytes of pictures that arrive at a time, in all"
)
DECODERS = Limit("MNIST_APP_DECODERS", 1, "such pictures that are read at a time", least=1)
DECODING_SECONDS = Limit(
    "MNIST_APP_DECODING_SECONDS", 5, "seconds of computing to read a picture", least=1
)
DECODING_MB = Limit(
    "MNIST_APP_DECODING_MB", 1000, "megabytes of address space to read a picture", least=500
)
SESSIONS = Limit("MNIST_APP_SESSIONS", 800, "open pages at a time, in all", least=1)
VISITOR_SESSIONS = Limit(
    "MNIST_APP_VISITOR_SESSIONS", 20, "open pages at a time, a visitor", least=1
)
VISITOR_MESSAGES = Limit(
    "MNIST_APP_VISITOR_MESSAGES",
    20,
    "messages a second from all pages of a visitor; the others wait their turn",
    least=1,
)
