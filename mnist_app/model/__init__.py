"""The only room that imports TensorFlow and Keras; its code runs in processes of its own."""

import os
import sys


def _import_tensorflow_quietly() -> None:
    """TensorFlow looks for a GPU at its import and says so on stderr at every log level.

    The networks are so small that a GPU is slower than a core.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        finally:
            os.dup2(kept, 2)
            os.close(kept)


_import_tensorflow_quietly()
