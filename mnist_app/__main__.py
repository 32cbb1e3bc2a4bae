"""Commands: python -m mnist_app classify | evaluate | train | film | score | map | samples."""

import sys

from mnist_app.cli.ending import run_to_the_end


def main() -> int:
    """Run the subcommand that the arguments name and return the exit status."""

    def command() -> int:
        from mnist_app.cli import commands  # takes a second, in which somebody may press Ctrl+C

        return commands.run(__doc__ or "")

    return run_to_the_end(command)


if __name__ == "__main__":
    sys.exit(main())
