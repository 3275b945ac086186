"""Real pasts with new futures: a generative adversarial network of departures from constant velocity."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.adversarial import Players, train_adversarial
from models.code_sampler import LATENT
from models.latents import normal
from models.reporting import Report, silent
from models.residual_gan import ResidualCritic, ResidualGenerator
from models.sequence_code import SequenceCode
from pipeline.boxes import clip_to_image, from_relative, to_relative, visible
from pipeline.randomness import torch_generator
from pipeline.schema import KINDS, UserError, require
from pipeline.strategies.adversarial import Adversarial
from pipeline.strategies.window_code import (
    CodedWindows,
    Templates,
    drawn_windows,
    encoded,
    one_hot_kinds,
    require_frames,
)
from pipeline.windows import Windows


@dataclass(frozen=True)
class ResidualGan(Adversarial):
    """A conditional WGAN-GP on the residual of the future over the last observed step, repeated.

    Inputs stay real and targets are new: several futures of one past, as in Gupta et al., Social GAN, CVPR 2018.
    """

    history: int = 10
    """Frames of a window that stay real."""
    past_components: int = 8
    """Principal components by which a past is told."""
    components: int = 12
    """Principal components of the residual of a future."""
    name: str = "residual_gan"

    cost = 3.3

    def __post_init__(self) -> None:
        """A velocity needs two frames."""
        super().__post_init__()
        require(self.history > 1, f"history must be at least 2, got {self.history}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "FittedResidualGan":
        """Train on real windows; the same windows and seed give the same generator.

        Raises:
            UserError: windows are no longer than the history, masked, or there is none.
        """
        self._require_futures(real)
        torch_rng, rules = torch_generator(rng), self.rules()
        past = CodedWindows.of(_past(real, self.history), self.past_components).evened(self.evenness)
        residuals = torch.from_numpy(_residuals(real, self.history)).float()
        nothing = residuals.new_zeros(len(residuals), 0)
        code = SequenceCode.fitted(residuals, nothing, self.components)
        codes = code.encode(residuals, nothing)
        sizes = (code.size, past.code.size, len(KINDS), self.hidden)
        generator = ResidualGenerator(*sizes, generator=torch_rng)
        players = Players(generator, ResidualCritic(*sizes, generator=torch_rng), rules)

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
            index = past.draw(count, rng)
            return codes[index], past.codes[index], past.one_hot[index]

        averaged = train_adversarial(players, rules, draw_real, normal(LATENT), torch_rng, report)
        assert isinstance(averaged, ResidualGenerator)
        return FittedResidualGan(self, averaged, code, past.code, real)

    def _require_futures(self, real: Windows) -> None:
        if real.boxes.shape[1] <= self.history:
            raise UserError(
                f'Strategy "{self.name}": windows of {real.boxes.shape[1]} frames hold no future after a history of '
                f"{self.history}."
            )
        require_frames(real)  # those of the future too


@dataclass(frozen=True, eq=False)
class FittedResidualGan:
    """A trained generator of futures, and the real windows whose pasts it continues."""

    recipe: ResidualGan
    generator: ResidualGenerator
    code: SequenceCode
    past_code: SequenceCode
    real: Windows

    @torch.no_grad()
    def __call__(self, count: int, rng: np.random.Generator) -> Windows:
        """Real pasts with new futures; one that leaves the view gives its place to another past of its class.

        Raises:
            UserError: hardly any future stays in view: the generator has learnt nothing.
        """
        seen = self.real.take(visible(self.real.boxes))
        alike = _alike(seen)

        def draw(like: np.ndarray, rng: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
            picked = [alike[one][int(torch.randint(len(alike[one]), (), generator=rng))] for one in like]
            past = seen.take(np.array(picked, int))
            return self._continued(past, rng), past.valid

        return drawn_windows(self.recipe.name, count, rng, Templates.of(seen), draw)

    def _continued(self, windows: Windows, rng: torch.Generator) -> Float[np.ndarray, "n time 4"]:
        past = _past(windows, self.recipe.history)
        told = encoded(self.past_code, past)
        codes = self.generator(normal(LATENT)(len(windows), rng), told, one_hot_kinds(windows.kind))
        residual, _ = self.code.decode(codes)
        relative = _constant_velocity(windows, self.recipe.history) + residual.double().numpy()
        future = from_relative(relative, windows.boxes[:, self.recipe.history - 1].astype(np.float64))
        boxes = np.concatenate([past.boxes, future.astype(np.float32)], axis=1)
        return clip_to_image(boxes, windows.image_size)


def _past(windows: Windows, history: int) -> Windows:
    return replace(windows, boxes=windows.boxes[:, :history], valid=windows.valid[:, :history])


def _residuals(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
    """What the future adds to constant velocity, relative to the last observed box."""
    boxes = windows.boxes.astype(np.float64)
    return to_relative(boxes[:, history:], boxes[:, history - 1]) - _constant_velocity(windows, history)


def _constant_velocity(windows: Windows, history: int) -> Float[np.ndarray, "n future 4"]:
    """The last observed step, repeated, relative to the last observed box."""
    boxes = windows.boxes.astype(np.float64)
    step = -to_relative(boxes[:, history - 2 : history - 1], boxes[:, history - 1])
    return step * np.arange(1, boxes.shape[1] - history + 1)[:, None]


def _alike(windows: Windows) -> list[np.ndarray]:
    """For each window, the numbers of those of its class and image size."""
    groups = np.column_stack([windows.kind, windows.image_size])
    _, group = np.unique(groups, axis=0, return_inverse=True)
    members = [np.flatnonzero(group == one) for one in range(group.max(initial=-1) + 1)]
    return [members[one] for one in group]
