"""Strategies know their own facts, compositions among them; scheduled ones keep their base to the end."""

import numpy as np
import pytest

from pipeline.schedule import Schedule
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.compose import Mirrored, Mixture
from pipeline.strategies.copies import Copies
from pipeline.strategies.flip import Flip
from pipeline.strategies.jitter import Jitter
from pipeline.strategies.scheduled import Scheduled
from pipeline.windows import Windows


def test_the_base_counts_as_real_and_the_rest_is_synthetic(toy_windows: Windows) -> None:
    strategy, rng = Scheduled(Jitter(), base=Flip(), name="later"), np.random.default_rng(0)
    beside = strategy.beside(toy_windows, rng)
    assert np.array_equal(np.unique(beside.origin, return_counts=True)[1], [len(toy_windows)] * 2)
    assert set(strategy.fit(toy_windows, rng)(7, rng).origin) == {"later"}
    assert Scheduled(Jitter()).beside(toy_windows, rng) is toy_windows


def test_facts_of_a_schedule_are_those_of_its_parts() -> None:
    strategy = Scheduled(Mirrored(Flip()), "curriculum", until=0.3, base=Copies())
    assert strategy.schedule == Schedule(0.5, "curriculum", 0.3)
    assert strategy.keeps_scenes
    assert not Scheduled(Flip(), base=Jitter()).keeps_scenes
    with pytest.raises(ValueError, match="until"):
        Scheduled(Flip(), until=0.0)


@pytest.mark.parametrize(("weights", "share"), [((0.6, 0.4), 0.625), ((1.0, 2.0), 0.75), ((1.0, 0.001), 0.5)])
def test_a_mixture_keeps_the_balance_of_its_first_part_and_what_is_real(
    weights: tuple[float, float], share: float
) -> None:
    assert Mixture((Flip(), Jitter()), weights).share == pytest.approx(share, abs=1e-3)


def test_learned_samples_fill_less_of_a_batch_alone_and_in_mixtures() -> None:
    shares = {name: TRACK_STRATEGIES[name].share for name in ("flip", "gan", "flip+gan", "gmm", "flip+recombination")}
    assert shares == {"flip": 0.5, "gan": 0.25, "flip+gan": 0.625, "gmm": 0.25, "flip+recombination": 0.75}
