import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players
from models.class_shares import ClassShares, class_shares
from models.monitor import Monitor, Thresholds


def test_shares_by_hand():
    assert class_shares(torch.tensor([1, 1, 3, 1]), 4).tolist() == [0, 0.75, 0, 0.25]


@pytest.mark.parametrize("kinds", [torch.tensor([4]), torch.tensor([], dtype=torch.int64)])
def test_a_class_that_does_not_exist_and_no_sample_are_refused(kinds):
    with pytest.raises(ValueError, match="there are 4 classes"):
        class_shares(kinds, 4)


def test_a_generator_of_ones_is_told_by_its_classes():
    generator = nn.Linear(1, 1, bias=False)  # x = 2 z, and its class is its whole number
    nn.init.constant_(generator.weight, 2.0)
    players = Players(generator, nn.Linear(1, 1), AdversarialRecipe())
    said, heard = [], []
    monitor = Monitor(said.append, Thresholds(patience=2, over_production=3.0), lambda *report: heard.append(report))
    latent = torch.tensor([[0.5]] * 7 + [[0.0], [1.5], [4.5]])  # one 0, seven 1, one 3, one 9
    shares = ClassShares(
        players, latent, lambda samples: samples[:, 0].long(), names=[str(digit) for digit in range(10)], then=monitor
    )
    before = torch.get_rng_state()
    shares(1, {"critic_loss": 1.0})
    assert said == []  # it has not lasted yet
    shares(2, {"critic_loss": 1.0})
    shares(3, {"critic_loss": 1.0})
    assert said == [
        'Step 2: 70% of the fakes are of the class "1", which is one of 10: the generator makes what is easy. '
        "What people do: tell both players the class, minibatch discrimination, an unrolled critic, several generators."
    ]
    assert heard[0][1]["critic_loss"] == 1.0
    assert heard[0][1]["share_of_1"] == pytest.approx(0.7)
    assert heard[0][1]["share_of_9"] == pytest.approx(0.1)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_even_generator_and_a_sign_switched_off_say_nothing():
    said = []
    even = {f"share_of_{digit}": 0.1 for digit in range(10)}
    for limit, shares in ((3.0, even), (None, even | {"share_of_1": 0.9})):
        monitor = Monitor(said.append, Thresholds(patience=1, over_production=limit))
        monitor(1, shares)
    assert said == []
