"""The ground: asphalt, paint, kerbs, sidewalks and lots as textures in street coordinates; it needs no polygons."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from pipeline.city import classes
from pipeline.city.streets import StreetPlan, Streets
from pipeline.city.textures import CROSSING, LOT, STREET, Picture, noise

PERIOD_M = 12.0
"""Length after which a street's paint repeats: a dash of 3 m and a gap of 9 m."""

SIZE = 1024
LOT_M = 24.0
PAINT, ASPHALT, CONCRETE, KERB, GRASS = 0.50, 0.095, 0.22, 0.30, (0.080, 0.100, 0.030)


def street_pictures(
    plan: StreetPlan, rng: np.random.Generator, lawn: float
) -> tuple[dict[int, Picture], dict[int, UInt8[np.ndarray, "size size"]]]:
    """Textures of a street (s across, t along), of a crossing and of a lot, with the class of every texel.

    Args:
        plan: Widths.
        rng: Draws stains and cracks.
        lawn: Share of the lots covered with grass.
    """
    half = plan.facade_m
    t, s = (np.mgrid[0:SIZE, 0:SIZE] + 0.5) / SIZE
    lateral = (2 * s - 1) * half
    picture, marks = _cross_section(plan, np.abs(lateral), t * PERIOD_M, rng)
    _paint_lanes(plan, picture, lateral, t * PERIOD_M)
    crossing, crossing_marks = _crossing(plan, rng)
    tone = 0.20 + 0.03 * noise(SIZE, 60.0, rng)
    patches = noise(SIZE, 50.0, rng)
    green = (patches < np.quantile(patches, lawn))[..., None]
    speckle = 1 + 0.16 * noise(SIZE, 1.0, rng)[..., None]
    lot = np.where(green, np.array(GRASS) * speckle, tone[..., None] * np.array([1.0, 0.98, 0.94]))
    lot_marks = np.where(green[..., 0], classes.TERRAIN, classes.SIDEWALK).astype(np.uint8)
    opaque = np.zeros((SIZE, SIZE, 1))
    pictures = {STREET: picture, CROSSING: crossing, LOT: np.concatenate([lot, opaque], axis=2)}
    return pictures, {STREET: marks, CROSSING: crossing_marks, LOT: lot_marks}


def _cross_section(
    plan: StreetPlan, aside: Float[np.ndarray, "size size"], along: Float[np.ndarray, "size size"],
    rng: np.random.Generator,
) -> tuple[Picture, UInt8[np.ndarray, "size size"]]:  # fmt: skip
    """Road, median, kerb, verge and sidewalk by distance from the middle of the street."""
    road = plan.road_half_m
    fine, coarse = noise(SIZE, 1.0, rng), noise(SIZE, 40.0, rng)
    tone = ASPHALT + 0.013 * fine + 0.009 * coarse
    # tyres polish two tracks in each lane
    for lane in range(plan.lanes):
        for track in (-0.8, 0.8):
            tone += 0.014 * np.exp(-(((aside - plan.lane_offset_m(lane) - track) / 0.35) ** 2))
    tone = np.where(np.abs(noise(SIZE, 9.0, rng)) < 0.012, tone * 0.65, tone)  # cracks
    parked = (aside > road - plan.parking_m) & (aside < road)
    tone = np.where(parked, tone * 0.9, tone)
    picture = np.repeat(tone[..., None], 4, axis=2)
    grass = np.array(GRASS) * (1 + 0.22 * fine[..., None] + 0.1 * coarse[..., None])
    slabs = CONCRETE * (1 + 0.05 * fine + 0.03 * coarse)
    slabs = np.where(((aside - road - plan.verge_m) % 1.5 < 0.035) | (along % 1.5 < 0.035), slabs * 0.72, slabs)
    marks = np.where(parked, classes.PARKING, classes.ROAD).astype(np.uint8)
    for mask, look, name in (
        ((aside >= road) & (aside < road + plan.verge_m + 0.16), grass, classes.TERRAIN),
        (aside >= road + plan.verge_m, slabs[..., None], classes.SIDEWALK),
        ((aside >= road) & (aside < road + 0.16), np.full((1, 1, 1), KERB), classes.SIDEWALK),
        (aside < plan.median_m / 2, grass, classes.TERRAIN),
        ((aside < plan.median_m / 2) & (aside > plan.median_m / 2 - 0.16), np.full((1, 1, 1), KERB), classes.SIDEWALK),
        ((aside < road) & (aside > road - 0.35), (tone * 0.8)[..., None], classes.ROAD),
    ):
        picture[mask, :3] = np.broadcast_to(look, (SIZE, SIZE, look.shape[-1]))[mask]
        marks[mask] = name
    picture[..., 3] = 0
    return picture, marks


