"""The command line: python -m mnist_app classify | evaluate | train | score | map | samples."""

import argparse
import sys
from typing import Protocol

from mnist_app.cli import classify, embed, evaluate, samples, score, train


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
    "score": score,
    "map": embed,
    "samples": samples,
}


def main() -> int:
    """Run the subcommand that the arguments name and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m mnist_app", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(subparsers.add_parser(name, help=command.HELP))
    arguments = parser.parse_args()
    return COMMANDS[arguments.command].run(arguments)


if __name__ == "__main__":
    sys.exit(main())
