"""The model process itself: what runs at the far end of the pipes. See `process.ModelProcess`."""

import os
import sys
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from mnist_app import logs
from mnist_app.networks.questions import Failure
from mnist_app.networks.registry import DEFAULT_NETWORK


def main() -> None:
    """Answer questions until the page process is gone.

    The first word to the strokes' pipe is None when the default network is warm, or a Failure.
    """
    logs.prepare()
    beat, strokes, background = (Connection(int(number)) for number in sys.argv[1:])
    threading.Thread(target=_beat, args=(beat,), daemon=True).start()
    _do_without_temporary_files()
    try:
        from mnist_app.model import inspection, serving

        inspection.warm(DEFAULT_NETWORK)
    except Exception as error:
        strokes.send(Failure.of(error))
        return
    strokes.send(None)
    serving.serve(strokes, background)


def _do_without_temporary_files() -> None:
    """Let TensorFlow start on a full disk: it asks where temporary files go, and writes none."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = os.sep


def _beat(beat: Connection) -> None:
    """Return each beat at once, beside all work. End with the page process, amid any work."""
    with suppress(EOFError, OSError):
        while True:
            beat.send_bytes(beat.recv_bytes())
    os._exit(0)


if __name__ == "__main__":
    main()
