"""Every named study, and how one is planned."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flows.picture_studies import PICTURE_STUDIES
from flows.study import Study
from flows.track_studies import TRACK_STUDIES
from pipeline.registry import lookup
from pipeline.schema import UserError
from pipeline.sources import SOURCES
from pipeline.sources.base import SelfMade

STUDIES: dict[str, Study] = {**TRACK_STUDIES, **PICTURE_STUDIES}
"""Every study by name. To add one: add its entry to the studies of tracks or of pictures."""


def planned(
    name: str,
    root: str | Path | None = None,
    seeds: int | None = None,
    profile: str | None = None,
    settings: Sequence[str] = (),
) -> Study:
    """A study by name, with its profile, then ``settings``, then ``seeds`` applied; every recipe is tried.

    Raises:
        UserError: any of it is unknown or refused, or the data's folder is missing.
    """
    study = lookup(STUDIES, name, "study").with_profile(profile).with_overrides(settings)
    if seeds is not None:
        study = replace(study, seeds=seeds)
    if root is not None:
        study = replace(study, root=Path(root).expanduser())
    study.check_recipes()
    if study.root is None and not isinstance(lookup(SOURCES, study.source, "source"), SelfMade):
        raise UserError(f"The study {name} needs data: name its folder with --root.")
    for network in study.networks:
        if not Path(network).expanduser().is_file():
            raise UserError(f"{network} (networks) is no file.")
    if study.root is not None and not study.root.exists():
        raise UserError(f"{study.root} does not exist.")
    return study
