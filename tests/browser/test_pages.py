"""The pages in a real browser: they load nothing, complain of nothing, fit a phone, sort, show what is pointed at."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.compare_page import write_comparison
from pipeline.comparison import Finished
from pipeline.findings import SetSize, StudyFacts
from pipeline.report import write_report
from pipeline.scoring import score_study
from pipeline.splits import rotating_folds

DRIVES = ("0000", "0001", "0002", "0003")
FACTORS = {"none": 1.0, "copies": 1.0, "noise": 1.1, "flip": 0.8, "a_strategy_of_an_exceedingly_long_name": 1.05}


def error_table(factors, fraction=1.0) -> pd.DataFrame:
    """An arm a strategy and seed; the second is a little worse."""
    rows = [
        {"strategy": strategy, "fraction": fraction, "fold": 0, "seed": seed, "synthetic_only": False, "drive": drive,
         "kind": kind, "border": border, "n": 20, "ade_px": factor * (9 + number + 0.1 * seed),
         **{f"step_{step:02d}_px": factor * step for step in range(1, 11)}}
        for strategy, factor in factors.items()
        for seed in range(3)
        for number, drive in enumerate(DRIVES)
        for kind, border in (("Car", False), ("Pedestrian", True))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def study(toy_windows, toy_pictures, tmp_path_factory) -> dict[str, Path]:
    """The pages of two small studies and of their comparison."""
    folder = tmp_path_factory.mktemp("pages")
    errors, baselines = error_table(FACTORS), error_table({"constant_velocity": 1.4}).query("seed == 0")
    scores = score_study(errors, baselines, rng=np.random.default_rng(0))
    scarce = pd.concat([error_table(FACTORS, 0.25), errors])
    of_both = score_study(scarce, baselines, rng=np.random.default_rng(0))
    facts = StudyFacts(
        name="tracks", about="Does flipping help?", command="augment-kitti run " + "x" * 90, source="kitti_tracking",
        data_digest="0123abcd" * 8, splits=rotating_folds(DRIVES, 4), seeds=3, fractions=(1.0,),
        strategies={name: {"probability": 0.5} for name in FACTORS}, sizes={"flip": SetSize(30, 12_345)},
    )  # fmt: skip
    nothing, few = pd.DataFrame(), toy_windows.take(np.arange(24))
    pictures = toy_pictures.take(np.arange(16))
    pages = {
        "tracks": write_report(folder / "tracks", facts, of_both, scarce, baselines, nothing, {"flip": few}, few, few),
        "pictures": write_report(
            folder / "pictures", replace(facts, name="pictures"), scores, errors, baselines, nothing,
            {"darken": pictures.made_by("darken", pictures.image // 2)}, pictures,
        ),
    }  # fmt: skip
    finished = [Finished(name, scores, facts.sizes) for name in ("one", "two")]
    return pages | {"comparison": write_comparison(folder / "comparison", finished)}


@pytest.mark.parametrize("page", ["tracks", "pictures", "comparison"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_loads_nothing_complains_of_nothing_and_fits(browser, study, page: str, width: int) -> None:
    browser.open(study[page], width)
    browser.run("for (const part of document.querySelectorAll('details')) part.open = true; 0")
    drawn = browser.run("Promise.all([...document.images].map(image => image.decode().then(() => image.naturalWidth)))")
    assert drawn
    assert min(drawn) > 0
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []
    elsewhere = [url for url in browser.loads() if not url.startswith("data:")]
    assert elsewhere == [study[page].resolve().as_uri()]


def test_a_page_that_fails_and_loads_is_found_out(browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    image, script = "<img src='http://127.0.0.1:9/picture.png'>", "<script>throw new Error('x')</script>"
    page.write_text(f"<!doctype html>{image}{script}<div style='width:9000px'>wide</div>")
    browser.open(page, 390)
    assert browser.complaints()
    assert "http://127.0.0.1:9/picture.png" in browser.loads()
    assert browser.run("document.documentElement.scrollWidth") > 390


@pytest.mark.parametrize("page", ["tracks", "comparison"])
def test_a_click_on_a_head_sorts_and_a_second_turns_the_order(browser, study, page: str) -> None:
    browser.open(study[page])
    column = "[...document.querySelectorAll('table.sortable')[0].tHead.rows[0].cells]"
    gain = browser.run(f"{column}.findIndex(head => head.textContent.startsWith('gain %'))")
    read = f"[...document.querySelectorAll('table.sortable')[0].tBodies[0].rows].map(r => r.cells[{gain}].innerText)"
    orders = []
    for _ in range(2):
        browser.run(f"{column}[{gain}].querySelector('button').click(); 0")
        orders.append([text.replace("\N{MINUS SIGN}", "-") for text in browser.run(read)])
    up, down = ([float(text) for text in order if text != "\N{EN DASH}"] for order in orders)
    assert len(up) > 3
    assert up == sorted(up)
    assert down == up[::-1]
    assert orders[0].index("\N{EN DASH}") == len(up) if "\N{EN DASH}" in orders[0] else True


def test_a_table_shows_one_part_of_the_data_at_a_time(browser, study) -> None:
    browser.open(study["tracks"])
    rows = "[...document.querySelectorAll('#strategies tbody tr')].filter(row => row.offsetParent).length"
    heads = "[...document.querySelectorAll('#strategies th')].filter(head => head.offsetParent).length"
    one_part = browser.run(heads)
    assert browser.run(rows) == len(FACTORS)
    browser.run("[...document.querySelectorAll('.parts button')].find(one => one.textContent === 'all').click(); 0")
    assert browser.run(rows) == 2 * len(FACTORS)
    assert browser.run(heads) == one_part + 1


def test_what_is_folded_or_filtered_away_is_printed(browser, study) -> None:
    browser.open(study["tracks"])
    folded = "document.querySelectorAll('details:not([open])').length"
    assert browser.run(folded) > 0
    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert browser.run(folded) == 0
    browser.call("Emulation.setEmulatedMedia", media="print")
    shown = "[...document.querySelectorAll('#strategies tbody tr')].filter(row => row.offsetParent).length"
    assert browser.run(shown) == 2 * len(FACTORS)
    browser.call("Emulation.setEmulatedMedia", media="")
    assert browser.complaints() == []


@pytest.mark.parametrize(("page", "drawing"), [("tracks", "svg polyline"), ("pictures", "img")])
def test_pointing_at_a_map_shows_the_sample(browser, study, page: str, drawing: str) -> None:
    browser.open(study[page])
    assert browser.run(f"document.querySelectorAll('.map-sample {drawing}').length") == 0
    browser.run("document.querySelector('.map-plane').scrollIntoView({ block: 'center' }); 0")
    x, y = browser.run(
        "(() => { const box = document.querySelector('.map-plane circle').getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert browser.run(f"document.querySelectorAll('.map-sample {drawing}').length") == 1
    dots = browser.run("document.querySelectorAll('.map-plane circle').length")
    browser.run("document.querySelector('.map-legend button').click(); 0")
    assert browser.run("document.querySelectorAll('.map-plane circle').length") < dots
    assert browser.complaints() == []


def test_a_page_and_its_figures_are_dark_for_those_who_like_it_dark(browser, study) -> None:
    papers = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.call("Emulation.setEmulatedMedia", features=features)
        browser.open(study["tracks"])
        places = browser.run(
            "Promise.all([...document.images].filter(image => image.checkVisibility()).map(image => image.decode()"
            ".then(() => [image.x, image.y, image.width, image.height])))"
        )
        assert len(places) > 4
        papers[scheme] = [browser.commonest_colour(*place) for place in [(0, 0, 30, 30), *places[:4]]]
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert all(min(colour) > 200 for colour in papers["light"])
    assert all(max(colour) < 60 for colour in papers["dark"])


def test_a_line_between_before_and_after_is_moved(browser, study) -> None:
    browser.open(study["pictures"])
    shown = "document.querySelector('.wipe').style.getPropertyValue('--at')"
    moved = "(value => { const range = document.querySelector('.wipe input'); range.value = value;"
    assert browser.run(f"{moved} range.dispatchEvent(new Event('input')); return {shown}; }})(80)") == "80%"
    clipped = browser.run("getComputedStyle(document.querySelector('.wipe img + img')).clipPath")
    assert clipped.replace("0px", "0") == "inset(0 0 0 80%)"
