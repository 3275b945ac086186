import numpy as np
import pytest

from pipeline.city.intervals import GROUND, SKY
from pipeline.city.polygons import Polygons, box, faces, walls
from pipeline.city.raster import rasterise
from pipeline.city.textures import LEAVES, Atlas
from pipeline.city.view import View

EAST_LOOKING = np.array([[0.0, -1, 0, 0], [0, 0, -1, 1.5], [1, 0, 0, 0], [0, 0, 0, 1]])
"""A camera 1.5 m over the origin that looks east: right is south, down is down."""


@pytest.fixture
def view() -> View:
    return View(100, 60, (50.0, 50.0), (49.5, 29.5), EAST_LOOKING)


@pytest.fixture
def atlas() -> Atlas:
    flat = np.ones((1, 1, 4)) * [1, 1, 1, 0]
    hole = np.ones((4, 4, 4))
    hole[:, 2:, 3] = 0  # the right half is not there
    return Atlas.pack([flat] * LEAVES + [hole], {})


def wall(x: float, south: float, north: float, low: float, high: float, **look) -> Polygons:
    """An upright wall that faces west, towards the camera."""
    corners = np.array([[(x, north, low), (x, south, low), (x, south, high), (x, north, high)]])
    return faces(corners, (0.5, 0.5, 0.5), **look)


def test_a_wall_at_10_m_covers_the_pixels_computed_by_hand(view, atlas):
    buffers = rasterise(wall(10.0, -4.0, 4.0, 0.1, 2.95), view, atlas)
    rows, columns = np.nonzero(buffers.face == 2)
    # 4 m to either side at 10 m: 20 px; 1.45 m up, 1.4 m down: 7.25 and 7 px around row 29.5
    assert (columns.min(), columns.max()) == (30, 69)
    assert (rows.min(), rows.max()) == (23, 36)
    assert buffers.inverse_depth[rows, columns] == pytest.approx(0.1, rel=1e-6)


def test_the_ground_is_as_far_as_similar_triangles_say_and_the_sky_is_nowhere(view, atlas):
    buffers = rasterise(wall(5.0, 90.0, 91.0, 0.0, 1.0), view, atlas)
    assert buffers.face[0, 0] == SKY
    assert buffers.face[59, 50] == GROUND
    assert 1 / buffers.inverse_depth[59, 50] == pytest.approx(1.5 * 50 / 29.5)


def test_the_nearer_of_two_walls_wins_whatever_their_order(view, atlas):
    near, far = wall(8.0, -1.0, 1.0, 0.0, 2.0), wall(16.0, -6.0, 6.0, 0.0, 6.0)
    for order in ([near, far], [far, near]):
        buffers = rasterise(Polygons.join(order), view, atlas)
        assert 1 / buffers.inverse_depth[30, 50] == pytest.approx(8)
        assert 1 / buffers.inverse_depth[30, 35] == pytest.approx(16)


def test_a_wall_seen_at_an_angle_has_exact_depth_at_every_pixel(view, atlas):
    corners = np.array([[(5.0, 3, 0), (60.0, 3, 0), (60.0, 3, 9), (5.0, 3, 9)]])  # along the left side of the street
    buffers = rasterise(faces(corners, (0.5, 0.5, 0.5)), view, atlas)
    column = np.nonzero(buffers.face[30] == 2)[0]
    assert len(column) > 15
    np.testing.assert_allclose(1 / buffers.inverse_depth[30, column], 3 * 50 / (49.5 - column), rtol=1e-5)


def test_a_wall_that_passes_beside_the_camera_is_cut_and_not_turned_inside_out(view, atlas):
    corners = np.array([[(-20.0, 3, 0), (60.0, 3, 0), (60.0, 3, 9), (-20.0, 3, 9)]])
    buffers = rasterise(faces(corners, (0.5, 0.5, 0.5)), view, atlas)
    covered = buffers.face == 2
    assert covered[:, 0].any()
    assert not covered[:, 50:].any()  # nothing of it lies to the right of the middle


def test_what_turns_its_back_is_not_drawn(view, atlas):
    away = wall(10.0, -4.0, 4.0, 0.0, 3.0)
    away.corners_m[:] = away.corners_m[:, ::-1]
    assert not (rasterise(away, view, atlas).face == 2).any()


def test_a_box_shows_only_the_sides_that_look_at_the_camera(view, atlas):
    corners = box((2.0, 2.0, 1.0), (10.0, 0.0, 0.5))  # lower than the eye: front and top
    seen = set(np.unique(rasterise(faces(corners, (0.5, 0.5, 0.5)), view, atlas).projected.index).tolist())
    assert seen == {3, 4}  # west and top
    assert walls(-1.0, -1.0, 1.0, 1.0, 0.0, 1.0).shape == (4, 4, 3)


def test_a_cut_out_texture_lets_the_background_through(view, atlas):
    card = wall(10.0, -2.0, 2.0, 0.0, 3.0, texture=LEAVES, two_sided=True)
    buffers = rasterise(Polygons.join([card, wall(20.0, -9.0, 9.0, 0.0, 9.0)]), view, atlas)
    depth = 1 / buffers.inverse_depth[30]
    assert depth[42] == pytest.approx(10)
    assert depth[56] == pytest.approx(20)


def test_drawing_near_things_first_hides_nothing_that_can_be_seen(view, atlas, rng):
    """Many walls at random: the buffers equal those of a plain loop over all faces and pixels."""
    parts = [
        wall(float(x), float(y), float(y + w), 0.0, float(h))
        for x, y, w, h in zip(
            rng.uniform(4, 90, 400),
            rng.uniform(-40, 30, 400),
            rng.uniform(1, 9, 400),
            rng.uniform(1, 9, 400),
            strict=True,
        )
    ]
    many = Polygons.join(parts)
    buffers = rasterise(many, view, atlas)
    nearest = np.full((60, 100), 1e-3)
    ground = (np.arange(60) - 29.5)[:, None] / (50 * 1.5)
    nearest = np.maximum(nearest, ground)
    u, v = np.arange(100), np.arange(60)[:, None]
    for corners in many.corners_m:
        x, (south, north), high = corners[0, 0], sorted(corners[:2, 1]), corners[2, 2]
        left, right, top = 49.5 - 50 * north / x, 49.5 - 50 * south / x, 29.5 - 50 * (high - 1.5) / x
        inside = (u >= left) & (u <= right) & (v >= top) & (v <= 29.5 + 50 * 1.5 / x)
        nearest = np.where(inside & (1 / x > nearest), 1 / x, nearest)
    np.testing.assert_allclose(buffers.inverse_depth, nearest, rtol=1e-5)
