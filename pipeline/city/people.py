"""Pedestrians and cyclists: a head, a trunk, limbs that swing; a bicycle of two rings and a frame.

Local coordinates as for vehicles: x forwards, y left, z up, the origin on the ground.
"""

import numpy as np
from jaxtyping import Float

from pipeline.city import classes
from pipeline.city.polygons import Polygons, Vector, box, faces

SKIN = np.array([(0.55, 0.36, 0.26), (0.40, 0.24, 0.16), (0.16, 0.09, 0.06), (0.62, 0.44, 0.34)])
TOPS = np.array([(0.05, 0.05, 0.06), (0.10, 0.13, 0.24), (0.40, 0.06, 0.06), (0.55, 0.54, 0.50), (0.14, 0.24, 0.16),
                 (0.45, 0.35, 0.12), (0.30, 0.31, 0.34), (0.10, 0.28, 0.42)])  # fmt: skip
LEGS = np.array([(0.04, 0.05, 0.09), (0.03, 0.03, 0.035), (0.16, 0.14, 0.11), (0.10, 0.11, 0.14), (0.30, 0.27, 0.21)])
HAIR = np.array([(0.02, 0.015, 0.01), (0.09, 0.05, 0.03), (0.25, 0.18, 0.10), (0.22, 0.22, 0.22)])


