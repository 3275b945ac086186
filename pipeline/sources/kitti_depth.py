"""Pictures with metric depth beside them: ``image_2`` and a folder of depth PNGs (uint16, metres x 256, 0 unknown).

So are the depth completion benchmark (Uhrig et al., 3DV 2017) and stereo 2015 converted to depth.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from pipeline.schema import Drive, Frame, Problem, UserError
from pipeline.sources.base import Reading

STEPS_PER_M = 256
_IMAGES, _DEPTHS = (
    ("image_2", "image_02", "image"),
    ("depth_u16x256", "depth_derived_u16x256", "depth", "groundtruth_depth"),
)


def read_depth(path: Path) -> Float[np.ndarray, "height width"]:
    """Metres as float32; NaN where the depth is unknown.

    Raises:
        ValueError: the file is no 16-bit picture of one channel.
        OSError: it is no picture at all.
    """
    with Image.open(path) as picture:
        if picture.mode not in ("I;16", "I"):
            raise ValueError(f"mode {picture.mode}, expected 16 bits of one channel")
        steps = np.asarray(picture)
    return np.where(steps > 0, steps / np.float32(STEPS_PER_M), np.float32(np.nan)).astype(np.float32)


@dataclass(frozen=True)
class KittiDepth:
    """Reader of a folder of pictures with depth; they belong to no recording, so all are one drive."""

    looks_for = "image_2/*.png and depth PNGs of the same names in depth_u16x256 or depth"

    def recognises(self, root: Path) -> bool:
        """Whether both folders hold pictures and there are no labels, which other readers know."""
        return _folders(root) is not None and not (root / "label_2").is_dir() and not (root / "label_02").is_dir()

    def read(self, root: Path) -> Reading:
        """All pictures that have a depth picture of the same name and size.

        Raises:
            UserError: one of the folders is missing or empty.
        """
        folders = _folders(root)
        if folders is None:
            raise UserError(f"{root} has no pictures with depth: looked for {self.looks_for}")
        images, depths = folders
        problems: list[Problem] = []
        by_size: dict[tuple[int, int], list[Frame]] = {}
        for index, depth in enumerate(sorted(depths.glob("*.png"))):
            size = _common_size(images / depth.name, depth, problems)
            if size is not None:
                name = f"{size[0]}x{size[1]}"
                by_size.setdefault(size, []).append(Frame(name, index, images / depth.name, depth=depth))
        drives = tuple(
            Drive(f"{size[0]}x{size[1]}", "kitti_depth", None, None, (), size, frames=tuple(frames))
            for size, frames in by_size.items()
        )
        return Reading(drives, tuple(problems))


def _folders(root: Path) -> tuple[Path, Path] | None:
    image, depth = (
        next((root / name for name in names if any((root / name).glob("*.png"))), None) for names in (_IMAGES, _DEPTHS)
    )
    return None if image is None or depth is None else (image, depth)


def _common_size(image: Path, depth: Path, problems: list[Problem]) -> tuple[int, int] | None:
    """Width and height of a pair; None, with the reason, where it is no pair."""
    if not image.is_file():
        problems.append(Problem(depth, None, f"has no picture {image.parent.name}/{image.name}"))
        return None
    sizes = []
    for path in (image, depth):
        try:
            with Image.open(path) as picture:
                sizes.append(picture.size)
                if path == depth and picture.mode not in ("I;16", "I"):
                    problems.append(Problem(depth, None, f"mode {picture.mode}, expected 16 bits of one channel"))
                    return None
        except OSError as error:
            problems.append(Problem(path, None, f"no picture: {error}"))
            return None
    if sizes[0] != sizes[1]:
        problems.append(Problem(depth, None, f"size {sizes[1]} differs from the picture's {sizes[0]}"))
        return None
    return sizes[0]
