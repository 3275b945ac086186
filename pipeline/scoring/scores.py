"""``scores.json``: everything a study found, as a documented tree of dataclasses that survives JSON.

Numbers that do not exist (an interval from one seed, a p-value of the reference arm) are None, ``null`` in the file;
NaN never is. Errors and means are in ``unit``; gains are percent of the reference arm's error, positive = better.
"""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pipeline.json_objects import object_in

Verdict = Literal["reference", "placebo", "helps", "harms", "undecided", "failed"]
"""``helps``: interval above 0 and p_holm < 0.05; ``harms``: the mirror image; ``failed``: an error is not a number."""

Standing = Literal["better", "worse", "not worse", "undecided"]
"""Against a rival: ``better`` and ``worse`` as a verdict; ``not worse``: the interval excludes a loss of 1 %."""

Bounded = Literal["yes", "no", "undecided"]
"""Whether a loss to a rival is smaller than the margin: the whole interval says so, denies it, or neither."""

VERSION = 1
"""Version of this schema; raised whenever a field changes its meaning."""


@dataclass(frozen=True)
class ArmScore:
    """One strategy at one fraction of the real data, against the same training without synthetic samples."""

    strategy: str
    fraction: float
    """Share of the training tracks that were available."""
    seeds: int
    drives: int
    """Held-out drives."""
    metric: str
    unit: str
    mean: float | None
    """Macro error: mean over held-out drives of the window-weighted mean over classes, averaged over seeds."""
    sd: float | None
    """Standard deviation of the macro error over seeds."""
    gain_pct: float | None
    """100 · (error_none - error_strategy) / error_none on the macro error."""
    ci_low: float | None
    """95 % hierarchical bootstrap interval over seeds and drives, in percent."""
    ci_high: float | None
    p: float | None
    """Wilcoxon signed-rank over the (seed, drive) pairs, two-sided."""
    p_holm: float | None
    """``p`` corrected over the strategies of this fraction; placebos are judged apart."""
    detectable_pct: float | None
    """Smallest true gain that this many seeds and drives would find with 80 % power."""
    window_mean: float | None
    """Plain mean over all windows, where long drives count more."""
    window_gain_pct: float | None
    window_ci_low: float | None
    window_ci_high: float | None
    fit_s: float | None
    """Mean CPU seconds for fitting the strategy and drawing its samples; None where not recorded."""
    train_s: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Placebo:
    """One check that the study measures data and nothing else."""

    strategy: str
    fraction: float
    rule: str
    """What must hold, in words."""
    gain_pct: float | None
    ci_low: float | None
    """Interval at the level 1 - 0.05 / (number of checks), so that many checks do not cry wolf."""
    ci_high: float | None
    passed: bool | None
    """None where there is no interval to judge by (one seed or one drive)."""


@dataclass(frozen=True)
class Baseline:
    """A forecast without learning, on the same held-out windows."""

    name: str
    mean: float | None
    window_mean: float | None
    model_gain_pct: Mapping[str, float | None]
    """By fraction: how much smaller the error of the plain model (``none``) is than this baseline's, in percent."""


@dataclass(frozen=True)
class Group:
    """The error of a strategy or baseline on a part of the held-out windows."""

    strategy: str
    fraction: float
    group: str
    windows: int
    """Windows behind the mean (of one seed)."""
    mean: float | None
    gain_pct: float | None
    """Against ``none`` at the same fraction; no interval: parts are for looking, not for concluding."""


@dataclass(frozen=True)
class OtherMetric:
    """The same arm in another metric, for looking: only the study's own metric carries a verdict."""

    strategy: str
    fraction: float
    metric: str
    mean: float | None
    gain_pct: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class SyntheticOnly:
    """How far synthetic and real samples stand in for each other."""

    strategy: str
    fraction: float
    trained_on_synthetic: float | None
    """Macro error on real drives of the model that saw synthetic samples alone."""
    gain_pct: float | None
    """Of that model against ``none``; usually a loss."""
    ci_low: float | None
    ci_high: float | None
    tested_on_synthetic: float | None
    """Window mean of the plain model's error on the strategy's samples: low means easy, high means odd."""


