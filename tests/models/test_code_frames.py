import pytest
import torch

from models.code_frames import CodeFrames, CodeVelocities
from models.code_sampler import CodeGenerator
from models.convolutional_gan import ConvolutionalCritic, ConvolutionalGenerator
from models.recurrent_gan import RecurrentCritic, RecurrentGenerator
from models.sequence_code import SequenceCode

CLASSES = 3


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


def _walks(n=500, time=9):
    """Smooth walks of two channels, at rest in the middle frame."""
    velocity = torch.randn(n, time, 2, generator=_rng()).cumsum(dim=1)
    walks = velocity.cumsum(dim=1)
    return walks - walks[:, 4:5], 2 + 3 * torch.randn(n, 2, generator=_rng(1))


def _code(components=10):
    return SequenceCode.fitted(*_walks(), components=components)


def test_frames_are_whitened_and_hold_all_that_the_code_holds():
    code = _code()
    view, codes = CodeFrames(code), code.encode(*_walks())
    frames = view.frames(codes)
    assert frames.square().mean().item() == pytest.approx(1, rel=1e-3)
    assert torch.allclose(view.codes(frames, codes[:, -2:]), codes, atol=1e-4)


def test_what_is_written_for_a_step_moves_that_step_most():
    code = _code(16)
    view = CodeFrames(code)
    for step in range(view.steps):
        frames = torch.zeros(1, view.steps, 2)
        frames[0, step, 0] = 1
        codes = torch.cat([view.codes(frames, torch.zeros(1, 2)), view.codes(0 * frames, torch.zeros(1, 2))])
        moved, rest = code.decode(codes)[0].diff(dim=1)
        assert abs((moved - rest)[:, 0].abs().argmax().item() - step) <= 1


def test_velocities_integrate_to_the_codes_they_came_from():
    code = _code(16)
    view, codes = CodeVelocities(code), code.encode(*_walks())
    velocities = view.velocities(codes)
    assert velocities.square().mean(dim=(0, 1)).tolist() == pytest.approx([1, 1], rel=0.05)
    assert torch.allclose(view.codes(velocities, codes[:, -2:]), codes, atol=1e-3)


@pytest.mark.parametrize(
    ("build", "oppose"),
    [(ConvolutionalGenerator, ConvolutionalCritic), (RecurrentGenerator, RecurrentCritic)],
    ids=["convolutional", "recurrent"],
)
@pytest.mark.parametrize("time", [2, 9, 20])
def test_players_that_work_frame_by_frame_fit_each_other_at_any_length(build, oppose, time):
    code = SequenceCode.fitted(*_walks(time=max(5, time)), components=6)
    code = SequenceCode.fitted(_walks()[0][:, :time], _walks()[1], components=6) if time < 5 else code
    before = torch.get_rng_state()
    generator, critic = build(code, CLASSES, 8, generator=_rng()), oppose(code, CLASSES, 8, generator=_rng())
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(generator, CodeGenerator)
    codes = generator.sample(torch.eye(CLASSES), _rng(3))
    assert codes.shape == (CLASSES, code.size)
    assert torch.equal(codes, generator.sample(torch.eye(CLASSES), _rng(3)))
    scores = critic(codes, torch.eye(CLASSES))
    assert scores.shape == (CLASSES,)
    scores.sum().backward()
    assert all(weight.grad is not None for weight in [*generator.parameters(), *critic.parameters()])
