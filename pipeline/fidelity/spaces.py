"""Named feature spaces: samples in, points out. A distance means nothing without the name of its space.

Four kinds: what a trained network sees in a sample (the task's own, or a network somebody brings), the sample itself,
what an untrained network sees in it, and single physical quantities.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from pipeline.fidelity.base import Role
from pipeline.pictures import Pictures, as_tensor
from pipeline.schema import UserError
from pipeline.windows import Windows

Sample = TypeVar("Sample", Windows, Pictures)

AT_ONCE = 64
"""Samples that a network looks at together."""

Inputs: TypeAlias = Callable[[Sample], tuple[Tensor, ...]]
"""What a network is shown of samples."""


@dataclass(frozen=True, eq=False)
class Space(Generic[Sample]):
    """A feature space by name."""

    name: str
    role: Role
    features: Callable[[Sample], Shaped[np.ndarray, "n ..."]]
    """(n, feature) points, or for a quantity its values."""


def penultimate(name: str, network: nn.Module, inputs: Inputs[Sample]) -> Space[Sample]:
    """What a network's last layer is given; of maps, the mean and the standard deviation over all places."""

    def features(samples: Sample) -> Float[np.ndarray, "n feature"]:
        return _in_parts(samples, lambda part: _pooled(last_input(network, inputs(part))))

    return Space(name, "learnt", features)


def last_input(network: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """Input of the linear or convolutional layer that is called last.

    Raises:
        ValueError: the network has no such layer.
    """
    seen: list[Tensor] = []

    def remember(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen[:] = [given[0]]

    layers = [module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(remember) for layer in layers]
    try:
        with torch.inference_mode():
            network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise ValueError(f"{type(network).__name__} has no linear or convolutional layer to look into")
    return seen[0]


def torch_script(path: Path) -> "Space[Windows] | Space[Pictures]":
    """A TorchScript file as a space, named by the file.

    It is given pictures (n, 3, height, width) from -1 to 1, or boxes (n, time, 4) in pixels. It may hold any code: use
    files you trust.

    Raises:
        UserError: the file cannot be loaded, or does not give (n, feature) numbers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its successor fixes the number of samples
            network = torch.jit.load(str(path), map_location="cpu").eval()
    except (OSError, RuntimeError, ValueError) as failure:
        raise UserError(f"{path}: no TorchScript file: {str(failure).strip().splitlines()[0]}") from failure

    def look(samples: Windows | Pictures) -> Tensor:
        shown = as_tensor(samples.image) if isinstance(samples, Pictures) else torch.from_numpy(samples.boxes)
        with torch.inference_mode():
            found = network(shown)
        if not isinstance(found, Tensor) or found.ndim < 2 or len(found) != len(samples):
            raise UserError(f"{path} must turn n samples into a tensor of n rows.")
        return _pooled(found)

    return Space(path.stem, "learnt", lambda samples: _in_parts(samples, look))


def pixels(size: tuple[int, int] = (40, 12)) -> Space[Pictures]:
    """Pictures themselves, from 0 to 1, averaged down to width x height."""

    def look(pictures: Pictures) -> Tensor:
        images = as_tensor(pictures.image).add(1).div(2)
        return nn.functional.adaptive_avg_pool2d(images, (size[1], size[0])).flatten(1)

    return Space("pixels", "plain", lambda pictures: _in_parts(pictures, look))


def random_convolution(channels: tuple[int, ...] = (16, 32, 64), seed: int = 0) -> Space[Pictures]:
    """An untrained convolutional network: no data has shaped it, so it is the same ruler for every study.

    Statistics of random filters tell textures apart well (Saxe et al., ICML 2011; Naeem et al., ICML 2020).
    """
    rng = torch.Generator().manual_seed(seed)
    filters = []
    for inputs, outputs in zip((3, *channels), channels, strict=False):
        filters.append(torch.randn(outputs, inputs, 4, 4, generator=rng) / (inputs * 16 / 2) ** 0.5)

    def look(pictures: Pictures) -> Tensor:
        maps, found = as_tensor(pictures.image), []
        with torch.inference_mode():
            for weight in filters:
                maps = nn.functional.relu(nn.functional.conv2d(maps, weight, stride=2, padding=1))
                found.append(_pooled(maps))
        return torch.cat(found, dim=1)

    return Space("random convolution", "random", lambda pictures: _in_parts(pictures, look))


def _pooled(values: Tensor) -> Float[Tensor, "n feature"]:
    """Vectors as they are; of maps, the mean and the standard deviation over places, channel by channel."""
    if values.ndim == 2:
        return values
    places = values.flatten(2)
    return torch.cat([places.mean(dim=2), places.std(dim=2, correction=0)], dim=1)


def _in_parts(samples: Sample, look: Callable[[Sample], Tensor]) -> Float[np.ndarray, "n feature"]:
    parts = [
        look(samples.take(np.arange(start, min(start + AT_ONCE, len(samples))))).numpy()
        for start in range(0, len(samples), AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
