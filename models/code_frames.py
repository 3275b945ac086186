"""Codes spread over time again, for networks that read and write frame by frame."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from models.sequence_code import SequenceCode


class CodeFrames(nn.Module):
    """The whitened code of a sequence as an equally whitened sequence, one column for each step between two frames.

    Of all orthogonal ways to spread the code over the steps, this one is nearest to their velocities (ZCA whitening:
    Bell and Sejnowski, Vision Research 1997), so what is written for a step moves that step. Being orthogonal, it is as
    easy to learn from as the code itself: raw velocities are so smooth that a critic sees nothing but their jitter.
    """

    spread: Tensor

    def __init__(self, code: SequenceCode) -> None:
        """Everything follows from the code; kept as a buffer, because an empty code may still be filled."""
        super().__init__()
        self.steps, self.channels, self.anchors = code.time - 1, code.channels, len(code.anchor_mean)
        wide = (code.components * code.scale[:, None]).unflatten(1, (code.time, code.channels)).diff(dim=1)
        wide = wide / wide.square().sum(dim=(0, 1)).sqrt().clamp(min=1e-12)
        left, _, right = torch.linalg.svd(wide.flatten(1).double(), full_matrices=False)
        self.register_buffer("spread", (left @ right).float())

    @property
    def size(self) -> float:
        """Root mean square of what ``codes`` expects, where codes have deviation 1."""
        return (len(self.spread) / (self.steps * self.channels)) ** 0.5

    def frames(self, codes: Float[Tensor, "n size"]) -> Float[Tensor, "n steps channels"]:
        """The sequence's part of codes, with a mean square of 1."""
        scores = codes[:, : len(self.spread)]
        return (scores @ self.spread / self.size).unflatten(1, (self.steps, self.channels))

    def codes(
        self, frames: Float[Tensor, "n steps channels"], anchors: Float[Tensor, "n anchors"]
    ) -> Float[Tensor, "n size"]:
        """The codes of whitened frames and whitened anchors; what no code can say of the frames is left out."""
        return torch.cat([frames.flatten(1) @ self.spread.T * self.size, anchors], dim=1)

    def told(
        self, codes: Float[Tensor, "n size"], one_hot: Float[Tensor, "n classes"]
    ) -> Float[Tensor, "n steps width"]:
        """Whitened frames, each beside the anchors and the class: all that there is to say about a sequence."""
        still = torch.cat([codes[:, len(self.spread) :], one_hot], dim=1)
        return torch.cat([self.frames(codes), still[:, None].expand(-1, self.steps, -1)], dim=2)


class CodeVelocities(nn.Module):
    """The velocities of a code's sequence, each channel in units of its typical size, and back by integration."""

    scale: Tensor

    def __init__(self, code: SequenceCode) -> None:
        """The typical size is the root mean square over all steps of the sequences that the code was fitted to."""
        super().__init__()
        self.code, self.steps = code, code.time - 1
        wide = (code.components * code.scale[:, None]).unflatten(1, (code.time, code.channels)).diff(dim=1)
        mean = code.mean.unflatten(0, (code.time, code.channels)).diff(dim=0)
        size = (wide.square().sum(0) + mean.square()).mean(0).sqrt()
        self.register_buffer("scale", size.clamp(min=1e-9).maximum(1e-3 * size.max()))  # no channel of rounding errors

    def velocities(self, codes: Float[Tensor, "n size"]) -> Float[Tensor, "n steps channels"]:
        """Differences from frame to frame."""
        return self.code.decode(codes)[0].diff(dim=1) / self.scale

    def codes(
        self, velocities: Float[Tensor, "n steps channels"], anchors: Float[Tensor, "n anchors"]
    ) -> Float[Tensor, "n size"]:
        """The codes of integrated velocities, at rest in the anchor frame, and of whitened anchors."""
        positions = pad((velocities * self.scale).cumsum(dim=1), (0, 0, 1, 0))
        middle = (self.code.time - 1) // 2
        still = anchors * self.code.anchor_scale + self.code.anchor_mean
        return self.code.encode(positions - positions[:, middle : middle + 1], still)
