"""A lesson: walking through the latents of a GAN of digits, straight and on the sphere, and calculating with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from models.latents import normal, slerp
from models.reporting import Report, silent
from pipeline.figures.style import Picture
from pipeline.randomness import torch_generator
from pipeline.sources.idx import CLASSES, Digits, read_digits
from pipeline.textbook.base import Chapter
from pipeline.textbook.digit_figures import digit_grid, score_lines
from pipeline.textbook.digit_gan import CONVOLUTIONAL, DigitGan, DigitMaker, noisy
from pipeline.textbook.digit_scores import Referee, Scoring, appoint_referee

STOPS = 9
"""Digits along a path, ends included."""
PAIRS = 200
"""Paths that are measured; a few are shown."""
TEACHER = 1
"""The class whose slanted and upright digits teach the direction."""
EXTREME = 0.1
"""Part of the teacher's digits that counts as slanted, and as upright."""
STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""How much of the direction is added."""
SHOWN_CLASSES = (0, 4, 5, 7)


@dataclass(frozen=True)
class LatentDigits:
    """What lies between two latents, and whether "slanted one - upright one + upright four" is a slanted four."""

    epochs: int = 3
    """Of the dense generator that paths are gone in."""
    told_epochs: int = 1
    """Of the convolutional generator that is told the class: it learns to obey within one, a dense one does not."""
    steps_per_epoch: int = 390
    hidden: tuple[int, ...] = (500, 500)
    width: int = 24
    """Channels of the convolutional players at half resolution."""
    scoring: Scoring = field(default_factory=lambda: Scoring(samples=2000, held_out=1000))

    def __post_init__(self) -> None:
        """Refuse to train for no time."""
        for name in ("epochs", "told_epochs", "steps_per_epoch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def run(self, rng: np.random.Generator, digits: Path | None = None, report: Report = silent) -> Chapter:
        """Train an unconditional generator to walk in, and a conditional one to calculate with."""
        data = read_digits(digits)
        referee = appoint_referee(data, self.scoring, rng)
        dense = replace(noisy(data.side), steps=self.epochs * self.steps_per_epoch)
        convolutional = replace(CONVOLUTIONAL, steps=self.told_epochs * self.steps_per_epoch)
        free, told = (
            gan.train(referee.train, torch_generator(rng), report)
            for gan in (
                DigitGan(hidden=self.hidden, recipe=dense),
                DigitGan("convolutional", conditional=True, width=self.width, recipe=convolutional),
            )
        )
        draws = torch_generator(rng)
        return _told(data, referee, _walked(free, draws), _shifted(told, referee, draws))


@dataclass(frozen=True, eq=False)
class _Walk:
    """Paths between latents, by the way they are gone."""

    shown: Mapping[str, Float[np.ndarray, "path stop pixel"]]
    length: Mapping[str, Float[np.ndarray, " stop"]]
    """Mean length of the latents."""
    grey: Mapping[str, Float[np.ndarray, " stop"]]
    """Mean ink that is neither there nor not: 4 x (1 - x), averaged over pixels."""


@dataclass(frozen=True, eq=False)
class _Shift:
    """What adding a direction does to other classes than the one it was learnt on."""

    shown: Float[np.ndarray, "class strength pixel"]
    slant_deg: Mapping[int, Float[np.ndarray, " strength"]]
    """Mean slant by class."""
    kept: Float[np.ndarray, " strength"]
    """Part of the digits that the judge still takes for their class."""


def _walked(maker: DigitMaker, rng: torch.Generator) -> _Walk:
    start, end = (normal(maker.latent)(PAIRS, rng) for _ in range(2))
    parts = np.linspace(0, 1, STOPS)
    ways = {
        "straight": [torch.lerp(start, end, float(part)) for part in parts],
        "on the sphere": [slerp(start, end, float(part)) for part in parts],
    }
    unused = torch.zeros(PAIRS, dtype=torch.long)
    images = {way: np.stack([maker.of(stop, unused) for stop in stops], axis=1) for way, stops in ways.items()}
    apart = np.square(images["straight"][:, 0] - images["straight"][:, -1]).sum(axis=1)
    farthest = apart.argsort()[-2:]
    return _Walk(
        shown={way: made[farthest] for way, made in images.items()},
        length={way: np.array([float(stop.norm(dim=1).mean()) for stop in stops]) for way, stops in ways.items()},
        grey={way: (4 * made * (1 - made)).mean(axis=(0, 2)) for way, made in images.items()},
    )


def _shifted(maker: DigitMaker, referee: Referee, rng: torch.Generator) -> _Shift:
    direction = _slant_direction(maker, referee.scoring.samples, rng)
    others = [kind for kind in range(CLASSES) if kind != TEACHER]
    latent = normal(maker.latent)(PAIRS, rng)
    slants: dict[int, list[float]] = {kind: [] for kind in others}
    shown: dict[int, list[np.ndarray]] = {kind: [] for kind in SHOWN_CLASSES}
    kept = []
    for strength in STRENGTHS:
        right = []
        for kind in others:
            made = maker.of(latent + strength * direction, torch.full((PAIRS,), kind))
            slants[kind].append(float(np.nanmean(slant_deg(made))))
            right.append(float((referee.judge.classes_of(made) == kind).mean()))
            if kind in shown:
                shown[kind].append(made[0])
        kept.append(float(np.mean(right)))
    return _Shift(
        np.array([shown[kind] for kind in SHOWN_CLASSES]),
        {kind: np.array(found) for kind, found in slants.items()},
        np.array(kept),
    )


def _slant_direction(maker: DigitMaker, count: int, rng: torch.Generator) -> Float[Tensor, " latent"]:
    """Mean latent of the most slanted digits of the teacher's class minus that of the most upright ones."""
    latent = normal(maker.latent)(count, rng)
    slant = slant_deg(maker.of(latent, torch.full((count,), TEACHER)))
    order = torch.from_numpy(np.argsort(np.nan_to_num(slant, nan=float(np.nanmedian(slant)))))
    few = max(1, int(EXTREME * count))
    return latent[order[-few:]].mean(dim=0) - latent[order[:few]].mean(dim=0)


