"""What the ring's runs say: the numbers, the words and the pictures of the chapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float

from pipeline.figures.style import Picture
from pipeline.textbook.base import Chapter
from pipeline.textbook.gaussian_ring import GaussianRing
from pipeline.textbook.ring_figures import critic_maps, loss_curves, modes_over_training, samples_over_training

NAMES = {
    "plain": "plain GAN",
    "unrolled": "unrolled critic",
    "minibatch": "minibatch discrimination",
    "wgan_gp": "WGAN-GP",
}
"""Remedies as people call them."""


@dataclass(frozen=True, eq=False)
class RingRun:
    """One remedy with one seed."""

    steps: tuple[int, ...]
    """When the generator was examined."""
    samples: tuple[Float[np.ndarray, "count 2"], ...]
    """What it made then."""
    curve: tuple[tuple[int, Mapping[str, float]], ...]
    """Steps and what was reported there."""
    words: tuple[str, ...]
    """What the monitor said."""
    surface: Float[np.ndarray, "row column"]
    """The last critic's scores over the plane."""


def told(ring: GaussianRing, runs: Mapping[str, Sequence[RingRun]]) -> Chapter:
    """The chapter."""
    results = _results(ring, runs)
    ends = results.groupby("remedy", sort=False)
    full = {str(name): int((rows["modes kept"] == ring.modes).sum()) for name, rows in ends}
    seeds = len(runs["plain"])
    kept = [f"{NAMES[name]} in {full[name]} of {seeds}" for name in runs if name != "plain"]
    worst = int(results.loc[results["remedy"] == "plain", "modes kept"].min())
    return Chapter(
        title="Mode collapse on a ring of Gaussians",
        question=f"Which of {ring.modes} equal modes does a generator keep when it moves much faster than its critic?",
        answer=(
            f"The plain GAN keeps all {ring.modes} modes in {full['plain']} of {seeds} seeds (at worst {worst}); "
            f"{', '.join(kept[:-1])} and {kept[-1]}."
        ),
        story=STORY,
        pictures=_pictures(ring, runs),
        tables={
            "Mean over seeds at the end of training": _summary(ring, results),
            "What the monitor said (first seed)": _words(runs),
        },
        metrics=_metrics(results, full, seeds),
        sources=(
            "Metz, Poole, Pfau, Sohl-Dickstein, Unrolled generative adversarial networks, ICLR 2017, section 3.1",
            "Salimans et al., Improved techniques for training GANs, NeurIPS 2016, section 3.2",
            "Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017",
        ),
    )


STORY = (
    "Every remedy gets the same data, the same generator (64-128-128-2, tanh) and the same critic (2-128-128-1, ReLU; "
    "minibatch discrimination adds 8 features before its last layer). The plain GAN's generator learns twenty times as "
    "fast as its critic and with momentum: it jumps to whatever the critic believes at the moment, the critic follows, "
    "and the two go round the ring. The unrolled critic and minibatch discrimination keep exactly these rates and add "
    "only the remedy. WGAN-GP has its own loss and its own rates.",
    "A sample is good within 3 standard deviations of a mode; a mode is kept if at least a fifth of its fair share of "
    "the samples is good. Samples are drawn from the last weights, without an average of the generator.",
    "Unrolling shows the generator the critic of a few steps later, which has already seen the jump. Minibatch "
    "discrimination lets the critic see that a batch is all alike; at these rates it finds the whole ring, but single "
    "modes flicker until the end. The Wasserstein critic, kept 1-Lipschitz by the "
    "gradient penalty, pulls from everywhere with a bounded slope, so that no mode is ever out of sight.",
    "Take home: the losses of the collapsing GAN hover like healthy ones and say nothing about diversity. Look at the "
    "samples, count modes while training, and slow the generator down before reaching for anything else: at half its "
    "rate and with less momentum (0.5) the plain GAN kept this ring as well.",
)


def _results(ring: GaussianRing, runs: Mapping[str, Sequence[RingRun]]) -> pd.DataFrame:
    """One row a remedy and seed."""
    return pd.DataFrame(
        [
            {
                "remedy": name,
                "seed": seed,
                "modes kept": ring.modes_kept(run.samples[-1]),
                "good samples": float(ring.good_by_mode(run.samples[-1]).sum()),
                "steps": run.steps[-1],
            }
            for name, group in runs.items()
            for seed, run in enumerate(group)
        ]
    )


def _summary(ring: GaussianRing, results: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, group in results.groupby("remedy", sort=False):
        kept = group["modes kept"]
        rows.append(
            {
                "remedy": NAMES[str(name)],
                "generator steps": int(group["steps"].max()),
                "modes kept": round(float(kept.mean()), 2),
                "fewest": int(kept.min()),
                f"seeds with all {ring.modes}": f"{int((kept == ring.modes).sum())} of {len(kept)}",
                "good samples, %": round(100 * float(group["good samples"].mean()), 1),
            }
        )
    return pd.DataFrame(rows)


def _words(runs: Mapping[str, Sequence[RingRun]]) -> pd.DataFrame:
    rows = [
        {"remedy": NAMES[name], "finding": sentence}
        for name, group in runs.items()
        for sentence in (group[0].words[:3] or ("Nothing to complain about.",))
    ]
    return pd.DataFrame(rows)


def _metrics(results: pd.DataFrame, full: Mapping[str, int], seeds: int) -> dict[str, float]:
    metrics = {}
    for name, group in results.groupby("remedy", sort=False):
        metrics[f"{name}.modes_kept"] = float(group["modes kept"].mean())
        metrics[f"{name}.good_samples"] = float(group["good samples"].mean())
        metrics[f"{name}.all_modes_share"] = full[str(name)] / seeds
    return metrics


def _pictures(ring: GaussianRing, runs: Mapping[str, Sequence[RingRun]]) -> tuple[Picture, ...]:
    first = {NAMES[name]: group[0] for name, group in runs.items()}
    samples = {name: (run.steps, run.samples) for name, run in first.items()}
    kept = {
        NAMES[name]: [(run.steps, [ring.modes_kept(samples) for samples in run.samples]) for run in group]
        for name, group in runs.items()
    }
    surfaces = {name: (run.surface, run.samples[-1]) for name, run in first.items()}
    losses = {
        name: ([step for step, _ in run.curve], [dict(values) for _, values in run.curve])
        for name, run in first.items()
    }
    return (
        Picture("samples", "Samples over training", "Samples of each remedy at five moments of training, one row a "
                "remedy; circles mark the modes.", partial(samples_over_training, samples, ring.centres())),
        Picture("modes", "Modes kept over training", "Modes kept over the part of training, one panel a remedy, one "
                "line a seed.", partial(modes_over_training, kept, ring.modes)),
        Picture("critic", "What the last critic believes", "Scores of the last critic over the plane for each remedy "
                "with the last samples.", partial(critic_maps, surfaces, ring.centres())),
        Picture("losses", "Losses, sick and healthy", "Losses of critic and generator over training, one panel a "
                "remedy.", partial(loss_curves, losses)),
    )  # fmt: skip
