"""Whether a rendered set agrees with itself: boxes with ids, scans with depth, 3D boxes with 2D boxes.

No detector is needed: what is measured here is what a perfect one would find, and what a guess would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image

from pipeline.boxes import intersection_over_union
from pipeline.geometry import box_corners_cam, project, project_boxes, transform_points
from pipeline.schema import Calibration, Drive, Frame, Problem
from pipeline.sources.kitti_depth import read_depth

FRAMES = 40
"""Frames looked at, spread over the whole set."""
SMALLEST_BOX_PX = 12
"""Silhouettes lower than this are too coarse to be compared with a box."""
RIGID = ("Car", "Van", "Truck", "Tram")
"""Bodies that fill their box at every moment; people fill theirs at the widest part of a stride only."""
FARTHEST_M = 80.0
"""Depth counts up to here, as in the depth benchmarks."""

OVERSHOOT_PX = 2.0
LEAST_OVERLAP = 0.85
LARGEST_EDGE_PX = 0.01
LARGEST_SCAN_ERROR = 0.01
"""What still counts as agreement: median overshoot and overlap of silhouettes, edges, relative depth."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What some frames of a set say, joined."""

    overlap: Float[np.ndarray, " whole"]
    """Intersection over union of each wholly visible vehicle's box with the box around its ids."""
    overshoot_px: Float[np.ndarray, " object"]
    """How far ids reach beyond the box of their object, hidden and cut-off objects included; 0 where they do not."""
    edge_px: Float[np.ndarray, " object"]
    """Largest distance of an edge of the 2D box from that of the projected 3D box."""
    scan: Float[np.ndarray, " point"]
    """Depth of LiDAR points relative to the depth picture where they fall, minus 1."""
    depth_m: Float[np.ndarray, " pixel"]
    """A sample of all pixels' depths."""


