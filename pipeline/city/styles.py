"""The cities one can drive through: the cross-section of their streets and the size of their blocks."""

from pipeline.city.streets import StreetPlan

STREET_PLANS: dict[str, StreetPlan] = {
    "new_york": StreetPlan(lane_m=3.3, lanes=1, parking_m=2.3, sidewalk_m=4.0, block_m=(80.0, 140.0)),
    "miami": StreetPlan(
        lane_m=3.4, lanes=1, median_m=3.0, parking_m=2.3, verge_m=1.5, sidewalk_m=3.0, block_m=(90.0, 150.0)
    ),
    "houston": StreetPlan(
        lane_m=3.6, lanes=2, median_m=2.0, parking_m=0.0, verge_m=2.5, sidewalk_m=2.6, block_m=(95.0, 150.0)
    ),
    "salt_lake_city": StreetPlan(
        lane_m=3.6, lanes=2, parking_m=2.4, verge_m=2.0, sidewalk_m=3.0, block_m=(120.0, 190.0)
    ),
}
"""Widths in the spirit of each city: narrow and dense, planted medians, wide and treeless, very wide blocks."""
