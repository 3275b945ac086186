"""The commands of ``augment-kitti``, one a module: ``add_parser`` describes it, ``main`` does it."""

import argparse
import os
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction


def leave_console_to_us() -> None:
    """Let Prefect write nothing beside our own lines; to be called before it is imported."""
    for logger in ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "PREFECT_INTERNAL_LOGGING_LEVEL"):
        os.environ.setdefault(logger, "CRITICAL")
