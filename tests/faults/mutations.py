"""Damaged files by the thousand, each read within a time limit: a refusal or sound data, never anything else.

    python tests/faults/mutations.py [CASES] [--seed N] [--only INPUT]

Prints a line for each kind of file, and every defect with the seed that makes it again.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.damage import damaged
from tests.faults.readers import INPUTS, Input

LIMIT_S = 5.0
"""What a reader may take for a small file."""


@dataclass(frozen=True)
class Defect:
    """A damaged file that was neither refused nor read."""

    name: str
    seed: str
    found: str


@dataclass(frozen=True)
class Verdict:
    """How a reader did."""

    name: str
    cases: int
    refused: int
    slowest_s: float
    defects: tuple[Defect, ...]


def tried(name: str, cases: int, seed: int = 0) -> Verdict:
    """Damage one kind of file in ``cases`` ways and read each."""
    own, refused, slowest_s, defects = INPUTS[name], 0, 0.0, []
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        sound = Path(place) / "sound"
        sound.mkdir()
        file = own.make(sound)
        content, relative = file.read_bytes(), file.relative_to(sound)
        own.read(_copied(sound, Path(place) / "copy") / relative)
        for number in range(cases):
            case = f"{name}/{seed}/{number}"
            path = _copied(sound, Path(place) / "copy") / relative
            path.write_bytes(damaged(content, own.damages, random.Random(case)))
            started = perf_counter()
            found = outcome(own, path)
            slowest_s = max(slowest_s, perf_counter() - started)
            refused += found == ""
            if found:
                defects.append(Defect(name, case, found))
    return Verdict(name, cases, refused, slowest_s, tuple(defects))


def outcome(own: Input, path: Path) -> str | None:
    """None: read; empty: refused; else what went wrong."""
    try:
        with within(LIMIT_S), warnings.catch_warnings():
            warnings.simplefilter("error")
            own.read(path)
    except own.refusals as refusal:
        return "" if str(refusal).strip() else f"{type(refusal).__name__} without a reason"
    except (Exception, RecursionError) as failure:
        return f"{type(failure).__name__}: {str(failure)[:200]}"
    return None


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """End the block by ``TimeoutError`` if it takes too long."""

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError(f"not done after {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _copied(sound: Path, to: Path) -> Path:
    """A fresh copy: readers that mend what they find must not help the next case."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(sound, to))


def main() -> int:
    """Try all kinds of files; 1 if any defect was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cases", type=int, nargs="?", default=10_000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=INPUTS)
    arguments = parser.parse_args()
    names = [arguments.only] if arguments.only else list(INPUTS)
    defects: list[Defect] = []
    for name in names:
        verdict = tried(name, -(-arguments.cases // len(names)), arguments.seed)
        defects += verdict.defects
        sys.stdout.write(
            f"{verdict.name:<12} {verdict.cases:>6} files, {verdict.refused:>6} refused, "
            f"slowest {verdict.slowest_s:.2f} s, {len(verdict.defects)} defects\n"
        )
        sys.stdout.flush()
    for defect in defects:
        sys.stdout.write(f"DEFECT {defect.seed}: {defect.found}\n")
    return int(bool(defects))


if __name__ == "__main__":
    sys.exit(main())
