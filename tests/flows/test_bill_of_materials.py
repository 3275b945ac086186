"""The bill of materials names what is installed, and every reference in it leads somewhere."""

import json
from importlib.metadata import version

import pytest

from flows import cli
from flows.bill_of_materials import bill_of_materials


def test_the_bill_names_what_is_installed_and_who_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sbom"]) == 0
    bill = json.loads(capsys.readouterr().out)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    parts = {part["name"]: part for part in bill["components"]}
    assert len(parts) == len(bill["components"])
    assert parts["numpy"]["version"] == version("numpy")
    assert parts["numpy"]["purl"] == f"pkg:pypi/numpy@{version('numpy')}"
    assert "BSD" in json.dumps(parts["numpy"]["licenses"])
    assert "alembic" in parts  # needed by MLflow, not by us


def test_every_reference_of_the_bill_leads_to_one_component() -> None:
    bill = bill_of_materials("augment-kitti")
    top = bill["metadata"]["component"]["bom-ref"]
    known = {top, *(part["bom-ref"] for part in bill["components"])}
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert needs.keys() == known
    assert all(set(others) <= known for others in needs.values())
    assert f"pkg:pypi/pandas@{version('pandas')}" in needs[top]
    assert f"pkg:pypi/numpy@{version('numpy')}" in needs[f"pkg:pypi/pandas@{version('pandas')}"]


def test_a_package_that_needs_nothing_has_an_empty_bill() -> None:
    bill = bill_of_materials("packaging")
    assert bill["metadata"]["component"]["name"] == "packaging"
    assert bill["components"] == []