def slant_deg(digits: Float[np.ndarray, "count pixel"]) -> Float[np.ndarray, " count"]:
    """How far the ink leans to the right, in degrees: arctan of the shear that would upright it. NaN without height.

    The shear is that of the second moments, Σ ink · dx · dy / Σ ink · dy².
    """
    side = round(digits.shape[1] ** 0.5)
    ink = digits.reshape(-1, side, side).astype(np.float64)
    place = np.arange(side, dtype=np.float64)
    total = ink.sum(axis=(1, 2)) + 1e-12
    dx = place - (ink.sum(axis=1) @ place / total)[:, None]
    dy = (ink.sum(axis=2) @ place / total)[:, None] - place  # rows count downwards, height upwards
    height = np.einsum("nyx,ny->n", ink, dy**2)
    shear = np.einsum("nyx,ny,nx->n", ink, dy, dx) / np.where(height > 1e-9, height, np.nan)
    return np.degrees(np.arctan(shear))


def _told(data: Digits, referee: Referee, walk: _Walk, shift: _Shift) -> Chapter:
    middle = STOPS // 2
    lean = np.mean(list(shift.slant_deg.values()), axis=0)
    none, full = STRENGTHS.index(0.0), STRENGTHS.index(1.0)
    grey = {way: found[middle] / found[[0, -1]].mean() - 1 for way, found in walk.grey.items()}
    return Chapter(
        title="Between latents, and sums of them",
        question="Is there a digit between any two, and can one calculate with what a generator has learnt?",
        answer=(
            f"Half way, the straight path has latents {walk.length['straight'][middle]:.1f} long, where real ones are "
            f"{walk.length['straight'][0]:.1f}; ink that is neither there nor not changes by {grey['straight']:+.0%} "
            f"there, on the sphere by {grey['on the sphere']:+.0%}. A direction learnt from ones alone leans the nine "
            f"other classes by {lean[full] - lean[none]:+.0f} degrees, and {shift.kept[full]:.0%} of them keep their "
            f"class (without it: {shift.kept[none]:.0%})."
        ),
        story=(f"Data: {data.origin} The judge of classes is right about {referee.judge.accuracy:.1%} of the held-out "
               f"digits.", *STORY),
        pictures=_pictures(referee, walk, shift),
        tables={
            "Slant in degrees by how much of the direction is added": _slants(shift),
            "Digits still read as their class, %": _kept(shift),
        },
        metrics={
            "straight.grey_change": float(grey["straight"]),
            "sphere.grey_change": float(grey["on the sphere"]),
            "slant_gain_deg": float(lean[full] - lean[none]),
            "class_kept": float(shift.kept[full]),
        },
        sources=(
            "White, Sampling generative networks, 2016, section 2.1 (spherical interpolation)",
            "Radford et al., Unsupervised representation learning with DCGANs, ICLR 2016, section 6.3.2 (arithmetic)",
        ),
    )  # fmt: skip


