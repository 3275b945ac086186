"""Task ``colour``: tell the colours of a grey picture, for pictures that nobody labelled.

Every photograph holds its own answer (Zhang et al., ECCV 2016; Larsson et al., CVPR 2017), and by night the answer is
another than by day: what is bright is no sky but a lamp.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from models.colour_network import ColourNetwork, chroma, colour_loss, luma
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised
from pipeline.pictures import Pictures, as_tensor
from pipeline.randomness import torch_generator
from pipeline.schedule import Schedule
from pipeline.tasks.picture_batches import OnPictures, in_parts, network_from, pools_of

LEVELS = 127.5
"""Of eight bits, for what lies between 0 and 1 in pictures from -1 to 1."""


@dataclass(frozen=True)
class Colour(OnPictures):
    """A small U-Net, trained for a fixed number of steps; the last weights are kept."""

    width: int = 8
    halvings: int = 3
    training: SupervisedRecipe = field(
        default_factory=lambda: SupervisedRecipe(steps=400, batch=8, learning_rate=3e-3, validate_every=100)
    )

    metric = "colour_agreement"
    unit = ""
    higher_is_better = True

    def train(
        self,
        train: Pictures,
        synthetic: Pictures | None,
        schedule: Schedule,
        valid: Pictures,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> ColourNetwork:
        """Train on batches as synthetic as ``schedule`` says; ``valid`` is not used."""
        initial, order = torch_generator(rng), torch_generator(rng)
        network = ColourNetwork(self.width, self.halvings, generator=initial)
        pools = pools_of(train, synthetic, schedule, self.training.batch, self.training.steps)

        def draw_batch(step: int) -> tuple[Tensor]:
            return (torch.cat([as_tensor(pool.drawn(order, step).image) for pool in pools if pool.count(step)]),)

        return train_supervised(network, self.training, draw_batch, colour_loss, report=report)

    def evaluate(self, fitted: ColourNetwork, held_out: Pictures) -> pd.DataFrame:
        """One row per picture, of red and blue beyond grey over all pixels.

        ``colour_agreement`` is the cosine between what is said and what is true: 1 if all colours are right, 0 for
        none at all, below 0 for wrong ones. ``chroma_error`` is the mean absolute error in levels of eight bits; it
        rewards whoever says little, and by night greys are hard to beat, so it decides nothing.
        """
        with torch.inference_mode():
            said = [fitted(part) for part in in_parts(held_out.image)]
        return _errors(torch.cat(said), held_out)

    def examine_baselines(self, train: Pictures, held_out: Pictures) -> dict[str, pd.DataFrame]:
        """No colour at all, and for each shade of grey the mean colour that it has in the training drives."""
        shade, colours = _shades(as_tensor(train.image)).flatten(), chroma(as_tensor(train.image))
        count = torch.bincount(shade, minlength=256).clamp(min=1)
        means = torch.stack([torch.bincount(shade, plane.flatten(), 256) / count for plane in colours.unbind(1)])
        of_shade = means.float()[:, _shades(as_tensor(held_out.image))[:, 0]].transpose(0, 1)
        return {
            "grey": _errors(torch.zeros_like(of_shade), held_out),
            "colour_of_shade": _errors(of_shade, held_out),
        }

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> ColourNetwork:
        """The network that ``to_arrays`` described."""
        return network_from(ColourNetwork(self.width, self.halvings, generator=torch.Generator()), arrays)


def _shades(images: Float[Tensor, "batch 3 height width"]) -> Tensor:
    return luma(images).add(1).mul(LEVELS).round().long().clamp(0, 255)


def _errors(said: Float[Tensor, "batch 2 height width"], truth: Pictures) -> pd.DataFrame:
    true = chroma(as_tensor(truth.image))
    error = LEVELS * (said - true).abs().mean(dim=(1, 2, 3))
    agreement = cosine_similarity(said.flatten(1), true.flatten(1))
    columns = {"colour_agreement": agreement.double().numpy(), "chroma_error": error.double().numpy()}
    return pd.DataFrame({"drive": truth.drive, "kind": "all", "border": False, **columns})
