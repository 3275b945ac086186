"""Short sequences as a few uncorrelated numbers of unit size: what a small network can learn, and smooth by itself."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class SequenceCode(nn.Module):
    """Principal components of whole sequences, whitened, beside whitened features of the anchor they start from.

    A sequence of positions is so smooth that a handful of components holds nearly all of it; a network that writes
    frame by frame must first learn that smoothness. Everything is a buffer, so ``state_dict`` holds the whole code.
    """

    mean: Tensor
    components: Tensor
    scale: Tensor
    anchor_mean: Tensor
    anchor_scale: Tensor

    def __init__(self, time: int, channels: int, anchors: int, components: int) -> None:
        """An empty code, to be filled by ``fitted`` or ``load_state_dict``."""
        super().__init__()
        self.time, self.channels = time, channels
        self.register_buffer("mean", torch.zeros(time * channels))
        self.register_buffer("components", torch.zeros(components, time * channels))
        self.register_buffer("scale", torch.ones(components))
        self.register_buffer("anchor_mean", torch.zeros(anchors))
        self.register_buffer("anchor_scale", torch.ones(anchors))

    @classmethod
    def fitted(
        cls, sequences: Float[Tensor, "n time channels"], anchors: Float[Tensor, "n anchors"], components: int
    ) -> "SequenceCode":
        """The first ``components`` of these sequences, or as many as they have."""
        flat = sequences.flatten(1).double()
        mean = flat.mean(dim=0)
        variances, axes = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
        variances, axes = variances.flip(0), axes.flip(1)
        axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()  # the same sign in every library
        kept = int((variances[:components] > 1e-10 * variances[0].clamp(min=1e-30)).sum())
        code = cls(sequences.shape[1], sequences.shape[2], anchors.shape[1], max(1, kept))
        code.load_state_dict(
            {
                "mean": mean.float(),
                "components": axes[:, : max(1, kept)].T.float(),
                "scale": variances[: max(1, kept)].clamp(min=1e-12).sqrt().float(),
                "anchor_mean": anchors.mean(dim=0),
                "anchor_scale": _deviation(anchors).clamp(min=1e-6),
            }
        )
        return code

    @property
    def size(self) -> int:
        """How many numbers one code has."""
        return len(self.scale) + len(self.anchor_mean)

    def encode(
        self, sequences: Float[Tensor, "n time channels"], anchors: Float[Tensor, "n anchors"]
    ) -> Float[Tensor, "n size"]:
        """Uncorrelated numbers with mean 0 and deviation 1 over the sequences it was fitted to."""
        scores = (sequences.flatten(1) - self.mean) @ self.components.T / self.scale
        return torch.cat([scores, (anchors - self.anchor_mean) / self.anchor_scale], dim=1)

    def decode(
        self, code: Float[Tensor, "n size"]
    ) -> tuple[Float[Tensor, "n time channels"], Float[Tensor, "n anchors"]]:
        """The inverse of ``encode``, up to the components left out."""
        scores, anchors = code.split([len(self.scale), len(self.anchor_mean)], dim=1)
        flat = (scores * self.scale) @ self.components + self.mean
        return flat.unflatten(1, (self.time, self.channels)), anchors * self.anchor_scale + self.anchor_mean

    def band_scales(
        self, trends: Float[Tensor, "trends time"]
    ) -> tuple[Float[Tensor, "trends channels"], Float[Tensor, " channels"]]:
        """Typical size of each trend in the sequences, and of what no trend explains, for each channel."""
        wide = (self.components * self.scale[:, None]).unflatten(1, (self.time, self.channels))
        amounts = torch.einsum("kt,ptc->pkc", torch.linalg.pinv(trends).T, wide)
        rest = wide - torch.einsum("kt,pkc->ptc", trends, amounts)
        return amounts.square().sum(0).sqrt(), rest.square().sum(0).mean(0).sqrt()


def _deviation(values: Float[Tensor, "n anchors"]) -> Float[Tensor, " anchors"]:
    return values.std(dim=0, correction=0) if values.shape[1] else values.new_zeros(0)  # of nothing, PyTorch warns
