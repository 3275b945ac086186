"""Names of strategies are the study's business; what MLflow cannot spell is respelt."""

import re

import pytest

from flows.ranking import METRICS
from flows.tracking import _key
from pipeline.strategies import TRACK_STRATEGIES

ACCEPTED = re.compile(r"[A-Za-z0-9_\-. :/]+")
"""The characters MLflow allows in the name of a metric or parameter."""


@pytest.mark.parametrize("strategy", sorted(TRACK_STRATEGIES))
def test_every_strategy_has_a_name_that_mlflow_accepts(strategy: str) -> None:
    for metric in METRICS:
        assert ACCEPTED.fullmatch(_key(f"{metric}.{strategy}.at_0.25"))


def test_names_that_need_no_change_keep_theirs() -> None:
    assert _key("gain_pct.time_warp.at_0.25") == "gain_pct.time_warp.at_0.25"
    assert _key("gain_pct.flip+gan.at_1") == "gain_pct.flip_gan.at_1"
