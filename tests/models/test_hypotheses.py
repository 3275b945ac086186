"""Several futures: where they start, and who learns from what happened."""

import torch

from models.hypotheses import HypothesesForecaster, best_of_k_loss


def test_an_untrained_network_names_the_baseline_and_others_around_it() -> None:
    network = HypothesesForecaster(3, 2, 5, 4, 8, 3, generator=torch.Generator().manual_seed(0))
    futures, odds = network(torch.randn(7, 10, 3), torch.randn(7, 2))
    assert futures.shape == (7, 3, 5, 4)
    assert odds.shape == (7, 3)
    assert (futures[:, 0] == 0).all()
    assert (futures[:, 1:] != 0).any(dim=(2, 3)).all()


def test_the_nearest_hypothesis_learns_most_and_the_odds_learn_who_won() -> None:
    target = torch.zeros(1, 1, 1)
    futures = torch.tensor([0.5, 2.0]).reshape(1, 2, 1, 1).requires_grad_()
    odds = torch.zeros(1, 2, requires_grad=True)
    best_of_k_loss(futures, odds, target, beta=0.1, relaxed=0.2).backward()
    assert futures.grad is not None
    assert odds.grad is not None
    # beyond beta the loss is absolute: slope 1; 0.8 for the winner, and 0.2 shared by both
    torch.testing.assert_close(futures.grad.flatten(), torch.tensor([0.8 + 0.1, 0.1]))
    torch.testing.assert_close(odds.grad, torch.tensor([[-0.05, 0.05]]))
