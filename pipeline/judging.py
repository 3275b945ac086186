"""How real, how varied and how new samples are: every measure, in every feature space that it is meant for.

Real samples of drives that nobody learnt from are the reference. Measuring is not learning: nothing found here enters
a strategy or a task.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np
import pandas as pd
from torch import Tensor, nn

from pipeline.design import Arm, Design, the_task
from pipeline.fidelity.base import COLUMNS, Cloud, Measure, Reading, Sets
from pipeline.fidelity.kinematic_spaces import kinematics, quantities
from pipeline.fidelity.measures import MEASURES
from pipeline.fidelity.spaces import Space, penultimate, pixels, random_convolution, torch_script
from pipeline.pictures import Pictures, as_tensor
from pipeline.samples import Samples
from pipeline.strategies.window_code import CodedWindows, decode_windows
from pipeline.tasks import Task
from pipeline.windows import Windows

MOST: Mapping[type, int] = {Windows: 1000, Pictures: 400}
"""Samples of each set that are compared; all sets are equally large, as most measures depend on N."""
MOST_LEARNT = 20_000
"""Training samples that newness is measured against."""
FEWEST = 20
"""Samples below which nothing is measured."""

NETWORKS = {"prediction": "predictor", "hypotheses": "predictor", "ground_plane": "predictor", "detection": "detector"}
"""What a task's network is called."""

RECONSTRUCTION = "reconstruction"
"""Real windows through the generators' code and back: what a perfect generator of codes would still be told by."""
COMPONENTS = 16
"""Of that code, as most generators have it."""

AnySpace: TypeAlias = Space[Any]


