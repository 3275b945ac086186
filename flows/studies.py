"""Every named study. A study is data: what is asked, with which data, strategies, seeds and settings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pipeline.arms import NONE, Arm, Design, the_strategy, the_task
from pipeline.registry import configured, lookup, unknown
from pipeline.schema import UserError
from pipeline.scoring.policies import Policy
from pipeline.sources import SOURCES
from pipeline.sources.base import SelfMade
from pipeline.splits import Split, named_split, rotating_folds

SHARE = 0.5
"""Synthetic part of each training batch, unless a study says otherwise for a strategy."""

GAN_SHARES = {
    "gan": 0.25, "gan_unfiltered": 0.5, "flip+gan": 0.625,
    "flip+recombination": 0.75, "flip+recombination_vehicles": 0.75,
    "flip+factorised_gan": 0.625, "flip+residual_gan": 0.625,
    **dict.fromkeys(("gmm", "vae", "flow", "conv_gan", "rcgan", "infogan", "doppelganger", "markov"), 0.25),
}  # fmt: skip
"""Learned samples are less exact than transformed ones, so batches hold fewer of them: of flip+gan's, a quarter of the
batch is the GAN's, and all of it is mirrored half the time. So is all of flip+recombination's, half recombined."""

COSTS = {
    "gan": 4.0, "gan_unfiltered": 4.0, "flip+gan": 4.0, "cycle_gan": 4.0,
    "rcgan": 4.3, "doppelganger": 3.3, "residual_gan": 3.3, "flip+residual_gan": 3.3, "factorised_gan": 3.8,
    "flip+factorised_gan": 3.8, "autoregressive": 2.3, "flow": 1.8, "vae": 1.5,
}  # fmt: skip
"""How long an arm takes, in plain arms, where it is longer. Long ones start first: no process idles at the end."""

SETTABLE = (
    "strategies", "fractions", "seeds", "tstr_seeds", "valid", "held_out", "folds",
    "task", "history", "future", "held_out_stride", "kinds", "size",
)  # fmt: skip
"""What ``--set`` may change besides the options of the task and of each strategy."""


@dataclass(frozen=True)
class Study:
    """One question put to one data set."""

    name: str
    about: str
    """What is asked, in one sentence."""
    source: str
    """Name of the reader in ``pipeline.sources.SOURCES``."""
    strategies: tuple[str, ...]
    fractions: tuple[float, ...] = (1.0,)
    """Shares of the training tracks, each a study of its own: does synthetic data help more when data is scarce?"""
    seeds: int = 10
    tstr_seeds: int = 1
    """For how many seeds each strategy is also trained on alone (train on synthetic, test on real)."""
    valid: tuple[str, ...] = ()
    """Drives that choose the checkpoint; empty: rotating folds."""
    held_out: tuple[str, ...] = ()
    """Drives that are examined; empty: rotating folds."""
    folds: int = 0
    """Number of rotating folds, in which every drive is held out once; 0: the named split."""
    shares: Mapping[str, float] = field(default_factory=lambda: GAN_SHARES)
    """Synthetic part of a batch by strategy, where it is not ``SHARE``."""
    rival: str | None = None
    """The simple strategy that every other one is also compared with."""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """By name; each chooses among the study's strategies on the validation drives."""
    design: Design = field(default_factory=Design)
    root: Path | None = None
    """Where the data lies; None where the source makes its own or ``--root`` must say."""
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Named sets of overrides."""

    def __post_init__(self) -> None:
        """Refuse what no run could make sense of."""
        if NONE not in self.strategies:
            raise UserError(f'A study needs the strategy "{NONE}": every gain is measured against it.')
        if len(set(self.strategies)) < len(self.strategies):
            raise UserError(f"A strategy is named twice: {', '.join(self.strategies)}.")
        if self.seeds < 1 or self.tstr_seeds < 0:
            raise UserError(f"seeds must be at least 1 and tstr_seeds at least 0, got {self.seeds}, {self.tstr_seeds}.")
        if not self.fractions or not all(0 < fraction <= 1 for fraction in self.fractions):
            raise UserError(f"fractions must lie in (0, 1], got {list(self.fractions)}.")

    def check_recipes(self) -> None:
        """Build every recipe once: a misspelt name or option is found now, not after an hour.

        Raises:
            UserError: unknown strategy, task or option, or a refused value.
        """
        the_task(self.design)
        for strategy in self.strategies:
            if strategy != NONE:
                the_strategy(strategy, self.design)

    def splits(self, drives: Sequence[str]) -> tuple[Split, ...]:
        """One split per fold, or the named one."""
        if self.folds:
            return rotating_folds(drives, self.folds)
        return (named_split(drives, self.valid, self.held_out),)

    def arms(self, folds: int) -> tuple[Arm, ...]:
        """Every training run, by seed, fold, fraction and strategy."""
        places = [(seed, fold, part) for seed in range(self.seeds) for fold in range(folds) for part in self.fractions]
        mixed = [self._arm(name, part, fold, seed) for seed, fold, part in places for name in self.strategies]
        alone = [
            replace(arm, synthetic_only=True)
            for arm in mixed
            if arm.strategy != NONE and arm.seed < self.tstr_seeds and arm.fraction == max(self.fractions)
        ]
        return (*mixed, *alone)

    def compared_with(self) -> str | None:
        """The rival, if it is among the strategies that are studied."""
        return self.rival if self.rival in self.strategies else None

    def choosers(self) -> dict[str, Policy]:
        """The policies, as far as their candidates are studied."""
        known = {
            name: tuple(candidate for candidate in policy.candidates if candidate in self.strategies)
            for name, policy in self.policies.items()
        }
        return {name: replace(self.policies[name], candidates=found) for name, found in known.items() if len(found) > 1}

    def share(self, strategy: str) -> float:
        """Synthetic part of each training batch of ``strategy``'s arms."""
        return self.shares.get(strategy, SHARE)

    def _arm(self, strategy: str, fraction: float, fold: int, seed: int) -> Arm:
        return Arm(strategy, fraction, fold, seed, share=self.share(strategy))

    def with_profile(self, name: str | None) -> Self:
        """The study with one of its own sets of overrides; None: unchanged.

        Raises:
            UserError: the study has no such profile.
        """
        if name is None:
            return self
        if name not in self.profiles:
            raise UserError(unknown(name, self.profiles, f"profile of {self.name}"))
        return configured(self, self.profiles[name], self.name)

    def with_overrides(self, settings: Sequence[str]) -> Self:
        """The study changed by ``key=value`` texts: ``history=8``, ``gan.steps=500``, ``fractions=[0.25]``.

        Raises:
            UserError: no ``=``, an unknown key (with a suggestion), or a value that is refused.
        """
        study = self
        for setting in settings:
            key, equals, text = setting.partition("=")
            if not equals:
                raise UserError(f'"{setting}" is not of the form key=value.')
            owner, dot, option = key.strip().partition(".")
            value = parsed(text.strip())
            study = study._with_option(owner, option, value) if dot else study._with_setting(key.strip(), value)
        return study

    def _with_setting(self, key: str, value: Any) -> Self:
        if key not in SETTABLE:
            raise UserError(unknown(key, [*SETTABLE, "task.OPTION", "STRATEGY.OPTION"], "setting"))
        listed = [value] if key in ("strategies", "fractions", "kinds") and not isinstance(value, list) else value
        return configured(self, {key: listed}, self.name)

    def _with_option(self, owner: str, option: str, value: Any) -> Self:
        if owner not in ("task", *self.strategies):
            raise UserError(unknown(owner, ["task", *self.strategies], f"part of {self.name}"))
        options = {**self.design.options, owner: {**self.design.options.get(owner, {}), option: value}}
        return replace(self, design=replace(self.design, options=options))


