from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pipeline import fidelity_views
from pipeline.fidelity_views import Measured
from pipeline.figures import gain_pictures
from pipeline.findings import Findings, SetSize
from pipeline.pages import file_name
from pipeline.report import render_html, write_report
from pipeline.report_sections import draw_sections
from pipeline.report_views import duration, number, size, tiles
from pipeline.schema import UserError
from pipeline.scoring import score_study
from pipeline.scoring.scores import Scores

VOID = {"meta", "link", "img", "source", "br", "wbr"}


class Page(HTMLParser):
    """What a browser would load, what a person would read, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag != "a":
            self.loads += [value for name, value in attrs if name in ("src", "srcset", "href", "data", "action")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words += data


def score(errors, baselines, **options) -> Scores:
    return score_study(errors, baselines, rng=np.random.default_rng(0), **options)


@pytest.fixture
def found(facts, sound, windows):
    """The sound study as a report receives it, with nothing to draw."""
    nothing = pd.DataFrame()
    return Findings(facts, sound, nothing, nothing, nothing, {}, windows.take(np.zeros(0, int)))


def page_of(findings: Findings) -> str:
    """The page without its figures: they take their time, and other tests draw them."""
    return render_html(findings, [replace(section, pictures=[]) for section in draw_sections(findings)])


@pytest.fixture(scope="module")
def written(tmp_path_factory, facts, make_errors, baselines, curves, windows):
    """The report of a small sound study of one fraction."""
    errors = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.8}, seeds=3)
    scores = score(errors, baselines)
    path = write_report(
        tmp_path_factory.mktemp("report") / "new" / "out",
        facts,
        scores,
        errors,
        baselines,
        curves,
        {"flip": windows},
        windows,
    )
    return path, scores, errors


def test_a_report_is_one_file_that_loads_nothing(written):
    path, _, _ = written
    page = Page(path.read_text())
    assert page.open == []
    assert len([tag for tag in page.tags if tag == "img"]) == 10
    assert page.loads
    assert all(load.startswith("data:") for load in page.loads)
    assert "default-src 'none'" in path.read_text()
    assert "@import" not in path.read_text()
    assert "url(" not in path.read_text()


def test_a_report_says_what_was_asked_what_was_found_and_how_to_repeat_it(written):
    words = Page(written[0].read_text()).words
    for expected in ("Does flipping help?", "Yes: the average displacement error falls by", "augment-kitti run fake",
                     "0123abcd", "python 3.11", "constant velocity", "must straddle 0", "NonCommercial",
                     "Only 3 seeds", "probability = 1.0"):  # fmt: skip
        assert expected in words, expected


def test_numbers_lie_beside_the_report(written, facts, baselines):
    path, scores, errors = written
    found = Scores.from_json((path.parent / "scores.json").read_text())
    assert (found.study, found.data_digest, found.created) == ("fake", "0123abcd", facts.created)
    assert found.arms == scores.arms
    assert found.versions == {"python": "3.11"}
    assert len(pd.read_parquet(path.parent / "errors.parquet")) == len(errors) + len(baselines)
    assert {"gain_1.png", "tracks_real.png", "curve_train_loss.png"} < {
        file.name for file in path.parent.glob("figures/*")
    }
    assert not list(path.parent.rglob("*.part"))


def test_an_invalid_study_is_told_in_red_and_claims_nothing(found, make_errors, baselines):
    scores = score(make_errors({"none": 1.0, "copies": 0.8, "noise": 1.1, "flip": 0.8}), baselines)
    findings = replace(found, scores=scores)
    text = page_of(findings)
    assert 'class="banner" role="alert"' in text
    assert "The placebo copies must straddle 0, but gains" in text
    assert "Yes:" not in text
    assert [tile.tone for tile in tiles(findings)] == ["better"]  # the baseline's alone


def test_names_are_text_and_never_markup(found, make_errors, baselines):
    evil = '<script>alert("x")</script>'
    factors = {"none": 1.0, "copies": 1.0, "noise": 1.1, evil: 0.8}
    scores = score(make_errors(factors, drives=(evil, "0001", "0002")), baselines)
    names = {
        "name": evil,
        "about": evil,
        "command": evil,
        "source": evil,
        "notes": (evil,),
        "strategies": {evil: {evil: evil}},
    }
    findings = replace(found, facts=replace(found.facts, **names), scores=scores)
    sections = [replace(section, pictures=[]) for section in draw_sections(findings)]
    sections[0] = replace(sections[0], pictures=[replace(one, alt=f'"{evil}') for one in gain_pictures(scores)])
    text = render_html(findings, sections)
    page = Page(text)
    assert evil in page.words
    assert page.tags.count("script") == 1
    assert "alert(&#34;x&#34;)" in text
    assert "Data supplied by whoever ran the study." in page.words


def test_one_seed_without_costs_curves_or_samples_makes_a_report(facts, make_errors, baselines, windows, tmp_path):
    errors = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.8}, seeds=1)
    scores = score(errors, baselines)
    none = windows.take(np.zeros(0, int))
    path = write_report(tmp_path, facts, scores, errors, baselines, pd.DataFrame(), {}, none)
    words = Page(path.read_text()).words
    assert "1 seed on 6 held-out drives cannot tell a gain from luck" in words
    assert "not judged" in words
    assert "Example tracks" not in words
    assert "Training curves" not in words


def test_an_unwritable_folder_is_the_users_to_mend_and_an_old_report_stays(
    tmp_path, facts, make_errors, baselines, windows
):
    (tmp_path / "figures").write_text("not a folder")
    (tmp_path / "report.html").write_text("old")
    errors = make_errors({"none": 1.0, "copies": 1.0, "noise": 1.1}, seeds=2)
    with pytest.raises(UserError, match="Cannot write the report"):
        write_report(tmp_path, facts, score(errors, baselines), errors, baselines, pd.DataFrame(), {}, windows)
    assert (tmp_path / "report.html").read_text() == "old"


def test_fidelity_stands_beside_what_real_samples_reach_and_alarms_are_told(found, fidelity):
    words = Page(page_of(replace(found, fidelity=fidelity))).words
    assert "real against real" in words
    assert "gan: copies of training samples" in words
    assert "Fréchet distance \N{DOWNWARDS ARROW} predictor" in words
    real, varied = fidelity_views.tables(fidelity)
    assert (real.title, varied.title) == ("How real, with all real data", "How varied, with all real data")
    assert dict(real.rows)["gan"][0] == Measured(3.0, 0.5, "n = 100; copies of training samples", "alarm")
    assert [dict(table.rows)["real against real"][0].value for table in (real, varied)] == [0.25, None]
    assert "real against real" not in Page(page_of(found)).words


def test_many_measures_are_parted_into_tables_that_fit_a_page(fidelity):
    spaces = [fidelity[fidelity["measure"] == "frechet"].assign(space=f"space {number}") for number in range(10)]
    spaces[9] = spaces[9][spaces[9]["strategy"] == "flip"]
    first, second = fidelity_views.tables(pd.concat(spaces))
    assert (len(first.columns), len(second.columns)) == (7, 3)
    assert second.title == "How real, with all real data, continued"
    assert dict(second.rows)["gan"][2].value is None
    (glance,) = fidelity_views.glance(pd.concat(spaces))
    assert [column.space for column in glance.columns] == ["space 0"]


def test_cost_tiles_speak_of_the_strategy_that_helps(found, errors, baselines):
    costs = pd.DataFrame({"strategy": ["flip", "gan"], "fraction": 1.0, "fit_s": [0.25, 90.0], "train_s": [20.0, 20.0]})
    facts = replace(found.facts, sizes={"flip": SetSize(1200, 345_678), "gan": SetSize(9, 9)})
    findings = replace(found, facts=facts, scores=score(errors, baselines, costs=costs))
    time, size = [tile for tile in tiles(findings) if "CPU" in tile.label or "synthetic data" in tile.label]
    assert (time.value, "flip" in time.label, "20 s" in time.detail) == ("0.25 s", True, True)
    assert (size.value, "flip" in size.label, "1,200 windows" in size.detail) == ("346 kB", True, True)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.2 kB"), (99_900, "100 kB"), (3_200_000_000, "3.2 GB")],
)
def test_sizes_read_well(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "\N{EN DASH}"), (0.1234, "0.123"), (12.3456, "12.3"), (100.0, "100"), (12345.6, "12346"), (0.0, "0.00"),
     (999.8, "1000"), (-1.5, "\N{MINUS SIGN}1.50"), (2e-6, "< 0.0001")],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (2e-5, "< 0.01 s"),
        (0.041, "0.041 s"),
        (7.3, "7.3 s"),
        (42.4, "42 s"),
        (600.0, "10 min"),
        (9000.0, "2.5 h"),
    ],
)
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


def test_file_names_suit_every_file_system():
    assert file_name("curve_task/loss: é<>") == "curve_task_loss_é_"


def test_a_study_on_the_city_shows_the_city_and_no_other_does(found):
    here, elsewhere = (
        page_of(replace(found, facts=replace(found.facts, source=source))) for source in ("mini_city", "kitti_tracking")
    )
    assert "data:image/jpeg;base64,/9j/" in here
    assert "Miami" in Page(here).words
    assert "data:image/jpeg;base64,/9j/" not in elsewhere
