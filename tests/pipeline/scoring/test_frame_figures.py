"""Tracks on real frames, and walks through latents: what is drawn where."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.figures import frame_pictures, walk_pictures
from pipeline.figures.frame_figures import scenes
from pipeline.figures.style import DARK, LIGHT, to_png
from pipeline.pages import inline

HISTORY = 10


@pytest.fixture
def frames(windows, tmp_path: Path):
    """A grey picture of each frame of the drive that most windows are from."""
    names, counts = np.unique(windows.drive, return_counts=True)
    width, height = (int(side) for side in windows.image_size[0])
    path = tmp_path / "grey.png"
    Image.new("RGB", (width, height), (90, 90, 90)).save(path)
    return {(str(names[counts.argmax()]), frame): path for frame in range(200)}


def test_windows_are_drawn_on_the_frame_that_they_are_last_observed_in(windows, frames):
    shown, at_home = scenes(windows, frames, HISTORY)
    assert at_home
    for scene in shown:
        last_seen = zip(scene.windows.drive, scene.windows.frame + HISTORY - 1, strict=True)
        assert set(last_seen) <= set(frames)
        assert len(set(scene.windows.frame)) == 1


def test_windows_without_a_drive_are_guests_and_two_frames_share_none(windows, frames):
    made = replace(windows, drive=np.full(len(windows), "gan-7"), track=np.arange(len(windows)))
    shown, at_home = scenes(made, frames, HISTORY)
    assert not at_home
    tracks = [set(scene.windows.track.tolist()) for scene in shown]
    assert len(tracks) == 2
    assert not tracks[0] & tracks[1]


def test_where_no_picture_fits_nothing_is_drawn(windows, frames):
    made = replace(windows, drive=np.full(len(windows), "gan-7"), image_size=windows.image_size + 1)
    assert frame_pictures({"gan": made}, made, frames, HISTORY) == []
    assert frame_pictures({"gan": windows}, windows, {}, HISTORY) == []


def test_photographs_lie_in_the_page_as_jpeg(windows, frames):
    real, _ = frame_pictures({"flip": windows.made_by("flip")}, windows, frames, HISTORY)
    assert real.name == "frames_real"
    assert inline(real).count("data:image/jpeg;base64,") == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_walk_is_drawn_with_a_cell_a_stop(windows, theme):
    walk = windows.take(np.arange(6)).made_by("gan")
    walk = replace(walk, track=np.repeat([0, 1], 3), index=np.tile([0, 1, 2], 2))
    (picture,) = walk_pictures({"gan": walk})
    figure = picture.draw(theme)
    (axes,) = figure.axes
    assert len(axes.patches) == 6 * 3  # a cell, its first and its last box
    assert axes.get_xlim() == (0, 3)
    assert to_png(figure, dpi=30).startswith(b"\x89PNG")
