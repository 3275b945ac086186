"""``python -m flows.tracking_server WORDS``: ``mlflow server WORDS`` in one process instead of two.

MLflow's command starts the server as its child and waits beside it, 190 MB large, for nothing. Here it becomes the
server. A version of MLflow that starts its child in another way runs as ever, in two processes.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import mlflow.server
from mlflow.cli import cli


def become(command: Sequence[str], *, extra_env: Mapping[str, str], **_: Any) -> NoReturn:
    """Replace this process by ``command``."""
    os.execvpe(command[0], list(command), {**os.environ, **extra_env})


if __name__ == "__main__":
    if hasattr(mlflow.server, "_exec_cmd"):
        mlflow.server._exec_cmd = become
    cli(["server", *sys.argv[1:]])