def _pick(table: Float[np.ndarray, "n 3"], rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    return table[int(rng.integers(len(table)))] * rng.uniform(0.85, 1.15)


def _limb(start: Vector, stop: Vector, thick_m: float, swing: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """An upright prism between two points, and how far its lower and its upper end swing."""
    low, high = np.array(start), np.array(stop)
    corners = box((thick_m, thick_m, 1.0), (0, 0, 0.5))[:4]
    share = corners[..., 2:]
    placed = corners * [1, 1, 0] + low + share * (high - low)
    return placed, swing[0] + (swing[1] - swing[0]) * share[..., 0]


def _head(middle: Vector, radius_m: float, tone: np.ndarray, hair: np.ndarray) -> list[Polygons]:
    """Two stacked tapered boxes: a face and hair; round enough from ten metres on."""
    x, y, z = middle
    face = box((1.7 * radius_m, 1.45 * radius_m, 1.7 * radius_m), (x, y, z))
    jaw = face.copy()
    jaw[:4, :2] = (face[:4, :2] - [x, y, z]) * [0.72, 0.72, 1] + [x, y, z]
    cap = box((1.85 * radius_m, 1.6 * radius_m, 0.75 * radius_m), (x - 0.12 * radius_m, y, z + 0.72 * radius_m), 0.7)
    back = box((0.5 * radius_m, 1.5 * radius_m, 1.3 * radius_m), (x - 0.75 * radius_m, y, z + 0.2 * radius_m))
    return [faces(jaw, tone), faces(cap, hair), faces(back, hair)]


def pedestrian(size_m: Float[np.ndarray, "3"], instance: int, rng: np.random.Generator) -> Polygons:
    """A person of the given height; arms and legs swing when they walk."""
    height = float(size_m[0])
    skin, top, legs, hair = (_pick(table, rng) for table in (SKIN, TOPS, LEGS, HAIR))
    hip, shoulder, stride = 0.50 * height, 0.81 * height, 0.15 * height
    wide = 0.115 * height
    coat = rng.random() < 0.35
    parts = []
    for side in (-1.0, 1.0):
        corners, swing = _limb(
            (0, side * 0.055 * height, 0), (0, side * 0.06 * height, hip), 0.075 * height, (side * stride, 0.0)
        )
        parts.append(faces(corners, legs, swing_m=swing))
        shoe = box((0.15 * height, 0.06 * height, 0.04 * height), (0.03 * height, side * 0.055 * height, 0.02 * height))
        parts.append(faces(shoe, (0.03, 0.03, 0.03), swing_m=side * stride))
        hand, joint = (0.02 * height, side * 1.32 * wide, 0.46 * height), (0, side * 1.22 * wide, shoulder)
        corners, swing = _limb(hand, joint, 0.055 * height, (-side * 0.8 * stride, 0.0))
        parts.append(faces(corners, top * 0.9, swing_m=swing))
    foot = 0.34 if coat else 0.47
    trunk = box((0.13 * height, 1.9 * wide, (0.84 - foot) * height), (0, 0, (0.84 + foot) / 2 * height), 1.12)
    neck = box((0.06 * height, 0.06 * height, 0.06 * height), (0, 0, 0.86 * height))
    parts += [
        faces(trunk, top),
        faces(neck, skin),
        *_head((0.01 * height, 0, 0.927 * height), 0.065 * height, skin, hair),
    ]
    if rng.random() < 0.3:  # a rucksack
        parts.append(
            faces(
                box((0.09 * height, 0.16 * height, 0.22 * height), (-0.11 * height, 0, 0.68 * height)),
                _pick(TOPS, rng) * 0.7,
            )
        )
    joined = Polygons.join(parts)
    joined.semantic[:] = classes.PERSON
    joined.instance[:] = instance
    return joined


def cyclist(size_m: Float[np.ndarray, "3"], instance: int, rng: np.random.Generator) -> Polygons:
    """A rider on a bicycle that together fill the labelled box."""
    height, _, length = (float(value) for value in size_m)
    wheel = 0.19 * length
    axle = length / 2 - wheel
    frame = _pick(TOPS, rng) * 1.2
    hub, crank = (axle, wheel), (-0.15 * axle, 0.8 * wheel)
    saddle, grip = (-0.3 * axle, 0.52 * height), (0.72 * axle, 0.55 * height)
    bars = [
        (hub, grip),
        (crank, grip),
        ((-axle, wheel), saddle),
        (crank, saddle),
        ((-axle, wheel), crank),
        (saddle, grip),
    ]
    bicycle = [faces(_rod(np.array(a), np.array(b), 0.05), frame, two_sided=True) for a, b in bars]
    bicycle += [faces(_ring(x, wheel), (0.03, 0.03, 0.03), two_sided=True) for x in (axle, -axle)]
    skin, top, legs, hair = (_pick(table, rng) for table in (SKIN, TOPS, LEGS, HAIR))
    hip, shoulder = (-0.3 * axle, 0.56 * height), (0.22 * axle, 0.83 * height)
    rider = []
    for side in (-1.0, 1.0):
        corners, swing = _limb(
            (-0.05 * axle, side * 0.1, 0.16 * height), (hip[0] + 0.15, side * 0.09, hip[1]), 0.1, (side * 0.1, 0.0)
        )
        rider.append(faces(corners, legs, swing_m=swing))
        corners, _ = _limb(
            (0.68 * axle, side * 0.2, 0.58 * height), (shoulder[0], side * 0.19, shoulder[1]), 0.08, (0.0, 0.0)
        )
        rider.append(faces(corners, top * 0.9))
    trunk = box((0.2, 0.38, 1.0), (0, 0, 0.5), 1.05)
    lean = np.array([shoulder[0] - hip[0], 0, shoulder[1] - hip[1]])
    trunk = trunk * [1, 1, 0] + [hip[0], 0, hip[1]] + trunk[..., 2:] * lean
    rider += [faces(trunk, top), *_head((shoulder[0] + 0.08, 0, 0.93 * height), 0.07 * height, skin, hair * 1.0)]
    parts = Polygons.join([Polygons.join(bicycle), Polygons.join(rider)])
    parts.semantic[:] = classes.RIDER
    parts.semantic[: sum(len(part) for part in bicycle)] = classes.BICYCLE
    parts.instance[:] = instance
    return parts


def _rod(start: Float[np.ndarray, "2"], stop: Float[np.ndarray, "2"], thick_m: float) -> Float[np.ndarray, "2 4 3"]:
    """A tube in the plane of the bicycle as two crossed strips, so that it never vanishes."""
    low, high = np.array([start[0], 0, start[1]]), np.array([stop[0], 0, stop[1]])
    direction = (high - low) / np.linalg.norm(high - low)
    side = np.array([-direction[2], 0, direction[0]]) * thick_m / 2
    deep = np.array([0, thick_m / 2, 0])
    return np.stack([np.stack([low - off, high - off, high + off, low + off]) for off in (side, deep)])


def _ring(x: float, radius: float) -> Float[np.ndarray, "16 4 3"]:
    """A tyre: eight strips around the axle seen from the side, and eight across for the view from behind."""
    angle = np.arange(9) * np.pi / 4
    around = np.stack([np.cos(angle), np.zeros(9), np.sin(angle)], axis=1)
    centre, deep = np.array([x, 0, radius]), np.array([0, 0.025, 0])
    inner, outer = centre + 0.86 * radius * around, centre + radius * around
    flat = np.stack([inner[:-1], outer[:-1], outer[1:], inner[1:]], axis=1)
    tread = np.stack([outer[:-1] - deep, outer[1:] - deep, outer[1:] + deep, outer[:-1] + deep], axis=1)
    return np.concatenate([flat, tread])
