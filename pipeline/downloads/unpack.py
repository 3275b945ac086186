"""A zip archive from somewhere: every name, size and checksum is examined before anything is kept."""

import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from pipeline.downloads.fetch import SPARE
from pipeline.schema import UserError

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What ``zipfile`` raises of a damaged archive; the last one, and its kind, of a cipher or packing it does not know."""
MOST_RATIO = 250
"""Text of labels packs to a twentieth; what packs this much better is a bomb."""


def unpack(archive: Path, to: Path) -> int:
    """Unpack into ``to``; files that are there already are replaced one by one.

    Returns:
        Number of files.

    Raises:
        UserError: not a zip archive, damaged, a name that leads out of ``to``, a link, two files of one name, or far
            more content than archive. Nothing of such an archive reaches ``to``.
    """
    to.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened, tempfile.TemporaryDirectory(dir=to, prefix=".unpacking-") as aside:
            members = [member for member in opened.infolist() if not member.is_dir()]
            _require_harmless(archive, members, to)
            for member in members:
                with opened.open(member) as source, _made(Path(aside) / member.filename).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
            for member in members:
                (Path(aside) / member.filename).replace(_made(to / member.filename))
    except DAMAGED as failure:
        raise UserError(f"{archive} is no sound zip archive: {failure}. Delete it and download it again.") from failure
    return len(members)


def _require_harmless(archive: Path, members: list[zipfile.ZipInfo], to: Path) -> None:
    for member in members:
        if _leads_out(member.filename):
            raise UserError(f"{archive}: the name {member.filename!r} leads out of the folder; nothing was unpacked.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UserError(f"{archive}: {member.filename!r} is a link; nothing was unpacked.")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise UserError(f"{archive}: two files have the same name; nothing was unpacked.")
    packed, whole = archive.stat().st_size, sum(member.file_size for member in members)
    if whole > MOST_RATIO * packed or sum(member.compress_size for member in members) > packed:
        raise UserError(f"{archive}: {packed:,} bytes claim to hold {whole:,}; nothing was unpacked.")
    free = shutil.disk_usage(to).free
    if whole + SPARE > free:
        raise UserError(f"{archive}: {whole / 1e9:.1f} GB to unpack, {free / 1e9:.1f} GB are free at {to}.")


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name or not path.parts


def _made(path: Path) -> Path:
    """The path, with the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
