"""How much sooner two processes finish a study than one, by the wall clock; needs two quiet cores.

    python tests/benchmarks/two_workers.py [STUDY [WORDS OF augment-kitti run ...]]

Each run has a data folder of its own, whose databases and ingested data a short run has made before. The scores of both
are compared: they must be the same to the last bit.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from flows.workspace import DATA_VARIABLE
from tests.faults.small_study import COMMAND, scores_of

SHORT = ("--seeds", "1", "--set", "strategies=[none,copies,noise]", "--set", "task.steps=10")


def report_of(data: Path, words: Sequence[str]) -> Path:
    """Run a study; the folder of its report."""
    env = {**os.environ, DATA_VARIABLE: str(data)}
    done = subprocess.run([COMMAND, "run", *words], env=env, check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip().splitlines()[-1])


def main(words: Sequence[str]) -> None:
    """Print the seconds of each, their ratio, and whether the scores agree."""
    seconds, scores = {}, {}
    with tempfile.TemporaryDirectory(prefix="workers-") as folder:
        for workers in (1, 2):
            data = Path(folder) / str(workers)
            report_of(data, [*words, *SHORT])
            started = time.monotonic()
            scores[workers] = scores_of(report_of(data, [*words, "--workers", str(workers)]))
            seconds[workers] = time.monotonic() - started
            print(f"{workers} at work: {seconds[workers]:.0f} s")  # noqa: T201
    same = "the same" if scores[1] == scores[2] else "DIFFERENT"
    print(f"two are {seconds[1] / seconds[2]:.2f} times as fast; the scores are {same}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:] or ["mini"])
