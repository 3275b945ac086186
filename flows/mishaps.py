"""What ends a study from outside, told in one sentence instead of the library's traceback that it shows itself by."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from flows.servers import answers
from flows.workspace import data_folder
from pipeline.schema import UserError

LEAST_FREE = 1_000_000
"""Bytes; with less, databases cannot be written."""

OF_DISKS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "there is no permission",
    errno.EPERM: "there is no permission",
    errno.EIO: "the disk is broken",
}
"""What a user can mend of what the operating system says, by its number."""


def of_disk(failure: OSError) -> str | None:
    """What ails the disk, and where; None if something else does."""
    what = OF_DISKS.get(failure.errno or 0)
    return what and f"{what}: {failure.filename or failure}"


@contextmanager
def explained() -> Iterator[None]:
    """Tell why a study failed, if the cause lies outside.

    Raises:
        UserError: the disk is full, or the Prefect server is gone.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as failure:
        cause = _cause_outside()
        if cause is None:
            raise
        raise UserError(f"{cause} What is finished is kept: then the same command goes on from here.") from failure


def _cause_outside() -> str | None:
    if shutil.disk_usage(data_folder()).free < LEAST_FREE:
        return f"The disk of {data_folder()} is full: make room."
    api = os.environ.get("PREFECT_API_URL", "")
    if api and not answers(f"{api}/health"):
        return f"The Prefect server at {api} has gone: start it, if it is yours."
    return None
