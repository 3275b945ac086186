"""KITTI raw's ``tracklet_labels.xml`` (boost serialization, raw devkit ``tracklets.h``) as rows of 3D boxes.

The file may come from anywhere: entities, internal or external, are refused, so neither bombs nor file reads happen.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from jaxtyping import Float, Int

from pipeline.schema import KINDS, Problem
from pipeline.sources.text import integer, number

CODES = {kind: code for code, kind in enumerate(KINDS)} | {"Person (sitting)": KINDS.index("Person")}
"""Class codes by the name a tracklet file uses."""

_POSE = ("tx", "ty", "tz", "rz")
_LEVELS = (0, 1, 2)
"""Truncation and occlusion states; 99, -1 and 255 stand for behind the camera and not set."""


@dataclass(frozen=True, eq=False)
class Poses:
    """Poses of all tracklets of a drive, in the order of the file, in the velodyne frame."""

    line: Int[np.ndarray, " pose"]
    track: Int[np.ndarray, " pose"]
    """Place of the tracklet in the file."""
    kind: Int[np.ndarray, " pose"]
    frame: Int[np.ndarray, " pose"]
    size_m: Float[np.ndarray, "pose 3"]
    """Height, width, length."""
    position_velo_m: Float[np.ndarray, "pose 3"]
    """Centre of the bottom face."""
    yaw_velo_rad: Float[np.ndarray, " pose"]
    truncated: Float[np.ndarray, " pose"]
    occluded: Int[np.ndarray, " pose"]


class _Lines(TreeBuilder):
    """Builds the usual tree and remembers at which line each tracklet and pose begins."""

    parser: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.line: dict[Element, int] = {}

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        element = super().start(tag, attrs)
        if tag == "item":
            self.line[element] = self.parser.parser.CurrentLineNumber
        return element


def read_tracklets(path: Path) -> tuple[Poses, list[Problem]]:
    """The good poses of a file, and a problem for each bad pose or tracklet, or one for the file as a whole."""
    builder = _Lines()
    builder.parser = DefusedXMLParser(target=builder)
    rows: list[list[float]] = []
    problems: list[Problem] = []
    try:
        builder.parser.feed(path.read_bytes())
        tracklets = _tracklets(builder.parser.close())
    except DefusedXmlException as error:
        return poses_of([]), [Problem(path, None, f"refused, it is hostile XML: {error}")]
    except (ParseError, LookupError, ValueError) as error:
        line = error.position[0] if isinstance(error, ParseError) else None
        return poses_of([]), [Problem(path, line, f"no tracklet XML: {error}")]
    for track, tracklet in enumerate(tracklets):
        _read_tracklet(path, track, tracklet, builder.line, rows, problems)
    return poses_of(rows), problems


def _tracklets(root: Element) -> list[Element]:
    tracklets = root.find("tracklets")
    if root.tag != "boost_serialization" or tracklets is None:
        inside = ", ".join(sorted({child.tag for child in root})[:5]) or "nothing"
        raise ValueError(f"expected <boost_serialization> with <tracklets>, found <{root.tag}> with {inside}")
    items = tracklets.findall("item")
    count = integer(tracklets.findtext("count", str(len(items))), "count")
    if count != len(items):
        raise ValueError(f"it announces {count} tracklets and holds {len(items)}")
    return items


def _read_tracklet(
    path: Path, track: int, tracklet: Element, line: dict[Element, int], rows: list[list[float]], out: list[Problem]
) -> None:
    """Append the rows of one tracklet to ``rows`` and what is wrong with it to ``out``."""
    try:
        kind = tracklet.findtext("objectType", "")
        if kind not in CODES:
            raise ValueError(f'unknown class "{kind}"; known: {", ".join(CODES)}')
        size = [_number(tracklet, name) for name in ("h", "w", "l")]
        first = integer(tracklet.findtext("first_frame", ""), "first_frame")
        poses = tracklet.findall("poses/item")
    except ValueError as error:
        out.append(Problem(path, line[tracklet], f"tracklet {track}: {error}"))
        return
    for offset, pose in enumerate(poses):
        try:
            place = [_number(pose, name) for name in _POSE]
            truncation, occlusion = (integer(pose.findtext(name, "-1"), name) for name in ("truncation", "occlusion"))
        except ValueError as error:
            out.append(Problem(path, line[pose], f"tracklet {track}, frame {first + offset}: {error}"))
            continue
        truncated = truncation if truncation in _LEVELS else np.nan
        occluded = occlusion if occlusion in _LEVELS else 3
        row = (line[pose], track, CODES[kind], first + offset, *size, *place, truncated, occluded)
        rows.append([float(value) for value in row])


def _number(element: Element, name: str) -> float:
    return number(element.findtext(name, ""), name)


def poses_of(rows: list[list[float]]) -> Poses:
    """Poses of rows: line, track, kind, frame, three sizes, three coordinates, yaw, truncated, occluded."""
    table = np.array(rows).reshape(-1, 13)
    line, track, kind, frame = table[:, :4].astype(np.int64).T
    return Poses(
        line=line, track=track, kind=kind, frame=frame, size_m=table[:, 4:7], position_velo_m=table[:, 7:10],
        yaw_velo_rad=table[:, 10], truncated=table[:, 11], occluded=table[:, 12].astype(np.int64),
    )  # fmt: skip
