"""Other views of pictures: boxes stay on what they belong to."""

import pytest
import torch
from torch import Tensor

from models.detector import PADDING, UNLABELLED
from pipeline.tasks.box_views import BoxViews

HEIGHT, WIDTH = 48, 96


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _batch(count: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    """White rectangles of 20 x 12 px on black, one a picture."""
    images = -torch.ones(count, 3, HEIGHT, WIDTH)
    left = torch.randint(2, WIDTH - 22, (count,), generator=_rng(1))
    top = torch.randint(2, HEIGHT - 14, (count,), generator=_rng(2))
    for n in range(count):
        images[n, :, top[n] : top[n] + 12, left[n] : left[n] + 20] = 1
    boxes = torch.stack([left, top, left + 19, top + 11], dim=1)[:, None].float()
    return images, boxes, torch.zeros(count, 1, dtype=torch.long)


def test_no_zoom_and_no_mirror_change_nothing() -> None:
    batch = _batch()
    for seen, given in zip(BoxViews(zoom=(1.0, 1.0), mirrored=0.0)(batch, _rng()), batch, strict=True):
        torch.testing.assert_close(seen, given, atol=1e-4, rtol=0)


def test_a_mirrored_box_is_where_the_flip_puts_it() -> None:
    batch = _batch()
    images, boxes, _ = BoxViews(zoom=(1.0, 1.0), mirrored=1.0)(batch, _rng())
    torch.testing.assert_close(images, batch[0].flip(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(boxes[..., [0, 2]], (WIDTH - 1) - batch[1][..., [2, 0]])


def test_zoomed_boxes_still_hold_the_white_and_nothing_else() -> None:
    images, boxes, kind = BoxViews(zoom=(0.9, 2.0))(_batch(), _rng(3))
    seen = [n for n in range(len(images)) if kind[n, 0] == 0]
    assert len(seen) > 5
    for n in seen:
        left, top, right, bottom = boxes[n, 0].round().int().tolist()
        inner = images[n, 0, top + 2 : bottom - 1, left + 2 : right - 1]
        assert inner.numel() == 0 or inner.min() > 0.5


def test_a_cut_at_its_own_zoom_shows_a_part_of_the_picture_pixel_for_pixel() -> None:
    images, boxes, kind = BoxViews(zoom=(2.0, 2.0), cut=2, kept=1.0)(_batch(32), _rng())
    assert images.shape == (32, 3, HEIGHT // 2, WIDTH // 2)
    whole = boxes[kind == 0]
    assert len(whole) > 3
    torch.testing.assert_close(whole[:, 2:] - whole[:, :2], torch.tensor([[19.0, 11.0]]).expand(len(whole), 2))


def test_what_is_hardly_in_view_is_not_asked_for_and_what_is_out_of_view_is_gone() -> None:
    _, boxes, kind = BoxViews(zoom=(3.0, 3.0), kept=0.9)(_batch(64), _rng())
    assert set(kind.flatten().tolist()) == {0, UNLABELLED, PADDING}
    assert (boxes >= -0.5).all()
    assert (boxes[kind == 0][:, 2:] > boxes[kind == 0][:, :2]).all()


def test_padding_stays_padding_and_regions_stay_regions() -> None:
    images, boxes, _ = _batch(2)
    kind = torch.tensor([[PADDING], [UNLABELLED]])
    assert BoxViews(zoom=(1.0, 1.0))((images, boxes, kind), _rng())[2].tolist() == kind.tolist()


def test_the_batch_is_left_as_it_was_and_the_same_draw_gives_the_same_view() -> None:
    batch = _batch()
    before = [part.clone() for part in batch]
    first, again = (BoxViews()(batch, _rng(5)) for _ in range(2))
    for part, was, one, other in zip(batch, before, first, again, strict=True):
        assert torch.equal(part, was)
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    "options", [{"zoom": (0.0, 1.0)}, {"zoom": (2.0, 1.0)}, {"mirrored": 1.5}, {"kept": -0.1}, {"cut": 0}]
)
def test_views_that_show_nothing_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        BoxViews(**options)
