"""What a study trains: its arms, the design they share, and the recipes that both name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.pictures import Pictures
from pipeline.registry import configured, lookup
from pipeline.schedule import Schedule
from pipeline.schema import UserError
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.base import Strategy
from pipeline.strategies.images import IMAGE_STRATEGIES
from pipeline.strategies.memory import costly_parts
from pipeline.tasks import TASKS, Task
from pipeline.windows import PREDICTED_KINDS, Windows

NONE = "none"
"""The arm without synthetic samples, which every gain is measured against."""

STRATEGIES: Mapping[type, Mapping[str, Strategy[Any]]] = {Windows: TRACK_STRATEGIES, Pictures: IMAGE_STRATEGIES}
"""By what the task learns from."""


@dataclass(frozen=True)
class Arm:
    """What distinguishes one training run of a study from the others."""

    strategy: str
    """``NONE`` or a name in ``STRATEGIES``."""
    fraction: float
    """Share of the training tracks or pictures that are available."""
    fold: int
    seed: int
    schedule: Schedule = field(default_factory=Schedule)
    """Synthetic part of each training batch; ignored by ``NONE``."""
    synthetic_only: bool = False
    """Train on synthetic samples alone (train on synthetic, test on real)."""

    @property
    def name(self) -> str:
        """A short name for logs and files."""
        only = "-synthetic-only" if self.synthetic_only else ""
        return f"{self.strategy}{only}-{self.fraction:g}-fold{self.fold}-seed{self.seed}"

    @property
    def labels(self) -> dict[str, Any]:
        """What rows of tables are told apart by."""
        return {name: getattr(self, name) for name in ("strategy", "fraction", "fold", "seed", "synthetic_only")}


@dataclass(frozen=True)
class Design:
    """What all arms of a study share."""

    task: str = "prediction"
    history: int = 10
    """Observed frames."""
    future: int = 10
    """Frames to predict."""
    held_out_stride: int = 5
    """Frames between two samples that are examined; training uses every sample."""
    kinds: tuple[str, ...] = PREDICTED_KINDS
    size: tuple[int, int] = (320, 96)
    """Width and height of pictures (px); history, future and kinds are for windows of tracks."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Changed hyperparameters by strategy name, or under "task": ``{"gan": {"steps": 500}}``."""


def the_task(design: Design) -> Task[Any, Any]:
    """The task with the design's hyperparameters."""
    task = lookup(TASKS, design.task, "task")
    history = {"history": design.history} if task.samples is Windows else {}
    return configured(task, {**history, **design.options.get("task", {})}, "task")


def the_strategy(name: str, design: Design) -> Strategy[Any]:
    """The strategy with the design's hyperparameters.

    Raises:
        UserError: unknown strategy or option, or the task cannot learn from this strategy's samples.
    """
    task = the_task(design)
    strategy = lookup(STRATEGIES[task.samples], name, "strategy")
    if task.needs_scenes and not strategy.keeps_scenes:
        fit = [name for name, strategy in STRATEGIES[task.samples].items() if strategy.keeps_scenes]
        raise UserError(
            f'Strategy "{name}" changes boxes in the image alone, so the task "{design.task}", which works in the '
            f"world, cannot learn from its samples. Strategies that it can learn from: {', '.join(fit)}."
        )
    return configured(strategy, design.options.get(name, {}), name)


def task_of(arm: Arm, design: Design) -> Task[Any, Any]:
    """The task as this arm learns it."""
    task = the_task(design)
    return task if arm.strategy == NONE else configured(task, the_strategy(arm.strategy, design).task_options, "task")


def makes_samples(arm: Arm, design: Design) -> bool:
    """Whether the arm learns from more than what was recorded."""
    return arm.strategy != NONE and the_strategy(arm.strategy, design).amount(1) > 0


def cost_of(arm: Arm, design: Design) -> float:
    """How long the arm takes, in plain arms."""
    return 1.0 if arm.strategy == NONE else the_strategy(arm.strategy, design).cost


def fits_of(arm: Arm, design: Design) -> frozenset[str]:
    """The costly recipes that the arm fits; arms of one seed, fold and fraction that fit the same should share them."""
    return frozenset() if arm.strategy == NONE else costly_parts(the_strategy(arm.strategy, design))


def hyperparameters(name: str, design: Design) -> dict[str, Any]:
    """What a strategy's arm is logged with; empty for ``NONE``."""
    return {} if name == NONE else asdict(the_strategy(name, design))  # type: ignore[call-overload]
