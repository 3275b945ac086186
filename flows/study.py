"""What a study is: one question put to one data set, as data that can be changed from the command line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pipeline.design import NONE, Arm, Design, makes_samples, the_strategy, the_task
from pipeline.pictures import Pictures
from pipeline.registry import configured, unknown
from pipeline.schedule import Schedule
from pipeline.schema import UserError
from pipeline.scoring.policies import Policy
from pipeline.splits import Split, groups_left_out, named_split, rotating_folds

SETTABLE = (
    "strategies", "fractions", "seeds", "tstr_seeds", "valid", "held_out", "look", "folds",
    "task", "history", "future", "held_out_stride", "kinds", "size", "tune", "networks",
)  # fmt: skip
"""What ``--set`` may change besides the options of the task and of each strategy."""

LISTS = ("strategies", "fractions", "kinds", "networks")
"""Settings that may be given as one value instead of a list."""


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
    look: tuple[str, ...] = ()
    """Drives of another domain that strategies may look at, without labels; names or patterns such as ``bdd-*``."""
    folds: int = 0
    """Number of rotating folds, in which every drive is held out once; 0: the named split."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Drives of one place each, say one city; each group is held out once, and the others' last drives validate."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Synthetic part of a batch by strategy, where it is not the strategy's own."""
    scarce: tuple[float, Mapping[str, Any]] | None = None
    """(0.25, {"steps": 600}): options of the task with up to a quarter of the data, where ``--set`` says nothing."""
    rival: str | None = None
    """The simple strategy that every other one is also compared with."""
    networks: tuple[str, ...] = ()
    """TorchScript files whose features are spaces to compare samples in, each named by its file."""
    tune: Mapping[str, int] = field(default_factory=dict)
    """Strategies whose settings are searched before anything is examined, and how many to try."""
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
        task = the_task(self.design)
        if self.look and task.samples is not Pictures:
            raise UserError(f'{self.name}: only pictures can be looked at, and the task "{self.design.task}" has none.')
        if self.look and (self.folds or self.groups):
            raise UserError(f"{self.name}: who looks at drives must name those that are held out.")
        for strategy in self.strategies:
            if strategy != NONE:
                the_strategy(strategy, self.design)
        self._check_tuning()

    def _check_tuning(self) -> None:
        if self.tune and self.folds:
            raise UserError("A study that tunes needs named drives to hold out: of rotating folds, each drive chooses.")
        for strategy, trials in self.tune.items():
            if strategy == NONE or strategy not in self.strategies:
                raise UserError(unknown(strategy, set(self.strategies) - {NONE}, f"strategy of {self.name} to tune"))
            if not isinstance(trials, int) or trials < 1:
                raise UserError(f"tune must name a number of trials by strategy, got {dict(self.tune)}.")

    def splits(self, drives: Sequence[str]) -> tuple[Split, ...]:
        """One split per group or fold, or the named one."""
        if self.groups:
            return groups_left_out(drives, self.groups)
        if self.folds:
            return rotating_folds(drives, self.folds)
        return (named_split(drives, self.valid, self.held_out, self.look),)

    def arms(self, folds: int) -> tuple[Arm, ...]:
        """Every training run, by seed, fold, fraction and strategy."""
        places = [(seed, fold, part) for seed in range(self.seeds) for fold in range(folds) for part in self.fractions]
        mixed = [self._arm(name, part, fold, seed) for seed, fold, part in places for name in self.strategies]
        alone = [
            replace(arm, synthetic_only=True)
            for arm in mixed
            if arm.seed < self.tstr_seeds and arm.fraction == max(self.fractions) and makes_samples(arm, self.design)
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

    def schedule(self, strategy: str) -> Schedule:
        """Synthetic part of each training batch of ``strategy``'s arms."""
        if strategy == NONE:
            return Schedule()
        own = the_strategy(strategy, self.design).schedule
        return replace(own, share=self.shares.get(strategy, own.share))

    def design_at(self, fraction: float) -> Design:
        """What all arms share that learn from so much of the data."""
        chosen = self.design.options.get("task", {})
        if self.scarce is None or fraction > self.scarce[0]:
            return self.design
        return replace(self.design, options={**self.design.options, "task": {**self.scarce[1], **chosen}})

    def _arm(self, strategy: str, fraction: float, fold: int, seed: int) -> Arm:
        return Arm(strategy, fraction, fold, seed, self.schedule(strategy))

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
        listed = [value] if key in LISTS and not isinstance(value, list) else value
        return configured(self, {key: listed}, self.name)

    def _with_option(self, owner: str, option: str, value: Any) -> Self:
        if owner not in ("task", *self.strategies):
            raise UserError(unknown(owner, ["task", *self.strategies], f"part of {self.name}"))
        if option == "share" and owner not in ("task", NONE):
            return self._with_share(owner, value)
        options = {**self.design.options, owner: {**self.design.options.get(owner, {}), option: value}}
        return replace(self, design=replace(self.design, options=options))

    def _with_share(self, strategy: str, share: Any) -> Self:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise UserError(f"{strategy}.share must lie between 0 and 1, got {share!r}.")
        return replace(self, shares={**self.shares, strategy: float(share)})


def parsed(text: str) -> Any:
    """JSON where it is JSON, ``[a, b]`` as a list of texts, anything else as text."""
    try:
        return json.loads(text)
    except RecursionError:
        raise UserError(f'"{text[:40]}..." is nested too deeply.') from None
    except ValueError:
        if text.startswith("[") and text.endswith("]"):
            return [parsed(part.strip()) for part in text[1:-1].split(",") if part.strip()]
        return text
