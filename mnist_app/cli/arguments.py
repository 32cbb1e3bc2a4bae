"""Arguments that several subcommands take."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from mnist_app.cli.output import fail
from mnist_app.networks import registry
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import settings
from mnist_app.training.settings import SettingsError

WRONG = 2
"""The exit status for wrong arguments."""
_LONGEST = 300


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end the program."""
        cut = message if len(message) <= _LONGEST else f"{message[:_LONGEST]} …"
        fail(f"{cut}; for the usage: {self.prog} --help")
        sys.exit(WRONG)


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add --network, which is a network that ships or a run."""
    parser.add_argument(
        "--network",
        type=network_name,
        default=registry.DEFAULT_NETWORK,
        metavar="NAME",
        help=f"one of {', '.join(NETWORKS)}, or a run (default: %(default)s)",
    )


def number(setting: str, kind: type[int] | type[float]) -> Callable[[str], float]:
    """Return a type for argparse: a number within the bounds of a training's setting."""

    def read(text: str) -> float:
        try:
            value = kind(text)
            settings.check(setting, value)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    read.__name__ = "number"  # argparse prints it: invalid number value
    return read


def network_name(name: str) -> str:
    """Return the name of a network that ships or of a run, as a type for argparse."""
    if not registry.exists(name):
        raise argparse.ArgumentTypeError(
            f"there is no network {name!r}; choose one of {', '.join(NETWORKS)}, or a run"
        )
    return name
