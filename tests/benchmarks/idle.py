"""Memory that the local installation takes while nothing happens: ``augment-kitti serve --background``, at rest.

    python tests/benchmarks/idle.py [SECONDS]

Starts it in an empty data folder on free ports, waits, adds up the proportional set sizes (PSS, Linux) of its
processes, and stops it. Shared pages are counted once, so the sum is what the machine has less.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from flows.servers import free_port
from flows.workspace import DATA_VARIABLE
from tests.faults.living import processes
from tests.faults.small_study import COMMAND


def pss_mb(process: int) -> float:
    """Megabytes of one process."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) * 1024 / 1e6
    raise ValueError(f"process {process} has no PSS")


def main(rest_s: float) -> None:
    """Print each process and the sum."""
    with tempfile.TemporaryDirectory(prefix="idle-") as folder:
        env = {**os.environ, DATA_VARIABLE: folder}
        ports = ["--prefect-port", str(free_port()), "--mlflow-port", str(free_port())]
        subprocess.run([COMMAND, "serve", "--background", *ports], env=env, check=True)
        try:
            time.sleep(rest_s)
            found = processes(Path(folder))
            sizes = {number: pss_mb(number) for number in found}
            for number, size in sizes.items():
                print(f"{size:6.0f} MB  {found[number][:90]}")  # noqa: T201
            print(f"{sum(sizes.values()):6.0f} MB  in all")  # noqa: T201
        finally:
            subprocess.run([COMMAND, "stop"], env=env, check=True)


if __name__ == "__main__":
    main(float([*sys.argv[1:], "60"][0]))
