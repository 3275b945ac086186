"""Cars, vans and trucks: bodies drawn along a profile, with glass, wheels and lamps.

Local coordinates: x forwards, y left, z up, the origin on the ground under the middle; sizes fill the labelled box.
"""

import numpy as np
from jaxtyping import Float

from pipeline.city import classes
from pipeline.city.polygons import Colour, Polygons, box, disc, faces

GLASS: Colour = (0.045, 0.055, 0.065)
TYRE: Colour = (0.022, 0.022, 0.024)
TRIM: Colour = (0.035, 0.035, 0.038)

PAINTS = np.array([
    (0.62, 0.62, 0.62), (0.40, 0.41, 0.43), (0.10, 0.10, 0.11), (0.05, 0.05, 0.055), (0.20, 0.21, 0.23),
    (0.05, 0.09, 0.22), (0.30, 0.04, 0.04), (0.70, 0.70, 0.68), (0.16, 0.19, 0.13), (0.30, 0.27, 0.22),
])  # fmt: skip
"""Silver, grey, black and white, as most cars are; then blue, red, green, beige."""
CAB: Colour = (0.72, 0.42, 0.02)

Profile = list[tuple[float, float, float]]
"""From the front bumper over the roof to the rear one: x / length, z / height, share of the width."""

# fmt: off
HATCHBACK: Profile = [
    (0.5, 0.17, 0.94), (0.5, 0.44, 0.96), (0.44, 0.60, 0.92), (0.19, 0.67, 0.90), (-0.02, 0.98, 0.72),
    (-0.16, 1.0, 0.72), (-0.36, 0.96, 0.72), (-0.48, 0.66, 0.88), (-0.5, 0.42, 0.96), (-0.5, 0.2, 0.94),
]
SALOON: Profile = [
    (0.5, 0.17, 0.94), (0.5, 0.46, 0.96), (0.45, 0.60, 0.93), (0.20, 0.68, 0.92), (0.02, 0.98, 0.74),
    (-0.10, 1.0, 0.74), (-0.22, 0.97, 0.74), (-0.38, 0.70, 0.90), (-0.5, 0.66, 0.92), (-0.5, 0.2, 0.94),
]
VAN: Profile = [
    (0.5, 0.14, 0.95), (0.5, 0.38, 0.97), (0.46, 0.48, 0.95), (0.36, 0.55, 0.93), (0.20, 0.94, 0.84),
    (0.10, 1.0, 0.84), (-0.40, 1.0, 0.84), (-0.49, 0.96, 0.84), (-0.5, 0.5, 0.97), (-0.5, 0.16, 0.95),
]
# fmt: on
PROFILES: dict[str, list[Profile]] = {"Car": [HATCHBACK, SALOON], "Van": [VAN]}
BELT = (3, 7)
"""Points of a profile at which the windows begin: foot of the windscreen and of the rear window."""


def vehicle(kind: str, size_m: Float[np.ndarray, "3"], taxi: bool, instance: int, rng: np.random.Generator) -> Polygons:
    """A vehicle that fills a labelled box of height, width, length."""
    paint = np.array(CAB) if taxi else PAINTS[int(rng.choice(len(PAINTS), p=_popularity()))] * rng.uniform(0.85, 1.15)
    if kind == "Truck":
        parts = _truck(size_m, paint, rng)
    else:
        profiles = PROFILES[kind]
        parts = _body(profiles[int(rng.integers(len(profiles)))], size_m, paint, kind)
    _, width, length = size_m
    axles = (0.32 * length, -0.30 * length) if kind != "Truck" else (0.38 * length, -0.22 * length, -0.36 * length)
    radius = 0.31 if kind == "Car" else 0.34 if kind == "Van" else 0.48
    for x in axles:
        for side in (-1.0, 1.0):
            parts += _wheel(x, side * (width / 2 - 0.02), radius, side)
    joined = Polygons.join(parts)
    joined.semantic[:] = classes.OF_KIND[kind]
    joined.instance[:] = instance
    return joined


