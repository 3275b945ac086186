"""Every source of driving data by name. To add one: write its file, add its line."""

from pipeline.sources.base import Source
from pipeline.sources.kitti_raw import KittiRaw
from pipeline.sources.kitti_tracking import KittiTracking

SOURCES: dict[str, Source] = {
    "kitti_tracking": KittiTracking(),
    "kitti_raw": KittiRaw(),
}
