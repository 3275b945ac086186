"""Drives shared out among processes so that few of them build the same city."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

CityDrive = tuple[str, int, int]
"""City, number and frames of a drive."""
REPORT_S = 1.0
"""Time between two reports."""


def share_out(
    drives: Sequence[CityDrive], processes: int, work: Callable[[CityDrive], None], report: Callable[[], None]
) -> None:
    """Do ``work`` on all drives; a process stays in the city it has built while there are drives left."""
    waiting, running, built = list(drives), dict[Future[None], int](), [""] * processes
    # a pool each: a common one would hand any drive to any process
    pools = [ProcessPoolExecutor(1, get_context("spawn")) for _ in range(processes)]
    try:
        while waiting or running:
            for worker in sorted(set(range(processes)).difference(running.values()))[: len(waiting)]:
                drive = next_drive(waiting, built, worker)
                waiting.remove(drive)
                built[worker] = drive[0]
                running[pools[worker].submit(work, drive)] = worker
            for finished in wait(running, REPORT_S, FIRST_COMPLETED).done:
                del running[finished]
                finished.result()
            report()
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def next_drive(waiting: Sequence[CityDrive], built: Sequence[str], worker: int) -> CityDrive:
    """A drive through the city that ``worker`` built last; else one that nobody is in, where most is left to do."""
    left = Counter(city for city, _, _ in waiting)
    city = max(left, key=lambda city: (city == built[worker], city not in built, left[city]))
    return next(drive for drive in waiting if drive[0] == city)
