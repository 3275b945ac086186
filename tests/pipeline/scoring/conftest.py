"""Error tables as arms write them, without training anything."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from pipeline.findings import StudyFacts
from pipeline.scoring import score_study
from pipeline.scoring.scores import Scores
from pipeline.splits import rotating_folds
from pipeline.windows import Windows

DRIVES = ("0000", "0001", "0002", "0003", "0004", "0005")
STEPS = 10


def one_arm(strategy: str, fraction: float, seed: int, fold_of: Mapping[str, int], error_of: Callable[[str], float]):
    """Rows of one arm: two classes and two border flags a drive, cars being 1.2 and border boxes 1.5 times as hard."""
    rows = []
    for index, (drive, fold) in enumerate(fold_of.items()):
        for kind, border, n, factor in (
            ("Car", False, 40, 1.2),
            ("Car", True, 10, 1.8),
            ("Pedestrian", False, 50, 0.68),
        ):
            ade = error_of(drive) * factor
            steps = {f"step_{k:02d}_px": ade * 2 * k / (STEPS + 1) for k in range(1, STEPS + 1)}
            rows.append(
                {"strategy": strategy, "fraction": fraction, "fold": fold, "seed": seed, "synthetic_only": False,
                 "drive": drive, "kind": kind, "border": border, "n": n * (index + 1),
                 "e1_px": ade / 5, "ade_px": ade, "iou_10": 1 / (1 + ade / 10), **steps}
            )  # fmt: skip
    return rows


@pytest.fixture(scope="session")
def make_errors() -> Callable[..., pd.DataFrame]:
    """Build an error table: each drive has its own difficulty, each strategy its own factor, each arm its own noise."""

    def make(
        factors: Mapping[str, float],
        fractions: Sequence[float] = (1.0,),
        seeds: int = 4,
        drives: Sequence[str] = DRIVES,
        noise: float = 0.02,
    ) -> pd.DataFrame:
        rng = np.random.default_rng(7)
        fold_of = {drive: index % 3 for index, drive in enumerate(drives)}
        difficulty = {drive: 8 + 2 * index for index, drive in enumerate(drives)}
        rows = []
        for fraction in fractions:
            for strategy, factor in factors.items():
                for seed in range(seeds):
                    wobble = dict(zip(drives, 1 + noise * rng.standard_normal(len(drives)), strict=True))
                    scale = factor / fraction**0.15
                    rows += one_arm(strategy, fraction, seed, fold_of, lambda d: difficulty[d] * scale * wobble[d])  # noqa: B023
        return pd.DataFrame(rows)

    return make


@pytest.fixture(scope="session")
def errors(make_errors: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A sound study: flip helps, gan harms, jitter does nothing, and both placebos behave."""
    factors = {"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.85, "jitter": 1.0, "gan": 1.15}
    return make_errors(factors, fractions=(0.25, 1.0))


@pytest.fixture(scope="session")
def baselines(make_errors: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """The three forecasts without learning."""
    factors = {"constant_position": 2.5, "constant_velocity": 1.4, "kalman": 1.35}
    return make_errors(factors, fractions=(1.0,), seeds=1, noise=0.0).assign(seed=-1)


@pytest.fixture(scope="session")
def sound(errors: pd.DataFrame, baselines: pd.DataFrame) -> Scores:
    """What is found in the sound study."""
    return score_study(errors, baselines, rng=np.random.default_rng(0))


@pytest.fixture(scope="session")
def windows() -> Windows:
    """Twelve boxes that move right, the k-th by k pixels a frame."""
    count, length = 12, 20
    left = 100 + np.arange(count)[:, None] * np.arange(length)
    boxes = np.stack([left, np.full_like(left, 150), left + 60, np.full_like(left, 190)], axis=-1).astype(np.float32)
    return Windows(
        boxes=boxes,
        valid=np.ones((count, length), bool),
        kind=np.zeros(count, np.int64),
        image_size=np.tile(np.float32([1242, 375]), (count, 1)),
        drive=np.full(count, "0000"),
        track=np.arange(count),
        frame=np.zeros(count, np.int64),
        index=np.zeros(count, np.int64),
        origin=np.full(count, "real"),
    )


@pytest.fixture(scope="session")
def curves() -> pd.DataFrame:
    """A loss that falls, for two strategies."""
    rows = [(name, step, 1 / (step + 1)) for name in ("none", "flip") for step in range(5)]
    table = pd.DataFrame(rows, columns=["strategy", "step", "value"])
    return table.assign(fraction=1.0, fold=0, seed=0, synthetic_only=False, phase="train", name="loss")


@pytest.fixture(scope="session")
def fidelity() -> pd.DataFrame:
    """Two measures of two strategies at two seeds; samples of gan are copies."""
    places = [(strategy, seed) for strategy in ("flip", "gan") for seed in (0, 1)]
    copied = "copies of training samples"
    rows = [
        {"strategy": strategy, "fraction": 1.0, "fold": 0, "seed": seed, "measure": measure, "space": space,
         "value": 1.0 + 2 * (strategy == "gan"), "error": 0.5**0.5, "n": 100, "floor": floor, "better": better,
         "alarm": copied if (strategy, measure) == ("gan", "frechet") else ""}
        for strategy, seed in places
        for measure, space, floor, better in (
            ("frechet", "predictor", 0.25, "lower"), ("coverage", "pixels", np.nan, "higher"),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def facts() -> StudyFacts:
    """Of the fake study."""
    return StudyFacts(
        name="fake",
        about="Does flipping help?",
        command="augment-kitti run fake",
        source="kitti_tracking",
        data_digest="0123abcd",
        splits=rotating_folds(DRIVES, 3),
        seeds=4,
        fractions=(0.25, 1.0),
        strategies={"none": {}, "flip": {"probability": 1.0}},
        versions={"python": "3.11"},
        created="2026-01-01T00:00:00+00:00",
    )