def _popularity() -> Float[np.ndarray, " paint"]:
    weights = np.array([1.6, 1.5, 1.4, 1.2, 1.2, 0.8, 0.7, 1.5, 0.3, 0.4])
    return weights / weights.sum()


def _body(profile: Profile, size_m: Float[np.ndarray, "3"], paint: Float[np.ndarray, "3"], kind: str) -> list[Polygons]:
    height, width, length = size_m
    x, z, y = np.array(profile).T * np.array([[length], [height], [width / 2]])
    right, left = np.stack([x, -y, z], axis=1), np.stack([x, y, z], axis=1)
    strips = np.stack([right[:-1], left[:-1], left[1:], right[1:]], axis=1)
    windscreen, rear = BELT[0], 6
    glazed = {windscreen} if kind == "Van" else {windscreen, rear}
    parts = [
        faces(strips[[number]], GLASS if number in glazed else paint * (1.0 if number > 1 else 0.9))
        for number in range(len(strips))
    ]
    for side, line in ((-1.0, right), (1.0, left)):
        parts += _side(line, side, paint)
    parts += _face_details(size_m, x, z)
    underneath = faces(box((0.86 * length, 0.8 * width, 0.2 * height), (0, 0, 0.13 * height))[:4], TRIM)
    return [*parts, underneath]


def _side(line: Float[np.ndarray, "p 3"], side: float, paint: Float[np.ndarray, "3"]) -> list[Polygons]:
    """One flank: three panels below the belt line, a greenhouse above it, two panes upon that."""
    foot, belt_f, belt_r = line[0], line[BELT[0]], line[BELT[1]]
    sill_f = np.array([belt_f[0], foot[1], foot[2]])
    sill_r = np.array([belt_r[0], foot[1], foot[2]])
    panels = [(sill_f, line[0], line[1], line[2]), (sill_f, line[2], line[2], belt_f), (sill_r, sill_f, belt_f, belt_r),
              (line[9], sill_r, belt_r, line[8])]  # fmt: skip
    house = (belt_r, belt_f, line[4], line[6])
    out = np.array([0, side * 0.012, 0])
    panes = []
    for low, high in ((0.06, 0.47), (0.53, 0.92)):
        base, head = (
            belt_r + (belt_f - belt_r) * np.array([[low], [high]]),
            line[6] + (line[4] - line[6]) * np.array([[low], [high]]),
        )
        rise = 0.86
        top = base + (head - base) * rise
        bottom = base + (head - base) * 0.08
        panes.append(np.stack([bottom[0], bottom[1], top[1], top[0]]) + out)
    corners = np.array([*panels, house, *panes])
    if side > 0:
        corners = corners[:, [1, 0, 3, 2]]
    shades = np.array([paint * 0.94] * 4 + [paint * 0.9] + [np.array(GLASS)] * 2)
    return [faces(corners, shades)]


def _face_details(size_m: Float[np.ndarray, "3"], x: np.ndarray, z: np.ndarray) -> list[Polygons]:
    """Grille, head lamps, tail lamps and number plates, a centimetre before the body."""
    height, width, length = size_m
    front, rear = length / 2 + 0.01, -length / 2 - 0.01
    low, high = z[1] - 0.13 * height, z[1] - 0.01 * height
    tail = z[8] if z[8] < 0.6 * height else 0.62 * height
    parts = [
        _plate(front, -0.26 * width, 0.26 * width, 0.24 * height, low, TRIM, True),
        _plate(front + 0.01, -0.13, 0.13, 0.28 * height, 0.28 * height + 0.11, (0.7, 0.7, 0.7), True),
        _plate(rear - 0.01, -0.26, 0.26, 0.42 * height, 0.42 * height + 0.11, (0.7, 0.7, 0.68), False),
    ]
    for side in (-1.0, 1.0):
        inner, outer = sorted((side * 0.27 * width, side * 0.45 * width))
        parts.append(_plate(front, inner, outer, low, high, (0.75, 0.76, 0.78), True, glow=6.0))
        inner, outer = sorted((side * 0.33 * width, side * 0.47 * width))
        parts.append(_plate(rear, inner, outer, tail - 0.14 * height, tail, (0.42, 0.02, 0.02), False, glow=2.5))
    return parts


