"""One peer of ``peers.py`` at work, in the peer's own environment: learn, draw, and write down how long it took.

python peer_runs.py PEER LEARNT.npz CPU_SECONDS SAMPLES MADE.npz
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

BATCH = 500
"""Four steps an epoch; DGAN's own 1,024 would leave half of the windows out of each."""


def gretel(epochs: int, shapes: np.ndarray, places: np.ndarray, kind: np.ndarray) -> Any:
    from gretel_synthetics.timeseries_dgan.config import DGANConfig, OutputType
    from gretel_synthetics.timeseries_dgan.dgan import DGAN

    config = DGANConfig(max_sequence_len=shapes.shape[1], sample_len=5, batch_size=BATCH, epochs=epochs, cuda=False)
    model = DGAN(config)
    continuous = [OutputType.CONTINUOUS] * 4
    model.train_numpy(
        shapes,
        feature_types=continuous,
        attributes=np.concatenate([places, kind[:, None]], axis=1),
        attribute_types=[*continuous, OutputType.DISCRETE],
    )
    return model


def gretel_samples(model: Any, count: int, places: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, ...]:
    attributes, shapes = model.generate_numpy(count)
    return np.asarray(shapes, float), attributes[:, :4].astype(float), attributes[:, 4].astype(float).astype(int)


def sdv(epochs: int, shapes: np.ndarray, places: np.ndarray, kind: np.ndarray) -> Any:
    from deepecho import PARModel

    model = PARModel(epochs=epochs, cuda=False, verbose=False)
    sequences = [
        {"context": [*place.tolist(), int(which)], "data": shape.T.tolist()}
        for shape, place, which in zip(shapes, places, kind, strict=True)
    ]
    model.fit_sequences(sequences, ["continuous"] * 4 + ["categorical"], ["continuous"] * 4)
    return model


def sdv_samples(model: Any, count: int, places: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, ...]:
    chosen = np.random.default_rng(0).choice(len(kind), count, replace=False)
    shapes = [
        np.asarray(model.sample_sequence([*places[row].tolist(), int(kind[row])], sequence_length=20), float).T
        for row in chosen
    ]
    return np.stack(shapes), places[chosen], kind[chosen]


Fit = Callable[..., Any]
PEERS: dict[str, tuple[Fit, Callable[..., tuple[np.ndarray, ...]], int]] = {
    "gretel-synthetics": (gretel, gretel_samples, 3),
    "sdv": (sdv, sdv_samples, 1),
}
"""Fitting, drawing, and how many windows its networks consume for each real one: a critic's real and fake, a
generator's; a likelihood's."""


def seconds(fit: Fit, epochs: int, data: tuple[np.ndarray, ...]) -> tuple[float, Any]:
    start = process_time()
    model = fit(epochs, *data)
    return process_time() - start, model


def main(peer: str, learnt: Path, budget_s: float, samples: int, made: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    fit, draw, consumed = PEERS[peer]
    with np.load(learnt) as stored:
        data = stored["shapes"].astype(float), stored["places"].astype(float), stored["kind"]
    fit(1, *(part[:BATCH] for part in data))  # the first time, modules are still being loaded
    short, long = (seconds(fit, epochs, data)[0] for epochs in (1, 2))
    an_epoch = max(long - short, long / 20)
    epochs = max(1, round((budget_s - (short - an_epoch)) / an_epoch))
    fit_s, model = seconds(fit, epochs, data)
    shapes, places, kind = draw(model, samples, *data[1:])
    speed = epochs * len(data[0]) * consumed / fit_s
    np.savez(made, shapes=shapes, places=places, kind=kind, speed=speed, fit_s=fit_s)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