@dataclass(frozen=True)
class Rivalry:
    """A strategy against the best simple one at the same fraction."""

    strategy: str
    fraction: float
    rival: str
    gain_pct: float | None
    """Of the rival's macro error."""
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_holm: float | None
    """Corrected over the strategies of this fraction."""
    standing: Standing
    not_inferior: Bounded = "undecided"
    """Whether any loss to the rival is smaller than 1 %, whatever else the strategy may be."""


@dataclass(frozen=True)
class Choice:
    """What a policy decided from its validation drives."""

    policy: str
    fraction: float
    fold: int
    kind: str
    """Class of road user; empty: one choice for all."""
    chosen: str
    gain_pct: float
    """On the validation drives, over the policy's first candidate."""
    se_pct: float
    """Standard error of that gain over seeds."""


@dataclass(frozen=True)
class Scores:
    """All that ``scores.json`` holds."""

    metric: str
    unit: str
    higher_is_better: bool
    valid: bool
    """False if a placebo shows what only data should show; nothing may be concluded then."""
    invalid_reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    """What limits the conclusion without making it void."""
    conclusion: tuple[str, ...]
    """The answer in words: first the headline, then one line a fraction and more."""
    arms: tuple[ArmScore, ...]
    baselines: tuple[Baseline, ...]
    placebos: tuple[Placebo, ...]
    other_metrics: tuple[OtherMetric, ...] = ()
    synthetic_only: tuple[SyntheticOnly, ...] = ()
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    """By "kind", "border", "drive" and "step" (of the horizon)."""
    rivalries: tuple[Rivalry, ...] = ()
    choices: tuple[Choice, ...] = ()
    """Of the study's policies."""
    study: str = ""
    created: str = ""
    """ISO 8601 with time zone."""
    data_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of python, torch, numpy, augment-kitti and others."""
    schema_version: int = VERSION

    def to_json(self) -> str:
        """Indented JSON without NaN."""
        return json.dumps(_without_nan(asdict(self)), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Scores":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: the text is no JSON object, or was written under another version of the schema.
        """
        raw = object_in(text)
        if raw.get("schema_version") != VERSION:
            raise ValueError(
                f"scores.json has schema version {raw.get('schema_version')}, this program reads {VERSION}"
            )
        entries = {"arms": ArmScore, "baselines": Baseline, "placebos": Placebo, "other_metrics": OtherMetric,
                   "synthetic_only": SyntheticOnly, "rivalries": Rivalry, "choices": Choice}  # fmt: skip
        lists = {name: tuple(entry(**item) for item in raw.get(name, ())) for name, entry in entries.items()}
        words = {name: tuple(raw[name]) for name in ("invalid_reasons", "caveats", "conclusion")}
        groups = {by: tuple(Group(**item) for item in items) for by, items in raw["groups"].items()}
        return cls(**{**raw, **lists, **words, "groups": groups})

    def fractions(self) -> tuple[float, ...]:
        """The fractions of real data that were studied, smallest first."""
        return tuple(sorted({arm.fraction for arm in self.arms}))

    def at(self, fraction: float) -> tuple[ArmScore, ...]:
        """The arms of one fraction."""
        return tuple(arm for arm in self.arms if arm.fraction == fraction)


def installed_versions(
    packages: tuple[str, ...] = ("augment-kitti", "torch", "numpy", "pandas", "scipy"),
) -> dict[str, str]:
    """Version of Python and of each package; "not installed" where it is missing."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def finite(value: Any) -> float | None:
    """A plain float; None for what is missing, not a number or infinite."""
    return float(value) if value is not None and math.isfinite(value) else None


def _without_nan(value: Any) -> Any:
    """The same tree with None in place of NaN and infinities."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
