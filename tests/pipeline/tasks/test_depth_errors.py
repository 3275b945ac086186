import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tasks.depth_errors import COLUMNS, METRICS, DepthProtocol, depth_errors, resize_estimate

WHOLE = DepthProtocol(crop="none")


def _row(estimate, truth, protocol=WHOLE):
    estimate, truth = (np.array(values, np.float32).reshape(1, 1, -1) for values in (estimate, truth))
    return depth_errors(estimate, truth, ["0000"], protocol).iloc[0]


def test_three_pixels_by_hand():
    # p / g = 2, 1, 1.2; differences 10, 0, 2 m
    row = _row([20, 40, 12], [10, 40, 10])
    assert row["pixels"] == 3
    assert row["abs_rel"] == pytest.approx((10 / 10 + 0 + 2 / 10) / 3)
    assert row["sq_rel_m"] == pytest.approx((100 / 10 + 0 + 4 / 10) / 3)
    assert row["rmse_m"] == pytest.approx(np.sqrt(104 / 3))
    logs = np.log([2, 1, 1.2])
    assert row["log_rmse"] == pytest.approx(np.sqrt((logs**2).mean()))
    assert row["si_log_rmse"] == pytest.approx(np.sqrt((logs**2).mean() - logs.mean() ** 2))
    assert row[["delta_1", "delta_2", "delta_3"]].tolist() == pytest.approx([2 / 3] * 3)  # 2 > 1.25^3 = 1.953


def test_delta_counts_too_near_as_it_counts_too_far():
    row = _row([10 / 1.3, 13, 10 / 1.7, 17], [10] * 4)
    assert row[["delta_1", "delta_2", "delta_3"]].tolist() == [0, 0.5, 1]


def test_a_common_factor_leaves_only_the_scale_invariant_error_at_zero():
    row = _row([11, 22, 33], [10, 20, 30])
    assert row["si_log_rmse"] == pytest.approx(0, abs=1e-6)
    assert row["log_rmse"] == pytest.approx(np.log(1.1), rel=1e-5)
    assert row["abs_rel"] == pytest.approx(0.1, rel=1e-5)


def test_unknown_and_far_pixels_do_not_count_and_estimates_are_clamped():
    row = _row([5, 5, 500, -3, 7], [0, np.nan, 79, 4, 81])
    assert row["pixels"] == 2
    assert row["abs_rel"] == pytest.approx(((80 - 79) / 79 + (4 - 1e-3) / 4) / 2)


def test_a_frame_without_truth_is_nan_and_does_not_move_the_mean_of_the_others():
    estimate, truth = np.full((2, 2, 2), 11.0, np.float32), np.full((2, 2, 2), 10.0, np.float32)
    truth[1] = 0
    errors = depth_errors(estimate, truth, ["a", "b"], WHOLE)
    assert errors.columns.tolist() == COLUMNS
    assert errors["drive"].tolist() == ["a", "b"]
    assert errors["pixels"].tolist() == [4, 0]
    assert errors.loc[1, METRICS].isna().all()
    assert errors["abs_rel"].mean() == pytest.approx(0.1)


def test_crops_keep_the_rows_and_columns_of_the_papers():
    truth = np.ones((375, 1242), np.float32)
    expected = {"none": (0, 374, 0, 1241), "garg": (153, 370, 44, 1196), "eigen": (124, 341, 44, 1196)}
    for crop, borders in expected.items():
        rows, columns = np.nonzero(DepthProtocol(crop=crop).counted(truth))
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == borders


def test_an_estimate_that_is_not_finite_is_refused_only_where_it_matters():
    assert _row([np.nan, 1], [0, 1])["abs_rel"] == 0
    with pytest.raises(ValueError, match=r"frame 0 \(0000\) is not finite"):
        _row([np.nan, 1], [1, 1])


def test_no_frames_give_no_rows():
    nothing = np.zeros((0, 2, 2), np.float32)
    pd.testing.assert_index_equal(depth_errors(nothing, nothing, []).columns, pd.Index(COLUMNS))


@pytest.mark.parametrize("options", [{"nearest_m": 0.0}, {"farthest_m": 1e-4}, {"crop": "eigne"}])
def test_a_protocol_refuses_what_it_cannot_compare(options):
    protocol = DepthProtocol()
    for name, value in options.items():
        object.__setattr__(protocol, name, value)
    with pytest.raises(ValueError, match=r"nearest_m|eigne"):
        protocol.__post_init__()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_errors_are_those_of_any_order_of_the_pixels_and_0_for_the_truth(seed):
    rng = np.random.default_rng(seed)
    truth, estimate = rng.uniform(1, 70, (2, 1, 6)).astype(np.float32)
    order = rng.permutation(6)
    estimates, truths = np.stack([estimate, estimate[:, order], truth]), np.stack([truth, truth[:, order], truth])
    rows = depth_errors(estimates, truths, ["0000"] * 3, WHOLE).drop(columns="drive").to_numpy()
    assert rows[1] == pytest.approx(rows[0])
    assert rows[2].tolist() == [6, 0, 0, 0, 0, 0, 1, 1, 1]


def test_resizing_keeps_planes_straight_in_inverse_depth():
    inverse = np.linspace(0.02, 0.1, 8, dtype=np.float32)[:, None].repeat(5, axis=1)
    larger = resize_estimate(1 / inverse, (10, 32))
    assert larger.shape == (32, 10)
    steps = np.diff(1 / larger[:, 0])[4:-4]
    assert steps == pytest.approx(steps[0], rel=1e-3)
