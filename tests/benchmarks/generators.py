"""How fast generators of windows learn, and how well a classifier tells what they make from recordings.

    python tests/benchmarks/generators.py KITTI_TRACKING_DIR [CPU_SECONDS]

Speed: the default sequence GAN on 2,000 windows of 20 frames; a training sample is one window consumed by the critic
(a real and a fake one each count) or by the generator. Quality: every generator gets the same CPU seconds to learn the
same 2,000 windows with the same code; then a classifier learns to tell 1,000 of its windows from real ones and is
examined on 1,000 others. The score is its accuracy above chance: 0 is best, 0.5 worst. Printed beside it: the score of
real against other real windows, and that of real windows that only went through the code.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from time import process_time

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier

from models.sequence_code import SequenceCode
from pipeline.registry import configured
from pipeline.sources import SOURCES
from pipeline.strategies import TRACK_STRATEGIES
from pipeline.strategies.adversarial import Adversarial
from pipeline.strategies.code_strategy import CodeStrategy
from pipeline.strategies.sequence_gan import SequenceGan
from pipeline.strategies.window_code import decode_windows, encode_windows, one_hot_kinds
from pipeline.windows import Windows, cut_windows

WINDOWS, SAMPLES, TRIAL_STEPS = 2000, 2000, 100


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def timed(work: Callable[[], object]) -> float:
    """CPU seconds."""
    start = process_time()
    work()
    return process_time() - start


def training_speed(real: Windows, steps: int = 600) -> float:
    """Training samples per CPU second of the default sequence GAN, set-up included."""
    recipe = SequenceGan(steps=steps)
    seconds = timed(lambda: recipe.fit(real, np.random.default_rng(0)))
    return steps * recipe.batch * (2 * recipe.critic_steps + 1) / seconds


def within(recipe: CodeStrategy | Adversarial, real: Windows, budget_s: float) -> CodeStrategy | Adversarial:
    """The recipe with as many steps as fit the budget, measured by two short trials after one that warms up.

    Raises:
        RuntimeError: the machine is too busy to tell a long trial from a short one.
    """
    if "steps" not in asdict(recipe):
        return recipe
    short, long = (configured(recipe, {"steps": steps}, "recipe") for steps in (TRIAL_STEPS, 3 * TRIAL_STEPS))
    _, *took = [timed(lambda trial=trial: trial.fit(real, np.random.default_rng(0))) for trial in (short, short, long)]
    per_step = (took[1] - took[0]) / (2 * TRIAL_STEPS)
    if took[1] < 1.2 * took[0]:
        raise RuntimeError(f"{recipe.name}: trials of {took} CPU seconds cannot be told apart; try on a quiet machine")
    return configured(recipe, {"steps": max(TRIAL_STEPS, round((budget_s - took[0]) / per_step))}, "recipe")


def features(windows: Windows, code: SequenceCode) -> np.ndarray:
    """What the classifier sees: whitened code and class, which hide nothing that any of the generators can vary."""
    return torch.cat([code.encode(*encode_windows(windows)), one_hot_kinds(windows.kind)], dim=1).numpy()


def discriminative_score(real: Windows, synthetic: Windows, code: SequenceCode) -> float:
    """Accuracy above chance of a small perceptron on windows that it has not seen (Yoon et al., NeurIPS 2019)."""
    count = min(len(real), len(synthetic))
    table = np.concatenate([features(windows, code)[:count] for windows in (real, synthetic)]).clip(-8, 8)
    label = np.repeat([0, 1], count)
    order = np.random.default_rng(0).permutation(2 * count)
    train, test = order[:count], order[count:]
    classifier = MLPClassifier((64, 64), max_iter=60, early_stopping=True, random_state=0)
    classifier.fit(table[train], label[train])
    return abs(float(classifier.score(table[test], label[test])) - 0.5)


def recoded(windows: Windows, code: SequenceCode) -> Windows:
    """Real windows that went through the code and back."""
    codes = code.encode(*encode_windows(windows))
    return replace(windows, boxes=decode_windows(code, codes, windows.image_size))


def main(root: Path, budget_s: float) -> None:
    """Print the speed, the floors, and one line for each generator."""
    torch.set_num_threads(1)
    windows = cut_windows(SOURCES["kitti_tracking"].read(root).drives, 20)
    order = np.random.default_rng(0).permutation(len(windows))
    real, other, more = (windows.take(order[part * WINDOWS : (part + 1) * WINDOWS]) for part in range(3))
    code = SequenceCode.fitted(*encode_windows(windows), 16)
    speeds = [training_speed(real) for _ in range(3)]
    say(f"sequence GAN: {max(speeds):,.0f} training samples per CPU second (three runs: {min(speeds):,.0f} at least)")
    say(f"real against real: {discriminative_score(other, more, code):.3f}")
    say(f"real against real through the code: {discriminative_score(other, recoded(more, code), code):.3f}")
    say(f"score after {budget_s:.0f} CPU seconds, steps taken, CPU seconds used to fit, to draw {SAMPLES}:")
    for name, entry in TRACK_STRATEGIES.items():
        if isinstance(entry, CodeStrategy | Adversarial):
            recipe = within(entry, real, budget_s)
            start = process_time()
            draw = recipe.fit(real, np.random.default_rng(1))
            fitted = process_time()
            synthetic = draw(SAMPLES, np.random.default_rng(2))
            drawn = process_time()
            score = discriminative_score(other, synthetic, code)
            steps = asdict(recipe).get("steps", "-")
            say(f"  {name:16} {score:.3f}  {steps:>6}  {fitted - start:6.1f}  {drawn - fitted:5.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 20.0)
