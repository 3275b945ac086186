import math

import pytest
import torch

from models.detector import (
    PADDING,
    STRIDE,
    UNLABELLED,
    CentrePointDetector,
    Maps,
    centre_heat,
    detection_loss,
    find_peaks,
    focal_loss,
)
from models.reporting import TrainingDiverged
from models.supervised import SupervisedRecipe, train_supervised


def _rng(seed=0):
    return torch.Generator().manual_seed(seed)


class _Says(torch.nn.Module):
    """A network that always gives the same maps."""

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, images):
        return self.maps


def _perfect(boxes, kind, rows=8, columns=12):
    """Maps that say exactly what ``detection_loss`` wants to hear."""
    heat = torch.full((1, 2, rows, columns), -20.0)
    offset, log_size = torch.zeros(1, 2, rows, columns), torch.zeros(1, 2, rows, columns)
    for box, code in zip(boxes, kind, strict=True):
        x, y = ((box[0] + box[2]) / 2 + 0.5) / STRIDE, ((box[1] + box[3]) / 2 + 0.5) / STRIDE
        heat[0, code, int(y), int(x)] = 20.0
        offset[0, :, int(y), int(x)] = torch.tensor([x % 1, y % 1])
        log_size[0, :, int(y), int(x)] = torch.tensor([(box[2] - box[0]) / STRIDE, (box[3] - box[1]) / STRIDE]).log()
    return Maps(heat, offset, log_size)


BOXES, KINDS = [[3.0, 4.0, 20.0, 14.0], [30.0, 10.0, 35.0, 29.0]], [0, 1]


def test_what_the_loss_wants_to_hear_is_what_decoding_gives_back():
    maps = _perfect(BOXES, KINDS)
    loss = detection_loss(_Says(maps), torch.zeros(1, 3, 32, 48), torch.tensor([BOXES]), torch.tensor([KINDS]))
    assert loss.item() == pytest.approx(0, abs=1e-5)
    found = find_peaks(maps, most=2)
    order = found.kind[0].argsort()
    assert torch.allclose(found.boxes[0, order], torch.tensor(BOXES), atol=1e-4)
    assert found.score[0].tolist() == pytest.approx([1, 1])


def test_heat_is_1_at_the_centre_and_falls_off_with_the_size_of_the_box():
    heat = centre_heat(torch.tensor([BOXES]), torch.tensor([KINDS]), 2, (8, 12))
    assert heat[0, 0, 2, 3] == 1  # centre (11.5, 9), half a pixel more, in cells of 4 px: column 3, row 2
    assert heat[0, 0, 2, 4].item() == pytest.approx(math.exp(-1 / 2 / (0.09 * 17 / 4) ** 2))
    assert heat[0, 1, 5, 8] == 1
    assert heat[0].flatten(1).sum(1).max() < 2  # nothing else


def test_focal_loss_by_hand():
    logit, heat = torch.zeros(1, 1, 1, 3), torch.tensor([[[[1.0, 0.5, 0.0]]]])  # p = 1/2 everywhere
    expected = 0.25 * math.log(2) * (1 + 0.5**4 + 1)
    assert focal_loss(logit, heat, torch.ones(1, 1, 1, 3)).item() == pytest.approx(expected)
    masked = torch.tensor([[[[0.0, 1.0, 0.0]]]])  # a labelled object counts even inside a region without labels
    assert focal_loss(logit, heat, masked).item() == pytest.approx(0.25 * math.log(2) * (1 + 0.5**4))


def test_sureness_costs_nothing_where_nobody_labelled():
    maps = _perfect([[16.0, 8.0, 31.0, 23.0]], [0])
    images, region = torch.zeros(1, 3, 32, 48), torch.tensor([[[12.0, 4.0, 40.0, 28.0]]])
    costs = [detection_loss(_Says(maps), images, region, torch.tensor([[kind]])) for kind in (PADDING, UNLABELLED)]
    assert costs[0] > 10
    assert costs[1] < 1e-4


def test_padding_changes_nothing_and_no_object_at_all_is_finite():
    detector, images = CentrePointDetector(2, 8, generator=_rng()), torch.rand(1, 3, 32, 48, generator=_rng())
    boxes, kind = torch.tensor([BOXES]), torch.tensor([KINDS])
    padded = torch.cat([boxes, torch.zeros(1, 3, 4)], 1), torch.cat([kind, torch.full((1, 3), PADDING)], 1)
    loss = detection_loss(detector, images, boxes, kind)
    assert torch.allclose(detection_loss(detector, images, *padded), loss)
    empty = detection_loss(detector, images, torch.zeros(1, 1, 4), torch.full((1, 1), PADDING))
    assert torch.isfinite(empty)
    empty.backward()
    assert all(torch.isfinite(p.grad).all() for p in detector.parameters() if p.grad is not None)


