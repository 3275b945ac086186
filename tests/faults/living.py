"""The living processes of a study: which they are, what they have used, and waiting on them."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def processes(data: Path) -> dict[int, str]:
    """Command lines, by number, of the living processes that work in a data folder."""
    mark, found = f"AUGMENT_KITTI_DATA={data}\0".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes() + b"\0":
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                if words:
                    found[int(folder.name)] = words
        except OSError:
            continue
    return found


class Meter:
    """Processor seconds that all processes of a data folder have used: a clock that other work does not advance."""

    def __init__(self, data: Path) -> None:
        """Nothing is used yet."""
        self._data = data
        self._used: dict[int, float] = {}

    def read(self) -> float:
        """Seconds so far, those of ended processes as far as they were seen."""
        self._used |= {number: _cpu_s(number) for number in processes(self._data)}
        return sum(self._used.values())


def _cpu_s(process: int) -> float:
    """User and system time, see proc(5); 0 for one that has just ended."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(ready: Callable[[], object], child: "subprocess.Popen[str]", every_s: float = 0.02) -> bool:
    """Wait for a condition; whether it came before the child's end."""
    while child.poll() is None:
        if ready():
            return True
        time.sleep(every_s)
    return False
