"""Boxes as COCO's JSON (Lin et al., ECCV 2014); tracks in its extension to video, with ``videos`` and ``track_id``.

A box is x, y, width, height = left, top, right - left, bottom - top: what nearly all converters of KITTI write.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.detector import PADDING
from pipeline.exports.as_drives import to_drives
from pipeline.exports.base import Cameras, Contents
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.schema import KINDS, Drive
from pipeline.windows import Windows

ANNOTATIONS = "annotations.json"
IGNORED = "DontCare"
"""Category of regions that bear no label; COCO calls them crowds."""

CATEGORIES = [{"id": number, "name": name} for number, name in enumerate((*KINDS, IGNORED), start=1)]


@dataclass(frozen=True)
class Coco:
    """``annotations.json``, and the pictures where there are any."""

    about: str = "COCO JSON: boxes of pictures, or of frames with videos and track_id"
    takes: tuple[type, ...] = (Windows, Pictures)

    def write(self, samples: Samples, cameras: Cameras, folder: Path) -> Contents:
        """Tracks or pictures."""
        made_from: dict[str, str] = {}
        if isinstance(samples, Windows):
            drives, made_from = to_drives(samples, cameras)
            tree = _of_drives(drives)
            counts = {"tracks": len(samples), "drives": len(drives), "frames": len(tree["images"])}
        else:
            assert isinstance(samples, Pictures)
            tree = _of_pictures(samples, folder)
            counts = {"pictures": len(samples)}
        text = json.dumps({"info": {"description": "synthetic; see DATA_CARD.md"}, **tree, "categories": CATEGORIES})
        (folder / ANNOTATIONS).write_text(text + "\n", encoding="utf-8")
        return Contents({**counts, "boxes": len(tree["annotations"])}, made_from)


def _of_pictures(pictures: Pictures, folder: Path) -> dict[str, Any]:
    (folder / "images").mkdir()
    height, width = pictures.image.shape[1:3]
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(len(pictures)):
        name = f"images/{number:06d}.png"
        Image.fromarray(pictures.image[number]).save(folder / name)
        place = {"drive": str(pictures.drive[number]), "frame": int(pictures.index[number])}
        images.append({"id": number + 1, "file_name": name, "width": width, "height": height, **place})
        annotations += [{"image_id": number + 1, **box} for box in _boxes(pictures, number)]
    return {"images": images, "annotations": _numbered(annotations)}


def _boxes(pictures: Pictures, number: int) -> Iterator[dict[str, Any]]:
    for kind, box in zip(pictures.kind[number], pictures.boxes[number], strict=True):
        if kind != PADDING:
            yield _box(box, int(kind) + 1 if kind >= 0 else len(CATEGORIES), iscrowd=int(kind < 0))


def _of_drives(drives: tuple[Drive, ...]) -> dict[str, Any]:
    """Frames have names as their pictures would have; there are none."""
    videos, images, annotations = (list[dict[str, Any]]() for _ in range(3))
    tracks = 0
    for video, drive in enumerate(drives, start=1):
        videos.append({"id": video, "name": drive.name})
        width, height = drive.image_size
        first, numbers = len(images) + 1, sorted({int(frame) for track in drive.tracks for frame in track.frames})
        place = {frame: first + order for order, frame in enumerate(numbers)}
        images += [
            {"id": place[frame], "file_name": f"{drive.name}/{frame:06d}.png", "width": width, "height": height,
             "video_id": video, "frame_id": frame}
            for frame in numbers
        ]  # fmt: skip
        for track in drive.tracks:
            tracks += 1
            category = KINDS.index(track.kind) + 1
            annotations += [
                {"image_id": place[int(frame)], "video_id": video, "track_id": tracks, **_box(box, category)}
                for frame, box in zip(track.frames[track.valid], track.boxes[track.valid], strict=True)
            ]
    return {"videos": videos, "images": images, "annotations": _numbered(annotations)}


def _box(box: np.ndarray, category: int, iscrowd: int = 0) -> dict[str, Any]:
    left, top, right, bottom = (float(side) for side in box)
    width, height = right - left, bottom - top
    return {"category_id": category, "bbox": [left, top, width, height], "area": width * height, "iscrowd": iscrowd}


def _numbered(annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **annotation} for number, annotation in enumerate(annotations, start=1)]
