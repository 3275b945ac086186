"""How much memory the ingest of a fleet's labels takes: the real label set many times over, in one process.

    python tests/benchmarks/fleet.py TRAINING [TIMES]

Every sequence of a KITTI tracking folder appears ``TIMES`` (100) times under other names, as links to the one file.
"""

import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from pipeline.store import ingest

LIMIT_MB = 2000


def replicate(training: Path, fleet: Path, times: int) -> None:
    """Link the labels, calibration and poses of every sequence ``times`` times below ``fleet``."""
    for kind in ("label_02", "calib", "oxts"):
        (fleet / kind).mkdir(parents=True)
        for file in sorted((training / kind).glob("*.txt")):
            for copy in range(times):
                (fleet / kind / f"{copy:04d}{file.name}").symlink_to(file.resolve())


def peak_mb() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(training: Path, times: int) -> int:
    """Print what was read, how long it took and the peak memory; 1 if that is beyond the limit."""
    with tempfile.TemporaryDirectory() as folder:
        replicate(training, Path(folder, "fleet"), times)
        before, wall, cpu = peak_mb(), perf_counter(), process_time()
        done = ingest("kitti_tracking", Path(folder, "fleet"), Path(folder, "store"))
        wall, cpu = perf_counter() - wall, process_time() - cpu
        stored_mb = sum(file.stat().st_size for file in done.path.iterdir()) / 1e6
    print(f"{done.drives} drives, {done.tracks} tracks, {done.rows} rows, {stored_mb:.0f} MB stored")  # noqa: T201
    print(f"{wall:.0f} s ({cpu:.0f} s CPU); peak memory {peak_mb():.0f} MB, {before:.0f} MB before")  # noqa: T201
    return int(peak_mb() > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100))
