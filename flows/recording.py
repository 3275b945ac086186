"""A study's record in MLflow and Prefect, which may fail without taking the study along.

The folder of the report is the study's result; what is recorded elsewhere can be recorded again.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.runtime import flow_run
from rich.console import Console

from flows import mlflow_runs, prefect_records, tracking
from flows.credentials import masked
from flows.liveness import LiveRun, Pulse, alive, dead_runs
from flows.servers import tracking_uri
from flows.workspace import data_folder


class StudyRecord:
    """The open record of a running study."""

    def __init__(self, study: str, pulse: Pulse) -> None:
        """Open the parent run; if that fails, say so once and go on."""
        self._opened: tracking.Opened | None = None
        self._pulse = pulse
        try:
            why_not = tracking.trouble()
            if why_not is None:
                self._opened = tracking.open_run(study, prefect_tags())
                pulse.recorded_in_mlflow(masked(self._opened.uri), self._opened.run_id)
                prefect_records.link_to_mlflow(self._opened.url)
        except Exception as failure:  # whatever ails the tracker, the study goes on
            why_not = one_line(failure)
        if why_not is not None:
            warn(f"{why_not} The study runs on and can be recorded later.")

    def finish(self, folder: Path) -> tracking.Opened | None:
        """Record the finished study and return its run; or say how to do so later."""
        prefect_records.show_answer(mlflow_runs.answer(folder))
        why_not = tracking.trouble()
        if why_not is None:
            try:
                return mlflow_runs.record(folder, self._opened)
            except Exception as failure:  # the report is written; losing it to a tracker would be absurd
                why_not = one_line(failure)
        warn(f"{why_not} Not recorded in MLflow. Do so later: augment-kitti record {folder}")
        return None

    def abandon(self, status: str) -> None:
        """Close the parent run of a study that did not finish."""
        if self._opened is not None:
            close_in_mlflow(self._opened.uri, self._opened.run_id, status)


@contextmanager
def recorded(study: str) -> Iterator[StudyRecord]:
    """Record what happens in the block; first close what killed runs left open."""
    living = data_folder() / "running"
    close_dead_runs(living)
    with alive(living, LiveRun(str(flow_run.id), study)) as pulse:
        record = StudyRecord(study, pulse)
        try:
            yield record
        except Exception:
            record.abandon("FAILED")
            raise
        except BaseException:
            record.abandon("KILLED")
            raise


def close_dead_runs(living: Path) -> None:
    """Close the records of runs that were killed."""
    with dead_runs(living) as dead:
        if dead:
            prefect_records.mark_crashed([run.flow_run_id for run in dead])
        for run in dead:
            if run.mlflow_uri and run.mlflow_run_id:
                close_in_mlflow(with_password(run.mlflow_uri), run.mlflow_run_id, "KILLED")


def with_password(shown: str) -> str:
    """The tracker that was recorded as ``shown``: its password was not, and is the one in use now."""
    present = tracking_uri()
    return present if masked(present) == shown else shown


def close_in_mlflow(uri: str, run_id: str, status: str) -> None:
    """End a run, if its tracker can be reached."""
    try:
        tracking.close_run(uri, run_id, status)
    except Exception as failure:  # a tracker that is gone must not stop the next study
        warn(f"An earlier run stays open in MLflow at {uri}: {one_line(failure)}")


def prefect_tags() -> dict[str, str]:
    """Where MLflow's pages find the flow run."""
    tags = {"flow_run_id": flow_run.id, "flow_run_name": flow_run.name, "flow_run_url": flow_run.ui_url}
    return {f"prefect.{key}": masked(str(value)) for key, value in tags.items()}


def warn(text: str) -> None:
    """One line on stderr, without passwords."""
    Console(file=sys.stderr, highlight=False, soft_wrap=True).print(f"warning: {masked(text)}", markup=False)


def one_line(failure: BaseException) -> str:
    """The first line of what went wrong."""
    return f"{type(failure).__name__}: {str(failure).strip().splitlines()[0] if str(failure).strip() else ''}".rstrip(
        ": "
    )