def examine(drives: Sequence[Drive]) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """What contradicts itself in a rendered set, and the figures as notes."""
    pairs = [(drive, frame) for drive in drives for frame in drive.frames]
    chosen = pairs[:: max(1, len(pairs) // FRAMES)]
    if not chosen:
        return (), ()
    found = gather(chosen)
    folder = next(frame.image for _, frame in chosen if frame.image is not None).parents[2]
    verdicts = [
        _verdict("boxes of vehicles agree with ids", found.overlap, "median overlap", LEAST_OVERLAP, False, "{:.3f}"),
        _verdict(
            "ids keep inside their boxes", found.overshoot_px, "median overshoot", OVERSHOOT_PX, True, "{:.2f} px"
        ),
        _verdict("3D boxes project to 2D boxes", found.edge_px, "median edge", LARGEST_EDGE_PX, True, "{:.4f} px"),
        _verdict("LiDAR agrees with depth", np.abs(found.scan), "median error", LARGEST_SCAN_ERROR, True, "{:.2%}"),
    ]
    notes = [text for good, text in verdicts if good]
    if len(found.depth_m):
        constant, error = constant_depth(found.depth_m)
        notes.append(f"depth guessed as {constant:.1f} m everywhere: absolute relative error {error:.2f} (a floor)")
    problems = tuple(Problem(folder, None, f"NOT so: {text}") for good, text in verdicts if not good)
    return problems, tuple(notes)


def _verdict(
    claim: str, values: Float[np.ndarray, " value"], what: str, bound: float, below: bool, form: str
) -> tuple[bool, str]:
    if not len(values):
        return True, f"{claim}: nothing to compare"
    median = float(np.median(values))
    return (median <= bound) == below, f"{claim}: {what} {form.format(median)} over {len(values)}"


def constant_depth(depth_m: Float[np.ndarray, " pixel"]) -> tuple[float, float]:
    """The median, and the mean absolute relative error of guessing it everywhere: every model must do better."""
    guess = float(np.median(depth_m))
    return guess, float((np.abs(guess - depth_m) / depth_m).mean())


def gather(chosen: Sequence[tuple[Drive, Frame]]) -> Findings:
    """Compare what the files of some frames say."""
    overlap, overshoot, edges, scans, depths = [], [], [], [], []
    for drive, frame in chosen:
        labels = _labels(drive, frame.index)
        if drive.calibration is not None:
            edges.append(_edges(labels, drive.calibration))
        if frame.instance is not None:
            whole, beyond = _silhouettes(labels, np.asarray(Image.open(frame.instance)).astype(np.int64))
            overlap.append(whole)
            overshoot.append(beyond)
        if frame.depth is not None:
            depth_m = read_depth(frame.depth)
            depths.append(depth_m[(depth_m > 0) & (depth_m < FARTHEST_M)][::97])
            if frame.velodyne is not None and drive.calibration is not None:
                points = np.fromfile(frame.velodyne, np.float32).reshape(-1, 4)[:, :3]
                scans.append(scan_error(points.astype(float), depth_m, drive.calibration))
    joined = (np.concatenate([np.zeros(0), *parts]) for parts in (overlap, overshoot, edges, scans, depths))
    return Findings(*joined)


@dataclass(frozen=True, eq=False)
class _Labels:
    """The labelled rows of one frame."""

    track: Int[np.ndarray, " n"]
    boxes: Float[np.ndarray, "n 4"]
    size_m: Float[np.ndarray, "n 3"]
    position_cam_m: Float[np.ndarray, "n 3"]
    rotation_y_rad: Float[np.ndarray, " n"]
    whole: Bool[np.ndarray, " n"]
    """Vehicles neither hidden nor cut off."""


def _labels(drive: Drive, index: int) -> _Labels:
    rows = [(track, row) for track in drive.tracks for row in np.flatnonzero(track.frames == index)]

    def column(name: str, *shape: int) -> np.ndarray:
        return np.array([getattr(track, name)[row] for track, row in rows], float).reshape(-1, *shape)

    rigid = np.array([track.kind in RIGID for track, _ in rows], bool)
    whole = rigid & (column("occluded") == 0) & (column("truncated") == 0)
    tracks = np.array([track.track_id for track, _ in rows], np.int64)
    return _Labels(
        tracks, column("boxes", 4), column("size_m", 3), column("position_cam_m", 3), column("rotation_y_rad"), whole
    )


def _edges(labels: _Labels, calibration: Calibration) -> Float[np.ndarray, " n"]:
    corners = box_corners_cam(labels.size_m, labels.position_cam_m, labels.rotation_y_rad)
    return np.abs(project_boxes(calibration.P2, corners, calibration.image_size) - labels.boxes).max(axis=1)


def _silhouettes(
    labels: _Labels, instance: Int[np.ndarray, "height width"]
) -> tuple[Float[np.ndarray, " whole"], Float[np.ndarray, " object"]]:
    """Overlap of boxes with the boxes around ids, and how far ids reach beyond their boxes (px)."""
    around = np.array([box_of_ids(instance, int(track) + 1) for track in labels.track]).reshape(-1, 4)
    seen = np.isfinite(around).all(axis=1)
    beyond = np.maximum(labels.boxes[:, :2] - around[:, :2], 0).max(axis=1, initial=0)
    beyond = np.maximum(beyond, np.maximum(around[:, 2:] - labels.boxes[:, 2:], 0).max(axis=1, initial=0))
    whole = seen & labels.whole & (labels.boxes[:, 3] - labels.boxes[:, 1] > SMALLEST_BOX_PX)
    return intersection_over_union(labels.boxes[whole], around[whole]), beyond[seen]


def box_of_ids(instance: Int[np.ndarray, "height width"], number: int) -> Float[np.ndarray, "4"]:
    """Box around all pixels that show one object, to their outer edges; NaN where there are none."""
    rows, columns = np.nonzero(instance == number)
    if not len(rows):
        return np.full(4, np.nan)
    return np.array([columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5])


def scan_error(
    points_velo_m: Float[np.ndarray, "point 3"], depth_m: Float[np.ndarray, "height width"], calibration: Calibration
) -> Float[np.ndarray, " seen"]:
    """How much farther than the depth picture says each LiDAR point in view lies, as a share; sky left out."""
    points = transform_points(calibration.T_cam_velo, points_velo_m)
    points = points[points[:, 2] > 1]
    column, row = np.round(project(calibration.P2, points)).astype(np.int64).T
    height, width = depth_m.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    there = depth_m[row[inside], column[inside]].astype(float)
    share = (points[inside, 2] + calibration.P2[2, 3]) / there - 1
    return share[np.isfinite(share)]
