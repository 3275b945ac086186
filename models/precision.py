"""Half the bits where it pays: convolutions in bfloat16 while training, chosen by the clock and never by default.

On processors with bfloat16 arithmetic (AVX512-BF16, AMX) a step takes about 0.6 of the time; on older ones it takes
longer than in float32, so ``faster_precision`` times both. What it finds depends on the machine and on the moment:
a run that must be repeatable names its precision.
"""

import time
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

Precision: TypeAlias = Literal["float32", "bfloat16"]


class InPrecision(nn.Module):
    """A network that trains in a precision; weights and output stay float32, and so does all of it when it is used."""

    def __init__(self, network: nn.Module, precision: Precision = "float32") -> None:
        """The wrapped network's weights keep their names, after ``network.``, in either precision."""
        super().__init__()
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f'unknown precision "{precision}"; known: float32, bfloat16')
        self.network, self.precision = network, precision

    def forward(self, *inputs: Tensor) -> Tensor:
        """What the network says."""
        if self.precision == "float32" or not self.training:
            return self.network(*inputs)
        with torch.autocast(inputs[0].device.type, torch.bfloat16):
            output: Tensor = self.network(*inputs)
        return output.float()


def faster_precision(network: nn.Module, *inputs: Tensor) -> Precision:
    """Whichever takes less time for one pass forward and back, measured once each after a pass to warm up.

    The network keeps its weights and gets no gradients. bfloat16 must win by a tenth, or the bits are not worth it.
    """
    full = _seconds(InPrecision(network, "float32"), inputs)
    half = _seconds(InPrecision(network, "bfloat16"), inputs)
    return "bfloat16" if half < 0.9 * full else "float32"


def _seconds(network: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    took = 0.0
    for _ in range(2):
        _wait(inputs[0].device)
        start = time.perf_counter()
        torch.autograd.grad(network(*inputs).square().mean(), weights, allow_unused=True)
        _wait(inputs[0].device)
        took = time.perf_counter() - start
    return took


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
