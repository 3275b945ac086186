"""Studies side by side: every arm once, named apart, with what it cost and how real it is."""

import numpy as np
import pandas as pd
import pytest

from pipeline.compare_page import comparison_pictures, write_comparison
from pipeline.comparison import COLUMNS, Finished, compared, predictors
from pipeline.figures.compare_figures import MOST_SERIES, series_of
from pipeline.figures.style import DARK, to_png
from pipeline.findings import SetSize
from pipeline.schema import UserError
from pipeline.scoring.scores import ArmScore, Scores


def arm(strategy: str, fraction: float, gain: float | None, verdict: str = "undecided", **changed: object) -> ArmScore:
    low, high = (None, None) if gain is None else (gain - 2, gain + 2)
    values = {"seeds": 3, "drives": 5, "metric": "ade_px", "unit": "px", "mean": 10.0, "sd": 0.1, "p": 0.5}
    empty = dict.fromkeys(("p_holm", "detectable_pct", "window_mean", "window_gain_pct", "window_ci_low",
                           "window_ci_high", "train_s"))  # fmt: skip
    rest = {"ci_low": low, "ci_high": high, "fit_s": 1.5, "verdict": verdict}
    return ArmScore(strategy=strategy, fraction=fraction, gain_pct=gain, **{**values, **empty, **rest, **changed})


def study(name: str, *arms: ArmScore, fidelity: pd.DataFrame | None = None, valid: bool = True) -> Finished:
    scores = Scores("ade_px", "px", False, valid, (), (), (f"What {name} found.",), arms, (), ())
    return Finished(name, scores, {"flip": SetSize(100, 12_345)}, fidelity)


@pytest.fixture
def two() -> list[Finished]:
    values = {"flip": 0.1, "gan": 0.4, "jitter": 0.2, "speed": 0.3}
    rows = [
        {"strategy": strategy, "fraction": 1.0, "fold": 0, "seed": seed, "measure": "frechet", "space": "predictor",
         "value": value, "error": np.nan, "n": 100, "floor": 0.0, "better": "lower", "alarm": ""}
        for strategy, value in values.items()
        for seed in (0, 1)
    ]  # fmt: skip
    first = study(
        "first", arm("none", 1.0, 0.0), arm("gan", 1.0, -1.0), arm("flip", 1.0, 8.0, "helps"), arm("jitter", 1.0, 3.0),
        arm("speed", 1.0, 2.0), fidelity=pd.DataFrame(rows),
    )  # fmt: skip
    second = study("<b>", arm("flip", 0.25, 5.0), arm("flip", 1.0, None, "failed", fit_s=None), arm("gan", 1.0, 1.0))
    return [first, second]


def test_the_best_stands_first_and_the_plain_model_nowhere(two: list[Finished]) -> None:
    table = compared(two)
    assert list(table.columns) == [*COLUMNS, "frechet (predictor)"]
    assert list(zip(table["study"], table["strategy"], table["fraction"], strict=True)) == [
        ("first", "flip", 1.0), ("first", "jitter", 1.0), ("first", "speed", 1.0), ("first", "gan", 1.0),
        ("<b>", "flip", 0.25), ("<b>", "gan", 1.0), ("<b>", "flip", 1.0),
    ]  # fmt: skip
    flip = table.iloc[0]
    assert (flip["gain_pct"], flip["bytes"], flip["frechet (predictor)"]) == (8.0, 12_345, 0.1)
    assert table.iloc[4][["bytes", "frechet (predictor)"]].isna().all()


def test_a_measure_that_ranks_as_the_gain_does_predicts_it(two: list[Finished]) -> None:
    (row,) = predictors(two).to_dict("records")
    assert (row["measure"], row["rho"], row["arms"]) == ("frechet", pytest.approx(1.0), 4)
    assert predictors([two[1]]).empty


def test_a_comparison_is_written_whole_and_names_are_text(two: list[Finished], tmp_path) -> None:
    page = write_comparison(tmp_path / "new", two)
    text = page.read_text()
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "Which measure predicts the gain?" in text
    assert len(pd.read_csv(page.parent / "comparison.csv")) == 7
    assert {path.name for path in page.parent.glob("figures/*")} == {"gains.png", "cost_0.25.png", "cost_1.png"}


def test_one_study_without_costs_or_fidelity_can_be_shown(tmp_path) -> None:
    alone = study("one", arm("flip", 1.0, 1.0, fit_s=None))
    assert [picture.name for picture in comparison_pictures(compared([alone]))] == ["gains"]
    assert "<h1>1 study</h1>" in write_comparison(tmp_path, [alone]).read_text()


def test_no_more_series_than_there_are_colours() -> None:
    many = [study(f"s{number}", arm("flip", 1.0, float(number))) for number in range(MOST_SERIES + 3)]
    table = compared(many)
    assert len(series_of(table)) == MOST_SERIES
    assert to_png(comparison_pictures(table)[0].draw(DARK), dpi=30).startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(two: list[Finished], tmp_path) -> None:
    (tmp_path / "figures").write_text("not a folder")
    with pytest.raises(UserError, match="Cannot write the comparison"):
        write_comparison(tmp_path, two)
