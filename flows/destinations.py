"""Reports in object stores: ``--out s3://bucket/report``, and whatever else fsspec knows.

A report is made on disk, complete or not at all, and then copied; ``run.json`` goes last, so that a place that has
one holds a whole report.
"""

from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs

from flows.credentials import masked
from flows.results import FACTS
from pipeline.schema import UserError


def is_url(out: str | None) -> bool:
    """Whether a report is meant for a store rather than for a folder of this machine."""
    return out is not None and "://" in out


def require_place_at(url: str) -> None:
    """Find out early whether a report can go to ``url``.

    Raises:
        UserError: nothing here speaks its protocol, it cannot be reached, or it holds something else than a report.
    """
    store, place = _opened(url)
    try:
        taken = store.exists(place) and bool(store.ls(place)) and not store.exists(f"{place}/{FACTS}")
    except Exception as failure:  # every store has errors of its own
        raise UserError(f"{masked(url)} cannot be reached: {masked(str(failure))}") from failure
    if taken:
        raise UserError(f"{masked(url)} holds other files; --out must name a new place or an earlier report.")


def publish(folder: Path, url: str) -> None:
    """Copy a finished report to ``url``, in place of an earlier one.

    Raises:
        UserError: it cannot be written there; the report on disk stays as it is.
    """
    require_place_at(url)
    store, place = _opened(url)
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path == folder / FACTS)
    try:
        if store.exists(f"{place}/{FACTS}"):
            store.rm(place, recursive=True)
        for path in files:
            there = f"{place}/{path.relative_to(folder).as_posix()}"
            store.makedirs(there.rpartition("/")[0], exist_ok=True)
            store.put_file(str(path), there)
    except Exception as failure:
        words = f"The report is in {folder}, but cannot be copied to {masked(url)}: {masked(str(failure))}"
        raise UserError(words) from failure


def _opened(url: str) -> tuple[Any, str]:
    """The store that ``url`` names, and the place in it."""
    try:
        store, place = url_to_fs(url)
    except (ImportError, ValueError) as failure:
        raise UserError(f"{masked(url)} cannot be used: {masked(str(failure))}") from failure
    return store, place.rstrip("/")
