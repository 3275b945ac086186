"""What the renderer costs, in CPU time of one core: ``python tests/benchmarks/render.py [CITY ...]``.

A frame is what ``augment-kitti render`` draws: colour with 2x2 rays a pixel, depth, classes and instances, from
the drive to arrays; files are counted apart. Every figure is the fastest quarter of several frames. A reference line
(one multiply-add over a million float32) tells how busy the machine is: 0.2-0.4 ms where it is idle, but programs that
share its caches slow the renderer more than this line.
"""

import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.city.drives import record_drive
from pipeline.city.lidar import scan
from pipeline.city.picture_files import write_picture, write_scan
from pipeline.city.pixel_labels import pixel_rows
from pipeline.city.render import render
from pipeline.city.render_set import LECTURE_SET
from pipeline.city.rig import kitti_calibration
from pipeline.city.stage import Cast
from pipeline.city.styles import STYLES
from pipeline.city.view import resize_calibration
from pipeline.city.world import build_world

FRAMES = 16


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def best_ms(work, repeats: int) -> float:
    times = []
    for number in range(repeats):
        begin = time.thread_time()
        work(number)
        times.append(time.thread_time() - begin)
    return 1000 * float(np.quantile(times, 0.25))


def measure(city: str) -> tuple[float, float]:
    """Milliseconds of a frame at half size with all its labels, and seconds of setting up."""
    begin = time.thread_time()
    world = build_world(city, 0)
    recording = record_drive(city, 0, 0, 60)
    cast = Cast.dress(recording, world, 0)
    set_up_s = time.thread_time() - begin
    say(f"{city}: set up {set_up_s:.1f} s")
    whole = 0.0
    for size in ("full", "half"):
        calibration = resize_calibration(kitti_calibration(), size)
        for samples in (1, 2):
            day, both = (
                best_ms(partial(draw, world, recording, cast, calibration, samples, looks), FRAMES)
                for looks in (("day",), ("day", "night"))
            )
            say(f"  {size} x{samples}: {day:.1f} ms ({1000 / day:.0f}/s), night on top {both / day - 1:.0%}")
        whole = both
    picture = draw(world, recording, cast, calibration, 2, ("day", "night"), 0)
    points = scan(world, recording, cast, 0, calibration, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        for name, work in {
            "LiDAR": lambda frame: scan(world, recording, cast, 3 * frame, calibration, np.random.default_rng(0)),
            "boxes": lambda frame: pixel_rows(recording, cast, 0, calibration, picture),
            "files": partial(write, Path(folder), picture, points),
        }.items():
            spent = best_ms(work, FRAMES)
            whole += spent
            say(f"  {name}: {spent:.1f} ms")
    say(f"  everything at half size: {whole:.0f} ms")
    return whole, set_up_s


def draw(world, recording, cast, calibration, samples, looks, number: int):
    return render(world, recording, cast, 3 * number, calibration, np.random.default_rng(0), samples, looks)


def write(folder: Path, picture, points: np.ndarray, number: int) -> None:
    write_picture(folder, "0000", number, picture)
    write_scan(folder, "0000", number, points)


def main() -> None:
    numbers = np.ones(1_000_000, np.float32)
    say(f"reference: {best_ms(lambda _: numbers * 1.1 + numbers, 50):.2f} ms")
    costs = {city: measure(city) for city in sys.argv[1:] or STYLES}
    if set(costs) == set(LECTURE_SET):
        # two processes share the cities out; the last one is built by both
        work_s = sum(LECTURE_SET[city] * frame / 1000 + set_up for city, (frame, set_up) in costs.items())
        total_s = (work_s + max(set_up for _, set_up in costs.values())) / 2
        say(f"{sum(LECTURE_SET.values())} frames at half size on two idle cores: about {total_s:.0f} s")
    say(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
