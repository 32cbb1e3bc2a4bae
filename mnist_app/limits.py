"""How much anybody may take of what all share: a limit a line, and what may be switched off.

Each is set by an environment variable of the server and is read when it is asked for.
`python -m mnist_app.limits` prints the README's table of them.
"""

import functools
import logging
import os
from dataclasses import dataclass
from typing import cast

LOGGER = logging.getLogger(__name__)
OFF = ("off", "0", "no", "false")


@dataclass(frozen=True)
class Switch:
    """Something that may be done on this server, or not."""

    variable: str
    """The environment variable that sets it."""
    about: str
    usual: str = "on"
    """The default: "on" or "off"."""
    public = ""
    """The default in public mode, as the README says it; empty where it is the same."""

    def is_on(self) -> bool:
        """Say whether it is allowed: the variable says anything but "off", or nothing."""
        return (os.environ.get(self.variable) or self.usual).lower() not in OFF


PUBLIC = Switch(
    "MNIST_APP_PUBLIC", "the server is open to the world: the next column counts", "off"
)


@dataclass(frozen=True)
class Limit:
    """The most of something that there may be, a whole number."""

    variable: str
    """The environment variable that sets it."""
    default: int
    about: str
    """What is counted and in which unit, as the README says it."""
    least: int = 0
    in_public: int | None = None
    """The default in public mode; None where it is the same."""

    def value(self) -> int:
        """Return what is set, at least `least`; the default where that is no number."""
        given = os.environ.get(self.variable, "")
        if not (given.isascii() and given.isdecimal() and len(given) <= 15):
            if given:
                _warn(self.variable, given)
            has_other = self.in_public is not None and PUBLIC.is_on()
            return cast("int", self.in_public) if has_other else self.default
        return max(self.least, int(given))

    @property
    def usual(self) -> str:
        """The default, as the README says it."""
        return str(self.default)

    @property
    def public(self) -> str:
        """The default in public mode, as the README says it; empty where it is the same."""
        return "" if self.in_public is None else str(self.in_public)


@dataclass(frozen=True)
class Text:
    """Something that is set by words."""

    variable: str
    usual: str
    """The default."""
    about: str
    public: str = ""
    """The default in public mode; empty where it is the same."""

    def value(self) -> str:
        """Return what is set, else the default."""
        usual = self.public if self.public and PUBLIC.is_on() else self.usual
        return os.environ.get(self.variable, "").strip() or usual