STORY = (
    "A normal latent of a hundred numbers lies near a sphere of radius 10. The straight path between two of them cuts "
    "through the inside, where the generator has never been asked anything; the great circle stays where it has "
    "learnt. The first picture shows the two pairs of latents, of two hundred, whose digits differ most, each gone "
    "both ways.",
    "If digits on the way are sharp and plausible and change little by little, the generator has learnt more than a "
    "list of examples: in pixels, half way between two digits lies a double exposure of both.",
    "Arithmetic: among generated ones, take the mean latent of the most slanted tenth minus that of the most upright "
    "tenth, and add it to the latents of other classes in a generator that is told the class, a convolutional one. "
    "Each row of the second picture is one latent of one class, with -2, -1, 0, 1 and 2 times the direction. The "
    "slant is measured from the second moments of the ink.",
    "Take home: interpolate on the sphere for normal latents, and expect directions with a meaning, but measure what "
    "they do: this one was learnt from ones only and may change more than the slant when it is taken too far.",
)


def _pictures(referee: Referee, walk: _Walk, shift: _Shift) -> tuple[Picture, ...]:
    side = referee.train.images.shape[1]
    paths = np.concatenate([np.stack([made[pair] for made in walk.shown.values()]) for pair in (0, 1)])
    names = list(walk.shown) * 2
    first, second = (panel.reshape(*panel.shape[:2], side, side) for panel in (paths, shift.shown))
    grey = {way: [(100 * stop / (STOPS - 1), float(value)) for stop, value in enumerate(found)]
            for way, found in walk.grey.items()}  # fmt: skip
    kinds, strengths = (
        [f"class {kind}" for kind in SHOWN_CLASSES],
        [f"{strength:+g}" if strength else "0" for strength in STRENGTHS],
    )
    return (
        Picture("paths", "From one digit to another", "Digits along paths between two latents, straight and on the "
                "sphere, for two pairs.", partial(digit_grid, first, np.zeros(first.shape[:2], bool), names, ())),
        Picture("grey", "Ink that is neither there nor not", "Mean of 4x(1-x) over pixels along the path, for straight "
                "and spherical paths.", partial(score_lines, grey, "part of the path, %", "greyness")),
        Picture("slant", "Adding a slant learnt from ones", "Rows: digits of four classes; columns: how much of the "
                "direction is added.",
                partial(digit_grid, second, np.zeros(second.shape[:2], bool), kinds, strengths)),
    )  # fmt: skip


def _slants(shift: _Shift) -> pd.DataFrame:
    rows = [
        {"class": kind}
        | {f"{strength:+g}": round(float(lean), 1) for strength, lean in zip(STRENGTHS, found, strict=True)}
        for kind, found in shift.slant_deg.items()
    ]
    return pd.DataFrame(rows)


def _kept(shift: _Shift) -> pd.DataFrame:
    kept = zip(STRENGTHS, shift.kept, strict=True)
    return pd.DataFrame([{f"{strength:+g}": round(100 * float(part), 1) for strength, part in kept}])
