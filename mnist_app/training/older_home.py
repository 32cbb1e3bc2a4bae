"""A home folder from before there was one store: its labeled drawings lie in a file of their own.

Folders of runs from that time stay where they are; nothing reads them any more.
"""

import logging
import sqlite3
from contextlib import closing

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.storage import LABELED_DRAWINGS, StorageError, home, upsert, writing

LOGGER = logging.getLogger(__name__)
OLDER_FILE = "hand.sqlite3"
IMPORTED = ".imported"


def import_drawings() -> int:
    """Bring the drawings of an older home into the store; return how many came.

    The older file is renamed afterwards. One that cannot be read stays, and the log says why; a
    drawing that cannot be read stays in it.
    """
    file = home() / OLDER_FILE
    if not file.exists():
        return 0
    try:
        with closing(sqlite3.connect(file)) as older:
            rows = older.execute("SELECT owner, image, label, said_at FROM drawings ORDER BY id")
            drawings = [row for row in rows if _is_sound(*row)]
        with writing() as connection:
            for owner, image, label, labeled_at in drawings:
                values = {"label": label, "strokes": {}, "labeled_at": labeled_at}
                key = {"owner": owner, "image": image}
                upsert(connection, LABELED_DRAWINGS, key, values)
        file.rename(file.with_name(OLDER_FILE + IMPORTED))
    except (sqlite3.Error, StorageError, OSError) as error:
        LOGGER.warning("The labeled drawings in %s cannot be imported: %s", file, error)
        return 0
    return len(drawings)


def _is_sound(owner: object, image: object, label: object, labeled_at: object) -> bool:
    """Say whether a row is a labeled drawing; SQLite keeps anything in any column."""
    return (
        isinstance(owner, str)
        and isinstance(image, bytes)
        and len(image) == IMAGE_SIDE**2
        and label in range(CLASSES)
        and isinstance(labeled_at, int | float)
    )
