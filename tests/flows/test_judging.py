"""The stage that judges samples: first seed and fold, remembered, and never in the way of a study without samples."""

from pathlib import Path

import pandas as pd
import pytest

from flows import judging
from flows.results import fidelity_metrics
from flows.shown_samples import kept_jobs
from flows.studies import planned
from pipeline.design import Arm, Design
from pipeline.fidelity.base import COLUMNS
from pipeline.schema import UserError
from pipeline.splits import Split


class Job:
    """What the stage asks of a job."""

    def __init__(self, strategy, fraction=1.0, fold=0, seed=0, kept=True):
        self.arm = Arm(strategy, fraction, fold, seed)
        self.design, self.split = Design(), Split(("a",), ("b",), ("c",))
        self.data, self.data_digest = Path("nowhere"), ""
        self.keep_samples, self.key = kept, f"{strategy}-{fraction}-{fold}-{seed}"


class Arms:
    def model(self, job):
        return {}

    def samples(self, job):
        return job.arm.strategy


class Bench:
    """Counts how often it is asked."""

    asked = 0

    def judge(self, arm, samples):
        type(self).asked += 1
        row = (arm.strategy, arm.fraction, arm.fold, arm.seed, "frechet", "predictor", 1.0, 0.1, 20, 0.5, "lower", "")
        return pd.DataFrame([row], columns=list(COLUMNS))

    def reconstructed(self, arm):
        return pd.DataFrame(columns=list(COLUMNS))


@pytest.fixture
def stage(monkeypatch, tmp_path):
    monkeypatch.setenv("AUGMENT_KITTI_DATA", str(tmp_path))
    monkeypatch.setattr(judging.Bench, "of", lambda *arguments: Bench())
    for name in ("samples_of", "training_samples", "of_drives"):
        monkeypatch.setattr(judging, name, lambda *arguments: None)
    Bench.asked = 0
    return tmp_path


JOBS = [
    Job(strategy, seed=seed, fold=fold) for seed in (1, 0) for fold in (1, 0) for strategy in ("none", "flip", "gan")
]


def test_the_first_seed_and_fold_are_judged(stage):
    table = judging.judged(JOBS, Arms(), pd.DataFrame(), None)
    assert table[["strategy", "fold", "seed"]].values.tolist() == [["flip", 0, 0], ["gan", 0, 0]]
    assert [job.key for job in kept_jobs(JOBS).values()] == ["flip-1.0-0-0", "gan-1.0-0-0"]


def test_what_was_judged_is_not_judged_again_unless_it_is_damaged(stage):
    first = judging.judged(JOBS, Arms(), pd.DataFrame(), None)
    assert Bench.asked == 2
    pd.testing.assert_frame_equal(judging.judged(JOBS, Arms(), pd.DataFrame(), None), first)
    assert Bench.asked == 2
    for path in (stage / "processed" / "fidelity").glob("*.parquet"):
        path.write_bytes(b"damaged")
    pd.testing.assert_frame_equal(judging.judged(JOBS, Arms(), pd.DataFrame(), None), first)
    assert Bench.asked == 4


def test_another_network_is_another_question(stage, tmp_path):
    network = tmp_path / "network.pt"
    for text in ("one", "other"):
        network.write_text(text)
        judging.judged(JOBS, Arms(), pd.DataFrame(), None, [str(network)])
    assert Bench.asked == 4


def test_a_study_without_samples_has_no_table(stage):
    assert judging.judged([Job("none"), Job("flip", kept=False)], Arms(), pd.DataFrame(), None) is None


def test_metrics_are_named_by_measure_and_space(tmp_path):
    assert fidelity_metrics(tmp_path, "flip") == {}
    rows = [
        ("flip", 1.0, 0, 0, measure, space, value, 0.1, 20, 0.5, "lower", "")
        for measure, space, value in (("frechet", "pixels", 2.0), ("semantics", "", 3.0))
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(tmp_path / "fidelity.parquet")
    assert fidelity_metrics(tmp_path, "flip") == {"fidelity.frechet.pixels": 2.0, "fidelity.semantics": 3.0}
    assert fidelity_metrics(tmp_path, "gan") == {}


def test_a_network_that_is_not_there_is_missed_before_anything_is_trained():
    with pytest.raises(UserError, match=r"nowhere\.pt \(networks\) is no file"):
        planned("mini", settings=["networks=nowhere.pt"])
