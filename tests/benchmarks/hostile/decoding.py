"""What decoding costs: `python -m tests.benchmarks.hostile.decoding COUNT SEED`.

Decodes mutated pictures as a page does, in a process whose memory is looked at.
"""

import logging
import random
import resource
import sys
import time

from mnist_app.ui import drawing
from tests.benchmarks.hostile import pictures

MOST_MEMORY = 8 * 1024**3


def peak() -> float:
    """Return the most memory this process had so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main(count: int, seed: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    logging.disable()
    drawing.receive({"data": pictures.data_uri(pictures.canvas_png(7))}, 0)
    before, worst, dearest = peak(), (0.0, -1), (0.0, -1)
    raised: dict[str, int] = {}
    for number in range(count):
        rng = random.Random(f"{seed} {number} picture")
        made = (pictures.bomb if number % 20 == 0 else pictures.mutated)(rng)
        sent = pictures.data_uri(made)
        memory, began = peak(), time.perf_counter()
        try:
            drawing.receive({"data": sent}, 0)
        except Exception as error:
            raised[type(error).__name__] = number
        worst = max(worst, (time.perf_counter() - began, number))
        dearest = max(dearest, (peak() - memory, number))
    print(
        f"{count:,} pictures decoded, worst {1000 * worst[0]:.0f} ms (#{worst[1]}); memory from "
        f"{before:.0f} to at most {peak():.0f} MB (#{dearest[1]}); raised: {raised or 'nothing'}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
