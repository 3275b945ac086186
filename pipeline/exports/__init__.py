"""Synthetic samples in layouts that others can read. To add one: write its file, add its line."""

from pathlib import Path

from pipeline.exports.base import Cameras, Contents, Format
from pipeline.exports.coco import Coco
from pipeline.exports.kitti_object import KittiObjectLayout
from pipeline.exports.kitti_tracking import KittiTrackingLayout
from pipeline.exports.parquet import Parquet
from pipeline.registry import lookup
from pipeline.samples import Samples
from pipeline.schema import UserError

FORMATS: dict[str, Format] = {
    "kitti-tracking": KittiTrackingLayout(),
    "kitti-object": KittiObjectLayout(),
    "coco": Coco(),
    "parquet": Parquet(),
}


def format_for(kind: type, name: str | None) -> str:
    """The name of the format that is asked for; None: the first that can hold samples of this kind.

    Raises:
        UserError: no such format, or it cannot hold such samples.
    """
    fitting = [known for known, layout in FORMATS.items() if issubclass(kind, layout.takes)]
    if name is None:
        return fitting[0]
    lookup(FORMATS, name, "format")
    if name not in fitting:
        raise UserError(f'The format "{name}" cannot hold {kind.__name__.lower()}; choose one of {", ".join(fitting)}.')
    return name


def write_export(samples: Samples, cameras: Cameras, name: str, folder: Path) -> Contents:
    """Write ``samples`` in the format called ``name`` into an empty folder.

    Raises:
        UserError: no such format, or it cannot hold such samples.
    """
    return FORMATS[format_for(type(samples), name)].write(samples, cameras, folder)
