"""Light: sun, sky, shadows, fog, lamps. Surfaces in, linear brightness out; 1 is white before exposure.

Colours are planes, (3, samples): numpy is several times faster along long axes than along one of length 3.
"""

import numpy as np
from jaxtyping import Float

from pipeline.city.classes import VEGETATION
from pipeline.city.heavens import horizon_colour, sky_tone
from pipeline.city.looks import Look
from pipeline.city.surface import FaceSurface, FaceTable, Surface
from pipeline.city.textures import SHOP
from pipeline.city.view import View
from pipeline.city.world import SHADOW_M, World

WARM = np.array([(1.0, 0.62, 0.28), (1.0, 0.78, 0.50), (0.75, 0.85, 1.0), (1.0, 0.70, 0.36)], np.float32)
"""Colours of lit windows."""
LAMP = np.array([1.0, 0.74, 0.44], np.float32)
HEAD_LAMP = np.array([1.0, 0.96, 0.88], np.float32)
SIGNAL_GLOW = 4.5
"""Faces that glow more strongly are signals, which shine by day too ..."""
DAYTIME_GLOW = 0.35
"""... with this share of their glow."""

Light = Float[np.ndarray, "3 n"]


def shade_ground(surface: Surface, world: World, view: View, look: Look, dark: Float[np.ndarray, " n"]) -> Light:
    """Brightness of the ground under a look; road users take the share ``dark`` of the sun, and some of the sky."""
    light = np.array(look.ambient, np.float32)[:, None] * (1 - np.float32(0.75) * dark)
    if max(look.sun) > 0:
        x, y = (
            part + jitter * np.float32(SHADOW_M) for part, jitter in zip(surface.place_m, surface.jitter, strict=False)
        )
        direct = (1 - world.shaded.at(x, y)) * (1 - dark) * np.float32(world.sun[2])
        for plane, strength in zip(light, look.sun, strict=True):
            plane += direct * np.float32(strength)
    if look.lamps:
        _add_lamps(light, surface, world, view, look)
    light *= surface.albedo
    if look.wet:
        mirror = np.float32(look.wet) * np.minimum(surface.depth_m / 45, 1)
        light += sky_tone(world, look)[:, None] * mirror
    _add_fog(light, surface, world, look)
    return light


def shade_faces(surface: FaceSurface, world: World, view: View, table: FaceTable, look: Look) -> Light:
    """Brightness of a scene's faces under a look."""
    panes = surface.panes
    number = surface.window.astype(np.float32) / 255
    light = _daylight(surface, world, table, look)
    if look.lamps:
        _add_lamps(light, surface, world, view, look)
    light *= surface.albedo
    for plane in light:
        plane[panes] *= 0.06 + 0.24 * number * number
    _add_reflections(light, surface, world, table, look, number)
    _add_glow(light, surface, table, look)
    if look.lamps:
        _add_lit_windows(light, surface, table, look)
    _add_fog(light, surface, world, look)
    return light


def _daylight(surface: FaceSurface, world: World, table: FaceTable, look: Look) -> Light:
    """Sun where it reaches, and the sky's light, stronger on what faces up."""
    light = np.array(look.ambient, np.float32)[:, None] * np.take(table.upwards, surface.face)
    if max(look.sun) > 0:
        leaves = table.semantic == VEGETATION
        towards = np.where(leaves, np.float32(0.55), np.maximum(table.normal @ world.sun.astype(np.float32), 0))
        direct = np.take(towards, surface.face)
        asked = np.flatnonzero(np.take((towards > 0) & ~leaves, surface.face))
        direct[asked[_in_shadow(surface, world, table, asked)]] = 0
        for plane, strength in zip(light, look.sun, strict=True):
            plane += direct * np.float32(strength)
    return light


