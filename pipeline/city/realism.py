"""How far the city is from recorded streets: what labels say and how pictures look, as distances of distributions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from scipy.stats import ks_2samp

from pipeline.schema import Drive, Track

MEASURES = {"height": "px", "depth": "m", "speed": "m/s"}
"""What is compared of each class, and its unit."""

SPEED_FRAMES = 5
"""Speeds are taken over so many frames: over one, a labeller's unsteady hand outweighs a pedestrian's step."""

Values = dict[tuple[str, str], Float[np.ndarray, " value"]]
"""Numbers by class and measure."""


@dataclass(frozen=True)
class Distance:
    """How one measure of one class (or one colour channel) differs between the city and recordings."""

    what: str
    measure: str
    unit: str
    recorded: tuple[float, float]
    """Median and half the distance from the 16th to the 84th percentile; mean and standard deviation of a colour."""
    city: tuple[float, float]
    ks: float
    """Kolmogorov-Smirnov distance: 0 the same distribution, 1 no overlap."""


def label_values(drives: Iterable[Drive], kinds: Sequence[str]) -> Values:
    """Box height, distance along the camera's axis and speed over ground of every labelled row."""
    found: dict[tuple[str, str], list[np.ndarray]] = {(kind, measure): [] for kind in kinds for measure in MEASURES}
    for track in (track for drive in drives for track in drive.tracks if track.kind in kinds):
        found[track.kind, "height"].append(track.boxes[:, 3] - track.boxes[:, 1])
        found[track.kind, "depth"].append(track.position_cam_m[:, 2])
        found[track.kind, "speed"].append(speeds_mps(track))
    return {key: _finite(parts) for key, parts in found.items()}


def _finite(parts: list[np.ndarray]) -> Float[np.ndarray, " value"]:
    values = np.concatenate([np.zeros(0), *parts])
    return values[np.isfinite(values)]


def speeds_mps(track: Track, dt_s: float = 0.1) -> Float[np.ndarray, " value"]:
    """Speed over ground between labels ``SPEED_FRAMES`` apart; gaps are left out."""
    place, frames = track.position_world_m[:, :2], track.frames
    apart = frames[SPEED_FRAMES:] - frames[:-SPEED_FRAMES] == SPEED_FRAMES
    moved = np.linalg.norm(place[SPEED_FRAMES:] - place[:-SPEED_FRAMES], axis=1)
    return moved[apart] / (SPEED_FRAMES * dt_s)


def label_distances(recorded: Values, city: Values) -> list[Distance]:
    """One distance for every class and measure that both sides have."""
    return [
        Distance(kind, measure, MEASURES[measure], _middle(recorded[kind, measure]), _middle(values),
                 float(ks_2samp(recorded[kind, measure], values).statistic))
        for (kind, measure), values in city.items()
        if len(values) and len(recorded.get((kind, measure), ()))
    ]  # fmt: skip


def _middle(values: Float[np.ndarray, " value"]) -> tuple[float, float]:
    low, median, high = np.percentile(values, [16, 50, 84])
    return float(median), float(high - low) / 2


def colour_distances(
    recorded: Sequence[UInt8[np.ndarray, "_ _ 3"]], city: Sequence[UInt8[np.ndarray, "_ _ 3"]]
) -> list[Distance]:
    """One distance for each channel over the pixels of all pictures; they should be scaled alike."""
    sides = [np.concatenate([picture.reshape(-1, 3) for picture in pictures]) for pictures in (recorded, city)]
    rows = []
    for channel, name in enumerate(("red", "green", "blue")):
        one, other = (pixels[:, channel].astype(float) for pixels in sides)
        shares = [np.cumsum(np.bincount(part.astype(int), minlength=256)) / len(part) for part in (one, other)]
        ks = float(np.abs(shares[0] - shares[1]).max())
        rows.append(Distance(name, "level", "", (one.mean(), one.std()), (other.mean(), other.std()), ks))
    return rows


def table(distances: Sequence[Distance]) -> str:
    """The distances as text, a line each."""
    lines = [f"{'':18s} {'recorded':>16s} {'city':>16s} {'KS':>6s}"]
    for row in distances:
        name = f"{row.what} {row.measure}{f' ({row.unit})' if row.unit else ''}"
        sides = " ".join(f"{middle:9.1f} ±{spread:5.1f}" for middle, spread in (row.recorded, row.city))
        lines.append(f"{name:23s}{sides} {row.ks:6.2f}")
    return "\n".join(lines)
