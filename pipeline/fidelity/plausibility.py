"""Physical plausibility: do speed, acceleration, jerk, turning and behaviour at the border spread as in reality?

One number a quantity: the Jensen-Shannon divergence of its histograms, in the manner of the realism metrics of the
Waymo sim agents challenge (Montali et al., NeurIPS 2023), which compare the same quantities.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped

from pipeline.fidelity.base import NOTHING, Better, Measure, Reading, Role, Sets

BINS = 30


def histogram_divergence(
    first: Shaped[np.ndarray, "..."], second: Shaped[np.ndarray, "..."], bins: int = BINS
) -> float:
    """Jensen-Shannon divergence in bits: 0 for equal histograms, 1 for disjoint ones.

    Bins hold equal parts of ``second``, the real values; whatever lies beyond them falls into bins of its own. Whole
    numbers are codes, each a bin of its own.
    """
    made, real = first.ravel(), second.ravel()
    if np.issubdtype(real.dtype, np.integer):
        places = np.unique(np.concatenate([made, real]), return_inverse=True)[1]
    else:
        edges = np.unique(np.quantile(real.astype(np.float64), np.linspace(0, 1, bins + 1)))
        edges[-1] = np.nextafter(edges[-1], np.inf)  # the largest real value belongs to the last bin
        places = np.searchsorted(edges, np.concatenate([made, real]).astype(np.float64), side="right")
    counts = [np.bincount(part, minlength=places.max() + 1) for part in (places[: len(made)], places[len(made) :])]
    return jensen_shannon(counts[0] / len(made), counts[1] / len(real))


def jensen_shannon(first: Float[np.ndarray, " bin"], second: Float[np.ndarray, " bin"]) -> float:
    """Divergence of two distributions in bits (Lin, IEEE Transactions on Information Theory 1991)."""
    middle = (first + second) / 2
    return float((_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2) + 0.0


@dataclass(frozen=True)
class Plausibility(Measure):
    """Divergence of one quantity's histogram from that of unseen real samples."""

    bins: int = BINS

    better: ClassVar[Better] = "lower"
    roles: ClassVar[tuple[Role, ...]] = ("quantity",)

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """Over all frames of all samples."""
        if not len(sets.synthetic) or not len(sets.unseen):
            return NOTHING
        return Reading(histogram_divergence(sets.synthetic.points, sets.unseen.points, self.bins))

    def alarm(self, value: float, floor: float) -> str:
        """Hardly anything in common with what was recorded."""
        return "motion unlike any recorded one" if value > max(0.5, 3 * floor) else ""


def _relative_entropy(first: np.ndarray, second: np.ndarray) -> float:
    present = first > 0
    return float((first[present] * np.log2(first[present] / second[present])).sum())
