"""Our default sequence GAN beside published generators of sequences: how fast they learn, and how well in equal time.

    python tests/benchmarks/peers.py KITTI_TRACKING_DIR [CPU_SECONDS]

All learn the same 2,000 windows of 20 frames x 4 numbers after the same code (smooth shapes, places and classes), each
on one thread for the same CPU seconds; then 500 windows of each go back through the code, and a classifier that learnt
to tell half of them from real ones is examined on the rest: accuracy above chance, 0 is best, 0.5 worst. Printed
first: what real windows score against other real windows. A training sample is a window consumed by a network's step,
real and fake ones alike.

Each peer gets an environment of its own in a temporary folder, which borrows this one's packages; where its
installation fails it is left out, and the reason printed.

  gretel-synthetics  DGAN, a DoppelGANger in PyTorch (Lin et al., IMC 2020)
  sdv                PAR, as its engine DeepEcho runs it (Zhang et al., 2022), given the places and classes of real
                     windows, which it does not learn
"""

import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import process_time

import numpy as np
import torch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from models.sequence_code import SequenceCode
from pipeline.sources import SOURCES
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.window_code import decode_windows, encode_windows
from pipeline.windows import Windows, cut_windows
from tests.benchmarks.generators import discriminative_score, say, training_speed, within

WINDOWS, SAMPLES = 2000, 500
INSTALLED = {
    "gretel-synthetics": ("--no-deps", "gretel-synthetics", "category_encoders", "patsy", "statsmodels"),
    "sdv": ("sdv",),
}
"""What pip is asked for. All that gretel-synthetics wants for text is left out: some of it does not build any more."""

RUNNER = Path(__file__).parent / "peer_runs.py"


def environment(peer: str, folder: Path) -> Path:
    """The Python of a fresh environment with ``peer`` in it and this one's packages behind it.

    Raises:
        RuntimeError: pip failed; the message is its last line.
    """
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    own = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()
    (Path(own) / "zz_borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pins = folder / "pins.txt"  # or pip would bring another torch, with gigabytes for a GPU
    pins.write_text("".join(f"{name}=={version(name).split('+')[0]}\n" for name in ("torch", "numpy", "pandas")))
    wanted = [python, "-m", "pip", "install", "--quiet", "--constraint", pins, *INSTALLED[peer]]
    done = subprocess.run(wanted, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "pip failed").splitlines()[-1])
    return python


def of_peer(peer: str, python: Path, learnt: Path, budget_s: float, like: Windows, code: SequenceCode) -> str:
    """Speed and samples of a peer, as a line of the table."""
    made = learnt.with_name(f"{peer}.npz")
    done = subprocess.run(
        [python, RUNNER, peer, learnt, str(budget_s), str(SAMPLES), made], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return f"  {peer:18} failed: {done.stderr.strip().splitlines()[-1]}"
    with np.load(made) as found:
        shapes, places = (torch.from_numpy(found[name].astype(np.float32)) for name in ("shapes", "places"))
        kind, speed, fit_s = found["kind"], float(found["speed"]), float(found["fit_s"])
    boxes = decode_windows(code, code.encode(shapes, places), like.image_size[: len(kind)])
    return line(peer, replace(like.take(np.arange(len(kind))), boxes=boxes, kind=kind), like, code, speed, fit_s)


def line(name: str, synthetic: Windows, other: Windows, code: SequenceCode, speed: float, fit_s: float) -> str:
    """Speed, CPU seconds used and score."""
    score = discriminative_score(other.take(np.arange(len(synthetic))), synthetic, code)
    return f"  {name:18} {speed:10,.0f} {fit_s:8.1f} {score:8.3f}"


def main(root: Path, budget_s: float) -> None:
    """Print the floor and one line a generator."""
    torch.set_num_threads(1)
    windows = cut_windows(SOURCES["kitti_tracking"].read(root).drives, 20)
    order = np.random.default_rng(0).permutation(len(windows))
    real, other, more = (windows.take(order[part * WINDOWS : (part + 1) * WINDOWS]) for part in range(3))
    code = SequenceCode.fitted(*encode_windows(real), 16)
    shapes, places = code.decode(code.encode(*encode_windows(real)))
    few = np.arange(SAMPLES)
    say(f"real against real: {discriminative_score(other.take(few), more.take(few), code):.3f}")
    say(f"after {budget_s:.0f} CPU seconds: training samples per CPU second, CPU seconds used, score")
    recipe = within(SequenceGan(), real, budget_s)
    start = process_time()
    draw = recipe.fit(real, np.random.default_rng(1))
    fit_s = process_time() - start
    say(line("sequence GAN (ours)", draw(SAMPLES, np.random.default_rng(2)), other, code, training_speed(real), fit_s))
    with tempfile.TemporaryDirectory() as folder:
        learnt = Path(folder) / "learnt.npz"
        np.savez(learnt, shapes=shapes.numpy(), places=places.numpy(), kind=real.kind)
        for peer in INSTALLED:
            try:
                python = environment(peer, Path(folder) / peer)
            except RuntimeError as reason:
                say(f"  {peer:18} left out, it does not install here: {reason}")
                continue
            say(of_peer(peer, python, learnt, budget_s, other, code))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
