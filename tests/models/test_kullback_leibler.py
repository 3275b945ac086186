import math

import pytest
import torch

from models.kullback_leibler import KullbackLeibler

REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-1.0, 3.0])


def test_by_hand():
    value = (math.exp(-2) + math.exp(2)) / 2
    assert KullbackLeibler().critic(real=REAL, fake=FAKE).item() == pytest.approx(value - 1.25)
    assert KullbackLeibler().generator(fake=FAKE).item() == pytest.approx(-value)


def test_the_best_critic_reads_the_divergence_and_no_other_exceeds_it():
    # Two places, real with probabilities 1/4 and 3/4, fake with 1/2 and 1/2.
    real, fake = torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1])
    best = 1 + torch.tensor([0.25 / 0.5, 0.75 / 0.5]).log()
    divergence = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    for error in (0.0, -0.3, 0.3):
        scores = best + torch.tensor([error, 0.0])
        value = -KullbackLeibler().critic(real=scores[real], fake=scores[fake]).item()
        assert value == pytest.approx(divergence) if not error else value < divergence
