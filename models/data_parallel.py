"""One training in several processes, on as many devices: each computes its part of every batch.

Every process runs the same loop with the same draws. Only networks, where the time goes, see a part of the batch each:
their outputs are put together again before anything is made of them. So losses, penalties, pools of old fakes and all
randomness are those of one process, whatever they are, and no loop knows about it; sums are rounded differently.

Splitting the batch's outputs as Shoeybi et al., Megatron-LM, 2019, section 3, split layers: what scatters on the way
forward gathers on the way back, and the other way round.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn

from models.critics import mixes_batch
from models.players import AdversarialRecipe, Players
from models.precision import InPrecision


@contextmanager
def split(players: Players, recipe: AdversarialRecipe) -> Iterator[None]:
    """Let the networks inside ``InPrecision`` compute a part of every batch in each process, for the time of a block.

    Does nothing outside ``models.helpers.helped``.

    Raises:
        ValueError: the batch cannot be shared evenly, or the result would depend on how it is shared.
    """
    if not distributed.is_initialized():
        yield
        return
    require_splittable(players, recipe, distributed.get_world_size())
    handles: list[Any] = []
    try:
        for player, optimiser in ((players.generator, players.optimiser_g), (players.critic, players.optimiser_c)):
            parts = _parts(player)
            for part in parts:
                handles += [part.register_forward_pre_hook(_scattered), part.register_forward_hook(_gathered)]
            weights = list(dict.fromkeys(weight for part in parts for weight in part.parameters()))
            handles.append(optimiser.register_step_pre_hook(lambda *_, own=weights: add_up(own)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def require_splittable(players: Players, recipe: AdversarialRecipe, processes: int) -> None:
    """Refuse what would train something else in several processes than in one.

    Raises:
        ValueError: an uneven batch, layers that mix a batch or draw, or terms that look at weights.
    """
    require_even(recipe.batch, processes)
    if recipe.unrolled or recipe.weight_penalties:
        raise ValueError("an unrolled critic and penalties on weights need one process: set processes=1")
    for part in (*_parts(players.generator), *_parts(players.critic)):
        if mixes_batch(part):
            raise ValueError("batch statistics need the whole batch: normalise each sample, or set processes=1")
        if any(isinstance(module, nn.modules.dropout._DropoutNd) and module.p for module in part.modules()):
            raise ValueError("dropout would draw otherwise for each part of a batch: leave it out, or set processes=1")


def require_even(batch: int, processes: int) -> None:
    """Refuse batches that some processes would get more of than others.

    Raises:
        ValueError: no positive number of processes, or the batch is no multiple of it.
    """
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    if batch % processes:
        raise ValueError(f"{processes} processes cannot share a batch of {batch} evenly: set batch to a multiple first")


@torch.no_grad()
def add_up(weights: list[nn.Parameter]) -> None:
    """Replace the gradients of this process's part of the batch by those of the whole batch."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    if not gradients:
        return
    whole = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(whole)
    pieces = whole.split([gradient.numel() for gradient in gradients])
    for gradient, piece in zip(gradients, pieces, strict=True):
        gradient.copy_(piece.view_as(gradient))


class Scatter(torch.autograd.Function):
    """This process's part of a batch; its gradient is that of the whole batch, gathered from all."""

    @staticmethod
    def forward(ctx: Any, batch: Tensor) -> Tensor:
        """A copy, for no network may change what the others see."""
        return batch.chunk(distributed.get_world_size())[distributed.get_rank()].clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Differentiable like the forward pass, for penalties on gradients."""
        return gather(gradient)


class Gather(torch.autograd.Function):
    """The whole batch from all processes' parts; what is made of it is the same everywhere, and so is its gradient."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        """In the order of the processes."""
        part = part.contiguous()
        parts = [torch.empty_like(part) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, part)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Differentiable too."""
        return scatter(gradient)


scatter: Callable[[Tensor], Tensor] = Scatter.apply
gather: Callable[[Tensor], Tensor] = Gather.apply


def _parts(player: nn.Module) -> list[nn.Module]:
    return [module for module in player.modules() if isinstance(module, InPrecision)]


def _scattered(module: nn.Module, batches: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(scatter(batch) for batch in batches)


def _gathered(module: nn.Module, batches: tuple[Tensor, ...], part: Tensor) -> Tensor:
    return gather(part)
