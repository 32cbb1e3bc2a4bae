"""Arrays out of an npz file that may be damaged."""

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What NumPy and zipfile raise for files with bytes that were changed.
_DAMAGED = (
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    OSError,
    OverflowError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(content: object) -> dict[str, NDArray[Any]] | None:
    """Return the arrays of an npz file by name; None where `content` is none or is damaged."""
    if not isinstance(content, bytes):
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _DAMAGED:
        return None
