"""The four cities one can drive through: their streets, houses, trees, light and air."""

from dataclasses import dataclass

from pipeline.city.polygons import Colour
from pipeline.city.streets import StreetPlan
from pipeline.city.textures import BRICK, CONIFER, CURTAIN, LEAVES, PALM, SIDING, STONE, STUCCO


@dataclass(frozen=True)
class Style:
    """Everything that makes one city look unlike another."""

    plan: StreetPlan
    facades: tuple[tuple[int, tuple[Colour, ...]], ...]
    """Textures of house fronts, each with the colours it comes in."""
    floors: tuple[int, int]
    """Fewest and most floors of an ordinary house."""
    towers: float
    """Share of houses that are towers of up to four times as many floors."""
    frontage_m: tuple[float, float]
    setback_m: tuple[float, float]
    """Garden or forecourt between sidewalk and house."""
    gaps: float
    """Share of plots that stay empty."""
    shops: float
    trees: tuple[int, ...]
    tree_spacing_m: float
    """Distance between street trees; 0 for none."""
    lawn: float
    """Share of the lots that is green."""
    sun: tuple[float, float]
    """Azimuth (counter-clockwise from east) and elevation of the sun in degrees."""
    haze_m: float
    """Distance at which a view has faded to a third."""
    sky: tuple[Colour, Colour]
    """At the horizon and overhead."""
    mountains: bool = False
    taxis: float = 0.0
    """Share of yellow cabs among the cars."""


STYLES: dict[str, Style] = {
    "new_york": Style(
        plan=StreetPlan(lane_m=3.3, lanes=1, parking_m=2.3, sidewalk_m=4.0, block_m=(80.0, 140.0)),
        facades=(
            (BRICK, ((0.33, 0.13, 0.09), (0.26, 0.11, 0.08), (0.36, 0.22, 0.15), (0.45, 0.36, 0.26),
                     (0.20, 0.12, 0.10))),
            (STONE, ((0.50, 0.45, 0.38), (0.42, 0.40, 0.38), (0.55, 0.50, 0.42))),
            (CURTAIN, ((0.28, 0.33, 0.36), (0.20, 0.24, 0.27))),
        ),
        floors=(4, 12), towers=0.3, frontage_m=(8.0, 24.0), setback_m=(0.0, 1.0), gaps=0.03, shops=0.65,
        trees=(LEAVES,), tree_spacing_m=17.0, lawn=0.15, sun=(60.0, 44.0), haze_m=3800.0,
        sky=((0.72, 0.77, 0.83), (0.30, 0.45, 0.72)), taxis=0.28,
    ),
    "miami": Style(
        plan=StreetPlan(lane_m=3.4, lanes=1, median_m=3.0, parking_m=2.3, verge_m=1.5, sidewalk_m=3.0,
                        block_m=(90.0, 150.0)),
        facades=(
            (STUCCO, ((0.80, 0.76, 0.68), (0.78, 0.58, 0.50), (0.60, 0.74, 0.70), (0.82, 0.74, 0.48),
                      (0.84, 0.84, 0.82), (0.58, 0.68, 0.80))),
            (CURTAIN, ((0.30, 0.42, 0.44),)),
        ),
        floors=(2, 6), towers=0.18, frontage_m=(12.0, 30.0), setback_m=(1.0, 6.0), gaps=0.12, shops=0.4,
        trees=(PALM, PALM, LEAVES), tree_spacing_m=12.0, lawn=0.65, sun=(120.0, 58.0), haze_m=4500.0,
        sky=((0.74, 0.83, 0.90), (0.16, 0.40, 0.78)),
    ),
    "houston": Style(
        plan=StreetPlan(lane_m=3.6, lanes=2, median_m=2.0, parking_m=0.0, verge_m=2.5, sidewalk_m=2.6,
                        block_m=(95.0, 150.0)),
        facades=(
            (CURTAIN, ((0.24, 0.30, 0.36), (0.30, 0.28, 0.26), (0.16, 0.22, 0.28))),
            (STONE, ((0.58, 0.50, 0.42), (0.50, 0.46, 0.42))),
            (BRICK, ((0.38, 0.22, 0.16),)),
        ),
        floors=(1, 5), towers=0.25, frontage_m=(18.0, 45.0), setback_m=(4.0, 14.0), gaps=0.3, shops=0.45,
        trees=(LEAVES,), tree_spacing_m=26.0, lawn=0.55, sun=(205.0, 50.0), haze_m=2600.0,
        sky=((0.80, 0.81, 0.80), (0.42, 0.54, 0.70)),
    ),
    "salt_lake_city": Style(
        plan=StreetPlan(lane_m=3.6, lanes=2, parking_m=2.4, verge_m=2.0, sidewalk_m=3.0, block_m=(120.0, 190.0)),
        facades=(
            (BRICK, ((0.40, 0.20, 0.13), (0.46, 0.32, 0.22), (0.34, 0.17, 0.12))),
            (SIDING, ((0.70, 0.68, 0.62), (0.55, 0.60, 0.62), (0.66, 0.60, 0.46), (0.44, 0.50, 0.42))),
            (STONE, ((0.52, 0.48, 0.42),)),
        ),
        floors=(2, 4), towers=0.05, frontage_m=(12.0, 26.0), setback_m=(3.0, 9.0), gaps=0.2, shops=0.25,
        trees=(LEAVES, LEAVES, CONIFER), tree_spacing_m=14.0, lawn=0.75, sun=(330.0, 38.0), haze_m=6000.0,
        sky=((0.70, 0.80, 0.90), (0.18, 0.38, 0.74)), mountains=True,
    ),
}  # fmt: skip
"""Narrow and tall; pastel with palms; glass between lawns; low, wide and under mountains."""

STREET_PLANS: dict[str, StreetPlan] = {name: style.plan for name, style in STYLES.items()}
