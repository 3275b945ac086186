"""Which engine carries out a study's pieces of work: processes here, a Dask cluster or a Ray cluster.

Work travels as a description: paths and digests, never data. Workers on other machines must see the data folder at the
same path, and have this program installed in the same version.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from pipeline.schema import UserError

AnyRunner: TypeAlias = TaskRunner[Any]

PROCESS = "process"


def processes(workers: int, address: str, initializer: Callable[[], None]) -> AnyRunner:
    """Processes of this machine."""
    if address:
        raise UserError(f'The runner "{PROCESS}" has no address; "{address}" was given.')
    return ProcessPoolTaskRunner(max_workers=workers, initializer=initializer)


def dask(workers: int, address: str, initializer: Callable[[], None]) -> AnyRunner:
    """A Dask cluster by its scheduler's address, or one of ``workers`` processes that lives as long as the study."""
    runner = _extra("prefect_dask", "dask").DaskTaskRunner
    own = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    made: AnyRunner = runner(address=address) if address else runner(cluster_kwargs=own)
    return made


def ray(workers: int, address: str, initializer: Callable[[], None]) -> AnyRunner:
    """A Ray cluster by its address, or one of ``workers`` processes that lives as long as the study."""
    runner = _extra("prefect_ray", "ray").RayTaskRunner
    own = {"num_cpus": workers, "include_dashboard": False}
    made: AnyRunner = runner(address=address) if address else runner(init_kwargs=own)
    return made


RUNNERS: Mapping[str, Callable[[int, str, Callable[[], None]], AnyRunner]] = {
    PROCESS: processes,
    "dask": dask,
    "ray": ray,
}
"""To add one: write its function, add its line."""


@contextmanager
def running(name: str, workers: int, initializer: Callable[[], None]) -> Iterator[AnyRunner]:
    """The engine called ``name``, as ``dask`` or ``dask:tcp://host:8786``, for the time of a block.

    Raises:
        UserError: there is no such engine, it is not installed, or nobody answers at its address.
    """
    runner = engine(name)(workers, name.partition(":")[2], initializer)
    with ExitStack() as stack:
        try:
            entered = stack.enter_context(runner)
        except OSError as failure:  # timeouts and refused connections among them
            raise UserError(f'The runner "{name}" cannot be reached: {failure}') from failure
        try:
            yield entered
        except BaseException:
            for child in multiprocessing.active_children():  # or a pool would wait for their work
                child.terminate()
            raise


def engine(name: str) -> Callable[[int, str, Callable[[], None]], AnyRunner]:
    """What makes the engine called ``name``.

    Raises:
        UserError: there is none.
    """
    kind = name.partition(":")[0]
    if kind not in RUNNERS:
        raise UserError(
            f'Unknown runner "{name}". Known: {", ".join(RUNNERS)}, with an address as dask:tcp://HOST:PORT.'
        )
    return RUNNERS[kind]


def _extra(module: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as missing:
        advice = f"pip install 'augment-kitti[{extra}]' -c constraints.txt"
        raise UserError(f'The runner "{extra}" is not installed: {advice}') from missing
