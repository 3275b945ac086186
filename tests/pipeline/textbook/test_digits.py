"""Parts of the lessons about digits that have answers known by hand; whole lessons run in the contract test."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.supervised import SupervisedRecipe
from pipeline.figures.style import DARK, LIGHT, to_png
from pipeline.sources.idx import CLASSES, DigitSet, read_digits
from pipeline.textbook.digit_baselines import autoencoder, kmeans, mixture, real_digits
from pipeline.textbook.digit_figures import balance_bars, digit_grid, loss_panels, score_lines
from pipeline.textbook.digit_gan import CONVOLUTIONAL, DigitGan, noisy
from pipeline.textbook.digit_scores import Scoring, appoint_referee, nearest
from pipeline.textbook.digits_latent import slant_deg

QUICK = SupervisedRecipe(steps=30)


@pytest.fixture(scope="module")
def bundled():
    return read_digits()


@pytest.fixture
def two_kinds():
    """Dark zeros and bright ones, 4x4 pixels, hardly different among themselves."""
    labels = np.arange(200) % 2
    levels = 40 + 160 * labels[:, None, None] + np.arange(200)[:, None, None] % 5
    return DigitSet(np.broadcast_to(levels, (200, 4, 4)).astype(np.uint8), labels)


def test_the_referee_keeps_what_it_judges_by_from_the_makers(bundled, rng):
    referee = appoint_referee(bundled, Scoring(samples=50, held_out=100, judge=QUICK), rng)
    assert len(referee.train) == 1199
    assert len(referee.validation) == 239
    assert len(referee.held_out) == 100
    assert np.array_equal(referee.validation[0], bundled.train.pixels[1199])
    assert referee.judge.accuracy > 0.5


def test_the_referee_prefers_real_digits_to_noise(bundled, rng):
    referee = appoint_referee(bundled, Scoring(samples=50, held_out=100, judge=QUICK), rng)
    real, noise = bundled.train.pixels[:500], rng.random((500, 64), np.float32)
    of_real, of_noise = referee.score(real), referee.score(noise)
    assert of_real.likelihood.nats > of_noise.likelihood.nats + 20
    assert of_real.frechet < of_noise.frechet / 3
    assert 1 <= of_noise.inception.value < of_real.inception.value <= 10
    assert referee.balance(real).smallest > 0.04


def test_the_nearest_image_is_found(rng):
    real = rng.random((40, 9))
    assert nearest(real[[7, 30, 7]] + 1e-6, real).tolist() == [7, 30, 7]


def test_real_digits_come_back_once_before_they_repeat(two_kinds, rng):
    drawn = real_digits(two_kinds, rng).draw(200, rng)
    assert np.array_equal(np.sort(drawn[:, 0]), np.sort(two_kinds.pixels[:, 0]))
    assert real_digits(two_kinds, rng).draw(450, rng).shape == (450, 16)


def test_centres_of_clusters_are_means_of_their_members(rng):
    images = np.zeros((40, 4, 4), np.uint8)
    images[20:] = 200
    images[:, 0, 0] = np.tile([10, 30], 20)
    real = DigitSet(images, np.zeros(40, int))
    centres = np.unique(kmeans(real, rng, per_cluster=20).draw(50, rng).round(6), axis=0)
    assert len(centres) <= 2
    assert centres.mean(axis=0)[1:] == pytest.approx(np.full(15, 100 / 255), abs=1e-5)


@pytest.mark.parametrize("fit", [mixture, autoencoder])
def test_a_baseline_repeats_with_its_seed_and_stays_within_brightness(two_kinds, fit):
    options = {"gaussians": 2} if fit is mixture else {"recipe": QUICK}
    fitted = fit(two_kinds, np.random.default_rng(1), **options)
    first, again, other = (fitted.draw(30, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (30, 16)
    assert 0 <= first.min() <= first.max() <= 1
    assert fitted.parameters > 0


def test_a_mixture_finds_both_kinds(two_kinds, rng):
    brightness = mixture(two_kinds, rng, gaussians=2).draw(400, rng).mean(axis=1)
    bright = brightness > 0.5
    assert bright.mean() == pytest.approx(0.5, abs=0.1)
    assert brightness[~bright].mean() == pytest.approx(42 / 255, abs=0.03)
    assert brightness[bright].mean() == pytest.approx(202 / 255, abs=0.03)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("players", ["dense", "convolutional"])
def test_a_gan_of_digits_repeats_with_its_seed_and_does_not_mind_being_watched(two_kinds, players, conditional):
    recipe = replace(noisy(4) if players == "dense" else CONVOLUTIONAL, steps=4, batch=8)
    gan = DigitGan(players, conditional, latent=5, width=2, hidden=(6,), recipe=recipe)
    before = two_kinds.images.copy()
    watched = []
    makers = [
        gan.train(
            two_kinds, torch.Generator().manual_seed(seed), looks=looks, look=lambda step, _: watched.append(step)
        )
        for seed, looks in ((0, 1), (0, 2), (1, 1))
    ]
    first, again, other = (maker(600, torch.Generator().manual_seed(3)) for maker in makers)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (600, 16)
    assert 0 <= first.min() <= first.max() <= 1
    assert watched == [4, 2, 4, 4]
    assert np.array_equal(two_kinds.images, before)


def test_only_a_conditional_generator_listens_to_the_class(two_kinds):
    for conditional in (False, True):
        recipe = replace(noisy(4), steps=2, batch=8)
        maker = DigitGan(conditional=conditional, latent=5, hidden=(6,), recipe=recipe).train(
            two_kinds, torch.Generator().manual_seed(0)
        )
        latent = torch.ones(2, 5)
        made = maker.of(latent, torch.tensor([0, 1]))
        assert np.array_equal(made[0], made[1]) != conditional


def test_slant_of_strokes_drawn_by_hand():
    upright, right, left, dot = np.zeros((4, 9, 9))
    upright[1:8, 4] = 1
    right[[6, 5, 4, 3, 2], [2, 3, 4, 5, 6]] = 1  # goes up to the right at 45 degrees
    left[[6, 4, 2], [5, 4, 3]] = 1  # goes up to the left, one pixel in two
    dot[4, 4] = 1
    found = slant_deg(np.stack([upright, right, left, dot]).reshape(4, 81))
    assert found[:3] == pytest.approx([0, 45, -np.degrees(np.arctan(0.5))])
    assert np.isnan(found[3])


def _same_and_drawn(picture):
    light, dark = (to_png(picture(theme), 40) for theme in (LIGHT, DARK))
    return light.startswith(b"\x89PNG") and light != dark


def test_pictures_are_drawn_in_both_themes(rng):
    panel, real = rng.random((2, 3, 4, 4)), np.array([[False, False, True], [False, False, False]])
    assert _same_and_drawn(lambda theme: digit_grid(panel, real, ["a", "b"], ["0", "1", "2"], theme))
    shares = {"real": np.full(CLASSES, 0.1), "ours": np.eye(CLASSES)[3]}
    assert _same_and_drawn(lambda theme: balance_bars(shares, theme))
    curve = [(step, {"critic_loss": 1.0 / step, "generator_loss": 2.0}) for step in (1, 2, 3)]
    assert _same_and_drawn(lambda theme: loss_panels({"first": curve, "second": curve}, theme))
    assert _same_and_drawn(lambda theme: score_lines({"first": [(1.0, 2.0), (2.0, 3.0)]}, "x", "y", theme))


def test_only_real_digits_are_framed(rng):
    real = np.array([[False, True, False], [False, False, True]])
    figure = digit_grid(rng.random((2, 3, 4, 4)), real, (), (), LIGHT)
    frames = [patch.get_xy() for patch in figure.axes[0].patches]
    assert [(int(x), int(y)) for x, y in frames] == [(1, 0), (2, 1)]
    assert len(figure.axes[0].images) == 6
