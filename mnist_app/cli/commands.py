"""The subcommands by their names, and the one that the arguments name."""

import argparse
import logging
from typing import Protocol

from mnist_app.cli import classify, embed, evaluate, film, samples, score, train
from mnist_app.cli.arguments import Parser


class Command(Protocol):
    """What a module of `cli` has to be a subcommand."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the command takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit status."""


COMMANDS: dict[str, Command] = {
    "classify": classify,
    "evaluate": evaluate,
    "train": train,
    "film": film,
    "score": score,
    "map": embed,
    "samples": samples,
}


def run(about: str) -> int:
    """Run the subcommand that the arguments name and return the exit status."""
    logging.basicConfig(level=logging.ERROR)  # what a warning says, a sentence of its own says
    parser = Parser(prog="python -m mnist_app", description=about)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(subparsers.add_parser(name, help=command.HELP))
    arguments = parser.parse_args()
    return COMMANDS[arguments.command].run(arguments)
