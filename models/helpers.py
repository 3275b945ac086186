"""Processes that help with one piece of work: all do the same, each with its own rank, and end with it."""

import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from models.reporting import TrainingDiverged
from models.trained import recalling

PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others; one that dies is noticed at once."""


class HelperLost(RuntimeError):
    """A helping process failed or was killed; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Helper:
    """A helping process and the line on which it says that it is ready, or what went wrong."""

    rank: int
    process: BaseProcess
    line: Connection


@contextmanager
def helped(processes: int, work: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Run a block as the first of several processes; each other one calls ``work(*arguments)``, where the block is met.

    The block must not have drawn anything from ``arguments`` yet, and must not depend on what they do not hold. Inside
    a helper, and where kept weights make training unnecessary, nothing is started. Whoever computes on several GPUs
    gives each process its own, by ``torch.distributed.get_rank()``.

    Raises:
        HelperLost: a helper could not be started, failed, or was killed.
    """
    if processes == 1 or distributed.is_initialized() or recalling():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="processes-", ignore_cleanup_errors=True) as place, ExitStack() as ends:
        meet = Path(place) / "meet"
        helpers = [ends.enter_context(_helper(rank, processes, meet, work, arguments)) for rank in range(1, processes)]
        for helper in helpers:
            _await_ready(helper)
        try:
            with _member(0, processes, meet):
                yield
        except RuntimeError as failure:
            trouble = next(filter(None, map(_trouble, helpers)), None)
            if trouble is None or isinstance(failure, TrainingDiverged):  # as all processes do at once
                raise
            raise HelperLost(trouble) from failure


@contextmanager
def _helper(
    rank: int, processes: int, place: Path, work: Callable[..., Any], arguments: tuple[Any, ...]
) -> Iterator[Helper]:
    helper = _started(rank, processes, place, work, arguments)
    try:
        yield helper
    finally:
        helper.process.terminate()
        helper.process.join()
        helper.line.close()


def _started(rank: int, processes: int, place: Path, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Helper:
    if multiprocessing.current_process().daemon:
        raise HelperLost("this process may start no others (a worker of Dask?): set processes=1, or another --runner")
    context = multiprocessing.get_context("spawn")  # what is forked inherits locks that nobody will ever open
    here, there = context.Pipe()
    given = (rank, processes, place, torch.get_num_threads(), there, work, arguments)
    process = context.Process(target=_help, args=given, daemon=True)
    process.start()
    there.close()
    return Helper(rank, process, here)


def _await_ready(helper: Helper) -> None:
    try:
        helper.line.recv()
    except EOFError:
        raise HelperLost(_trouble(helper) or f"process {helper.rank + 1} did not start") from None


def _trouble(helper: Helper) -> str | None:
    """What a helper died of; None if it did not."""
    with suppress(EOFError, OSError):
        if helper.line.poll(1.0):
            return f"process {helper.rank + 1}: {helper.line.recv()}"
    helper.process.join(1.0)
    code = helper.process.exitcode
    return f"process {helper.rank + 1} was ended from outside (exit code {code})" if code else None


def _help(
    rank: int,
    processes: int,
    place: Path,
    threads: int,
    line: Connection,
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    """What a helper runs. Ctrl-C is the first process's to handle, and so is every error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    with suppress(OSError):  # nobody listens any more
        line.send("ready")
        try:
            with _member(rank, processes, place):
                work(*arguments)
        except Exception as failure:
            line.send(f"{type(failure).__name__}: {failure}")


@contextmanager
def _member(rank: int, processes: int, place: Path) -> Iterator[None]:
    """Belong to the group of processes that meet in the file ``place``."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", _loopback())  # nobody else's business
    distributed.init_process_group(init_method=place.as_uri(), rank=rank, world_size=processes, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def _loopback() -> str:
    return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")
