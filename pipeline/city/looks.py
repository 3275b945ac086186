"""Times of day and weather: how much light comes from where. The geometry is the same under all of them."""

from dataclasses import dataclass

from pipeline.city.polygons import Colour


@dataclass(frozen=True)
class Look:
    """Strengths of the lights; 1 is a bright day."""

    sun: Colour
    ambient: Colour
    sky: float
    """Brightness of the sky itself."""
    sky_tint: Colour = (1.0, 1.0, 1.0)
    lamps: float = 0.0
    """Street lamps, lit windows, vehicle lamps."""
    head_lamps: float = 0.0
    """Those of the recording car."""
    fog: float = 1.0
    """How much sooner distance fades; 1 as on a clear day."""
    wet: float = 0.0
    """Share of the sky that the road mirrors."""
    grey: float = 0.0
    """How much of the blue sky is hidden by clouds."""
    exposure: float = 1.0
    """Factor between brightness and what the film sees."""
    metered: float = 0.0
    """Brightness (geometric mean) that each picture is exposed to; 0 leaves the exposure as it is."""
    noise: float = 0.004
    """Spread of the sensor's noise in brightness."""
    bloom: float = 0.0


LOOKS: dict[str, Look] = {
    "day": Look(sun=(5.4, 5.0, 4.2), ambient=(0.23, 0.27, 0.34), sky=3.4, metered=0.17),
    "night": Look(sun=(0.0, 0.0, 0.0), ambient=(0.012, 0.014, 0.022), sky=0.012, sky_tint=(0.9, 0.8, 1.0), lamps=1.0,
                  head_lamps=1.0, exposure=1.15, noise=0.006, bloom=0.16),
    "dusk": Look(sun=(0.42, 0.20, 0.08), ambient=(0.20, 0.19, 0.26), sky=0.42, sky_tint=(1.35, 0.85, 0.70), lamps=0.7,
                 head_lamps=0.35, fog=1.3, noise=0.005, bloom=0.10),
    "rain": Look(sun=(0.0, 0.0, 0.0), ambient=(0.46, 0.49, 0.53), sky=0.8, lamps=0.25, head_lamps=0.1, fog=4.0,
                 wet=0.35, grey=0.9, metered=0.13, noise=0.005, bloom=0.08),
}  # fmt: skip
