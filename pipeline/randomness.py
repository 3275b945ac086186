"""One source of randomness for numpy and torch: a seed decides everything, and no global state is touched."""

import numpy as np
import torch


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A torch generator seeded from ``rng``."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))
