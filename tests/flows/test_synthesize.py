"""Synthetic samples to order and exports of finished studies, as a user meets them."""

import filecmp
import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows import cli
from flows.cards import fidelity_of, without_places
from flows.synthesis import Listener
from flows.workspace import digest_of_file
from pipeline.pictures import Pictures
from pipeline.sources.kitti_object import KittiObject
from pipeline.sources.kitti_tracking import KittiTracking


def _words(root: Path, to: Path, *more: str) -> list[str]:
    return ["synthesize", "recombination", "--root", str(root), "--n", "30", "--to", str(to), *more]


@pytest.mark.usefixtures("workspace")
def test_tracks_to_order_come_with_poses_and_a_card_and_can_be_made_again(
    small_kitti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = (
        "--kinds",
        "Car",
        "--distance",
        "5",
        "60",
        "--ego",
        "moving",
        "--set",
        "faster=1.2",
        "--drives",
        "0000,0001",
    )
    assert cli.main(_words(small_kitti, tmp_path / "a", *order)) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1] == "asked for: Car, distance 5 to 60 m, ego car moving"
    assert out[3].startswith("30 tracks, ")
    assert out[-1] == str(tmp_path / "a")
    reading = KittiTracking().read(tmp_path / "a")
    assert not reading.problems
    assert {track.kind for drive in reading.drives for track in drive.tracks} == {"Car"}
    assert all(drive.ego is not None and drive.ego.speed_mps.mean() > 0.5 for drive in reading.drives)

    text = (tmp_path / "a" / "data_card.json").read_text()
    card = json.loads(text)
    assert card["hyperparameters"]["faster"] == 1.2
    assert card["drives"] == ["0000", "0001"]
    assert card["drawn"] >= 30
    for place in (tmp_path, small_kitti):
        assert str(place) not in text + (tmp_path / "a" / "DATA_CARD.md").read_text()
    again = shlex.split(card["command"])[1:]
    again[again.index("--root") + 1], again[again.index("--to") + 1] = str(small_kitti), str(tmp_path / "b")
    assert cli.main(again) == 0
    compared = filecmp.dircmp(tmp_path / "a" / "label_02", tmp_path / "b" / "label_02")
    assert compared.same_files == compared.left_list == compared.right_list


@pytest.mark.usefixtures("workspace")
def test_tracks_end_as_real_ones_do(small_kitti: Path, tmp_path: Path) -> None:
    order = ["--n", "40", "--frames", "40", "--shortest", "6", "--to", str(tmp_path / "a")]
    assert cli.main(["synthesize", "gmm", "--root", str(small_kitti), *order]) == 0
    tracks = [track for drive in KittiTracking().read(tmp_path / "a").drives for track in drive.tracks]
    lengths = {len(track.frames) for track in tracks}
    assert len(tracks) == 40
    assert min(lengths) >= 6
    assert len(lengths) > 5
    assert "6 frames or more" in (tmp_path / "a" / "DATA_CARD.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["recombinatoin"], 'Unknown strategy "recombinatoin". Did you mean "recombination"'),
        (["flip", "--n", "0"], "--n must be at least 1, got 0"),
        (["flip", "--kinds", "Unicorn"], "got Unicorn"),
        (["flip", "--speed", "3", "1"], "speed must be a range"),
        (["flip", "--ego", "flying"], "ego must be among standing"),
        (["flip", "--set", "probability=1"], "Unknown option of flip"),
        (["flip", "--format", "cocoa"], 'Did you mean "coco"'),
        (["flip", "--format", "kitti-object"], '"kitti-object" cannot hold windows'),
        (["flip", "--drives", "0009"], 'Unknown drive "0009"'),
        (["flip", "--frames", "1"], "--frames must be at least 2"),
        (["flip", "--shortest", "1"], "at least 2 frames"),
        (["gan", "--shortest", "5", "--speed", "0", "1"], "speed and turn are those of whole windows"),
        (["jitter", "--shortest", "5"], "makes tracks of one length. Those that end as real ones do: copies, flip,"),
        (["flip", "--frames", "900"], "No track is long enough"),
        (["flip", "--speed", "400", "500"], "of the 5 windows asked for were found among"),
        (["jitter", "--distance", "0", "30"], "hold in the world: "),
        (["flip", "--to", "."], ". exists already"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_a_users_mistake_is_one_message(
    words: list[str], message: str, small_kitti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ["--root", str(small_kitti), "--n", "5", "--to", str(tmp_path / "x")]
    assert cli.main(["synthesize", words[0], *usual, *words[1:]]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "x").exists()


def _study_of_pictures(folder: Path, pictures: Pictures) -> Path:
    """What a finished study of pictures leaves behind, as far as an export needs it."""
    (folder / "samples").mkdir(parents=True)
    replace(pictures, origin=np.full(len(pictures), "flip")).save(folder / "samples" / "flip.npz")
    facts = {
        "name": "city-night", "source": "rendered_city", "design": {"task": "detection"}, "fractions": [0.5, 1.0],
        "strategies": {"flip": {}}, "seeds": 2, "data_digest": "abc", "splits": [{"train": ["0000"]}],
        "command": f"augment-kitti run city-night --root {folder}", "code_digest": "def",
        "stored": str(folder / "gone"), "samples": {"flip": digest_of_file(folder / "samples" / "flip.npz")},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(facts))
    table = {
        "strategy": "flip", "fraction": 1.0, "fold": 0, "seed": [0, 1], "measure": "frechet", "space": "pixels",
        "value": [1.0, 3.0], "error": np.nan, "n": 8, "floor": 0.5, "better": "lower", "alarm": ["", "copies"],
    }  # fmt: skip
    pd.DataFrame(table).to_parquet(folder / "fidelity.parquet")
    return folder


def test_a_study_of_pictures_is_exported_with_what_is_known_of_them(
    toy_pictures: Pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _study_of_pictures(tmp_path / "report", toy_pictures.take(np.arange(8)))
    assert cli.main(["export", str(folder), "--to", str(tmp_path / "out")]) == 0
    answer = capsys.readouterr()
    assert answer.out == f"{tmp_path / 'out' / 'flip'}: 8 pictures, 8 labels\n"
    assert "no calib/ is written" in answer.err
    assert not KittiObject().read(tmp_path / "out" / "flip").problems
    text = (tmp_path / "out" / "flip" / "data_card.json").read_text()
    card = json.loads(text)
    assert str(tmp_path) not in text
    assert card["command"] == "augment-kitti run city-night --root DIR"
    assert card["fidelity"][0] == fidelity_of(folder, "flip", 1.0)[0] | {"error": None}
    assert (card["fidelity"][0]["value"], card["fidelity"][0]["alarm"]) == (2.0, "copies")
    assert cli.main(["export", str(folder), "--to", str(tmp_path / "out"), "--format", "parquet"]) == 1
    assert '"parquet" cannot hold pictures; choose one of kitti-object, coco' in capsys.readouterr().err


def test_commands_travel_without_folders() -> None:
    command = "augment-kitti run x --root '/home/me/my data' --out there --set task.steps=3 --set a=/etc"
    assert without_places(command) == "augment-kitti run x --root DIR --out DIR --set task.steps=3 --set DIR"


def test_a_fit_is_heard_in_a_terminal_and_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    for terminal in (True, False):
        with Listener("fitting x", Console(force_terminal=terminal)) as report:
            report(10, {"loss": 0.5})
    assert "fitting x" in capsys.readouterr().out
