"""The card of an export: complete, the same for people and programs, and free of anybody's folders."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.exports import write_export
from pipeline.exports.data_card import CARD, CARD_FOR_PROGRAMS, Provenance, class_counts, distinct, write_card
from pipeline.pictures import Pictures
from pipeline.windows import Windows

PROVENANCE = Provenance(
    strategy="gan",
    hyperparameters={"steps": 500, "shape": (1, np.int64(2)), "limit": np.inf},
    seeds={"fit": 3, "samples": 4},
    source="kitti_tracking",
    data_digest="abc",
    drives=("0000", "0001"),
    command="augment-kitti synthesize gan --root DIR",
    fraction=0.25,
    asked="Car, speed 1 to 2 m/s",
    drawn=900,
    study="generators",
    gains=[{"fraction": 0.25, "gain_pct": 12.345, "ci_low": np.nan}],
    fidelity=[{"measure": "frechet", "value": np.float64(0.5), "alarm": "copies"}],
)


def test_the_card_says_the_same_to_people_and_to_programs(toy_windows: Windows, tmp_path: Path) -> None:
    few = toy_windows.take(np.array([0, 0, 4, 5]))
    contents = write_export(few, {}, "parquet", tmp_path)
    write_card(tmp_path, "parquet", few, contents, PROVENANCE)
    card = json.loads((tmp_path / CARD_FOR_PROGRAMS).read_text())
    text = (tmp_path / CARD).read_text()
    assert card["counts"]["tracks"] == 4
    assert card["distinct"] == 3
    assert sum(card["classes"].values()) == 4
    assert card["gains"] == [{"fraction": 0.25, "gain_pct": 12.345, "ci_low": None}]
    assert card["hyperparameters"] == {"steps": 500, "shape": [1, 2], "limit": None}
    assert "NonCommercial" in card["terms"]
    for said in (
        "Synthetic driving data: 4 tracks", "Car", "Asked for: Car, speed 1 to 2 m/s", "900 samples were drawn for",
        "SHA-256 `abc`", "25 % of the drives 0000, 0001", "fit: 3, samples: 4", '"steps": 500', "12.35", "frechet",
        "copies", "NonCommercial", "inherits",
    ):  # fmt: skip
        assert said in text


def test_what_was_not_measured_is_said_and_users_keep_their_terms(toy_windows: Windows, tmp_path: Path) -> None:
    few = toy_windows.take(np.arange(2))
    contents = write_export(few, {}, "coco", tmp_path)
    own = replace(PROVENANCE, source="tracks_table", gains=(), fidelity=(), asked="", drawn=None)
    write_card(tmp_path, "coco", few, contents, own)
    text = (tmp_path / CARD).read_text()
    assert "Not measured" in text
    assert "Their own terms hold." in text
    assert "Asked for" not in text


def test_pictures_are_counted_by_their_boxes(toy_pictures: Pictures) -> None:
    few = toy_pictures.take(np.array([0, 1, 1]))
    assert class_counts(few) == {"Car": 3}
    assert distinct(few) == 2
