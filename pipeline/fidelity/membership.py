"""A membership-inference attack: from the synthetic samples alone, who was among the training samples?

The attacker holds real samples and takes those for members that lie near a synthetic one, compared with how near they
lie to other real ones (Hilprecht et al., PETS 2019; calibrated as by van Breugel et al., AISTATS 2023).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from sklearn.metrics import roc_auc_score

from pipeline.fidelity.base import NOTHING, Better, Cloud, Reading, Sets, halved
from pipeline.fidelity.nearest_training import Newness, nearest
from pipeline.fidelity.neighbourhoods import distances

MOST = 1000
"""Members, and as many outsiders, that are attacked."""
CHUNK = 250
"""Samples whose distances to all others are held at once."""


def attack_auc(synthetic: Cloud, members: Cloud, outsiders: Cloud, reference: Cloud) -> float:
    """Probability that a member looks more like one than an outsider does: 1/2 tells nothing, 1 gives all away.

    The score is log(distance to the nearest synthetic sample / distance to the nearest real one of another track).
    """
    scores = [
        np.log((nearest(cloud.points, synthetic.points) + 1e-9) / (_to_others(cloud, reference) + 1e-9))
        for cloud in (members, outsiders)
    ]
    is_member = np.repeat([1, 0], [len(members), len(outsiders)])
    return float(roc_auc_score(is_member, -np.concatenate(scores)))


def auc_error(auc: float, positive: int, negative: int) -> float:
    """Standard error of the area under the curve (Hanley and McNeil, Radiology 1982, equation 2)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positive - 1) * (q1 - auc**2) + (negative - 1) * (q2 - auc**2)
    return float(np.sqrt(max(0.0, spread) / (positive * negative)))


@dataclass(frozen=True)
class Membership(Newness):
    """Success of the attack on the training samples, real samples of unseen drives being the outsiders."""

    better: ClassVar[Better] = "lower"

    def __call__(self, sets: Sets, rng: np.random.Generator) -> Reading:
        """An area under the curve, with its error."""
        members, outsiders = sets.train.some(MOST, rng), sets.unseen.some(MOST, rng)
        if not _can_attack(sets.synthetic, sets.train) or len(outsiders) < 2:
            return NOTHING
        auc = attack_auc(sets.synthetic, members, outsiders, sets.train)
        return Reading(auc, auc_error(auc, len(members), len(outsiders)))

    def floor(self, sets: Sets, rng: np.random.Generator) -> float:
        """One half of the training tracks plays the synthetic samples: drives differ, and that alone may be seen."""
        made, members = halved(sets.train, rng)
        return self(Sets(made, members, sets.unseen), rng).value

    def alarm(self, value: float, floor: float) -> str:
        """Training samples can be recognised."""
        if value > max(0.6, floor + 0.1):
            return f"training samples can be recognised: an attack succeeds with an area under the curve of {value:.2f}"
        return ""


def _can_attack(synthetic: Cloud, reference: Cloud) -> bool:
    return len(synthetic) > 0 and len(np.unique(reference.unit)) > 1


def _to_others(cloud: Cloud, reference: Cloud) -> Float[np.ndarray, " n"]:
    """Distance of each sample to the nearest one of the reference that belongs to another unit."""
    units = np.unique(np.concatenate([cloud.unit, reference.unit]), return_inverse=True)[1]
    own, theirs = units[: len(cloud)], units[len(cloud) :]
    apart = [np.zeros(0)]
    for start in range(0, len(cloud), CHUNK):
        rows = slice(start, start + CHUNK)
        found = distances(cloud.points[rows], reference.points)
        found[own[rows, None] == theirs] = np.inf
        apart.append(found.min(axis=1))
    return np.concatenate(apart)