def _paint_lanes(
    plan: StreetPlan, picture: Picture, lateral: Float[np.ndarray, "size size"], along: Float[np.ndarray, "size size"]
) -> None:
    aside = np.abs(lateral)
    yellow = (np.abs(aside - 0.14) < 0.06) if plan.median_m == 0 else (np.abs(aside - plan.median_m / 2 - 0.2) < 0.06)
    picture[yellow, :3] = (0.55, 0.40, 0.07)
    dashed = along % PERIOD_M < 3.0
    for lane in range(1, plan.lanes):
        border = plan.median_m / 2 + lane * plan.lane_m
        picture[(np.abs(aside - border) < 0.06) & dashed, :3] = PAINT
    edge = plan.road_half_m - plan.parking_m
    picture[np.abs(aside - edge + 0.06) < 0.06, :3] = PAINT * 0.9


def _crossing(plan: StreetPlan, rng: np.random.Generator) -> tuple[Picture, UInt8[np.ndarray, "size size"]]:
    """The square between four stop lines: zebras on each arm, rounded kerbs, nothing in the middle."""
    reach = crossing_reach_m(plan)
    y, x = (2 * (np.mgrid[0:SIZE, 0:SIZE] + 0.5) / SIZE - 1) * reach
    road = plan.road_half_m
    aside = np.minimum(np.abs(x), np.abs(y))
    corner = np.hypot(np.maximum(road + 3.5 - np.abs(x), 0), np.maximum(road + 3.5 - np.abs(y), 0))
    rounded = (np.abs(x) < road + 3.5) & (np.abs(y) < road + 3.5) & (corner > 3.5)
    flat = _paved(plan)
    picture, marks = _cross_section(flat, np.where(rounded, 0.5, np.maximum(aside, 0)), y % PERIOD_M, rng)
    on_road = (marks == classes.ROAD) | (marks == classes.PARKING)
    marks[on_road] = classes.ROAD
    far, across = np.maximum(np.abs(x), np.abs(y)), np.where(np.abs(x) > np.abs(y), y, x)
    zebra = (far > road + 0.6) & (far < road + 3.4) & ((across + 50) % 1.1 < 0.55) & (np.abs(across) < road - 0.2)
    sign = np.where(np.abs(y) > np.abs(x), -np.sign(y) * x, np.sign(x) * y)
    # traffic keeps right: it arrives at the stop line on its own half of the street
    stop = (far > plan.stop_m) & (far < plan.stop_m + 0.4) & (sign > 0.3) & (np.abs(across) < road - plan.parking_m)
    picture[(zebra | stop) & on_road, :3] = PAINT * (0.9 + 0.1 * noise(SIZE, 3.0, rng)[(zebra | stop) & on_road, None])
    return picture, marks


def _paved(plan: StreetPlan) -> StreetPlan:
    """The same street near a crossing, where grass gives way to pavement and the median ends."""
    return StreetPlan(plan.lane_m, plan.lanes, 0.0, plan.median_m / 2 + plan.parking_m, 0.0,
                      plan.verge_m + plan.sidewalk_m, plan.block_m)  # fmt: skip


def crossing_reach_m(plan: StreetPlan) -> float:
    """From the middle of a crossing to the border of its texture, just behind the stop line."""
    return plan.stop_m + 0.5


@dataclass(frozen=True, eq=False)
class GroundMap:
    """Which texture covers a place of the city, and where in it."""

    plan: StreetPlan
    west_m: float
    south_m: float
    nearest_x: Float[np.ndarray, " east"]
    """x of the nearest north-south street for every metre from ``west_m``."""
    nearest_y: Float[np.ndarray, " north"]

    @classmethod
    def of(cls, streets: Streets, margin_m: float = 1200.0) -> "GroundMap":
        """Tables for a whole city and its surroundings."""
        tables = []
        for axis in (streets.x_m, streets.y_m):
            metre = np.arange(axis[0] - margin_m, axis[-1] + margin_m) + 0.5
            tables.append(axis[np.abs(metre[:, None] - axis).argmin(axis=1)].astype(np.float32))
        return cls(streets.plan, float(streets.x_m[0] - margin_m), float(streets.y_m[0] - margin_m), *tables)

    def texture_at(
        self, x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Texture and coordinates s, t (in tiles) of places on the ground."""
        dx = x - np.take(self.nearest_x, (x - self.west_m).astype(np.int32), mode="clip")
        dy = y - np.take(self.nearest_y, (y - self.south_m).astype(np.int32), mode="clip")
        reach, half = crossing_reach_m(self.plan), self.plan.facade_m
        along_y: Bool[np.ndarray, " n"] = np.abs(dx) < half
        along_x = np.abs(dy) < half
        crossing = (np.abs(dx) < reach) & (np.abs(dy) < reach)
        across, along = np.where(along_y, dx, dy), np.where(along_y, y, x)
        street = along_y | along_x
        s = np.where(street, across * np.float32(0.5 / half) + 0.5, x * np.float32(1 / LOT_M))
        t = np.where(street, along * np.float32(1 / PERIOD_M), y * np.float32(1 / LOT_M))
        s = np.where(crossing, dx * np.float32(0.5 / reach) + 0.5, s)
        t = np.where(crossing, dy * np.float32(0.5 / reach) + 0.5, t)
        return np.where(crossing, CROSSING, np.where(street, STREET, LOT)), s, t
