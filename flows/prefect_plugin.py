"""Prefect's start-up hook: lets ``prefect deployment run augment-kitti`` work as it reads.

Prefect's command line wants FLOW/DEPLOYMENT. Every deployment of this project is named like its flow, so a bare name
can only mean NAME/NAME. Prefect calls the hook when it is imported, before its command line reads ``sys.argv``.
Nothing else is touched: no other name, no other command.
"""

import sys
from pathlib import Path
from typing import Any

from prefect.plugins import register_hook

OWN_DEPLOYMENTS = ("augment-kitti",)
VERBS = ("run", "inspect", "pause", "resume", "delete")


@register_hook
def setup_environment(*, ctx: Any) -> None:
    """Spell out the full name of one of this project's deployments on Prefect's command line."""
    sys.argv[:] = spelt_out(sys.argv)


def spelt_out(argv: list[str]) -> list[str]:
    """The arguments with a bare own deployment name written as FLOW/DEPLOYMENT; all others unchanged."""
    if len(argv) < 4 or Path(argv[0]).name not in ("prefect", "prefect.exe", "__main__.py"):
        return argv
    if argv[1] not in ("deployment", "deployments") or argv[2] not in VERBS:
        return argv
    return [*argv[:3], *(f"{word}/{word}" if word in OWN_DEPLOYMENTS else word for word in argv[3:])]
