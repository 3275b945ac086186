"""What is remembered changes no number: neither samples, nor reports, nor the randomness that follows, nor costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from models.reporting import Report, silent
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.compose import Mirrored, Mixture
from pipeline.strategies.facts import Facts
from pipeline.strategies.flip import Flip
from pipeline.strategies.memory import REMEMBERED, costly_parts, cpu_clock, fitted, forget
from pipeline.windows import Windows

FITS: list[str] = []


@dataclass(frozen=True)
class Slow(Facts):
    """Learns which windows to repeat."""

    name: str = "slow"

    cost = 4.0

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> Synthesizer:
        FITS.append(self.name)
        started = cpu_clock()
        while cpu_clock() - started < 0.02:
            pass
        chosen = rng.integers(len(real), size=20)
        report(1, {"first": float(chosen[0])})
        return lambda count, rng: real.take(chosen[rng.integers(20, size=count)]).made_by(self.name)


@pytest.fixture(autouse=True)
def _blank() -> Iterator[None]:
    FITS.clear()
    forget()
    yield
    forget()


def run(strategy: Facts, windows: Windows, seed: int = 0) -> tuple[np.ndarray, list[tuple[int, Mapping[str, float]]]]:
    """Samples, and what was reported on the way to them."""
    rng, said = np.random.default_rng(seed), []
    made = fitted(strategy, windows, rng, lambda step, values: said.append((step, dict(values))))(30, rng)
    return made.boxes, said


def test_the_second_fit_is_remembered_and_nobody_can_tell(toy_windows: Windows) -> None:
    (first, said), (again, said_again) = run(Slow(), toy_windows), run(Slow(), toy_windows)
    assert FITS == ["slow"]
    np.testing.assert_array_equal(again, first)
    assert said_again == said != []


def test_a_part_of_a_mixture_is_shared_whatever_came_first(toy_windows: Windows) -> None:
    mixture = Mixture((Flip(), Mirrored(Slow())), (1.0, 1.0))
    alone = run(mixture, toy_windows)[0]
    forget()
    run(Slow(), toy_windows)
    np.testing.assert_array_equal(run(mixture, toy_windows)[0], alone)
    assert FITS == ["slow", "slow"]


def test_other_samples_recipes_or_seeds_are_fitted_anew(toy_windows: Windows) -> None:
    run(Slow(), toy_windows)
    run(Slow(), toy_windows, seed=1)
    run(Slow("other"), toy_windows)
    run(Slow(), toy_windows.take(np.arange(len(toy_windows) - 1)))
    assert len(FITS) == 4


def test_only_the_latest_fits_are_kept(toy_windows: Windows) -> None:
    for seed in (*range(REMEMBERED + 1), 0):
        run(Slow(), toy_windows, seed)
    assert len(FITS) == REMEMBERED + 2


def test_a_remembered_fit_still_costs_what_it_cost(toy_windows: Windows) -> None:
    run(Slow(), toy_windows)
    started = cpu_clock()
    run(Slow(), toy_windows)
    assert cpu_clock() - started >= 0.02


def test_costly_parts_are_found_inside_compositions() -> None:
    alone, mixed = (costly_parts(TRACK_STRATEGIES[name]) for name in ("gan", "flip+gan"))
    assert alone == mixed
    assert len(alone) == 1
    assert not costly_parts(TRACK_STRATEGIES["flip+recombination"])
