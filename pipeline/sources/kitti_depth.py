"""Pictures with metric depth beside them: ``image_2`` and a folder of depth PNGs (uint16, metres x 256, 0 unknown).

So is the depth completion benchmark (Uhrig et al., 3DV 2017). Stereo 2015 (Menze and Geiger, CVPR 2015) has disparities
(uint16, pixels x 256) in ``disp_occ_0`` and calibrations in ``calib_cam_to_cam``, which become metres in reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError

import numpy as np
from jaxtyping import Float
from PIL import Image

from pipeline.schema import Drive, Frame, Problem, UserError
from pipeline.sources.base import NO_PICTURE, Reading

STEPS = 256
"""Of one metre, or of one pixel of disparity."""
_IMAGES, _DEPTHS = (
    ("image_2", "image_02", "image"),
    ("depth_u16x256", "depth_derived_u16x256", "depth", "groundtruth_depth", "disp_occ_0"),
)


def read_depth(path: Path) -> Float[np.ndarray, "height width"]:
    """Metres as float32; NaN where the depth is unknown. A ``.npy`` holds metres themselves, infinite for the sky.

    Raises:
        ValueError: the file is no 16-bit picture of one channel, or no array of two dimensions.
        OSError: it is no picture at all, or cut short.
    """
    if path.suffix == ".npy":
        try:
            depth = np.load(path, allow_pickle=False).astype(np.float32)
        except TokenError as error:  # a header that ends too soon, as NumPy meets it
            raise ValueError(f"no array: {error.args[0]}") from error
        if depth.ndim != 2:
            raise ValueError(f"an array of {depth.ndim} dimensions, expected height and width")
        return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))
    try:
        with Image.open(path) as picture:
            if picture.mode not in ("I;16", "I"):
                raise ValueError(f"mode {picture.mode}, expected 16 bits of one channel")
            values = np.asarray(picture) / np.float32(STEPS)
    except (SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(str(error)) from error
    if path.parent.name.startswith("disp_"):
        with np.errstate(divide="ignore"):
            values = _focal_times_baseline(path) / values
    return np.where((values > 0) & np.isfinite(values), values, np.float32(np.nan)).astype(np.float32)


def _focal_times_baseline(disparity: Path) -> float:
    """Pixels times metres: how far apart the last columns of both colour cameras' projections are."""
    path = disparity.parents[1] / "calib_cam_to_cam" / f"{disparity.stem.partition('_')[0]}.txt"
    rows = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    try:
        left, right = (float(rows[name].split()[3]) for name in ("P_rect_02", "P_rect_03"))
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{path} has no P_rect_02 and P_rect_03 of 12 numbers") from error
    return left - right


@dataclass(frozen=True)
class KittiDepth:
    """Reader of a folder of pictures with depth, which belong to no recording.

    Their drives are stretches of their numbers: benchmarks take neighbouring pictures from one recording, so a split by
    picture would show the streets of held-out pictures to whoever learns.
    """

    stretch: int = 15
    """Pictures of one drive."""

    looks_for = "image_2/*.png and PNGs of the same names in depth_u16x256, depth or disp_occ_0"

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
        found = [(depth, _common_size(images / depth.name, depth, problems)) for depth in sorted(depths.glob("*.png"))]
        sizes = dict.fromkeys(size for _, size in found if size is not None)
        drives = [
            drive
            for size in sizes
            for drive in self._stretches([depth for depth, own in found if own == size], images, size)
        ]
        return Reading(tuple(drives), tuple(problems))

    def _stretches(self, depths: list[Path], images: Path, size: tuple[int, int]) -> Iterator[Drive]:
        """Drives of pictures of one size, each named by its first picture."""
        for begin in range(0, len(depths), self.stretch):
            part = depths[begin : begin + self.stretch]
            name = part[0].stem
            frames = [Frame(name, index, images / depth.name, depth=depth) for index, depth in enumerate(part)]
            yield Drive(name, "kitti_depth", None, None, (), size, frames=tuple(frames))


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
                picture.load()  # or one that is cut short would be met when half of the study is done
                if path == depth and picture.mode not in ("I;16", "I"):
                    problems.append(Problem(depth, None, f"mode {picture.mode}, expected 16 bits of one channel"))
                    return None
        except NO_PICTURE as error:
            problems.append(Problem(path, None, f"no picture: {error}"))
            return None
    if sizes[0] != sizes[1]:
        problems.append(Problem(depth, None, f"size {sizes[1]} differs from the picture's {sizes[0]}"))
        return None
    return sizes[0]
