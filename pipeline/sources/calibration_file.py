"""KITTI's calibration files: ``name: numbers`` a line, the colon missing here and there."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pipeline.geometry import rigid
from pipeline.schema import Calibration, Problem
from pipeline.sources.text import number, read_carefully

SIZES_BY_FOCAL_LENGTH_PX = {
    721.5377: (1242, 375),
    707.0493: (1224, 370),
    718.3351: (1238, 374),
    707.0912: (1226, 370),
    718.856: (1241, 376),
}
"""Image size of each of KITTI's recording dates, told apart by their rectified focal length."""

USUAL_SIZE = (1242, 375)
LARGEST_SIDE_PX = 65_535

_TRACKING = {"P2": 12, "R_rect": 9, "Tr_velo_cam": 12, "Tr_imu_velo": 12}
_ALIASES = {"R0_rect": "R_rect", "Tr_velo_to_cam": "Tr_velo_cam", "Tr_imu_to_velo": "Tr_imu_velo"}
"""Names of the object benchmark, which some copies of the tracking benchmark use."""


_FARTHEST_FROM_ROTATION = 1e-3
"""How far R R^T may be from the identity; KITTI's rounding makes 1e-6."""


def read_entries(
    path: Path, wanted: Mapping[str, int], rotations: Collection[str]
) -> tuple[dict[str, np.ndarray], list[Problem]]:
    """All numeric entries of a file by name, and what is wrong with the wanted ones.

    Args:
        path: The file.
        wanted: How many numbers each entry must have.
        rotations: Wanted entries whose first three columns must be a rotation.
    """
    pairs, _, problems = read_carefully(path, _parse)
    entries = {name: values for name, values in pairs if values is not None}
    for name, count in wanted.items():
        got = len(entries.get(name, ()))
        if got != count:
            problems.append(Problem(path, None, f"{name} has {got} numbers, expected {count}"))
        elif name in rotations and not _is_rotation(entries[name].reshape(3, -1)[:, :3]):
            problems.append(Problem(path, None, f"{name} does not hold a rotation"))
    return entries, problems


def _is_rotation(R: Float[np.ndarray, "3 3"]) -> bool:
    return bool(
        np.abs(R).max() < 2 and np.abs(R @ R.T - np.eye(3)).max() < _FARTHEST_FROM_ROTATION and np.linalg.det(R) > 0
    )


def read_calibration(path: Path) -> tuple[Calibration | None, tuple[Problem, ...]]:
    """The calibration of a tracking sequence; None, with the reasons, where the file does not hold one."""
    entries, problems = read_entries(path, _TRACKING, rotations=_TRACKING.keys() - {"P2"})
    if problems:
        return None, tuple(problems)
    P2 = entries["P2"].reshape(3, 4)
    unrectified = transform_of(entries["Tr_velo_cam"].reshape(3, 4))
    T_cam_velo = transform_of(entries["R_rect"].reshape(3, 3)) @ unrectified
    size = image_size_of(entries.get("S_rect_02")) or SIZES_BY_FOCAL_LENGTH_PX.get(_focal_length(P2), USUAL_SIZE)
    return Calibration(P2, T_cam_velo, transform_of(entries["Tr_imu_velo"].reshape(3, 4)), size), ()


def image_size_of(size: Float[np.ndarray, " entry"] | None) -> tuple[int, int] | None:
    """Width and height (px) of a ``S_rect_02`` entry; None unless it holds two numbers that some camera could have."""
    if size is None or len(size) != 2 or not ((size >= 1) & (size <= LARGEST_SIDE_PX)).all():
        return None
    return int(size[0]), int(size[1])


def _focal_length(P2: Float[np.ndarray, "3 4"]) -> float:
    return round(float(P2[0, 0]), 4)


def transform_of(matrix: Float[np.ndarray, "3 columns"]) -> Float[np.ndarray, "4 4"]:
    """A rotation (3, 3), or rotation and translation (3, 4), as a 4x4 transform."""
    return rigid(matrix[:, :3], matrix[:, 3] if matrix.shape[1] == 4 else np.zeros(3))


def _parse(words: list[str]) -> tuple[str, np.ndarray | None]:
    name = words[0].removesuffix(":")
    if name.endswith("_time"):  # the one entry that is text
        return name, None
    name = _ALIASES.get(name, name)
    return name, np.array([number(word, name) for word in words[1:]])