def _in_shadow(surface: FaceSurface, world: World, table: FaceTable, asked: np.ndarray) -> np.ndarray:
    """Which samples a house keeps the sun from; looked up a little before the wall they may be part of."""
    face = np.take(surface.face, asked)
    x, y, z = (np.take(part, asked) for part in surface.place_m)
    # jitter: the map's cells would show as steps along a shadow's edge
    for part, normal, jitter in zip((x, y), table.normal.T, surface.jitter, strict=False):
        part += np.take(normal * np.float32(0.8), face)
        part += np.take(jitter, asked) * np.float32(0.35)
    return world.shadow_m.at(x, y) > z + np.float32(0.1)


def _add_lamps(light: Light, surface: Surface, world: World, view: View, look: Look) -> None:
    """Street lamps from above and the recording car's head lamps from in front."""
    x, y, z = surface.place_m
    lamp = world.lamp_light.at(x, y) * np.clip(1.25 - z / 8, 0, 1) * np.float32(0.85 * look.lamps)
    forward = view.T_view_city[2, :3].astype(np.float32)
    dx, dy = x - np.float32(view.eye_m[0]), y - np.float32(view.eye_m[1])
    ahead = np.maximum(dx * forward[0] + dy * forward[1], np.float32(0.5))
    aside = (dx * forward[1] - dy * forward[0]) / ahead
    level = (z - np.float32(0.65)) / ahead  # the dipped beam ends just below the horizon
    wide = np.exp(aside * aside * np.float32(-3.5))
    beam = wide * (np.float32(0.06) + 1 / (1 + np.exp(np.clip((level + np.float32(0.012)) * 110, -30, 30))))
    beam *= np.float32(26 * look.head_lamps) / (9 + np.float32(0.16) * ahead * ahead)
    for plane, street, car in zip(light, LAMP, HEAD_LAMP, strict=True):
        plane += lamp * street
        plane += beam * car


def _add_reflections(
    light: Light, surface: FaceSurface, world: World, table: FaceTable, look: Look, number: Float[np.ndarray, " pane"]
) -> None:
    """The sky in windows and on car bodies."""
    tone = sky_tone(world, look)
    share = 0.05 + 0.20 * number * number
    gloss = np.take(table.gloss, surface.face)
    shiny = np.flatnonzero(gloss)
    gloss = gloss[shiny]
    for plane, bright in zip(light, tone, strict=True):
        plane[surface.panes] += share * bright
        plane[shiny] += gloss * bright


def _add_glow(light: Light, surface: FaceSurface, table: FaceTable, look: Look) -> None:
    """Lamps of signals, vehicles and streets."""
    own = np.where(table.glow > SIGNAL_GLOW, np.float32(max(look.lamps, DAYTIME_GLOW)), np.float32(look.lamps))
    strength = table.glow * own
    glowing = np.flatnonzero(np.take(strength > 0, surface.face))
    face = surface.face[glowing]
    for plane, colour in zip(light, table.colour, strict=True):
        plane[glowing] += colour[face] * strength[face]


def _add_lit_windows(light: Light, surface: FaceSurface, table: FaceTable, look: Look) -> None:
    panes, number = surface.panes, surface.window
    shop = table.texture[surface.face[panes]] == SHOP
    lit = np.flatnonzero((number % 16 < 5) | (shop & (number % 16 < 13)))
    strength = (0.10 + 0.03 * (number[lit] // 16)) * np.where(shop[lit], 1.5, 1.0) * look.lamps
    hue = number[lit] % 4
    for plane, colour in zip(light, WARM.T, strict=True):
        plane[panes[lit]] += strength.astype(np.float32) * colour[hue]


def _add_fog(light: Light, surface: Surface, world: World, look: Look) -> None:
    """Distance fades into the colour of the horizon."""
    clear = np.exp(surface.depth_m * np.float32(-look.fog / world.style.haze_m))
    veil = 1 - clear
    for plane, colour in zip(light, horizon_colour(world, look), strict=True):
        plane *= clear
        plane += veil * colour