def _plate(
    x: float, right: float, left: float, low: float, high: float, colour: Colour, ahead: bool, glow: float = 0.0
) -> Polygons:
    """An upright rectangle across the vehicle that looks ahead or back."""
    first, last = (right, left) if ahead else (left, right)
    corners = np.array([[(x, first, low), (x, last, low), (x, last, high), (x, first, high)]])
    return faces(corners, colour, glow=glow)


def _wheel(x: float, y: float, radius: float, side: float) -> list[Polygons]:
    across, up = (-side, 0.0, 0.0), (0.0, 0.0, 1.0)
    outside = y + side * 0.03
    return [
        faces(disc(radius, (x, y, radius), across, up), TYRE, two_sided=True),
        faces(disc(radius * 0.62, (x, outside, radius), across, up), (0.30, 0.30, 0.31)),
        faces(disc(radius * 0.2, (x, outside + side * 0.01, radius), across, up)[1:2], (0.06, 0.06, 0.06)),
    ]


def _truck(size_m: Float[np.ndarray, "3"], paint: Float[np.ndarray, "3"], rng: np.random.Generator) -> list[Polygons]:
    """A cab in front of a box body."""
    height, width, length = size_m
    cab, body = 2.1, length - 2.35
    tall = min(2.75, 0.92 * height)
    load = np.array(
        [(0.72, 0.72, 0.70), (0.60, 0.60, 0.58), (0.42, 0.10, 0.06), (0.10, 0.20, 0.36)][int(rng.integers(4))]
    )
    middle = length / 2 - cab / 2
    front, rear = length / 2 + 0.01, -length / 2 - 0.01
    screen = np.array([[(front, -0.44 * width, 0.58 * tall), (front, 0.44 * width, 0.58 * tall),
                        (front, 0.42 * width, 0.94 * tall), (front, -0.42 * width, 0.94 * tall)]])  # fmt: skip
    parts = [
        faces(box((cab, 0.96 * width, tall - 0.45), (middle, 0, 0.45 + (tall - 0.45) / 2)), paint),
        faces(screen, GLASS),
        faces(box((body, width, height - 1.05), (-length / 2 + body / 2, 0, 1.05 + (height - 1.05) / 2)), load),
        faces(box((length - 0.6, 0.7 * width, 0.5), (-0.2, 0, 0.75))[:4], TRIM),
        _plate(front, -0.4 * width, 0.4 * width, 0.5, 0.85, TRIM, True),
        _plate(rear, -0.01, 0.01, 1.1, height - 0.1, TRIM, False),
    ]
    for side in (-1.0, 1.0):
        y = side * (0.48 * width + 0.01)
        pane = np.array([[(middle - 0.4, y, 0.6 * tall), (middle + 0.7, y, 0.6 * tall), (middle + 0.7, y, 0.92 * tall),
                          (middle - 0.4, y, 0.92 * tall)]])  # fmt: skip
        parts.append(faces(pane if side < 0 else pane[:, [1, 0, 3, 2]], GLASS))
        inner, outer = sorted((side * 0.3 * width, side * 0.46 * width))
        parts.append(_plate(front + 0.01, inner, outer, 0.55, 0.78, (0.75, 0.76, 0.78), True, glow=6.0))
        parts.append(_plate(rear, inner, outer, 0.75, 0.95, (0.42, 0.02, 0.02), False, glow=2.5))
    return parts
