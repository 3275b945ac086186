"""Parts of critics: layers that let it compare the samples of a batch, and a critic that reconstructs."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def mixes_batch(critic: nn.Module) -> bool:
    """Whether the score of a sample depends on the others in its batch."""
    return normalises_batch(critic) or any(
        isinstance(module, MinibatchDeviation | MinibatchDiscrimination) for module in critic.modules()
    )


def normalises_batch(critic: nn.Module) -> bool:
    """Whether the critic uses batch statistics."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in critic.modules())


class MinibatchDeviation(nn.Module):
    """Append one feature: the mean deviation over the batch, the same for all. A collapsed batch gives itself away.

    Source: Karras et al., ICLR 2018, section 3.
    """

    def forward(self, features: Float[Tensor, "batch channels *place"]) -> Float[Tensor, "batch more *place"]:
        """One channel more."""
        deviation = (features.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        return torch.cat([features, deviation.expand(len(features), 1, *features.shape[2:])], dim=1)


class MinibatchDiscrimination(nn.Module):
    """Append, for each of several learnt projections M, the closeness to all samples: Σ_j exp(-‖M_i - M_j‖₁).

    Source: Salimans et al., NeurIPS 2016, section 3.2.
    """

    def __init__(self, features: int, kernels: int = 16, size: int = 4) -> None:
        """Build it with the network it belongs to, and give that network its weights."""
        super().__init__()
        self.kernels = kernels
        self.project = nn.Linear(features, kernels * size, bias=False)

    def forward(self, features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch more"]:
        """``kernels`` features more."""
        points = self.project(features).unflatten(1, (self.kernels, -1))
        distance = (points[:, None] - points[None]).abs().sum(dim=3)
        return torch.cat([features, torch.exp(-distance).sum(dim=1)], dim=1)


class ReconstructionCritic(nn.Module):
    """The score is the negated error of an autoencoder, mean |x - AE(x)|: for the energy losses.

    Source: Zhao et al., ICLR 2017, section 2.3; absolute differences: Berthelot et al., BEGAN, 2017, section 3.1.
    """

    def __init__(self, autoencoder: nn.Module) -> None:
        """Any network whose output has the shape of its input."""
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, samples: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
        """0 at best."""
        return -(samples - self.autoencoder(samples)).abs().flatten(1).mean(dim=1)
