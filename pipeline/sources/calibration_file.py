"""KITTI's calibration files: ``name: numbers`` a line, the colon missing here and there."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

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

_WANTED = {"P2": 12, "R_rect": 9, "Tr_velo_cam": 12, "Tr_imu_velo": 12}
_ALIASES = {"R0_rect": "R_rect", "Tr_velo_to_cam": "Tr_velo_cam", "Tr_imu_to_velo": "Tr_imu_velo"}
"""Names of the object benchmark, which some copies of the tracking benchmark use."""


def read_calibration(path: Path) -> tuple[Calibration | None, tuple[Problem, ...]]:
    """The calibration of a tracking sequence; None, with the reasons, where the file does not hold one."""
    entries, _, problems = read_carefully(path, _parse)
    found = dict(entries)
    for name, count in _WANTED.items():
        got = found.get(name, np.zeros(0))
        if len(got) != count:
            problems.append(Problem(path, None, f"{name} has {len(got)} numbers, expected {count}"))
    if problems:
        return None, tuple(problems)
    T_cam_velo = rigid_from(found["R_rect"], np.zeros(3)) @ _square(found["Tr_velo_cam"])
    P2 = found["P2"].reshape(3, 4)
    size = found.get("S_rect_02", np.array(guess_size(P2)))
    try:
        return Calibration(P2, T_cam_velo, _square(found["Tr_imu_velo"]), (int(size[0]), int(size[1]))), ()
    except (ValueError, IndexError) as error:
        return None, (Problem(path, None, str(error)),)


def guess_size(P2: Float[np.ndarray, "3 4"]) -> tuple[int, int]:
    """Image width and height (px) of the KITTI date with this focal length; the most frequent one otherwise."""
    return SIZES_BY_FOCAL_LENGTH_PX.get(round(float(P2[0, 0]), 4), USUAL_SIZE)


def rigid_from(rotation: np.ndarray, translation: np.ndarray) -> Float[np.ndarray, "4 4"]:
    """A 4x4 transform of nine and three numbers, row by row."""
    return _square(np.column_stack([rotation.reshape(3, 3), translation]).ravel())


def _square(twelve: np.ndarray) -> Float[np.ndarray, "4 4"]:
    return np.vstack([twelve.reshape(3, 4), [0, 0, 0, 1]])


def _parse(words: list[str]) -> tuple[str, np.ndarray]:
    name = words[0].removesuffix(":")
    name = _ALIASES.get(name, name)
    return name, np.array([number(word, name) for word in words[1:]])
