"""Depth drawn as colours: what is measured, estimated and wrong, and what stays blank."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.depth_examples import DepthExamples
from pipeline.figures.depth_figures import depth_panel, depth_pictures, relative_error
from pipeline.figures.style import LIGHT, to_png
from pipeline.pictures import Pictures
from pipeline.tasks.depth_errors import DepthProtocol


@pytest.fixture
def examples(toy_pictures: Pictures) -> DepthExamples:
    """Two pictures: one network is right everywhere, the other says half."""
    some = toy_pictures.take(np.array([0, 9]))
    depth = np.full_like(some.depth_m, 20.0)
    depth[:, :, :8], depth[:, :, 8:16] = np.nan, 500.0
    estimates = {"none": np.full_like(depth, 10.0), "flip": np.full_like(depth, 20.0)}
    return DepthExamples(replace(some, depth_m=depth), estimates, DepthProtocol(crop="none"))


def test_errors_are_relative_and_only_where_pixels_count(examples: DepthExamples) -> None:
    error = relative_error(examples, "none", 1)
    assert np.isnan(error[:, :16]).all()  # unknown, and beyond the cap
    assert (error[:, 16:] == 0.5).all()
    assert (relative_error(examples, "flip", 0)[:, 16:] == 0).all()


def test_every_strategy_gets_a_figure_beside_the_plain_network(examples: DepthExamples) -> None:
    pictures = depth_pictures(examples)
    assert [picture.name for picture in pictures] == ["depth_flip"]
    figure = pictures[0].draw(LIGHT)
    named = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert named == ["picture", "measured", "none", "none: error", "flip", "flip: error"]
    assert to_png(figure).startswith(b"\x89PNG")


def test_the_plain_network_is_drawn_alone_where_nothing_else_was_studied(examples: DepthExamples) -> None:
    alone = replace(examples, estimates_m={"none": examples.estimates_m["none"]})
    assert [picture.name for picture in depth_pictures(alone)] == ["depth_none"]
    assert len(depth_panel(alone, "none", LIGHT).axes) == 2 * 4 + 2
    assert depth_pictures(None) == []


def test_examples_without_truth_are_refused(examples: DepthExamples) -> None:
    with pytest.raises(ValueError, match="need pictures with depth"):
        replace(examples, pictures=replace(examples.pictures, depth_m=None))
