"""Files and names made to do harm: nothing is executed, fetched, or written elsewhere."""

import ast
import json
from pathlib import Path

import pytest

import flows
import models
import pipeline
from flows.results import load_samples
from pipeline.schema import UserError
from pipeline.sources.tracklets import read_tracklets
from pipeline.sources.tracks_table import TracksTable
from tests.faults.readers import csv_table, raw_date, report

SOURCES = [
    path for package in (flows, models, pipeline) for path in sorted(Path(str(package.__file__)).parent.rglob("*.py"))
]

NEVER = {
    "eval", "exec", "os.system", "pickle.load", "pickle.loads", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "joblib.load", "dill.load", "cloudpickle.loads", "pd.read_pickle", "tempfile.mktemp", "minidom.parse",
    "ElementTree.parse", "ElementTree.fromstring", "ET.parse", "ET.fromstring",
}  # fmt: skip
"""Calls that can run what a file says, or fetch what it names."""

ONLY_WITH = {"torch.load": ("weights_only", True), "torch.hub.load_state_dict_from_url": ("weights_only", True)}
NEVER_WITH = {"np.load": ("allow_pickle", True), "subprocess.run": ("shell", True), "subprocess.Popen": ("shell", True)}


def calls(path: Path) -> list[tuple[str, dict[str, object]]]:
    """Every call of a file: its dotted name, and the keywords that are constants."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            constants = {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
            found.append((ast.unparse(node.func), constants))
    return found


def defects_of(path: Path) -> list[str]:
    """Calls of a file that an attacker would look for."""
    return [
        name
        for name, given in calls(path)
        if name in NEVER
        or (name in ONLY_WITH and given.get(ONLY_WITH[name][0]) is not ONLY_WITH[name][1])
        or (name in NEVER_WITH and given.get(NEVER_WITH[name][0]) is NEVER_WITH[name][1])
    ]


def test_no_source_opens_files_in_a_way_that_runs_them() -> None:
    assert len(SOURCES) > 200
    assert {str(path): defects_of(path) for path in SOURCES if defects_of(path)} == {}


@pytest.mark.parametrize(
    "line", ["pickle.loads(b'')", "torch.load(p)", "np.load(p, allow_pickle=True)", "yaml.load(t, Loader)", "eval(x)"]
)
def test_such_a_call_would_be_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(line)
    assert len(defects_of(tmp_path / "x.py")) == 1


BILLION = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))


@pytest.mark.parametrize(
    "doctype",
    [
        f"<!DOCTYPE x [<!ENTITY l0 'ha'>{BILLION}]>",
        "<!DOCTYPE x [<!ENTITY l9 SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE x [<!ENTITY % a SYSTEM 'http://127.0.0.1:9/x'> %a;]>",
    ],
)
def test_entities_are_refused_before_they_are_read_or_grown(doctype: str, tmp_path: Path) -> None:
    path = raw_date(tmp_path)
    text = path.read_text().replace("<!DOCTYPE boost_serialization>", doctype).replace("<h>1.5</h>", "<h>&l9;</h>")
    path.write_text(text)
    poses, (problem,) = read_tracklets(path)
    assert len(poses.line) == 0
    assert "hostile XML" in problem.reason


@pytest.mark.parametrize("name", ["../x", "/etc/x", "..", ".hidden", "a/b", "a\\b"])
def test_a_drive_is_never_named_like_a_path(name: str, tmp_path: Path) -> None:
    path = csv_table(tmp_path)
    path.write_text(path.read_text().replace("monday", name))
    reading = TracksTable().read(path)
    assert [drive.name for drive in reading.drives] == ["tuesday"]
    assert {problem.reason for problem in reading.problems} == {
        "a drive's name must not hold / or \\ nor begin with a dot"
    }


@pytest.mark.parametrize("name", ["../flip", "/flip", "a/flip", "..", ""])
def test_a_strategy_of_a_received_report_is_never_a_path(name: str, tmp_path: Path) -> None:
    facts_file = report(tmp_path)
    facts = json.loads(facts_file.read_text())
    facts["samples"] = {name: facts["samples"]["flip"]}
    facts_file.write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"which no strategy is called|cannot be read"):
        load_samples(tmp_path)


def test_samples_that_somebody_exchanged_are_refused(tmp_path: Path) -> None:
    samples = report(tmp_path).parent / "samples" / "flip.npz"
    samples.write_bytes(samples.read_bytes() + b"x")
    with pytest.raises(UserError, match="damaged"):
        load_samples(tmp_path)
