"""Labelled pictures in the layout of the KITTI object benchmark, and depth beside them where it is known."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt16
from PIL import Image

from models.detector import PADDING
from pipeline.exports.base import Cameras, Contents
from pipeline.geometry import resize_calibration
from pipeline.kitti_layout import write_object
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.schema import KINDS, Calibration

FLIP = "flip"
"""The strategy whose pictures a mirrored camera sees."""

ORIGINS = "origins.csv"


@dataclass(frozen=True)
class KittiObjectLayout:
    """``image_2``, ``label_2``, ``calib`` where the camera is known, ``depth`` where that is known."""

    about: str = (
        "KITTI object: image_2, label_2 and calib; depth as 16-bit PNG; origins.csv names each picture's source"
    )
    takes: tuple[type, ...] = (Pictures,)

    def write(self, samples: Samples, cameras: Cameras, folder: Path) -> Contents:
        """Pictures named 000000, 000001, ..."""
        assert isinstance(samples, Pictures)
        boxes = 0
        for number in range(len(samples)):
            name, labels = f"{number:06d}", list(_labels(samples, number))
            write_object(name, _camera_of(samples, number, cameras), labels, folder)
            _save(samples.image[number], folder / "image_2" / f"{name}.png")
            if samples.depth_m is not None:
                _save(_as_bytes(samples.depth_m[number]), folder / "depth" / f"{name}.png")
            boxes += len(labels)
        _write_origins(samples, folder / ORIGINS)
        return Contents({"pictures": len(samples), "labels": boxes})


def _labels(pictures: Pictures, number: int) -> Iterator[str]:
    """Label rows without 3D boxes, which pictures do not keep; what bears no label is a region to ignore."""
    for kind, box, truncated, occluded in zip(
        pictures.kind[number],
        pictures.boxes[number],
        pictures.truncated[number],
        pictures.occluded[number],
        strict=True,
    ):
        if kind != PADDING:
            sides = " ".join(f"{side:.6f}" for side in box)
            hidden = f"{min(truncated, 1):g} {occluded}" if np.isfinite(truncated) else f"-1 {occluded}"
            name, hidden = (KINDS[kind], hidden) if kind >= 0 else ("DontCare", "-1 -1")
            yield f"{name} {hidden} -10 {sides} -1 -1 -1 -1000 -1000 -1000 -10"


def _camera_of(pictures: Pictures, number: int, cameras: Cameras) -> Calibration | None:
    """The camera that would have seen a picture of this size."""
    camera = cameras.get(str(pictures.drive[number]))
    if camera is None:
        return None
    height, width = pictures.image.shape[1:3]
    camera = resize_calibration(camera, (width, height))
    return _mirrored(camera) if pictures.origin[number] == FLIP else camera


def _mirrored(camera: Calibration) -> Calibration:
    """The camera behind a mirror: columns of pixels, the camera's x and the other sensors' y run the other way."""
    pixels, across, aside = np.diag([-1.0, 1, 1]), np.diag([-1.0, 1, 1, 1]), np.diag([1.0, -1, 1, 1])
    pixels[0, 2] = camera.image_size[0] - 1
    return replace(
        camera,
        P2=pixels @ camera.P2 @ across,
        T_cam_velo=across @ camera.T_cam_velo @ aside,
        T_velo_imu=aside @ camera.T_velo_imu @ aside,
    )


def _as_bytes(depth_m: np.ndarray) -> UInt16[np.ndarray, "height width"]:
    """KITTI's depth: metres x 256, 0 unknown."""
    return np.clip(np.nan_to_num(depth_m) * 256 + 0.5, 0, 65535).astype(np.uint16)


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)


def _write_origins(pictures: Pictures, path: Path) -> None:
    """Which frame of which drive each picture was made from, and by what: whoever splits needs the drives."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["picture", "drive", "frame", "strategy"])
        for number, row in enumerate(zip(pictures.drive, pictures.index, pictures.origin, strict=True)):
            writer.writerow([f"{number:06d}", *row])
