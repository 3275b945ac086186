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
from math import isfinite
from pathlib import Path
from time import process_time

import numpy as np
from pykitti.utils import load_oxts_packets_and_poses

from pipeline.schema import KINDS, Drive
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


def plain_row(line: str, T_world_cam: list[np.ndarray]) -> tuple[int, int, str, list[float]]:
    """One row: frame, track, class, and its numbers with the place and heading in the world."""
    words = line.split()
    frame, track, kind, numbers = int(words[0]), int(words[1]), words[2], [float(word) for word in words[3:]]
    if len(words) != 17 or frame < 0 or (kind != "DontCare" and kind not in KINDS):
        raise ValueError(line)
    if not all(isfinite(number) for number in numbers) or numbers[5] <= numbers[3] or numbers[6] <= numbers[4]:
        raise ValueError(line)
    if kind != "DontCare":
        T = T_world_cam[frame]
        place = T @ np.array([*numbers[10:13], 1.0])
        facing = T[:3, :3] @ np.array([np.cos(numbers[13]), 0, -np.sin(numbers[13])])
        numbers += [*place[:3], np.arctan2(facing[1], facing[0])]
    return frame, track, kind, numbers


def plain_read(root: Path) -> dict[tuple[str, int], tuple[str, np.ndarray]]:
    """Class and rows of each track, parsed and placed row by row."""
    tracks: dict[tuple[str, int], tuple[str, np.ndarray]] = {}
    for label in sorted((root / "label_02").glob("*.txt")):
        poses = [item.T_w_imu for item in load_oxts_packets_and_poses([root / "oxts" / label.name])]
        T_imu_cam = np.linalg.inv(plain_calibration(root / "calib" / label.name))
        T_world_cam = [np.linalg.inv(poses[0]) @ pose @ T_imu_cam for pose in poses]
        rows, kinds, seen = defaultdict(list), {}, set()
        for line in label.read_text().splitlines():
            frame, track, kind, numbers = plain_row(line, T_world_cam)
            if kind == "DontCare":
                continue
            if (frame, track) in seen or kinds.setdefault(track, kind) != kind:
                raise ValueError(line)
            seen.add((frame, track))
            rows[track].append([frame, *numbers])
        tracks |= {(label.stem, track): (kinds[track], np.array(values)) for track, values in rows.items()}
    return tracks


def assert_same(drives: tuple[Drive, ...], plain: dict[tuple[str, int], tuple[str, np.ndarray]]) -> None:
    """Both parsers found the same tracks, numbers and places."""
    tracks = {(track.drive, track.track_id): track for drive in drives for track in drive.tracks}
    assert tracks.keys() == plain.keys()
    for key, (kind, rows) in plain.items():
        track = tracks[key]
        assert track.kind == kind
        np.testing.assert_array_equal(track.frames, rows[:, 0])
        np.testing.assert_array_equal(track.boxes, rows[:, 4:8])
        np.testing.assert_allclose(track.position_world_m, rows[:, 15:18], atol=1e-5)
        np.testing.assert_allclose(np.cos(track.yaw_world_rad - rows[:, 18]), 1)


def parse_only(root: Path) -> int:
    """The least one can do row by row: split each label line and turn its words into numbers."""
    rows = []
    for label in sorted((root / "label_02").glob("*.txt")):
        for line in label.read_text().splitlines():
            words = line.split()
            rows.append((int(words[0]), int(words[1]), words[2], *map(float, words[3:])))
    return len(rows)


def cpu_s(work: Callable[[], object], repeats: int = 9) -> float:
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
    assert_same(SOURCES["kitti_tracking"].read(root).drives, plain_read(root))
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
