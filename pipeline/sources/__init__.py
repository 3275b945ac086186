"""Every source of driving data by name. To add one: write its file, add its line."""

from pipeline.sources.base import Source
from pipeline.sources.day_night import DayNight
from pipeline.sources.kitti_depth import KittiDepth
from pipeline.sources.kitti_object import KittiObject
from pipeline.sources.kitti_raw import KittiRaw
from pipeline.sources.kitti_tracking import KittiTracking
from pipeline.sources.mini_city import MiniCity
from pipeline.sources.rendered_city import RenderedCity
from pipeline.sources.tracks_table import TracksTable

SOURCES: dict[str, Source] = {
    "rendered_city": RenderedCity(),  # this and the next three are folders of KITTI tracking, and more
    "rendered_streets": RenderedCity(drives=40, frames=2, size="quarter"),
    "rendered_scenes": RenderedCity(drives=40, frames=2),
    "mini_city": MiniCity(),
    "kitti_tracking": KittiTracking(),
    "kitti_raw": KittiRaw(),
    "tracks_table": TracksTable(),
    "kitti_object": KittiObject(),
    "kitti_depth": KittiDepth(),
    "day_night": DayNight(),
}
