"""Feature spaces: what is seen of a sample, and by whom."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.fidelity import kinematic_spaces as motion
from pipeline.fidelity.spaces import last_input, penultimate, pixels, random_convolution, torch_script
from pipeline.schema import UserError


class Flattened(nn.Module):
    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return samples.flatten(1)


@pytest.fixture
def brought(tmp_path):
    path = tmp_path / "somebodys_network.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Flattened()).save(str(path))
    return path


def steady(toy_windows, step):
    """Windows whose boxes, 50 px high, move by ``step`` (px) every frame."""
    path = np.float32([500, 150, 600, 200]) + np.arange(20, dtype=np.float32)[:, None] * np.float32([*step, *step])
    return toy_windows.take(np.arange(3)).moved_to(np.tile(path, (3, 1, 1)), "made")


def test_constant_velocity_has_speed_and_nothing_else(toy_windows):
    windows = steady(toy_windows, (3, 4))
    assert motion.speed(windows) == pytest.approx(np.full((3, 19), 0.1))  # 5 px of 50
    for quantity in (motion.acceleration, motion.jerk, motion.yaw_rate):
        assert quantity(windows) == pytest.approx(0, abs=1e-6)


def test_a_right_angle_is_a_right_angle(toy_windows):
    windows = steady(toy_windows, (5, 0))
    boxes = windows.boxes.copy()
    boxes[:, 10:] = boxes[:, 9:10] + np.float32([0, 5, 0, 5]) * np.arange(1, 11, dtype=np.float32)[:, None]
    turning = motion.yaw_rate(windows.moved_to(boxes, "made"))
    assert turning[:, 8] == pytest.approx(np.pi / 2)  # downwards in the picture: positive
    assert np.delete(turning, 8, axis=1) == pytest.approx(0, abs=1e-6)


def test_borders_are_told_apart(toy_windows):
    windows = toy_windows.take(np.arange(1)).moved_to(np.full((1, 20, 4), [100, 100, 200, 150], np.float32), "made")
    for side, (axis, value) in enumerate([(0, 0), (1, 0), (2, 1241), (3, 374)]):
        boxes = windows.boxes.copy()
        boxes[0, 4, axis] = value
        code = motion.border(windows.moved_to(boxes, "made"))[0]
        assert code[4] % 16 == 2**side
        assert code[5] == 0


def test_kinematics_are_standardised_by_the_training_windows(toy_windows):
    space = motion.kinematics(toy_windows)
    points = space.features(toy_windows)
    varying = points.std(axis=0) > 0.01
    assert abs(points.mean()) < 0.1
    assert points[:, varying].std(axis=0) == pytest.approx(1, abs=0.25)
    assert not np.allclose(points, space.features(toy_windows.moved_to(toy_windows.boxes + 5, "made")))


def test_the_last_layers_input_is_what_a_head_is_given():
    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    samples = torch.randn(5, 4)
    assert torch.equal(last_input(network, (samples,)), network[1](network[0](samples)))
    assert not any(layer._forward_pre_hooks for layer in network)
    with pytest.raises(ValueError, match="Tanh has no linear"):
        last_input(nn.Tanh(), (samples,))


def test_maps_are_pooled_to_mean_and_spread(toy_pictures):
    network = nn.Sequential(nn.Identity(), nn.Conv2d(3, 1, 1))
    space = penultimate(
        "detector", network, lambda pictures: (torch.from_numpy(pictures.image / 255).permute(0, 3, 1, 2).float(),)
    )
    expected = [toy_pictures.image.mean(axis=(1, 2)), toy_pictures.image.std(axis=(1, 2))]
    assert space.features(toy_pictures) * 255 == pytest.approx(np.concatenate(expected, axis=1), rel=1e-4)
    assert (space.name, space.role) == ("detector", "learnt")


def test_pixels_are_averages_from_0_to_1(toy_pictures):
    points = pixels((2, 1)).features(toy_pictures)
    halves = [toy_pictures.image[:, :, side : side + 32].mean(axis=(1, 2)) for side in (0, 32)]
    assert points == pytest.approx(np.stack(halves, axis=2).reshape(48, 6) / 255, abs=1e-5)


def test_the_untrained_network_is_always_the_same_and_sees_texture(toy_pictures):
    first, second = (random_convolution().features(toy_pictures) for _ in range(2))
    assert np.array_equal(first, second)
    shuffled = toy_pictures.take(np.arange(48))
    flat = np.full_like(toy_pictures.image, 110)
    assert not np.allclose(first, random_convolution().features(shuffled.made_by("flat", flat)), atol=0.1)


def test_a_users_network_is_a_space_by_its_files_name(brought, toy_windows, toy_pictures):
    space = torch_script(brought)
    assert space.name == "somebodys_network"
    assert np.array_equal(space.features(toy_windows), toy_windows.boxes.reshape(240, 80))
    assert space.features(toy_pictures.take(np.arange(3))).shape == (3, 3 * 32 * 64)


def test_what_is_no_network_is_refused_by_name(tmp_path):
    path = tmp_path / "letter.pt"
    path.write_text("Dear network")
    with pytest.raises(UserError, match=r"letter\.pt: no TorchScript file"):
        torch_script(path)
    with pytest.raises(UserError, match="nowhere"):
        torch_script(tmp_path / "nowhere.pt")
