"""A large file over HTTP: goes on where it was cut off, and believes no length that was not delivered."""

import hashlib
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.schema import UserError

CHUNK = 1 << 20
PATIENCE_S = 30.0
"""A server that is silent for longer is asked again."""
TRIES = 5
"""In a row without a single new byte."""
SPARE = 100_000_000
"""Bytes to leave free on the disk."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes expected."""


@dataclass(frozen=True)
class Begun:
    """What a partial file is a part of."""

    url: str
    validator: str
    """Entity tag or date of the whole file: as long as the server repeats it, the rest fits to what is here."""


def fetch(
    url: str, path: Path, progress: Progress = lambda done, whole: None, sha256: str | None = None, pause_s: float = 1.0
) -> str:
    """Download ``url`` to ``path``, which appears complete or not at all.

    What arrived of an interrupted download lies in ``path`` + ".part" and is gone on with, if the server still has the
    same file.

    Args:
        url: HTTP or HTTPS.
        path: Where to put it.
        progress: Hears of every chunk.
        sha256: What the file must be.
        pause_s: Between tries; grows with each.

    Returns:
        SHA-256 of the file.

    Raises:
        UserError: not found, refused, no answer, disk full, or not the file that was expected.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UserError(f"{url}: only http and https addresses can be downloaded.")
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = 0
    while failures < TRIES:
        before = _size(part)
        try:
            if _go_on(url, part, progress):
                return _finish(url, part, path, sha256)
            trouble = "the connection was cut"
        except urllib.error.HTTPError as refusal:
            if refusal.code < HTTPStatus.INTERNAL_SERVER_ERROR and refusal.code != HTTPStatus.TOO_MANY_REQUESTS:
                raise UserError(f"{url}: {refusal.code} {refusal.reason}.") from refusal
            trouble = f"{refusal.code} {refusal.reason}"
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as failure:
            trouble = str(getattr(failure, "reason", failure)) or type(failure).__name__
        failures = 0 if _size(part) > before else failures + 1
        time.sleep(pause_s * failures)
    raise UserError(f"{url}: {trouble}, {TRIES} times in a row. The same command goes on where it stopped.")


def _go_on(url: str, part: Path, progress: Progress) -> bool:
    """Ask for what is missing and append it; whether the file is complete then."""
    begun = _begun(part, url)
    with _opened(url, begun, _size(part)) as response:
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            start, whole = _range(response)
            if start != _size(part):
                raise UserError(f"{url}: the server sends bytes from {start}, asked for from {_size(part)}.")
        else:
            part.write_bytes(b"")
            length = response.headers.get("Content-Length")
            whole = int(length) if length and length.isdecimal() else None
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        _note(part).write_text(json.dumps(asdict(Begun(url, validator))))
        _require_space(part, whole)
        with part.open("ab") as stream:
            while chunk := response.read(CHUNK):
                stream.write(chunk)
                progress(stream.tell(), whole)
    return whole is None or _size(part) == whole


@contextmanager
def _opened(url: str, begun: Begun | None, have: int) -> Iterator[HTTPResponse]:
    """The answer to a request for what is missing, or for the whole where nothing can be gone on with."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "augment-kitti"})
    if begun and have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", begun.validator)
    try:
        response = urllib.request.urlopen(request, timeout=PATIENCE_S)
    except urllib.error.HTTPError as refusal:
        if refusal.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        refusal.close()  # we hold more than there is: begin anew
        request.remove_header("Range")
        response = urllib.request.urlopen(request, timeout=PATIENCE_S)
    with response:
        yield response


def _begun(part: Path, url: str) -> Begun | None:
    """What the partial file is a part of; None where that is not known, or cannot be told from another version."""
    try:
        begun = Begun(**json.loads(_note(part).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return begun if begun.url == url and begun.validator and not begun.validator.startswith("W/") else None


def _range(response: HTTPResponse) -> tuple[int, int | None]:
    """First byte and whole length that a partial answer speaks of."""
    try:
        span, _, whole = response.headers["Content-Range"].removeprefix("bytes ").partition("/")
        return int(span.partition("-")[0]), None if whole == "*" else int(whole)
    except (KeyError, TypeError, ValueError, AttributeError) as failure:
        raise UserError(f"{response.url}: the server sends a part without saying which.") from failure


def _finish(url: str, part: Path, path: Path, sha256: str | None) -> str:
    with part.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    _note(part).unlink(missing_ok=True)
    if sha256 and found != sha256:
        part.unlink()
        raise UserError(f"{url}: SHA-256 is {found}, expected {sha256}; the download was thrown away.")
    part.replace(path)
    return found


def _require_space(part: Path, whole: int | None) -> None:
    missing = (whole or 0) - _size(part)
    free = shutil.disk_usage(part.parent).free
    if missing + SPARE > free:
        raise UserError(f"{part.parent}: {missing / 1e9:.1f} GB are still to come, {free / 1e9:.1f} GB are free.")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")
