"""What a killed installation left open in Prefect, put right before a worker begins again.

Prefect notices a dead run as long as its worker lives. If both died together, the run would hold the deployment's only
place for ever, and nothing that is scheduled would run again.
"""

from flows.hooks import note
from flows.liveness import living_runs
from flows.servers import posted
from flows.workspace import data_folder

KILLED = "Its process was killed together with the worker."


def close_orphans(api: str, pool: str) -> None:
    """Mark runs that were under way as crashed, and put those that had only been claimed back into the queue.

    To be called while no worker serves ``pool``. Runs whose process lives on are left alone.
    """
    living = {run.flow_run_id for run in living_runs(data_folder() / "running")}
    unfinished = {
        "flow_runs": {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}},
        "work_pools": {"name": {"any_": [pool]}},
    }
    for run in posted(f"{api}/flow_runs/filter", unfinished):
        if run["id"] not in living:
            claimed = run["state"]["type"] == "PENDING"
            state = {"type": "SCHEDULED"} if claimed else {"type": "CRASHED", "message": KILLED}
            posted(f"{api}/flow_runs/{run['id']}/set_state", {"state": state, "force": True})
            if not claimed:
                note(str(run["parameters"].get("study", run["name"])), "Crashed", run["id"], KILLED)
