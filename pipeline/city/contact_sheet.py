"""One picture of a rendered set: a row for each city, its looks, depth and instances side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

from pipeline.city.picture_files import DEPTH_STEPS, FOLDER_OF_LOOK
from pipeline.city.render_set import RenderSet

TILE_PX = 480
GAP_PX = 4


def write_contact_sheet(plan: RenderSet, root: Path) -> Path:
    """Write ``root/contact_sheet.png`` from the middle frame of each city's first drive; returns its path."""
    rows = []
    for city, _ in plan.cities:
        number, frames = next((number, frames) for name, number, frames in plan.drives() if name == city)
        rows.append(_row(root / "training", f"{number:04d}/{frames // 2:06d}.png", plan.looks))
    path = root / "contact_sheet.png"
    Image.fromarray(np.concatenate(rows)[:-GAP_PX, :-GAP_PX]).save(path, optimize=True)
    return path


def _row(training: Path, name: str, looks: tuple[str, ...]) -> UInt8[np.ndarray, "height width 3"]:
    colour = [np.asarray(Image.open(training / FOLDER_OF_LOOK[look] / name)) for look in looks]
    depth = np.asarray(Image.open(training / "depth" / name), np.float64) / DEPTH_STEPS
    ids = np.asarray(Image.open(training / "instance" / name)).astype(np.int64)
    classes = np.asarray(Image.open(training / "semantic" / name)).astype(np.int64)
    return sheet_row(colour, depth, ids, classes)


def sheet_row(
    colour: Sequence[UInt8[np.ndarray, "height width 3"]], depth_m: Float[np.ndarray, "height width"],
    instance: Int[np.ndarray, "height width"], semantic: Int[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "tall wide 3"]:  # fmt: skip
    """Pictures of one frame side by side: its looks, then depth (0 where unknown) and ids as colours."""
    tiles = [*colour, paint_depth(depth_m), paint_ids(instance, semantic)]
    return np.concatenate([_tile(tile) for tile in tiles], axis=1)


def _tile(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "tall wide 3"]:
    """A picture at the width of a tile, with a white gap to the right and below."""
    height = round(TILE_PX * picture.shape[0] / picture.shape[1])
    small = np.asarray(Image.fromarray(picture).resize((TILE_PX, height), Image.Resampling.LANCZOS))
    return np.pad(small, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255)


def paint_depth(depth_m: Float[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width 3"]:
    """Near is bright, far is dark blue, the sky black; even steps of inverse depth."""
    near = np.clip(np.log(150 / np.maximum(depth_m, 3)) / np.log(50), 0, 1)
    stops = np.array(
        [(0.05, 0.03, 0.16), (0.36, 0.08, 0.43), (0.80, 0.28, 0.32), (0.99, 0.65, 0.20), (0.98, 0.98, 0.70)]
    )
    at = near * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    share = (at - low)[..., None]
    colour = stops[low] * (1 - share) + stops[low + 1] * share
    colour[depth_m == 0] = 0
    return np.round(255 * colour).astype(np.uint8)


def paint_ids(
    instance: Int[np.ndarray, "height width"], semantic: Int[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """A muted colour for each class of the city, a vivid one for each road user."""
    palette = np.random.default_rng(4)
    muted = 60 + palette.integers(0, 70, (256, 3))
    vivid = palette.integers(90, 256, (int(instance.max()) + 1, 3))
    return np.where((instance > 0)[..., None], vivid[instance], muted[semantic]).astype(np.uint8)
