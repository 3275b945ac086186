"""What this program is made of, as a CycloneDX 1.5 document: every installed package it needs, and who needs whom."""

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SPEC_VERSION = "1.5"


def bill_of_materials(root: str) -> dict[str, Any]:
    """The packages that ``root`` needs, directly or not, as they are installed here; optional ones where present."""
    found = _needed(root)
    top, *others = [_component(name, package) for name, package in found.items()]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {"component": {**top, "type": "application"}},
        "components": sorted(others, key=lambda component: component["bom-ref"]),
        "dependencies": [_links(name, package, found) for name, package in sorted(found.items())],
    }


def _links(name: str, package: Distribution, found: dict[str, Distribution]) -> dict[str, Any]:
    """What a package needs of what was found."""
    others = {other for other in map(canonicalize_name, _required(package)) if other in found and other != name}
    return {"ref": _purl(name, package), "dependsOn": [_purl(other, found[other]) for other in sorted(others)]}


def _needed(root: str) -> dict[str, Distribution]:
    """Installed packages by canonical name, ``root`` first."""
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # an extra that is not installed, or a package of another platform
            continue
        waiting += _required(found[name])
    return found


def _required(package: Distribution) -> Iterator[str]:
    """Names that a package asks for on this platform, those of its extras too."""
    extras = ["", *(package.metadata.get_all("Provides-Extra") or [])]
    for line in package.requires or []:
        wanted = Requirement(line)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            yield wanted.name


def _component(name: str, package: Distribution) -> dict[str, Any]:
    licence = _licence(package)
    return {
        "type": "library",
        "bom-ref": _purl(name, package),
        "name": name,
        "version": package.version,
        "purl": _purl(name, package),
        **({"licenses": [licence]} if licence else {}),
    }


def _purl(name: str, package: Distribution) -> str:
    """The package's URL, as https://github.com/package-url/purl-spec has it."""
    return f"pkg:pypi/{name}@{package.version.replace('+', '%2B')}"


def _field(package: Distribution, name: str) -> str:
    return (package.metadata.get_all(name) or [""])[0]


def _licence(package: Distribution) -> dict[str, Any] | None:
    """An SPDX expression where the package gives one, else the name it uses; some put the whole text there."""
    expression = _field(package, "License-Expression")
    if expression:
        return {"expression": expression}
    classifiers = package.metadata.get_all("Classifier") or []
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    first_line = _field(package, "License").strip().partition("\n")[0]
    name = " AND ".join(named) or first_line
    return {"license": {"name": name}} if name else None