PROXIES = Text(
    "MNIST_APP_PROXIES",
    "127.0.0.1,::1",
    "addresses and networks of proxies, whose X-Forwarded-For and -Proto are believed",
)
LOG = Text(
    "MNIST_APP_LOG",
    "text",
    "what is logged: text, or json, which has neither drawings nor addresses",
    "json",
)
METRICS_PORT = Limit(
    "MNIST_APP_METRICS_PORT", 0, "port where Prometheus is answered at /metrics; 0 for none"
)
METRICS_ADDRESS = Text("MNIST_APP_METRICS_ADDRESS", "127.0.0.1", "address of that port")
CONTACT = Text("MNIST_APP_CONTACT", "", "who runs this server, for its page about what is kept")
TRAINING = Switch("MNIST_APP_TRAINING", "visitors train networks")
UPLOADS = Switch("MNIST_APP_UPLOADS", "visitors bring pictures, as files or by camera")
LABELING = Switch("MNIST_APP_LABELING", "visitors label drawings, which are kept")
TRAINERS = Limit("MNIST_APP_TRAINERS", 1, "trainings at a time on this machine; 0 for none")
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
SESSIONS = Limit("MNIST_APP_SESSIONS", 800, "open pages at a time, in all", least=1, in_public=400)
VISITOR_SESSIONS = Limit(
    "MNIST_APP_VISITOR_SESSIONS", 20, "open pages at a time, a visitor", least=1, in_public=5
)
VISITOR_MESSAGES = Limit(
    "MNIST_APP_VISITOR_MESSAGES",
    20,
    "messages a second from all pages of a visitor; the others wait their turn",
    least=1,
    in_public=10,
)
ADDRESS_REQUESTS = Limit(
    "MNIST_APP_ADDRESS_REQUESTS",
    1000,
    "requests a second from one address, a page process; the others wait their turn",
    least=1,
    in_public=200,
)
SESSION_HOURS = Limit(
    "MNIST_APP_SESSION_HOURS",
    24,
    "hours for which a visitor's last drawing waits for him; 0 to keep none",
)
SESSION_KB = Limit("MNIST_APP_SESSION_KB", 200, "kilobytes of what is so kept of an open page")
SESSION_RECORDS = Limit(
    "MNIST_APP_SESSION_RECORDS", 5000, "open pages of which something is so kept, in all", least=1
)
DRAIN_SECONDS = Limit(
    "MNIST_APP_DRAIN_SECONDS",
    0,
    "seconds that a server which is asked to stop (SIGTERM) waits for its pages to be closed",
)
STREAMS = Limit("MNIST_APP_STREAMS", 400, "pages that hear events at a time, in all", least=1)
VISITOR_STREAMS = Limit(
    "MNIST_APP_VISITOR_STREAMS", 4, "pages that hear events at a time, a visitor", least=1
)
QUEUED_RUNS = Limit(
    "MNIST_APP_QUEUED_RUNS", 250, "runs that wait in the queue, in all", in_public=60
)
RUNS_PER_VISITOR = Limit(
    "MNIST_APP_RUNS_PER_VISITOR", 1, "runs of a visitor that wait or are being trained"
)
RUNS_PER_HOUR = Limit(
    "MNIST_APP_RUNS_PER_HOUR", 100, "runs that a visitor starts an hour", in_public=6
)
RUNS_PER_HOUR_PER_ADDRESS = Limit(
    "MNIST_APP_RUNS_PER_HOUR_PER_ADDRESS", 1000, "runs an hour from one address", in_public=60
)
KEPT_RUNS = Limit("MNIST_APP_KEPT_RUNS", 500, "ended runs that are kept, in all", least=1)
KEPT_RUNS_PER_VISITOR = Limit(
    "MNIST_APP_KEPT_RUNS_PER_VISITOR",
    20,
    "ended runs of a visitor that are kept",
    least=1,
    in_public=5,
)
MOMENTS_KB = Limit("MNIST_APP_MOMENTS_KB", 1000, "kilobytes of moments of a run, for its film")
DRAWINGS = Limit("MNIST_APP_DRAWINGS", 20_000, "labeled drawings that are kept, in all")
DRAWINGS_PER_VISITOR = Limit(
    "MNIST_APP_DRAWINGS_PER_VISITOR",
    300,
    "labeled drawings of a visitor that are kept",
    in_public=100,
)
STORE_MB = Limit(
    "MNIST_APP_STORE_MB", 2000, "megabytes of the store, beyond which nothing is added"
)
FREE_DISK_MB = Limit(
    "MNIST_APP_FREE_DISK_MB", 200, "megabytes of the disk that are left free, SQLite only"
)
ROOMS = Limit(
    "MNIST_APP_ROOMS", 40, "rooms that are opened a day, in all; 0 for none", in_public=100
)
ROOMS_PER_VISITOR = Limit(
    "MNIST_APP_ROOMS_PER_VISITOR", 6, "rooms that a visitor opens a day", in_public=2
)
ROOMS_PER_ADDRESS = Limit(
    "MNIST_APP_ROOMS_PER_ADDRESS", 20, "rooms a day from one address", in_public=5
)
ROOM_HOURS = Limit("MNIST_APP_ROOM_HOURS", 24, "hours until a room is forgotten", least=1)
ROOM_PHONES = Limit("MNIST_APP_ROOM_PHONES", 350, "phones that draw in a room")
ROOM_DRAWINGS = Limit("MNIST_APP_ROOM_DRAWINGS", 5000, "drawings of a room")
PHONE_DRAWINGS = Limit("MNIST_APP_PHONE_DRAWINGS", 20, "drawings a minute, a phone")
ROOM_MESSAGE_KB = Limit("MNIST_APP_ROOM_MESSAGE_KB", 16, "kilobytes of what a phone sends", least=1)
WRONG_CODES = Limit("MNIST_APP_WRONG_CODES", 30, "wrong codes in ten minutes from one address")
WRONG_CODES_IN_ALL = Limit(
    "MNIST_APP_WRONG_CODES_IN_ALL", 200, "wrong codes in ten minutes, in all"
)


def table() -> str:
    """Return all limits and switches as a table in Markdown, in the order of this file."""
    lines = [one for one in globals().values() if isinstance(one, Limit | Switch | Text)]
    rows = [f"| `{one.variable}` | {one.usual} | {one.public} | {one.about} |" for one in lines]
    return "\n".join(["| variable | default | in public mode | what |", "|---|---|---|---|", *rows])


@functools.lru_cache(64)
def _warn(variable: str, given: str) -> None:
    LOGGER.warning("%s is no whole number: %r", variable, given[:40])


if __name__ == "__main__":
    print(table())