def relative_cost(strategy: str) -> float:
    """How long an arm of ``strategy`` takes, in plain arms."""
    return COSTS.get(strategy, 1.0)


def planned(
    name: str,
    root: str | Path | None = None,
    seeds: int | None = None,
    profile: str | None = None,
    settings: Sequence[str] = (),
) -> Study:
    """A study by name, with its profile, then ``settings``, then ``seeds`` applied; every recipe is tried.

    Raises:
        UserError: any of it is unknown or refused, or the data's folder is missing.
    """
    study = lookup(STUDIES, name, "study").with_profile(profile).with_overrides(settings)
    if seeds is not None:
        study = replace(study, seeds=seeds)
    if root is not None:
        study = replace(study, root=Path(root).expanduser())
    study.check_recipes()
    if study.root is None and not isinstance(lookup(SOURCES, study.source, "source"), SelfMade):
        raise UserError(f"The study {name} needs data: name its folder with --root.")
    if study.root is not None and not study.root.exists():
        raise UserError(f"{study.root} does not exist.")
    return study


def parsed(text: str) -> Any:
    """JSON where it is JSON, ``[a, b]`` as a list of texts, anything else as text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if text.startswith("[") and text.endswith("]"):
            return [parsed(part.strip()) for part in text[1:-1].split(",") if part.strip()]
        return text


ALL_STRATEGIES = (
    NONE, "copies", "noise", "flip", "scale", "speed", "jitter", "time_warp", "classical", "gan", "gan_unfiltered",
    "flip+gan",
)  # fmt: skip
"""The placebos, the transformations and the sequence GAN."""

GENERATORS = (
    NONE, "copies", "noise", "flip", "classical", "gan", "flip+gan",
    "recombination", "flip+recombination", "flip+recombination_vehicles", "city_traffic",
    "factorised_gan", "flip+factorised_gan", "residual_gan", "flip+residual_gan",
    "gmm", "vae", "flow", "conv_gan", "rcgan", "infogan", "doppelganger", "markov",
)  # fmt: skip
"""One or more of every family of makers of tracks, and what they must beat."""

CANDIDATES = (
    "flip", NONE, "classical", "flip+gan", "flip+recombination", "flip+recombination_vehicles", "flip+factorised_gan",
    "flip+residual_gan",
)  # fmt: skip
"""What a policy may choose from, the safest first."""

STUDIES: dict[str, Study] = {
    "mini": Study(
        name="mini",
        about="On an embedded city's traffic: does synthetic data help a trajectory predictor?",
        source="mini_city",
        strategies=(NONE, "copies", "noise", "flip", "jitter", "gan"),
        seeds=3,
        folds=3,
        design=Design(options={"task": {"steps": 300}, "gan": {"steps": 1000}}),  # minutes, not the best there is
    ),
    "tracks": Study(
        name="tracks",
        about="On your own tracks, as one table: does synthetic data help a trajectory predictor?",
        source="tracks_table",
        strategies=ALL_STRATEGIES,
        fractions=(0.25, 1.0),
        seeds=5,
        folds=3,
        profiles={"quick": {"seeds": 2}},
    ),
    "kitti-tracking": Study(
        name="kitti-tracking",
        about="On KITTI tracking: which synthetic tracks help a trajectory predictor, and how much?",
        source="kitti_tracking",
        strategies=ALL_STRATEGIES,
        fractions=(0.25, 1.0),
        seeds=10,
        tstr_seeds=3,
        rival="flip",
        policies={"policy": Policy(("flip", NONE, "classical", "flip+gan"))},
        valid=("0005", "0008", "0013", "0017"),
        held_out=("0004", "0007", "0011", "0015", "0019"),
        profiles={"quick": {"seeds": 3, "tstr_seeds": 1}},
    ),
    "kitti-ground": Study(
        name="kitti-ground",
        about="On the ground plane of KITTI tracking, 2 s seen and 4 s ahead: which synthetic tracks help, in metres?",
        source="kitti_tracking",
        strategies=(NONE, "copies", "noise", "flip", "recombination", "flip+recombination"),
        fractions=(0.25, 1.0),
        seeds=10,
        tstr_seeds=3,
        rival="flip",
        valid=("0005", "0008", "0013", "0017"),
        held_out=("0004", "0007", "0011", "0015", "0019"),
        design=Design(task="ground_plane", history=20, future=40),
        profiles={"quick": {"seeds": 3, "tstr_seeds": 1}},
    ),
    "city-night": Study(
        name="city-night",
        about="In the rendered city: does translated night help a detector labelled by day to find cars at night?",
        source="rendered_city",
        strategies=(NONE, "copies", "noise", "flip", "darken", "cycle_gan", "oracle"),
        seeds=3,
        tstr_seeds=0,
        rival="darken",
        valid=("0003", "0009", "0015", "0021"),
        held_out=("0004", "0005", "0010", "0011", "0016", "0017", "0022", "0023"),  # two of each city
        design=Design(task="detection", held_out_stride=1, options={"task": {"by_night": True}}),
        profiles={"quick": {"seeds": 1}},
    ),
    "generators": Study(
        name="generators",
        about="On KITTI tracking: does any generator of tracks beat a mirror image, and how scarce must data be?",
        source="kitti_tracking",
        strategies=GENERATORS,
        fractions=(0.05, 0.1, 0.25, 1.0),
        seeds=10,
        folds=3,
        rival="flip",
        policies={"policy": Policy(CANDIDATES), "policy by class": Policy(CANDIDATES, by_class=True)},
        profiles={
            "quick": {
                "seeds": 3,
                "fractions": [0.05, 0.25],
                "folds": 0,
                "valid": ["0005", "0008", "0013", "0017"],
                "held_out": ["0004", "0007", "0011", "0015", "0019"],
            }
        },
    ),
}
"""Every study by name. To add one: add its entry."""
