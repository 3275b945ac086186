import pytest
import torch

from models.sequence_code import SequenceCode


def _sequences(n=400, time=8, seed=0):
    """Straight lines in two channels: velocity is the only thing that differs, with deviations 2 and 0.5."""
    rng = torch.Generator().manual_seed(seed)
    velocity = torch.randn(n, 1, 2, generator=rng) * torch.tensor([2.0, 0.5])
    anchors = 5 + 3 * torch.randn(n, 3, generator=rng)
    return velocity * torch.linspace(-1, 1, time)[None, :, None], anchors


def test_codes_have_mean_0_deviation_1_and_no_correlation():
    sequences, anchors = _sequences()
    code = SequenceCode.fitted(sequences, anchors, components=6)
    values = code.encode(sequences, anchors)
    assert torch.allclose(values.mean(0), torch.zeros(code.size), atol=1e-4)
    assert torch.allclose(values.std(0, correction=0), torch.ones(code.size), atol=1e-3)
    assert abs(torch.corrcoef(values[:, :2].T)[0, 1]) < 1e-3


def test_components_that_hold_nothing_are_dropped():
    sequences, anchors = _sequences()
    assert len(SequenceCode.fitted(sequences, anchors, components=6).scale) == 2


def test_decode_inverts_encode():
    sequences, anchors = _sequences()
    code = SequenceCode.fitted(sequences, anchors, components=6)
    again, places = code.decode(code.encode(sequences, anchors))
    assert torch.allclose(again, sequences, atol=1e-4)
    assert torch.allclose(places, anchors, atol=1e-4)


def test_band_scales_of_straight_lines_are_all_velocity():
    sequences, anchors = _sequences(n=20_000)
    code = SequenceCode.fitted(sequences, anchors, components=6)
    since = torch.linspace(-1, 1, 8)
    amounts, rest = code.band_scales(torch.stack([since, since**2]))
    assert amounts[0].tolist() == pytest.approx([2.0, 0.5], rel=0.03)
    assert amounts[1].abs().max() < 1e-3
    assert rest.abs().max() < 1e-3


def test_identical_sequences_still_give_a_usable_code():
    code = SequenceCode.fitted(torch.ones(5, 8, 2), torch.zeros(5, 3), components=4)
    values = code.encode(torch.ones(5, 8, 2), torch.zeros(5, 3))
    assert torch.isfinite(values).all()
    assert torch.allclose(code.decode(values)[0], torch.ones(5, 8, 2))


def test_a_code_survives_its_state_dict():
    sequences, anchors = _sequences()
    code = SequenceCode.fitted(sequences, anchors, components=2)
    other = SequenceCode(8, 2, 3, components=2)
    other.load_state_dict(code.state_dict())
    assert torch.equal(other.encode(sequences, anchors), code.encode(sequences, anchors))
