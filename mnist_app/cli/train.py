"""train: train a network as the page Training does, and follow it."""

import argparse
from dataclasses import fields
from pathlib import Path

from mnist_app.cli import follow
from mnist_app.cli.arguments import WRONG, network_name, number
from mnist_app.cli.ending import FAILED, INTERRUPTED, note
from mnist_app.cli.output import fail
from mnist_app.data.stroke_files import StrokesError, as_npz, read_strokes
from mnist_app.networks import registry
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import StorageError
from mnist_app.training import presets, runs, settings
from mnist_app.training.run import OPERATOR, Run, RunError
from mnist_app.training.settings import Settings, SettingsError
from mnist_app.workers import WorkerError

HELP = "train a network on MNIST"
# With a file of strokes, where nothing else is asked for.
REWRITTEN = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes: an option for each setting, and a few of its own."""
    parser.add_argument(
        "--preset",
        choices=presets.PRESETS,
        help="settings to begin with (default: those of the network that ships)",
    )
    parser.add_argument("--resume", metavar="RUN", help="resume a run")
    parser.add_argument("--json", action="store_true", help="print a JSON object as the last line")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write card and weights there, too"
    )
    parser.add_argument(
        "--strokes",
        type=Path,
        metavar="FILE",
        help="people’s pen strokes to learn from, JSON or UNIPEN; needed for --rewritten",
    )
    for field in fields(Settings):
        if field.name != "start_from":
            _add_setting(parser, field.name, field.default)
    parser.add_argument(
        "--start-from",
        type=network_name,
        metavar="NAME",
        help="a network of the same layers whose weights it starts with: one that ships, or a run",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train a network and follow it.

    Returns 0 when there is a network afterwards, 130 when Ctrl+C stopped it, whose network is kept
    all the same, 2 for settings that cannot be trained with, and 1 when anything else goes wrong.
    """
    try:
        trained = _resume(arguments) if arguments.resume else _create(arguments)
        ended, was_interrupted = follow.follow(trained, arguments.json)
        has_network = ended.status in ("done", "stopped") and registry.exists(ended.name)
        if has_network and arguments.output is not None:
            follow.export(ended, arguments.output)
        if was_interrupted:
            note("Interrupted.")
            return INTERRUPTED
        return 0 if has_network else FAILED
    except SettingsError as error:
        fail(error)
        return WRONG
    except (RunError, NetworkError, StorageError, StrokesError, WorkerError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"The network cannot be written or trained: {error.strerror or error}.")


def _add_setting(parser: argparse.ArgumentParser, name: str, default: object) -> None:
    option = _option(name)
    if name in settings.CHOICES:
        parser.add_argument(option, choices=settings.CHOICES[name])
    elif isinstance(default, bool):
        parser.add_argument(option, action=argparse.BooleanOptionalAction)
    else:
        low, high = settings.BOUNDS[name]
        read = number(name, int if isinstance(default, int) else float)
        parser.add_argument(option, type=read, help=f"from {low:g} to {high:.12g}")


def _create(arguments: argparse.Namespace) -> Run:
    """Begin with a preset, or with the settings of a network that ships."""
    kind = arguments.preset or arguments.network or registry.DEFAULT_NETWORK
    if arguments.preset:
        start = presets.PRESETS[kind].settings
    else:
        start = presets.SHIPPED.get(kind, Settings())
    names = settings.as_dictionary(start)
    given = {name: value for name in names if (value := getattr(arguments, name, None)) is not None}
    strokes = None
    if arguments.strokes is not None:
        strokes = as_npz(read_strokes(arguments.strokes))
        given.setdefault("rewritten", start.rewritten or REWRITTEN)
    chosen = settings.read(names | given)
    _require_same_layers(chosen)
    return runs.create(chosen, kind, OPERATOR, strokes=strokes)


def _require_same_layers(chosen: Settings) -> None:
    """Raise SettingsError where the weights to start with are of another architecture."""
    name = chosen.start_from
    if name and registry.read_card(name).architecture != chosen.architecture:
        raise SettingsError(
            f"The network “{name}” has other layers than the one to train. Start from a network of "
            "the same layers."
        )


def _resume(arguments: argparse.Namespace) -> Run:
    """Resume a run: to its end, or for some more epochs; say which options it ignores."""
    if ignored := _ignored_options(arguments):
        note(f"A resumed run keeps its settings. Ignored: {', '.join(ignored)}.")
    runs.resume(arguments.resume, OPERATOR, arguments.epochs or 0)
    return runs.read(arguments.resume)


def _ignored_options(arguments: argparse.Namespace) -> list[str]:
    """Return the options that were given and say what a resumed run has settled already."""
    settled = {field.name for field in fields(Settings)} - {"epochs"}
    names = ["preset", "strokes", *sorted(settled)]
    given = [name for name in names if getattr(arguments, name) is not None]
    return [_option(name) for name in given]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
