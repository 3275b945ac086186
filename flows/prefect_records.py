"""What Prefect's pages show of a study: how far it is, what it found, and where else it is recorded."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)  # fmt: skip
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from flows.progress import ArmProgress
from flows.servers import answers


class ProgressArtifact:
    """The share of finished work as a bar on the flow run's page."""

    def __init__(self, pieces: str = "arms") -> None:
        """Nothing is shown before the first call; ``pieces`` is what is counted."""
        self._pieces = pieces
        self._artifact: UUID | None = None

    def __call__(self, progress: ArmProgress) -> None:
        """Show how far it is."""
        _show(lambda: self._show(progress.percent))

    def _show(self, percent: float) -> None:
        if self._artifact is None:
            created = create_progress_artifact(percent, key=self._pieces, description=f"Finished {self._pieces}")
            self._artifact = cast(UUID, created)  # a coroutine only where an event loop runs
        else:
            update_progress_artifact(self._artifact, percent)


def link_to_mlflow(url: str) -> None:
    """Lead from the flow run to the MLflow run."""
    _show(lambda: create_link_artifact(url, link_text="The study in MLflow", key="mlflow-run"))


def show_answer(markdown: str) -> None:
    """The study's table on the flow run's page."""
    _show(lambda: create_markdown_artifact(markdown, key="answer", description="What the study found"))


def _show(something: Callable[[], object]) -> None:
    """Show something in Prefect while its server answers; where it has gone, nobody looks, and no study fails for that.

    Prefect itself would try for more than a minute each time.
    """
    api = os.environ.get("PREFECT_API_URL")
    if api is None or answers(f"{api}/health"):
        with suppress(Exception):
            something()


def mark_crashed(flow_run_ids: Sequence[str]) -> None:
    """Close flow runs whose process is gone, where the server knows them and still believes that they run."""
    with get_client(sync_client=True) as client:
        for flow_run_id in flow_run_ids:
            try:
                run = client.read_flow_run(UUID(flow_run_id))
            except (ObjectNotFound, ValueError):
                continue
            if run.state is not None and not run.state.is_final():
                client.set_flow_run_state(run.id, Crashed(message="The process was killed."), force=True)
