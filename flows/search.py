"""A search for one strategy's settings: what is searched, what each trial trains, and what it is judged by.

The judge is the gain on the validation drives. Held-out drives are not even examined: the split has none.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from flows.arm_store import ArmStore, Job
from flows.study import Study
from flows.workspace import digest_of
from pipeline.design import NONE, the_strategy, the_task
from pipeline.registry import unknown
from pipeline.schema import UserError
from pipeline.scoring.gains import drive_means
from pipeline.scoring.metrics import describe
from pipeline.search_space import Choice, Floats, Range, search_space, setting_of
from pipeline.splits import Split
from pipeline.store import Ingested

SHARE = "share"
"""Searched in every strategy, though it belongs to the study: the synthetic part of each batch."""

SHARES = Floats(0.1, 0.9)

Settings = Mapping[str, Any]
"""Values by the name of the hyperparameter."""


@dataclass(frozen=True)
class Search:
    """One strategy of a study, its settings open within ranges."""

    plan: Study
    """Narrowed to the strategy and the plain arm, at one fraction and over the seeds of a trial."""
    strategy: str
    data: Ingested
    split: Split
    """Its held-out drives are left out of everything."""
    given: tuple[str, ...]
    """How somebody has changed the study, as ``key=value``: settings of the strategy among them are not searched."""
    plain: tuple[Job, ...]
    """The arms without synthetic samples, one a seed; every trial is compared with the same ones."""

    @classmethod
    def of(
        cls, plan: Study, strategy: str, data: Ingested, split: Split, seeds: int, fraction: float,
        given: Sequence[str] = (),
    ) -> "Search":  # fmt: skip
        """A search over so many seeds.

        Raises:
            UserError: there is nothing to search, or nothing to judge by.
        """
        if seeds < 1 or not 0 < fraction <= 1:
            raise UserError(f"A search needs 1 seed or more and a fraction in (0, 1], got {seeds} and {fraction}.")
        require_studied(plan, strategy)
        plan = replace(plan, strategies=(NONE, strategy), fractions=(fraction,), seeds=seeds, tstr_seeds=0)
        plain = [
            Job.of(arm, plan.design, split.for_choosing(), data, keep_samples=False)
            for arm in plan.arms(folds=1)
            if arm.strategy == NONE
        ]
        return cls(plan, strategy, data, split, tuple(given), tuple(plain))

    @cached_property
    def key(self) -> str:
        """Digest of all that trials depend on, the plain arms and the code included."""
        ranges = {name: repr(allowed) for name, allowed in self.space().items()}
        return digest_of([self.strategy, ranges, [job.key for job in (*self.plain, self.job({}, 0))]])[:32]

    @property
    def name(self) -> str:
        """What it is called in files and records."""
        return f"{self.plan.name}-{self.strategy}-{self.key[:8]}"

    def space(self) -> dict[str, Range]:
        """What is searched."""
        found = {SHARE: SHARES, **search_space(the_strategy(self.strategy, self.plan.design))}
        keys = [text.partition("=")[0].strip().rpartition(".") for text in self.given]
        fixed = {option for owner, _, option in keys if owner == self.strategy}
        return {name: allowed for name, allowed in found.items() if name not in fixed}

    def today(self) -> dict[str, Any]:
        """The study's own settings, as far as the ranges hold them: the first trial."""
        recipe = the_strategy(self.strategy, self.plan.design)
        own = {name: setting_of(recipe, name) for name in self.space()} | {
            SHARE: self.plan.schedule(self.strategy).share
        }
        return {name: own[name] for name, allowed in self.space().items() if allowed.holds(own[name])}

    def job(self, settings: Settings, seed: int) -> Job:
        """What a trial trains for one seed."""
        plan = with_settings(self.plan, self.strategy, settings)
        arm = next(arm for arm in plan.arms(folds=1) if (arm.strategy, arm.seed) == (self.strategy, seed))
        return Job.of(arm, plan.design, self.split.for_choosing(), self.data, keep_samples=False)

    def gain_pct(self, jobs: Sequence[Job], arms: ArmStore) -> float:
        """Gain on the validation drives of a trial's finished arms, those of its first seeds."""
        task = the_task(self.plan.design)
        own = [self._error(job, arms) for job in jobs]
        plain = [self._error(job, arms) for job in self.plain[: len(jobs)]]
        without, with_it = (describe(task.metric).error(sum(values) / len(values)) for values in (plain, own))
        return 100 * (1 - with_it / without)

    def _error(self, job: Job, arms: ArmStore) -> float:
        """Mean over the validation drives of the mean over their windows or pictures."""
        return float(drive_means(arms.valid(job), ["seed"], the_task(job.design).metric)["mean"].mean())

    def command(self, settings: Settings) -> str:
        """The command that examines the settings on drives that the search has not seen."""
        words = ["augment-kitti", "run", self.plan.name]
        words += ["--root", str(self.plan.root.absolute())] if self.plan.root else []
        chosen = [f"{self.strategy}.{name}={json.dumps(value)}" for name, value in settings.items()]
        texts = (*self.given, *self._split_settings(), *chosen)
        return shlex.join([*words, *(word for text in texts for word in ("--set", text))])

    def _split_settings(self) -> Sequence[str]:
        """A study of rotating folds examines every drive: only the split of the search leaves some unseen."""
        if not self.plan.folds:
            return ()
        parts = {"folds": 0, "valid": self.split.valid, "held_out": self.split.held_out}
        return [f"{name}={json.dumps(value)}" for name, value in parts.items()]

    def facts(self) -> dict[str, Any]:
        """What a reader must know of it."""
        return {
            "study": self.plan.name,
            "strategy": self.strategy,
            "seeds": self.plan.seeds,
            "fraction": self.plan.fractions[0],
            "drives": {"train": self.split.train, "valid": self.split.valid},
            "ranges": {name: _as_json(allowed) for name, allowed in self.space().items()},
            "data_digest": self.data.digest,
        }


def require_studied(plan: Study, strategy: str) -> None:
    """Refuse to search what the study does not examine.

    Raises:
        UserError: it is not among the study's strategies, or nothing of it can be searched.
    """
    if strategy == NONE:
        raise UserError(f'There is nothing to tune in "{NONE}".')
    if strategy not in plan.strategies:
        raise UserError(
            unknown(strategy, [name for name in plan.strategies if name != NONE], f"strategy of {plan.name}")
        )


def with_settings(plan: Study, strategy: str, settings: Settings) -> Study:
    """The study with a strategy's settings changed, its share of a batch among them."""
    options = {name: value for name, value in settings.items() if name != SHARE}
    known = plan.design.options
    design = replace(plan.design, options={**known, strategy: {**known.get(strategy, {}), **options}})
    share = {strategy: settings[SHARE]} if SHARE in settings else {}
    return replace(plan, design=design, shares={**plan.shares, **share})


def _as_json(allowed: Range) -> dict[str, Any]:
    return {"choice": list(allowed.options)} if isinstance(allowed, Choice) else asdict(allowed)
