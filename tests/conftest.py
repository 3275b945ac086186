"""Fixtures that several folders share: a tiny KITTI tree on disk, and the real data where it is present."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: threads that wait for each other are slower than one

import numpy as np
import pytest

from pipeline.city.drives import labelled_drive
from pipeline.kitti_layout import write_tracking
from pipeline.pictures import Pictures
from pipeline.schema import KINDS, Calibration, Drive, EgoMotion, Track
from pipeline.sources.rows import Rows, gather_tracks, place_in_world
from pipeline.windows import Windows, cut_windows

SHARED_DATA = Path(os.environ.get("AUGMENT_KITTI_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings; tests that need it are skipped where it is absent."""
    if not (SHARED_DATA / "kitti_tracking").is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}: set AUGMENT_KITTI_SHARED_DATA to the folder that holds it")
    return SHARED_DATA


@pytest.fixture(scope="session")
def kitti_calibration() -> Calibration:
    """KITTI's camera of 2011_09_26, with sensors that differ by a swap of axes and round offsets."""
    P2 = np.array([[721.5377, 0, 609.5593, 44.85728], [0, 721.5377, 172.854, 0.2163791], [0, 0, 1, 0.002745884]])
    T_cam_velo = np.array([[0, -1, 0, 0], [0, 0, -1, -0.08], [1, 0, 0, -0.27], [0, 0, 0, 1.0]])
    T_velo_imu = np.array([[1, 0, 0, -0.81], [0, 1, 0, 0.32], [0, 0, 1, -0.8], [0, 0, 0, 1.0]])
    return Calibration(P2, T_cam_velo, T_velo_imu, (1242, 375))


def _ego(frames: int, speed_mps: float, yaw_rate_radps: float) -> EgoMotion:
    """A car on a circle, or straight ahead, at constant speed."""
    yaw = yaw_rate_radps * 0.1 * np.arange(frames)
    heading = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    T = np.tile(np.eye(4), (frames, 1, 1))
    T[:, :2, 0], T[:, :2, 1] = heading, np.stack([-heading[:, 1], heading[:, 0]], axis=-1)
    T[1:, :2, 3] = np.cumsum(0.1 * speed_mps * heading[:-1], axis=0)
    return EgoMotion(np.arange(frames), T, np.full(frames, speed_mps), np.full(frames, yaw_rate_radps))


def _tracks(name: str, calibration: Calibration, ego: EgoMotion) -> tuple[Track, ...]:
    """A car ahead, a pedestrian with a gap in its frames, and a cyclist seen for one frame."""
    frame = np.concatenate([np.arange(30), np.delete(np.arange(5, 25), 10), [3]])
    track = np.repeat([0, 4, 7], [30, 19, 1])
    count, step = len(frame), np.arange(len(frame))
    left = 100.0 + 2 * frame + 50 * track
    rows = Rows(
        line=step,
        frame=frame,
        track=track,
        kind=np.repeat([0, 3, 5], [30, 19, 1]),
        truncated=(frame % 3).astype(float),
        occluded=frame % 4,
        boxes=np.stack([left, np.full(count, 150.25), left + 40, np.full(count, 190.5)], axis=-1),
        size_m=np.tile([1.5, 1.75, 4.25], (count, 1)),
        position_cam_m=np.stack([0.1 * track - 2, np.full(count, 1.7), 12 + 0.2 * frame], axis=-1),
        rotation_y_rad=-1.5 + 0.01 * step,
        valid=np.ones(count, bool),
    )
    return gather_tracks(rows, name, *place_in_world(rows, calibration, ego))


