"""Frames per second and core of the renderer, in CPU time: ``python tests/benchmarks/render.py [CITY ...]``.

A reference line (one multiply-add over a million float32) tells how busy the machine is: 0.4-0.8 ms where it is idle.
"""

import resource
import sys
import time
from functools import partial

import numpy as np

from pipeline.city.drives import record_drive
from pipeline.city.lidar import scan
from pipeline.city.render import render
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def best_ms(work, repeats: int) -> float:
    times = []
    for number in range(repeats):
        begin = time.thread_time()
        work(number)
        times.append(time.thread_time() - begin)
    return 1000 * float(np.quantile(times, 0.25))


def measure(city: str) -> None:
    begin = time.thread_time()
    world = build_world(city, 0)
    recording = record_drive(city, 0, 0, 60)
    cast = Cast.dress(recording, world, 0)
    say(f"{city}: set up {time.thread_time() - begin:.1f} s")
    for size in ("half", "full"):
        calibration = resize_calibration(kitti_calibration(), size)
        for samples in (1, 2):
            day, both = (
                best_ms(partial(draw, world, recording, cast, calibration, samples, looks), 16)
                for looks in (("day",), ("day", "night"))
            )
            say(f"  {size} x{samples}: {day:.1f} ms ({1000 / day:.0f}/s), night on top {both / day - 1:.0%}")
    rng = np.random.default_rng(0)
    say(f"  LiDAR: {best_ms(lambda frame: scan(world, recording, cast, 3 * frame, calibration, rng), 10):.1f} ms")


def draw(world, recording, cast, calibration, samples, looks, number: int) -> None:
    render(world, recording, cast, 3 * number, calibration, np.random.default_rng(0), samples, looks)


def main() -> None:
    numbers = np.ones(1_000_000, np.float32)
    say(f"reference: {best_ms(lambda _: numbers * 1.1 + numbers, 50):.2f} ms")
    for city in sys.argv[1:] or STYLES:
        measure(city)
    say(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
