import torch

from models.lstm import LstmForecaster
from models.supervised import SupervisedRecipe, train_supervised


def _forecaster(seed=0):
    return LstmForecaster(3, 2, horizon=4, outputs=2, hidden=8, generator=torch.Generator().manual_seed(seed))


def test_the_untrained_forecast_is_the_baseline():
    assert torch.equal(_forecaster()(torch.randn(5, 6, 3), torch.randn(5, 2)), torch.zeros(5, 4, 2))


def test_weights_come_from_the_given_generator_alone():
    before = torch.get_rng_state()
    first, again, other = _forecaster(1), _forecaster(1), _forecaster(2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
    assert not torch.equal(first.lstm.weight_hh_l0, other.lstm.weight_hh_l0)


def test_initial_recurrent_weights_stay_within_one_over_sqrt_hidden():
    weight = _forecaster().lstm.weight_hh_l0
    assert weight.abs().max() <= 8**-0.5
    assert weight.std() > 0.5 * 8**-0.5  # uniform in the bound has a deviation of 0.577 times it


def test_it_learns_the_mean_of_its_history():
    generator = torch.Generator().manual_seed(3)
    history, static = torch.randn(512, 6, 3, generator=generator), torch.zeros(512, 2)
    truth = history.mean(dim=1)[:, None, :2].expand(-1, 4, -1)

    def squared(model, history, static, truth):
        return (model(history, static) - truth).square().mean()

    model = _forecaster()
    before = squared(model, history, static, truth).item()
    train_supervised(
        model, SupervisedRecipe(steps=150, learning_rate=0.02), lambda _: (history, static, truth), squared
    )
    assert squared(model, history, static, truth).item() < 0.1 * before
