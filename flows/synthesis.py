"""A strategy fitted to real tracks outside of any study, for whoever wants its samples and no measurement."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import numpy as np
from rich.console import Console

from flows.progress import QUIET_S
from flows.study import parsed
from flows.training import one_thread
from flows.workspace import code_digest, data_folder
from models.reporting import Report, TrainingDiverged
from pipeline import store
from pipeline.exports.base import Cameras
from pipeline.exports.data_card import Provenance
from pipeline.registry import configured, lookup, unknown
from pipeline.schema import Drive, UserError
from pipeline.scoring.scores import installed_versions
from pipeline.strategies import TRACK_STRATEGIES, TrackStrategy
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.order import Order
from pipeline.windows import PREDICTED_KINDS, cut_windows


@dataclass(frozen=True)
class Plan:
    """What to fit to what."""

    name: str
    strategy: TrackStrategy
    source: str
    root: Path | None
    drives: tuple[str, ...]
    """Empty: all."""
    kinds: tuple[str, ...]
    """Classes to learn from: the usual ones, and those asked for."""
    frames: int
    shortest: int | None
    """Frames after which a track may end; None: none ends."""
    seed: int


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted strategy and what is known of it: all that ``flows.deliveries.deliver`` wants."""

    plan: Plan
    draw: Synthesizer
    data_digest: str
    drives: tuple[str, ...]
    cameras: Cameras
    fit_s: float

    def provenance(self, command: str) -> Provenance:
        """What a data card says of it."""
        return Provenance(
            strategy=self.plan.name,
            hyperparameters=asdict(self.plan.strategy),  # type: ignore[call-overload]
            seeds={"fit": self.plan.seed},
            source=self.plan.source,
            data_digest=self.data_digest,
            drives=self.drives,
            command=command,
            versions=installed_versions(),
            code_digest=code_digest(),
        )


def planned(
    name: str,
    source: str,
    root: Path | None,
    drives: Sequence[str],
    order: Order,
    frames: int,
    seed: int,
    overrides: Sequence[str],
) -> Plan:
    """Everything that can be known to be wrong before hours of fitting.

    Raises:
        UserError: unknown strategy or option, a refused value, or an order in metres for tracks that have none.
    """
    strategy = configured(lookup(TRACK_STRATEGIES, name, "strategy"), _options(overrides), name)
    if order.needs_world and not strategy.keeps_scenes:
        fit = [known for known, recipe in TRACK_STRATEGIES.items() if recipe.keeps_scenes]
        raise UserError(
            f'Strategy "{name}" makes tracks in the image alone: they cannot be asked for distance or ego motion. '
            f"Strategies whose tracks hold in the world: {', '.join(fit)}."
        )
    if frames < 2:
        raise UserError(f"--frames must be at least 2, got {frames}.")
    if order.shortest and not strategy.ends_tracks:
        fit = [known for known, recipe in TRACK_STRATEGIES.items() if recipe.ends_tracks]
        raise UserError(
            f'Strategy "{name}" makes tracks of one length. Those that end as real ones do: {", ".join(fit)}.'
        )
    kinds = (*PREDICTED_KINDS, *(kind for kind in order.kinds if kind not in PREDICTED_KINDS))
    return Plan(name, strategy, source, root and root.expanduser(), tuple(drives), kinds, frames, order.shortest, seed)


def fitted(plan: Plan) -> Model:
    """Read the data, fit the strategy to it on one thread, and tell a person how far it is.

    Raises:
        UserError: no such data or drive, no track long enough, or training diverged.
    """
    data = store.ingest(plan.source, plan.root, data_folder() / "interim")
    drives = _chosen(store.load(data.path), plan.drives)
    windows = cut_windows(drives, plan.frames, kinds=plan.kinds, shortest=plan.shortest)
    started = process_time()
    try:
        with one_thread(), Listener(f"fitting {plan.name} to {len(windows)} windows") as report:
            draw = plan.strategy.fit(windows, np.random.default_rng([plan.seed, 1]), report)
    except TrainingDiverged as failure:
        raise UserError(f"{plan.name}: {failure}") from failure
    cameras = {drive.name: drive.calibration for drive in drives}
    return Model(plan, draw, data.digest, tuple(cameras), cameras, process_time() - started)


def _chosen(drives: Sequence[Drive], names: Sequence[str]) -> list[Drive]:
    known = {drive.name: drive for drive in drives}
    for name in names:
        if name not in known:
            raise UserError(unknown(name, known, "drive"))
    return [known[name] for name in names] if names else list(drives)


def _options(overrides: Sequence[str]) -> dict[str, Any]:
    """``steps=500`` as name and value."""
    options: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise UserError(f'"{override}" is not of the form key=value.')
        options[key.strip()] = parsed(text.strip())
    return options


class Listener:
    """What a fit reports, for a person: a line that changes in a terminal, now and then a line elsewhere."""

    def __init__(self, task: str, console: Console | None = None) -> None:
        """Say what is being done."""
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._task, self._last = task, monotonic()
        self._status = self._console.status(task)

    def __enter__(self) -> Report:
        """Start; call what is returned with steps and values."""
        if self._console.is_terminal:
            self._status.start()
        else:
            self._console.print(self._task, soft_wrap=True)
        return self._hear

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        self._status.stop()

    def _hear(self, step: int, values: Mapping[str, float]) -> None:
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        text = f"{self._task}: step {step}, {numbers}"
        if self._console.is_terminal:
            self._status.update(text)
        elif monotonic() - self._last > QUIET_S:
            self._last = monotonic()
            self._console.print(text, soft_wrap=True)
