"""Every source of driving data by name. To add one: write its file, add its line."""

from pipeline.sources.base import Source
from pipeline.sources.day_night import DayNight
from pipeline.sources.joined import Joined, Part
from pipeline.sources.kitti_depth import KittiDepth
from pipeline.sources.kitti_object import KittiObject
from pipeline.sources.kitti_raw import KittiRaw
from pipeline.sources.kitti_tracking import KittiTracking
from pipeline.sources.mini_city import MiniCity
from pipeline.sources.rendered_city import RenderedCity
from pipeline.sources.tracks_table import TracksTable

# KITTI's data sets overlap. Tracking sequence 0002 is the raw drive 2011_09_26_drive_0011_sync: neither that drive nor
# a frame of the object benchmark that was taken from it (says its mapping) may be looked at by whoever is tested on it.
_ROADS = (
    Part("kitti", KittiTracking(), "kitti_tracking/training", ("0002",),
         download="augment-kitti download kitti-tracking --pictures fetches it."),
    Part("raw", KittiRaw(), "kitti_raw", ("2011_09_26_drive_0002_sync",),
         download="augment-kitti download kitti-raw fetches it."),
    Part("object", KittiObject(), "kitti_object/training",
         ("000000", "000001", "000002", "000003", "000008", "000114", "000462", "001206", "001426", "001497",
          "001966", "002155", "004587", "005541", "007347"),
         download="augment-kitti download kitti-object --pictures fetches it."),
    Part("bdd", DayNight(), "day_night/bdd100k", ("day",),
         download="Sort pictures of BDD100K (bdd-data.berkeley.edu) into these two folders."),
)  # fmt: skip

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
    "days_and_nights": DayNight(stretch=25),
    "city_and_roads": Joined((Part("city", RenderedCity(drives=40, frames=2)), *_ROADS)),
}
