"""Light: sun, sky, shadows, fog, lamps. Surfaces in, linear brightness out; 1 is white before exposure."""

import numpy as np
from jaxtyping import Float

from pipeline.city.classes import CAR, TRUCK, VEGETATION
from pipeline.city.looks import Look
from pipeline.city.raster import GROUND, SKY
from pipeline.city.surface import FaceTable, Surface, is_shop
from pipeline.city.view import View
from pipeline.city.world import World

WARM = np.array([(1.0, 0.62, 0.28), (1.0, 0.78, 0.50), (0.75, 0.85, 1.0), (1.0, 0.70, 0.36)], np.float32)
"""Colours of lit windows."""
LAMP = np.array([1.0, 0.74, 0.44], np.float32)
HEAD_LAMP = np.array([1.0, 0.96, 0.88], np.float32)
DAYTIME_GLOW = 0.35
"""Share of their glow that signals keep by day, when other lamps are off."""


def shade(
    surface: Surface, world: World, view: View, table: FaceTable, look: Look, dark: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n 3"]:
    """Brightness of every sample under a look.

    Args:
        surface: The samples.
        world: The city.
        view: The camera.
        table: Its faces.
        look: Which lights shine how strongly.
        dark: Share of the sun that road users take from the ground beneath and beside them.
    """
    albedo = surface.albedo.copy()
    panes = np.flatnonzero(surface.pane)
    number = surface.window[panes].astype(np.float32) / 255
    albedo[panes] = (0.03 + 0.12 * number * number)[:, None] * albedo[panes] + np.float32(0.02)
    light = _daylight(surface, world, table, look, dark)
    if look.lamps:
        light += _lamplight(surface, world, view, table, look)
    light *= albedo
    _reflections(light, surface, world, table, look, panes, number)
    if look.lamps:
        _emission(light, surface, world, table, look, panes)
    signals = np.flatnonzero(table.glow[surface.face] > 4.5)
    own = table.colour[surface.face[signals]] * table.glow[surface.face[signals], None]
    light[signals] = np.maximum(light[signals], own * np.float32(DAYTIME_GLOW))
    _fog(light, surface, world, look)
    sky = np.flatnonzero(surface.face == SKY)
    light[sky] = _sky(surface, sky, world, look)
    return light


def _daylight(
    surface: Surface, world: World, table: FaceTable, look: Look, dark: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n 3"]:
    """Sun where it reaches, and the sky's light, stronger on what faces up."""
    sun = world.sun.astype(np.float32)
    towards = np.maximum(table.normal @ sun, 0)
    upwards = 0.62 + 0.38 * table.normal[:, 2]
    leaves = table.semantic == VEGETATION
    towards[leaves], upwards[leaves] = 0.55, 0.85
    ambient = np.take(upwards, surface.face) * (1 - np.float32(0.75) * dark)
    light = ambient[:, None] * np.array(look.ambient, np.float32)
    if max(look.sun) > 0:
        x, y, z = surface.place_m
        nx, ny = (np.take(np.ascontiguousarray(part) * np.float32(0.8), surface.face) for part in table.normal.T[:2])
        blocked = world.shadow_m.at(x + nx, y + ny) > z + np.float32(0.1)
        direct = np.take(towards, surface.face) * (1 - dark)
        direct[blocked & ~np.take(leaves, surface.face)] = 0
        light += direct[:, None] * np.array(look.sun, np.float32)
    return light


def _lamplight(surface: Surface, world: World, view: View, table: FaceTable, look: Look) -> Float[np.ndarray, "n 3"]:
    """Street lamps from above and the recording car's head lamps from in front."""
    x, y, z = surface.place_m
    lamp = world.lamp_light.at(x, y) * np.clip(1.25 - z / 8, 0, 1) * np.float32(0.85 * look.lamps)
    light = lamp[:, None] * LAMP
    if look.head_lamps:
        forward = view.T_view_city[2, :3].astype(np.float32)
        dx, dy = x - np.float32(view.eye_m[0]), y - np.float32(view.eye_m[1])
        ahead = np.maximum(dx * forward[0] + dy * forward[1], 0.5)
        aside = (dx * forward[1] - dy * forward[0]) / ahead
        level = (z - np.float32(0.65)) / ahead  # the dipped beam ends just below the horizon
        beam = np.exp(-(aside * aside) * np.float32(4.5)) / (1 + np.exp(np.clip((level + 0.012) * 110, -30, 30)))
        spill = np.float32(0.07) * np.exp(-(aside * aside) * 3)
        strength = (beam + spill) * np.float32(26 * look.head_lamps) / (9 + 0.16 * ahead * ahead)
        light += strength[:, None] * HEAD_LAMP
    return light


def _reflections(
    light: Float[np.ndarray, "n 3"], surface: Surface, world: World, table: FaceTable, look: Look,
    panes: np.ndarray, number: Float[np.ndarray, " pane"],
) -> None:  # fmt: skip
    """The sky in windows, on car bodies, and on a wet road."""
    horizon, zenith = (np.array(part, np.float32) * np.array(look.sky_tint, np.float32) for part in world.style.sky)
    mixed = (0.6 * horizon + 0.4 * zenith) * np.float32(look.sky)
    light[panes] += (0.10 + 0.22 * number)[:, None] * mixed
    shiny = np.where(np.isin(table.semantic, (CAR, TRUCK)), 0.05 + 0.13 * np.maximum(table.normal[:, 2], 0), 0)
    gloss = np.take(shiny.astype(np.float32), surface.face)
    if look.wet:
        gloss += np.float32(look.wet) * (surface.face == GROUND) * np.minimum(surface.depth_m / 45, 1)
    bright = np.flatnonzero(gloss)
    light[bright] += gloss[bright, None] * mixed


def _emission(
    light: Float[np.ndarray, "n 3"], surface: Surface, world: World, table: FaceTable, look: Look, panes: np.ndarray
) -> None:
    """Lit windows, and lamps of all kinds."""
    number = surface.window[panes]
    shop = is_shop(world, table, surface.face[panes])
    lit = (number % 16 < 5) | (shop & (number % 16 < 13))
    strength = (0.10 + 0.5 * (number[lit] // 16) / 16) * np.where(shop[lit], 1.5, 1.0)
    light[panes[lit]] += (strength * look.lamps)[:, None].astype(np.float32) * WARM[number[lit] % 4]
    glowing = np.flatnonzero(table.glow[surface.face])
    face = surface.face[glowing]
    light[glowing] += table.colour[face] * (table.glow[face, None] * np.float32(look.lamps))


def _fog(light: Float[np.ndarray, "n 3"], surface: Surface, world: World, look: Look) -> None:
    """Distance fades into the colour of the horizon."""
    share = np.exp(surface.depth_m * np.float32(-look.fog / world.style.haze_m))[:, None]
    light *= share
    light += (1 - share) * _horizon(world, look)


def _horizon(world: World, look: Look) -> Float[np.ndarray, "3"]:
    colour = np.array(world.style.sky[0], np.float32) * np.array(look.sky_tint, np.float32) * np.float32(look.sky)
    grey = colour.mean()
    return (colour + np.float32(look.grey) * (grey - colour)).astype(np.float32)


def _sky(surface: Surface, index: np.ndarray, world: World, look: Look) -> Float[np.ndarray, "m 3"]:
    """From horizon to zenith, with clouds, and mountains where the city has them."""
    x, y, z = (part[index] for part in surface.ray)
    flat = np.hypot(x, y)
    slope = z / flat
    azimuth = np.arctan2(y, x)
    share = np.clip(slope * 1.8, 0, 1)[:, None] ** np.float32(0.6)
    zenith = np.array(world.style.sky[1], np.float32) * np.array(look.sky_tint, np.float32) * np.float32(look.sky)
    horizon = _horizon(world, look)
    zenith = zenith + np.float32(look.grey) * (horizon * np.float32(0.8) - zenith)
    colour = horizon + share * (zenith - horizon)
    # clouds lie on a plane high above: they crowd towards the horizon
    height = 1 / np.maximum(slope, 0.03)
    rows, columns = world.clouds.shape
    i = (np.cos(azimuth) * height * 42).astype(np.int32) % rows
    j = (np.sin(azimuth) * height * 42).astype(np.int32) % columns
    cloud = np.clip(world.clouds[i, j] * 0.5 + 0.05, 0, 1) * np.clip(slope * 9, 0, 1)
    white = np.float32(1.06) * horizon.mean() + np.float32(0.35) * horizon
    colour += (cloud * (1 - 0.8 * look.grey)).astype(np.float32)[:, None] * (white - colour)
    if world.style.mountains:
        _mountains(colour, slope, azimuth, world, horizon)
    return colour


def _mountains(
    colour: Float[np.ndarray, "m 3"], slope: Float[np.ndarray, " m"], azimuth: Float[np.ndarray, " m"], world: World,
    horizon: Float[np.ndarray, "3"],
) -> None:  # fmt: skip
    top = world.ridge[((azimuth / (2 * np.pi) + 0.5) * (len(world.ridge) - 1)).astype(np.int32)]
    below = np.flatnonzero(slope < top)
    share = slope[below] / top[below]
    rows, columns = world.clouds.shape
    rough = world.clouds[
        (slope[below] * 1500).astype(np.int32) % rows, (azimuth[below] * 500).astype(np.int32) % columns
    ]
    rock = np.array([0.34, 0.39, 0.50], np.float32) * horizon.mean()
    snow = (share + 0.12 * rough > 0.72)[:, None]
    tone = np.where(snow, horizon * np.float32(1.05), rock * (1 + np.float32(0.14) * rough[:, None]))
    haze = np.clip(0.25 + 0.5 * (1 - share), 0, 1)[:, None]
    colour[below] = (tone + haze * (horizon - tone)).astype(np.float32)
