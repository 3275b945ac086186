"""CPU seconds of the Frechet distance beside the plain one, and of every measure.

    python tests/benchmarks/fidelity.py [N FEATURES]

The plain one is what libraries did for years: two covariances and scipy's square root of their product
(pytorch-fid, clean-fid). Exactness is tried on two cases with a known answer: equal sets, and a pure shift.
"""

import sys
from collections.abc import Callable
from time import process_time

import numpy as np
import torch
from scipy.linalg import sqrtm
from threadpoolctl import threadpool_limits

from pipeline.fidelity.base import Cloud, Sets
from pipeline.fidelity.frechet import frechet_distance
from pipeline.fidelity.measures import MEASURES


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def plain(first: np.ndarray, second: np.ndarray) -> float:
    covariances = [np.cov(features, rowvar=False) for features in (first, second)]
    root = sqrtm(covariances[0] @ covariances[1])
    shift = first.mean(axis=0) - second.mean(axis=0)
    return float(shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * np.real(root)))


def timed(what: Callable[[], float], repeats: int) -> tuple[float, float]:
    """The value, and the least CPU seconds."""
    seconds, value = [], 0.0
    for _ in range(repeats):
        begin = process_time()
        value = what()
        seconds.append(process_time() - begin)
    return value, min(seconds)


def frechet(count: int, features: int, rng: np.random.Generator) -> None:
    first, shift = rng.normal(size=(count, features)), np.full(features, 0.01)
    cases = {
        "other samples": (first, rng.normal(size=(count, features)) + shift, None),
        "equal sets": (first, first, 0.0),
        "pure shift": (first, first[::-1] + shift, float(shift @ shift)),
    }
    for name, (one, other, truth) in cases.items():
        ours, seconds = timed(lambda one=one, other=other: frechet_distance(one, other), 5)
        theirs, plain_seconds = timed(lambda one=one, other=other: plain(one, other), 1)
        errors = "" if truth is None else f"; errors {abs(ours - truth):.1e} and {abs(theirs - truth):.1e}"
        say(f"{name}: {seconds:.3f} s, plain {plain_seconds:.1f} s, {plain_seconds / seconds:.0f} times{errors}")


def measures(count: int, rng: np.random.Generator) -> None:
    def cloud() -> Cloud:
        unit = (np.arange(count) // 10).astype(str)
        return Cloud(rng.normal(size=(count, 64)), (np.arange(count) // 100).astype(str), unit, np.arange(count) % 4)

    sets = Sets(cloud(), cloud(), cloud())
    for name, measure in MEASURES.items():
        say(f"{name}: {1000 * timed(lambda measure=measure: measure(sets, rng).value, 3)[1]:.0f} ms")


def main(arguments: list[str]) -> None:
    count, features = map(int, arguments or ("500", "2048"))
    torch.set_num_threads(1)
    with threadpool_limits(1):
        say(f"Frechet distance, N = {count}, {features} features")
        frechet(count, features, np.random.default_rng(0))
        say("Every measure, N = 1000, 64 features")
        measures(1000, np.random.default_rng(0))


if __name__ == "__main__":
    main(sys.argv[1:])
