"""How a strategy's two networks play: every loss, penalty, remedy and rate of the toolbox by its name."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from models.adversarial import AdversarialRecipe
from models.losses import LOSSES, AdversarialLoss
from models.penalties import PENALTIES, OrthogonalPenalty, Penalty
from models.stabilizers import InstanceNoise, Unrolled
from pipeline.registry import lookup
from pipeline.schema import require
from pipeline.search_space import Floats, Space, Whole
from pipeline.strategies.facts import Facts

UNPENALISED = "none"
"""The penalty of critics that go without."""
NEED_ENERGIES = ("energy_margin", "boundary_equilibrium")
"""Losses for critics that reconstruct; those of tracks give scores."""


@dataclass(frozen=True)
class Adversarial(Facts):
    """The adversarial part of a recipe. The defaults are those of WGAN-GP (Gulrajani et al., NeurIPS 2017)."""

    steps: int = 1500
    """Steps of the generator."""
    critic_steps: int = 3
    batch: int = 128
    learning_rate: float = 2e-3
    """Of both players; betas (0, 0.9)."""
    average: float = 0.99
    """Decay of the generator's moving average."""
    hidden: int = 128
    evenness: float = 0.5
    """How evenly the classes are seen in training, 0: as often as they are recorded, 1: each equally often."""
    loss: str = "wasserstein"
    """A name in ``models.losses.LOSSES``."""
    penalty: str = "gradient_penalty"
    """A name in ``models.penalties.PENALTIES``, or "none"."""
    real_label: float = 1.0
    """What the critic is to say of real samples; below 1 for one-sided smoothing, in losses that have labels."""
    swapped: float = 0.0
    """Part of the pairs of real and fake samples whose labels are swapped for the critic."""
    instance_noise: float = 0.0
    """Deviation of the noise on all that the critic sees at first, in those of the data; fades until the last step."""
    unrolled: int | None = None
    """Critic steps that the generator looks ahead."""

    search: ClassVar[Space] = {
        "steps": Whole(300, 4000, log=True),
        "critic_steps": Whole(1, 5),
        "learning_rate": Floats(3e-4, 6e-3, log=True),
        "hidden": Whole(16, 256, log=True),
        "evenness": Floats(0.0, 1.0),
    }

    def __post_init__(self) -> None:
        """Refuse names and numbers that cannot be played with."""
        require_sizes(self)
        require(self.loss not in NEED_ENERGIES, f"{self.loss} needs a critic that reconstructs; this one gives scores")
        self.rules()

    def rules(self) -> AdversarialRecipe:
        """How both players are trained."""
        return AdversarialRecipe(
            loss=_labelled(self.loss, self.real_label),
            **_penalised(self.penalty),
            views=(InstanceNoise(self.instance_noise, self.steps),) if self.instance_noise else (),
            swapped=self.swapped,
            unrolled=None if self.unrolled is None else Unrolled(self.unrolled),
            steps=self.steps,
            critic_steps=self.critic_steps,
            batch=self.batch,
            generator_rate=self.learning_rate,
            critic_rate=self.learning_rate,
            betas=(0.0, 0.9),
            average=self.average,
        )


def require_sizes(recipe: Any) -> None:
    """Refuse whole numbers that are not positive, and numbers below zero.

    Raises:
        ValueError: with the field's name and value.
    """
    for field, value in asdict(recipe).items():
        require(not isinstance(value, int) or value > 0, f"{field} must be positive, got {value}")
        require(not isinstance(value, float) or value >= 0, f"{field} must not be negative, got {value}")


def _labelled(name: str, real_label: float) -> AdversarialLoss:
    """The loss of that name, its labels smoothed if it has any."""
    kind = lookup(LOSSES, name, "loss")
    smooth = {} if real_label == 1 else {"real_label": real_label}
    require(hasattr(kind, "real_label") or not smooth, f"{name} has no labels to smooth: leave real_label at 1")
    loss = kind(**smooth)
    assert isinstance(loss, AdversarialLoss)
    return loss


def _penalised(name: str) -> dict[str, Any]:
    """The penalty in the field of the adversarial recipe that it belongs to."""
    if name == UNPENALISED:
        return {"penalties": ()}
    penalty = lookup(PENALTIES, name, "penalty")()
    if isinstance(penalty, Penalty):
        return {"penalties": (penalty,)}
    place = "weight_penalties" if isinstance(penalty, OrthogonalPenalty) else "constraints"
    return {"penalties": (), place: (penalty,)}