@dataclass(frozen=True, eq=False)
class Bench:
    """Real samples in every feature space, ready to be compared with synthetic ones."""

    task: Task[Any, Any]
    spaces: tuple[AnySpace, ...]
    train: Samples
    """What strategies learnt from."""
    unseen: Samples
    """Real samples of drives that they did not learn from."""
    _clouds: dict[tuple[str, str, bool], Cloud] = field(default_factory=dict)
    _floors: dict[tuple[str, str, int], float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        design: Design,
        model: Mapping[str, np.ndarray],
        train: Samples,
        unseen: Samples,
        networks: Sequence[Path] = (),
    ) -> "Bench":
        """A bench with the spaces of the task.

        Args:
            design: What all arms of the study share.
            model: ``ArmResult.model`` of a task trained on real samples alone; its network's features are a space.
            train: What strategies learnt from.
            unseen: Real samples of validation and held-out drives.
            networks: TorchScript files whose features are spaces, too.
        """
        task = the_task(design)
        train, unseen = _usable(train, task), _usable(unseen, task)
        own = _own_space(design.task, task.from_arrays(model))
        common = [*([own] if own is not None else []), *map(torch_script, networks)]
        if isinstance(train, Windows):
            return cls(task, (*common, kinematics(train), *quantities()), train, unseen)
        return cls(task, (*common, pixels(), random_convolution()), train, unseen)

    def judge(self, arm: Arm, synthetic: Samples, only: Mapping[str, Measure] = MEASURES) -> pd.DataFrame:
        """The readings of one arm's samples, one row a measure and space; without what says nothing."""
        made = _usable(synthetic, self.task)
        count = min(MOST[self.task.samples], len(made), len(self.train), len(self.unseen))
        rows = []
        for space in self.spaces if count >= FEWEST else ():
            meant = {name: measure for name, measure in only.items() if space.role in measure.roles}
            sets = {newness: self._sets(made, count, space, newness) for newness in _kinds_of(meant)}
            for name, measure in meant.items():
                rows += self._row(arm, sets[measure.newness], count, space, name, measure)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def reconstructed(self, arm: Arm) -> pd.DataFrame:
        """The discriminative score of real windows that went through the generators' code; empty for pictures."""
        if not isinstance(self.train, Windows) or len(self.train) < FEWEST:
            return pd.DataFrame(columns=list(COLUMNS))
        some = self.train.take(_chosen(len(self.train), MOST[Windows], "train"))
        coded = CodedWindows.of(some, min(COMPONENTS, len(some) // 2))
        back = some.moved_to(decode_windows(coded.code, coded.codes, some.image_size), RECONSTRUCTION)
        return self.judge(replace(arm, strategy=RECONSTRUCTION), back, {"discriminative": MEASURES["discriminative"]})

    def _row(
        self, arm: Arm, sets: Sets, count: int, space: AnySpace, name: str, measure: Measure
    ) -> list[tuple[object, ...]]:
        reading: Reading = measure(sets, _rng(name, space.name))
        if not np.isfinite(reading.value):
            return []
        key = (name, space.name, count)
        if key not in self._floors:
            self._floors[key] = measure.floor(sets, _rng(name, space.name, "floor"))
        floor = self._floors[key]
        used = len(sets.synthetic) if reading.n is None else reading.n
        found = (reading.value, reading.error, used, floor, measure.better, measure.alarm(reading.value, floor))
        return [(arm.strategy, arm.fraction, arm.fold, arm.seed, name, space.name, *found)]

    def _sets(self, made: Samples, count: int, space: AnySpace, newness: bool) -> Sets:
        most = MOST_LEARNT if newness else count

        def real(what: str, samples: Samples, most: int) -> Cloud:
            key = (f"{what}-{most}", space.name, newness)
            if key not in self._clouds:
                shown = samples.take(_chosen(len(samples), most, what))
                self._clouds[key] = _cloud(space, shown if newness else as_examined(shown, self.task))
            return self._clouds[key]

        synthetic = _cloud(space, made.take(_chosen(len(made), most, "synthetic")))
        return Sets(synthetic, real("train", self.train, most), real("unseen", self.unseen, count))


def _kinds_of(measures: Mapping[str, Measure]) -> set[bool]:
    return {measure.newness for measure in measures.values()}


def as_examined(samples: Samples, task: Task[Any, Any]) -> Samples:
    """Real samples as the task will meet them: by night, if it is examined by night."""
    if isinstance(samples, Pictures) and getattr(task, "by_night", False) and samples.night is not None:
        return replace(samples, image=samples.night)
    return samples


def semantics(reverse: pd.DataFrame, errors: pd.DataFrame, metric: str, higher_is_better: bool) -> pd.DataFrame:
    """What a model trained on real samples makes of synthetic ones, as rows of the same table.

    Much easier than held-out real samples is as odd as much harder, so neither is better.

    Args:
        reverse: Errors of the plain models on synthetic samples, labelled with the strategy.
        errors: The study's errors; those of the plain models on held-out drives are the floor.
        metric: Column of both.
        higher_is_better: Which way it goes.
    """
    keys = ["fraction", "fold", "seed"]
    plain = errors[(errors["strategy"] == "none") & ~errors["synthetic_only"].astype(bool)]
    floors = _means(plain, keys, metric).rename(columns={"value": "floor"}).drop(columns="n")
    found = _means(reverse, ["strategy", *keys], metric).merge(floors, on=keys, how="left")
    failed = found["value"] < found["floor"] / 3 if higher_is_better else found["value"] > 3 * found["floor"]
    alarm = np.where(failed, "a model that learnt from real samples makes nothing of these", "")
    found = found.assign(measure="semantics", space=metric, error=np.nan, better="", alarm=alarm)
    return found[list(COLUMNS)]


def _means(table: pd.DataFrame, keys: list[str], metric: str) -> pd.DataFrame:
    """Mean of a metric over all samples, which rows count in ``n``."""
    known = table[table[metric].notna()]
    sums = known.assign(value=known[metric] * known["n"]).groupby(keys, sort=False)[["value", "n"]].sum().reset_index()
    return sums.assign(value=sums["value"] / sums["n"])


def _usable(samples: Samples, task: Task[Any, Any]) -> Samples:
    """Without windows whose place in the world is unknown, where the task needs it."""
    if task.needs_scenes and isinstance(samples, Windows):
        return samples.take(np.zeros(len(samples), bool) if samples.scenes is None else samples.scenes.known)
    return samples


def _own_space(task: str, fitted: Any) -> AnySpace | None:
    """The features of the task's own network; None for a task without one."""
    network = fitted if isinstance(fitted, nn.Module) else getattr(fitted, "network", None)
    if not isinstance(network, nn.Module):
        return None
    inputs: Callable[[Any], tuple[Tensor, ...]] = getattr(fitted, "inputs", _as_tensors)
    return penultimate(NETWORKS.get(task, f"{task} network"), network, inputs)


def _as_tensors(pictures: Pictures) -> tuple[Tensor, ...]:
    return (as_tensor(pictures.image),)


def _cloud(space: AnySpace, samples: Samples) -> Cloud:
    points = space.features(samples)
    if isinstance(samples, Windows):
        unit = np.char.add(np.char.add(samples.drive.astype(str), "/"), samples.track.astype(str))
        return Cloud(points, samples.drive, unit, samples.kind)
    return Cloud(points, samples.drive, samples.drive)


def _chosen(total: int, most: int, what: str) -> np.ndarray:
    """Which samples are compared: the same ones in every run."""
    return np.sort(_rng(what).permutation(total)[:most])


def _rng(*purpose: str) -> np.random.Generator:
    return np.random.default_rng(crc32("/".join(purpose).encode()))
