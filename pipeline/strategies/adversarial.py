"""How a strategy's two networks play: every loss, penalty and rate of the toolbox by its name."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from models.adversarial import AdversarialRecipe
from models.losses import LOSSES, AdversarialLoss
from models.penalties import PENALTIES, OrthogonalPenalty, Penalty
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
        loss = lookup(LOSSES, self.loss, "loss")()
        assert isinstance(loss, AdversarialLoss)
        return AdversarialRecipe(
            loss=loss,
            **_penalised(self.penalty),
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


def _penalised(name: str) -> dict[str, Any]:
    """The penalty in the field of the adversarial recipe that it belongs to."""
    if name == UNPENALISED:
        return {"penalties": ()}
    penalty = lookup(PENALTIES, name, "penalty")()
    if isinstance(penalty, Penalty):
        return {"penalties": (penalty,)}
    place = "weight_penalties" if isinstance(penalty, OrthogonalPenalty) else "constraints"
    return {"penalties": (), place: (penalty,)}
