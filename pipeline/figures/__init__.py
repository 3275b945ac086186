"""What people look at: gains, errors and example tracks as figures, and the list of those that a report shows."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from pipeline.domain_maps import DomainMap, Method, whole
from pipeline.figures.drive_figures import gain_by_drive
from pipeline.figures.error_figures import error_by_horizon, gain_by_horizon, training_curves
from pipeline.figures.frame_figures import scenes, tracks_on_frames
from pipeline.figures.gain_figures import forest, gain_by_fraction
from pipeline.figures.ground_figures import known_positions, tracks_from_above
from pipeline.figures.map_figures import domain_panels
from pipeline.figures.neighbour_figures import nearest_tracks
from pipeline.figures.sample_figures import sample_panel
from pipeline.figures.style import Picture
from pipeline.figures.track_figures import example_tracks
from pipeline.figures.walk_figures import latent_walks
from pipeline.frame_paths import FramePaths
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.scoring.conclusion import of_data, words
from pipeline.scoring.metrics import describe
from pipeline.scoring.scores import Scores
from pipeline.windows import Windows

MOST_ON_FRAMES = 4
"""Figures with photographs in one report, which weigh more than others."""


def gain_pictures(scores: Scores) -> list[Picture]:
    """The answer as a picture, fraction by fraction, and over fractions where there are several."""
    label = describe(scores.metric).label
    pictures = [
        Picture(
            f"gain_{fraction:g}",
            of_data(fraction).capitalize(),
            f"Gain in {label} of each strategy {of_data(fraction)}, with intervals; the table below holds the numbers.",
            partial(forest, scores, fraction),
        )
        for fraction in scores.fractions()
    ]
    if len(scores.fractions()) > 1:
        alt = "Gain of each strategy over the fraction of real data."
        pictures.append(
            Picture("gain_by_fraction", "Gain by amount of real data", alt, partial(gain_by_fraction, scores))
        )
    return pictures


def horizon_pictures(scores: Scores) -> list[Picture]:
    """How errors and gains change with the horizon."""
    if not scores.groups.get("step"):
        return []
    fractions = scores.fractions()
    errors = [
        Picture(
            f"error_by_horizon_{fraction:g}",
            f"Plain model and forecasts without learning, {of_data(fraction)}",
            f"Centre error by frames ahead, {of_data(fraction)}.",
            partial(error_by_horizon, scores, fraction),
        )
        for fraction in fractions
    ]
    gains = [
        Picture(
            f"gain_by_horizon_{fraction:g}",
            f"Gain by horizon, {of_data(fraction)}",
            f"Gain of each strategy by frames ahead, {of_data(fraction)}.",
            partial(gain_by_horizon, scores, fraction),
        )
        for fraction in fractions
    ]
    return [picture for pair in zip(errors, gains, strict=True) for picture in pair]


def drive_pictures(scores: Scores) -> list[Picture]:
    """Gains drive by drive."""
    return [
        Picture(
            f"gain_by_drive_{fraction:g}",
            f"Gain in % by held-out drive, {of_data(fraction)}",
            f"Gain of each strategy on each held-out drive, {of_data(fraction)}; the table below holds the numbers.",
            partial(gain_by_drive, scores, fraction),
        )
        for fraction in scores.fractions()
    ]


def track_pictures(samples: Mapping[str, Samples], real: Samples, history: int) -> list[Picture]:
    """Example tracks: real first, then each strategy's; none in a study of pictures."""
    tracks = {name: part for name, part in {"real": real, **samples}.items() if isinstance(part, Windows)}
    return [
        Picture(
            f"tracks_{name}",
            name,
            f"Example tracks of {name} drawn as boxes over time.",
            partial(example_tracks, windows, history),
        )
        for name, windows in tracks.items()
        if len(windows)
    ]


def panels(samples: Mapping[str, Samples], real: Samples) -> list[Picture]:
    """Panels of pictures: what was made from what; none in a study of tracks."""
    pictures = {name: part for name, part in samples.items() if isinstance(part, Pictures) and len(part)}
    return [
        Picture(
            f"samples_{name}",
            name,
            f"Pictures made by {name}: their source, the sample with its boxes, the nearest real picture.",
            partial(sample_panel, part, real),
            photographic=True,
        )
        for name, part in pictures.items()
        if isinstance(real, Pictures)
    ]


def map_pictures(found: DomainMap | None) -> list[Picture]:
    """The domains in one plane, by each method."""
    if found is None:
        return []
    methods: tuple[Method, ...] = ("PCA", "t-SNE")
    return [
        Picture(
            f"domains_{method}",
            f"{method}: each domain (blue) over the real samples (grey)",
            f"Map of domains by {method}; the table holds their distances.",
            partial(domain_panels, found, method),
        )
        for method in methods
    ]


def neighbour_pictures(samples: Mapping[str, Samples], real: Samples) -> list[Picture]:
    """Synthetic tracks on their nearest real ones; none in a study of pictures, whose panels show them."""
    return [
        Picture(
            f"nearest_{name}",
            name,
            f"Tracks of {name}, each over the nearest real track.",
            partial(nearest_tracks, windows, real),
        )
        for name, windows in samples.items()
        if isinstance(windows, Windows) and isinstance(real, Windows) and len(whole(windows)) and len(whole(real))
    ]


def ground_pictures(samples: Mapping[str, Samples], real: Samples) -> list[Picture]:
    """Tracks from above, of those whose place in the world is known."""
    return [
        Picture(
            f"ground_{name}",
            name,
            f"Tracks of {name} on the ground, seen from above.",
            partial(tracks_from_above, windows),
        )
        for name, windows in {"real": real, **samples}.items()
        if isinstance(windows, Windows) and len(known_positions(windows))
    ]


def walk_pictures(walks: Mapping[str, Windows]) -> list[Picture]:
    """Ways through the latents of the generators that have them."""
    return [
        Picture(
            f"walk_{name}",
            name,
            f"Tracks of {name} along paths between two latents.",
            partial(latent_walks, walk),
        )
        for name, walk in walks.items()
    ]


def frame_pictures(samples: Mapping[str, Samples], real: Samples, frames: FramePaths, history: int) -> list[Picture]:
    """Tracks on frames of the camera: real ones, then those of the strategies that gain most; none without pictures."""
    pictures = []
    for name, windows in list({"real": real, **samples}.items())[:MOST_ON_FRAMES] if frames else []:
        shown, at_home = scenes(whole(windows), frames, history) if isinstance(windows, Windows) else ([], False)
        if shown:
            alt = f"Tracks of {name} drawn as boxes on frames of the camera."
            title = name if at_home else f"{name} (made without a place: on any frame of the same size)"
            pictures.append(Picture(f"frames_{name}", title, alt, partial(tracks_on_frames, shown, history), True))
    return pictures


def curve_pictures(scores: Scores, curves: pd.DataFrame) -> list[Picture]:
    """How training went at the largest fraction: one picture for each quantity that was reported, fitting first."""
    if curves.empty:
        return []
    shown = curves[(curves["fraction"] == curves["fraction"].max()) & ~curves["synthetic_only"].astype(bool)]
    return [
        Picture(
            f"curve_{phase}_{name}",
            f"{'Fitting the strategy' if phase == 'fit' else 'Training the model'}: {words(name)}",
            f"{words(name)} over the steps of {phase}.",
            partial(training_curves, scores, rows, name),
        )
        for (phase, name), rows in shown.groupby(["phase", "name"], sort=False)
    ]