def test_boxes_beyond_the_image_or_turned_round_teach_nothing_that_is_not_finite():
    boxes = torch.tensor([[[-90.0, -50.0, -70.0, -30.0], [500.0, 300.0, 600.0, 400.0], [20.0, 20.0, 10.0, 10.0]]])
    detector = CentrePointDetector(1, 8, generator=_rng())
    assert torch.isfinite(detection_loss(detector, torch.zeros(1, 3, 32, 48), boxes, torch.zeros(1, 3).long()))


def test_decoding_keeps_peaks_only_and_clips_to_the_image():
    heat = torch.full((1, 1, 4, 4), -9.0)
    heat[0, 0, 0, 0], heat[0, 0, 0, 1], heat[0, 0, 3, 3] = 3.0, 2.0, 1.0  # the second is beside a surer one
    found = find_peaks(Maps(heat, torch.full((1, 2, 4, 4), 0.5), torch.full((1, 2, 4, 4), math.log(3))), most=3)
    assert found.score[0, :2].tolist() == pytest.approx([1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-1))])
    assert found.score[0, 2] < 0.001
    assert found.boxes[0, 0].tolist() == pytest.approx([0, 0, 7.5, 7.5])
    assert found.boxes[0, 1].tolist() == pytest.approx([7.5, 7.5, 15, 15])


def _squares(step, rng=None):
    """Bright and dark squares of two sizes on noise."""
    rng = rng or _rng(step)
    images = 0.1 * torch.randn(8, 3, 32, 64, generator=rng)
    side = 8 + 4 * torch.randint(0, 2, (8, 2), generator=rng)
    corner = torch.stack([torch.randint(0, 19, (8, 2), generator=rng), torch.randint(0, 20, (8, 2), generator=rng)], -1)
    corner[:, 1, 0] += 32
    boxes = torch.cat([corner, corner + side[..., None] - 1], dim=-1).float()
    kind = torch.randint(0, 2, (8, 2), generator=rng)
    for image, its_boxes, its_kinds in zip(images, boxes.int().tolist(), kind.tolist(), strict=True):
        for (left, top, right, bottom), code in zip(its_boxes, its_kinds, strict=True):
            image[:, top : bottom + 1, left : right + 1] = 1.0 if code else -1.0
    return images, boxes, kind


def test_squares_are_found_in_their_places_with_their_sizes():
    detector = CentrePointDetector(2, 8, generator=_rng())
    recipe = SupervisedRecipe(steps=80, learning_rate=1e-2)
    train_supervised(detector, recipe, _squares, detection_loss)
    images, boxes, kind = _squares(0, _rng(10**6))
    with torch.no_grad():
        found = find_peaks(detector(images), most=2)
    order, true_order = found.boxes[..., 0].argsort(dim=1), boxes[..., 0].argsort(dim=1)
    near = (
        found.boxes.gather(1, order[..., None].expand(-1, -1, 4))
        - boxes.gather(1, true_order[..., None].expand(-1, -1, 4))
    ).abs()
    assert near.amax(dim=2).median() < 1.5
    assert (found.kind.gather(1, order) == kind.gather(1, true_order)).float().mean() > 0.9


def test_images_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"multiples of 16 px high and wide, got \(48, 50\)"):
        CentrePointDetector(1, 8, generator=_rng())(torch.zeros(1, 3, 48, 50))


def test_an_image_that_is_not_finite_stops_training():
    images = torch.full((1, 3, 16, 16), math.nan), torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.long)
    with pytest.raises(TrainingDiverged, match="step 1"):
        train_supervised(
            CentrePointDetector(1, 8, generator=_rng()), SupervisedRecipe(steps=1), lambda step: images, detection_loss
        )


def test_same_seed_same_weights_and_the_global_generator_is_not_touched():
    before = torch.get_rng_state()
    first, again, other = (CentrePointDetector(2, 8, generator=_rng(seed)).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.0.0.weight"], other["stem.0.0.weight"])
    assert torch.equal(torch.get_rng_state(), before)
