"""The players that make digits, and the autoencoders and classifier they are compared with."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.autoencoder import Autoencoder, evidence_loss, train_autoencoder
from models.classifier import train_classifier
from models.dcgan import DcganCritic, DcganGenerator, DcganShape, measure_statistics
from models.dense_gan import DenseCritic, DenseGenerator
from models.latent_gan import LatentGan, train_latent_gan
from models.latents import normal
from models.losses import NonSaturating
from models.supervised import SupervisedRecipe


@pytest.fixture
def seeded():
    return torch.Generator().manual_seed(0)


def _weights(network):
    return sum(weight.numel() for weight in network.parameters())


def test_the_dense_players_have_the_layers_of_the_lecture(seeded):
    generator, critic = DenseGenerator(784, generator=seeded), DenseCritic(784, generator=seeded)
    assert _weights(generator) == 101 * 500 + 501 * 500 + 501 * 784
    assert _weights(critic) == 785 * 500 + 501 * 500 + 501 * 1
    images = generator(torch.randn(3, 100, generator=seeded))
    assert images.shape == (3, 784)
    assert 0 < images.min() < images.max() < 1
    assert critic(images).shape == (3,)


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("side", [8, 28])
def test_dcgan_makes_and_judges_images_of_its_side(seeded, side, resize):
    shape = DcganShape(side, width=4, resize=resize, conditions=10)
    told = torch.eye(10)[:6]
    images = DcganGenerator(shape, generator=seeded)(torch.randn(6, 100, generator=seeded), told)
    assert images.shape == (6, 1, side, side)
    assert -1 < images.min() < images.max() < 1
    assert DcganCritic(shape, generator=seeded)(images, told).shape == (6,)


def test_dcgan_keeps_its_five_guidelines(seeded):
    players = [kind(DcganShape(), generator=seeded).layers for kind in (DcganGenerator, DcganCritic)]
    for layers in players:
        assert not any(isinstance(layer, nn.Linear | nn.MaxPool2d | nn.AvgPool2d) for layer in layers)
        assert any(isinstance(layer, nn.BatchNorm2d) for layer in layers)
    generator, critic = players
    assert isinstance(generator[-1], nn.Tanh)
    assert isinstance(generator[-2], nn.ConvTranspose2d)  # nothing normalised at the output
    assert [layer for layer in critic if isinstance(layer, nn.BatchNorm2d)] != [critic[1]]
    assert not any(isinstance(layer, nn.ReLU) for layer in critic)
    assert {layer.negative_slope for layer in critic if isinstance(layer, nn.LeakyReLU)} == {0.2}


def test_a_critic_without_batch_statistics_judges_each_image_alone(seeded):
    images = torch.randn(5, 1, 8, 8, generator=seeded)
    for critic_norm in (True, False):
        critic = DcganCritic(DcganShape(8, width=4, critic_norm=critic_norm), generator=seeded)
        assert torch.allclose(critic(images)[:2], critic(images[:2]), atol=1e-6) != critic_norm


@pytest.mark.parametrize("side", [0, 10, -4])
def test_images_that_cannot_be_halved_twice_are_refused(side):
    with pytest.raises(ValueError, match=f"divisible by 4, got {side}"):
        DcganShape(side)


def test_a_condition_changes_what_both_dense_players_say(seeded):
    generator = DenseGenerator(16, latent=3, hidden=(8,), conditions=2, generator=seeded)
    critic = DenseCritic(16, hidden=(8,), conditions=2, generator=seeded)
    latent = torch.randn(1, 3, generator=seeded).expand(2, -1)
    images = generator(latent, torch.eye(2))
    assert not torch.allclose(images[0], images[1])
    scores = critic(images[:1].expand(2, -1), torch.eye(2))
    assert scores[0] != scores[1]


def test_the_loop_trains_a_conditional_dcgan(seeded):
    shape = DcganShape(8, latent=5, width=4, conditions=2)
    generator, critic = DcganGenerator(shape, generator=seeded), DcganCritic(shape, generator=seeded)
    recipe = AdversarialRecipe(loss=NonSaturating(), penalties=(), steps=60, batch=16, critic_steps=1,
                               generator_rate=0.01, critic_rate=0.003, one_pass=False, average=0.9)  # fmt: skip

    def draw_real(count, rng):
        """Class 0 is dark, class 1 is bright."""
        told = torch.arange(count) % 2
        return (1.6 * told - 0.8)[:, None, None, None] + 0.1 * torch.randn(count, 1, 8, 8, generator=rng), torch.eye(2)[
            told
        ]

    average = train_adversarial(Players(generator, critic, recipe), recipe, draw_real, normal(5), seeded)
    latent = torch.randn(20, 5, generator=seeded)
    measure_statistics(average, [(latent, torch.eye(2).repeat(10, 1))])
    dark, bright = (average(latent, torch.eye(2)[kind].expand(20, -1)).mean().item() for kind in (0, 1))
    assert bright > dark + 0.5


def test_statistics_are_means_over_all_batches_and_nothing_else_changes(seeded):
    network = nn.Sequential(nn.BatchNorm1d(2)).eval()
    weights = [weight.clone() for weight in network.parameters()]
    batches = [(torch.randn(50, 2, generator=seeded) + offset,) for offset in (0.0, 4.0)]
    measure_statistics(network, batches)
    means = torch.stack([batch.mean(dim=0) for (batch,) in batches])
    assert torch.allclose(network[0].running_mean, means.mean(dim=0), atol=1e-5)
    assert network[0].momentum == 0.1
    assert not network.training
    assert all(torch.equal(now, before) for now, before in zip(network.parameters(), weights, strict=True))


def test_the_evidence_by_hand(seeded):
    model = Autoencoder(2, "variational", code=1, hidden=3, generator=seeded)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.encode[-1].bias.copy_(torch.tensor([2.0, 0.0]))  # mean 2, variance 1: KL = 2² / 2 = 2
    found = evidence_loss(model, torch.tensor([[0.0, 1.0]]), torch.zeros(1, 1))
    assert found.item() == pytest.approx(2 + 2 * 0.6931472)  # each pixel has probability 1/2


def test_the_divergence_of_a_wide_code(seeded):
    model = Autoencoder(2, "variational", code=1, hidden=3, generator=seeded)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.encode[-1].bias.copy_(torch.tensor([0.0, 1.3862944]))  # variance 4: KL = (4 - 1 - log 4) / 2
    _, divergence = model(torch.zeros(1, 2), torch.zeros(1, 1))
    assert divergence.item() == pytest.approx((3 - 1.3862944) / 2, abs=1e-6)


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_an_autoencoder_samples_what_it_saw(seeded, kind):
    corners = torch.eye(4)[torch.arange(200) % 2] * 0.9 + 0.05  # pixels 0 and 1 exclude each other, 2 and 3 are dark
    recipe = SupervisedRecipe(steps=150, batch=50, learning_rate=1e-2)
    samples = train_autoencoder(corners, kind, seeded, recipe).sample(300, seeded)
    assert samples.shape == (300, 4)
    assert samples.mean(dim=0).tolist() == pytest.approx([0.5, 0.5, 0.05, 0.05], abs=0.12)
    assert torch.corrcoef(samples.T)[0, 1] < -0.5


def test_codes_are_shaken_by_a_part_of_their_deviation(seeded):
    images, noise = torch.tensor([[0.0, 1.0], [2.0, 7.0]]), torch.tensor([[1.0, -1.0], [0.0, 2.0]])
    for code_noise, moved in ((0.0, [[0, 0], [0, 0]]), (0.1, [[0.1, -0.3], [0, 0.6]])):  # deviations 1 and 3
        model = Autoencoder(2, "plain", code=2, code_noise=code_noise, generator=seeded)
        model.encode = model.decode = nn.Identity()
        assert torch.allclose(model(images, noise)[0], images + torch.tensor(moved))


@pytest.mark.parametrize(("kind", "code_noise"), [("plain", -0.1), ("variational", 0.1)])
def test_noise_that_makes_no_sense_is_refused(seeded, kind, code_noise):
    with pytest.raises(ValueError, match=f"code_noise .* got {code_noise}"):
        Autoencoder(4, kind, code_noise=code_noise, generator=seeded)


def test_white_codes_have_mean_zero_and_covariance_one_also_within_a_plane(seeded):
    images = torch.randn(400, 3, generator=seeded) * torch.tensor([5.0, 0.1, 0.0]) + 2
    model = Autoencoder(3, "plain", code=3, generator=seeded)
    model.encode = nn.Identity()
    model.learn_codes(images)
    white = model.white_codes(images)
    assert torch.allclose(white.mean(dim=0), torch.zeros(3), atol=1e-4)
    assert torch.cov(white.T).diagonal().sort().values.tolist() == pytest.approx([0, 1, 1], abs=1e-3)
    assert torch.allclose(model.code_mean + white @ model.code_factor.T, images, atol=1e-4)


def test_a_gan_of_codes_makes_each_kind_as_often_as_it_saw_it(seeded):
    kinds = (torch.rand(400, generator=seeded) < 0.25).long()  # a quarter has pixel 1 lit, the rest pixel 0
    images = torch.eye(4)[kinds] * 0.9 + 0.05
    small = LatentGan(code=2, latent=2, players=(16,), stage_one=SupervisedRecipe(steps=150, batch=50))
    recipe = replace(small, stage_two=replace(small.stage_two, steps=150, batch=50, average=0.9))
    makers = [train_latent_gan(images, recipe, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    latent = torch.randn(500, 2, generator=seeded)
    with torch.no_grad():
        first, again, other = (maker(latent) for maker in makers)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.mean(dim=0).tolist() == pytest.approx([0.725, 0.275, 0.05, 0.05], abs=0.12)
    assert torch.corrcoef(first.T)[0, 1] < -0.8


def test_same_seed_same_classifier():
    images, labels = torch.rand(30, 6, generator=torch.Generator().manual_seed(1)), torch.arange(30) % 3
    recipe = SupervisedRecipe(steps=3, batch=8)
    first, again = (
        train_classifier(images, labels, 3, torch.Generator().manual_seed(5), recipe)(images) for _ in range(2)
    )
    assert torch.equal(first, again)
    assert first.shape == (30, 3)