@pytest.fixture(scope="session")
def tiny_drives(kitti_calibration: Calibration) -> tuple[Drive, ...]:
    """Two drives of 30 frames with 3 tracks each: one straight, one turning left; one region to ignore."""
    motions = {"0000": (10.0, 0.0), "0001": (8.0, 0.3)}
    drives = []
    for name, (speed_mps, yaw_rate_radps) in motions.items():
        ego = _ego(30, speed_mps, yaw_rate_radps)
        drives.append(
            Drive(
                name=name,
                source="kitti_tracking",
                calibration=kitti_calibration,
                ego=ego,
                tracks=_tracks(name, kitti_calibration, ego),
                image_size=(1242, 375),
                ignore_frames=np.array([2]),
                ignore_boxes=np.array([[500.0, 160.0, 540.5, 180.0]]),
            )
        )
    return tuple(drives)


@pytest.fixture
def tiny_kitti(tmp_path: Path, tiny_drives: tuple[Drive, ...]) -> Path:
    """The two tiny drives as a KITTI tracking folder that a test may damage."""
    root = tmp_path / "tiny_kitti" / "training"
    for drive in tiny_drives:
        write_tracking(drive, root)
    return root


@pytest.fixture(scope="session")
def toy_windows() -> Windows:
    """240 windows of 20 frames on 6 drives: cars and pedestrians that move, turn and come nearer."""
    rng = np.random.default_rng(7)
    count, time = 240, np.arange(20)
    centre = rng.uniform([300, 170], [900, 200], (count, 2))[:, None] + time[:, None] * rng.normal(
        0, [4, 0.3], (count, 1, 2)
    )
    centre = centre + 0.1 * time[:, None] ** 2 * rng.normal(0, [1, 0.02], (count, 1, 2))
    height = rng.uniform(25, 90, (count, 1)) * np.exp(time * rng.normal(0, 0.02, (count, 1)))
    pedestrian = np.arange(count) % 3 == 0
    half = np.stack([height * np.where(pedestrian, 0.4, 1.5)[:, None], height], axis=-1) / 2
    size = np.tile(np.float32([1242, 375]), (count, 1))
    boxes = np.clip(np.concatenate([centre - half, centre + half], axis=-1), 0, [1241, 374, 1241, 374])
    track = np.arange(count) // 4
    return Windows(
        boxes=boxes.astype(np.float32),
        valid=np.ones((count, 20), bool),
        kind=np.where(pedestrian, KINDS.index("Pedestrian"), KINDS.index("Car")),
        image_size=size,
        drive=np.array([f"{number % 6:04d}" for number in track]),
        track=track,
        frame=np.arange(count) % 4,
        index=np.arange(count) % 4,
        origin=np.full(count, "real"),
    )


@pytest.fixture(scope="session")
def street_windows() -> Windows:
    """Some 240 windows of 20 frames on 3 drives of the city, four classes, with their scenes."""
    windows = cut_windows([labelled_drive(1, number, 60) for number in range(3)], 20, stride=2)
    return windows.take(np.arange(240) * len(windows) // 240)


@pytest.fixture(scope="session")
def toy_pictures() -> Pictures:
    """48 pictures of 64 x 32 px on 6 drives: one bright car each before a grey street, and the same by night."""
    rng = np.random.default_rng(11)
    count = 48
    size = np.stack([rng.integers(10, 24, count), rng.integers(6, 12, count)], axis=1)
    low = np.stack([rng.integers(0, 64 - size[:, 0]), rng.integers(8, 32 - size[:, 1])], axis=1)
    image = rng.integers(90, 130, (count, 32, 64, 3)).astype(np.uint8)
    for picture, (left, top), (width, height) in zip(image, low, size, strict=True):
        picture[top : top + height, left : left + width] = [230, 60, 40]
    drive = np.arange(count) // 8
    return Pictures(
        image=image,
        boxes=np.concatenate([low, low + size - 1], axis=1)[:, None].astype(np.float32),
        kind=np.full((count, 1), KINDS.index("Car")),
        truncated=np.zeros((count, 1), np.float32),
        occluded=np.zeros((count, 1), np.int64),
        drive=np.array([f"{number:04d}" for number in drive]),
        index=np.arange(count) % 8,
        origin=np.full(count, "real"),
        night=(image // 5).astype(np.uint8),
        depth_m=rng.uniform(3, 60, (count, 32, 64)).astype(np.float32),
    )
