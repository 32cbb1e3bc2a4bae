"""What a page costs when there are many runs, each of another visitor, and 20 own ones.

    python -m tests.benchmarks.many_runs

prints the median over reruns of a page without a browser, in milliseconds of processor time, so
that what runs beside it counts little.
"""

import os
import statistics
import tempfile
import time

import sqlalchemy as sa

from mnist_app import storage
from mnist_app.networks import registry
from mnist_app.storage import ARTIFACTS, RUNS
from mnist_app.training import runs
from mnist_app.training.run import OPERATOR
from mnist_app.training.settings import Settings
from mnist_app.ui import session, visitor
from tests.support.apptest import go_to, open_app

COUNTS = (0, 2000, 10_000)
PAGES = ("draw", "training")
OWN = 20
RERUNS = 25
VISITOR = "visitor"


def main() -> None:
    visitor.owner = lambda: VISITOR
    print(f"| runs | {' | '.join(f'{page}, ms' for page in PAGES)} |")
    print("|---|" + "---|" * len(PAGES))
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
            os.environ["MNIST_APP_HOME"] = folder
            if count:
                fill(count)
            times = [f"{milliseconds(page):.0f}" for page in PAGES]
            print(f"| {count:,} | {' | '.join(times)} |", flush=True)
            storage.close()


def fill(count: int) -> None:
    """Put runs into the store: 250 that wait, and many that are done."""
    runs.create(Settings(), "quick", OPERATOR)
    card = registry.read_artifact("softmax", "card") or b""
    with storage.writing() as connection:
        row = dict(connection.execute(sa.select(RUNS)).mappings().one())
        del row["id"]
        rows = []
        for number in range(count):
            owner = VISITOR if number % (count // OWN) == 0 else f"owner {number}"
            settings = row["settings"] | {"seed": number}
            status = "queued" if number % (count // 250) == 1 else "done"
            name = f"run-{number}"
            rows.append(
                row | {"name": name, "owner": owner, "settings": settings, "status": status}
            )
        connection.execute(RUNS.insert(), rows)
        artifact = {"kind": "card", "version": 1, "content": card}
        cards = [artifact | {"run": one["name"]} for one in rows if one["status"] == "done"]
        connection.execute(ARTIFACTS.insert(), cards)


def milliseconds(page: str) -> float:
    app = open_app()
    app.session_state[session.OTHERS_RUNS] = True
    if page != "draw":
        go_to(app, page)
    seconds = []
    for _ in range(RERUNS):
        began = time.process_time()
        app.run()
        seconds.append(time.process_time() - began)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()
