"""How fast a KITTI tracking folder is ingested, beside a plain parser that works row by row.

    python tests/benchmarks/ingest.py DIR

Both do the same work: every label row parsed, checked for its class and placed in the world by the ego pose of its
frame, rows gathered by track. The plain one is what one writes first: ``split``, ``float``, small matrices.
"""

import resource
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from pykitti.utils import load_oxts_packets_and_poses

from pipeline.schema import KINDS
from pipeline.sources import SOURCES
from pipeline.store import ingest, load


def plain_calibration(path: Path) -> np.ndarray:
    """T_cam_imu, line by line."""
    entries = {}
    for line in path.read_text().splitlines():
        name, *values = line.split()
        entries[name.rstrip(":")] = np.array([float(value) for value in values])
    rectify = np.eye(4)
    rectify[:3, :3] = entries["R_rect"].reshape(3, 3)
    velo, imu = (np.vstack([entries[name].reshape(3, 4), [0, 0, 0, 1]]) for name in ("Tr_velo_cam", "Tr_imu_velo"))
    return rectify @ velo @ imu


def plain_read(root: Path) -> int:
    """Rows of all tracks, parsed and placed one by one; returns how many."""
    count = 0
    for label in sorted((root / "label_02").glob("*.txt")):
        poses = [item.T_w_imu for item in load_oxts_packets_and_poses([root / "oxts" / label.name])]
        T_imu_cam = np.linalg.inv(plain_calibration(root / "calib" / label.name))
        tracks = defaultdict(list)
        for line in label.read_text().splitlines():
            words = line.split()
            count += 1
            if words[2] == "DontCare":
                continue
            if words[2] not in KINDS:
                raise ValueError(words[2])
            frame, track, *values = int(words[0]), int(words[1]), *map(float, words[3:])
            T_world_cam = poses[frame] @ T_imu_cam
            place = T_world_cam @ np.array([*values[10:13], 1.0])
            facing = T_world_cam[:3, :3] @ np.array([np.cos(values[13]), 0, -np.sin(values[13])])
            tracks[track].append((frame, values, place[:3], np.arctan2(facing[1], facing[0])))
    return count


def parse_only(root: Path) -> int:
    """The least one can do row by row: split each label line and turn its words into numbers."""
    rows = []
    for label in sorted((root / "label_02").glob("*.txt")):
        for line in label.read_text().splitlines():
            words = line.split()
            rows.append((int(words[0]), int(words[1]), words[2], *map(float, words[3:])))
    return len(rows)


def cpu_s(work: Callable[[], object], repeats: int = 3) -> float:
    """The least CPU seconds of a few runs."""
    seconds = []
    for _ in range(repeats):
        start = process_time()
        work()
        seconds.append(process_time() - start)
    return min(seconds)


def main(root: Path) -> None:
    """Print CPU seconds, ratios and the peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        ingested = ingest("kitti_tracking", root, Path(folder, "first"))
        first = process_time() - start
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        number = iter(range(100))
        whole = cpu_s(lambda: ingest("kitti_tracking", root, Path(folder, str(next(number)))))
        hit = cpu_s(lambda: ingest("kitti_tracking", root, Path(folder, "first")))
        loading = cpu_s(lambda: load(ingested.path))
    read = cpu_s(lambda: SOURCES["kitti_tracking"].read(root))
    plain, parsing = cpu_s(lambda: plain_read(root)), cpu_s(lambda: parse_only(root))
    print(f"{ingested.drives} drives, {ingested.tracks} tracks, {ingested.rows} rows; CPU seconds:")  # noqa: T201
    for name, seconds in {
        "ingest (digest, read, store), first in the process": first,
        "ingest again from scratch": whole,
        "ingest, cache hit": hit,
        "load from the store": loading,
        "read alone": read,
        "plain parser, row by row, same result": plain,
        "plain parser, words to numbers only": parsing,
    }.items():
        print(f"  {seconds:7.3f}  {name}")  # noqa: T201
    print(f"read: {plain / read:.1f} times as fast as the plain parser; ingest: {plain / whole:.1f} times")  # noqa: T201
    print(f"peak memory of the process after the first ingest: {peak_mb:.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
