"""Task ``depth``: metric depth from one picture, learnt where it was measured and examined as KITTI papers do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from models.adversarial import train_adversarial
from models.data_parallel import split
from models.depth_network import DepthCoding, DepthNetwork
from models.helpers import helped
from models.pix2pix import DepthGenerator, Pix2Pix, draw_no_latent
from models.reporting import Report, silent
from pipeline.pictures import Pictures, as_tensor
from pipeline.randomness import torch_generator
from pipeline.schedule import Schedule
from pipeline.schema import UserError
from pipeline.tasks.depth_errors import METRICS, DepthProtocol, depth_errors
from pipeline.tasks.picture_batches import OnPictures, Pool, in_parts, network_from, pools_of


@dataclass(frozen=True)
class Depth(OnPictures):
    """A U-Net, alone or against a critic of patches (pix2pix), trained for a fixed number of steps.

    The last weights' average is kept; no picture chooses it.
    """

    space: Literal["log", "inverse", "linear"] = "log"
    """In which metres become the network's numbers."""
    nearest_m: float = 2.0
    """What is nearer counts as this near to the network; it is examined as it is."""
    farthest_m: float = 80.0
    """What is farther is not examined, and to the network this far."""
    crop: Literal["none", "garg", "eigen"] = "garg"
    network: Pix2Pix = field(
        default_factory=lambda: Pix2Pix(
            "l1", width=8, levels=4, halvings=2, steps=600, batch=4, rate=2e-3, average=0.98
        )
    )

    metric = "abs_rel"
    unit = ""
    higher_is_better = False

    def __post_init__(self) -> None:
        """Refuse what the coding and the protocol refuse."""
        _ = self._coding(), self.protocol

    def train(
        self,
        train: Pictures,
        synthetic: Pictures | None,
        schedule: Schedule,
        valid: Pictures,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> DepthNetwork:
        """Train on batches that are synthetic as ``schedule`` says; ``valid`` is not used.

        Raises:
            UserError: no picture that is learnt from has a pixel of known depth.
        """
        pools = pools_of(train, synthetic, schedule, self.network.batch, self.network.steps)
        for pool in pools:
            _require_depth(pool.pictures)
        with helped(self.network.processes, self.train, train, synthetic, schedule, valid, rng):
            return self._learnt(pools, rng, report)

    def _learnt(self, pools: Sequence[Pool], rng: np.random.Generator, report: Report) -> DepthNetwork:
        initial, order = torch_generator(rng), torch_generator(rng)
        recipe = self.network.training()
        players = self.network.players(recipe, initial)

        def draw_real(count: int, generator: torch.Generator) -> Sequence[Tensor]:
            parts = [pool.drawn(generator, players.step) for pool in pools if pool.count(players.step)]
            images = torch.cat([as_tensor(part.image) for part in parts])
            metres = torch.from_numpy(np.concatenate([_truth(part) for part in parts]))
            code, known = self._coding().encode(metres[:, None])
            return code, images, known

        with split(players, recipe):
            generator = train_adversarial(players, recipe, draw_real, draw_no_latent, order, report)
        assert isinstance(generator, DepthGenerator)
        return generator.network.eval()

    def estimate(self, fitted: DepthNetwork, pictures: Pictures) -> Float[np.ndarray, "n height width"]:
        """Metres, at every pixel."""
        with torch.inference_mode():
            parts = [self._coding().decode(fitted(images))[:, 0] for images in in_parts(pictures.image)]
        return torch.cat(parts).numpy()

    def evaluate(self, fitted: DepthNetwork, held_out: Pictures) -> pd.DataFrame:
        """One row per picture with depth to compare: ``drive``, ``kind`` ("all"), ``border`` (False), the metrics.

        Raises:
            UserError: no picture has depth to compare with.
        """
        return self._errors(self.estimate(fitted, held_out), held_out)

    def examine_baselines(self, train: Pictures, held_out: Pictures) -> dict[str, pd.DataFrame]:
        """The median depth of the training drives, of all of the picture and of each of its rows."""
        _require_depth(train)
        depth = _truth(train)
        median = np.nanmedian(depth)
        known = np.isfinite(depth).any(axis=(0, 2))
        rows = np.full(depth.shape[1], median)
        rows[known] = np.nanmedian(depth[:, known], axis=(0, 2))
        shape = held_out.image.shape[:3]
        return {
            "median": self._errors(np.full(shape, median), held_out),
            "median_by_row": self._errors(np.broadcast_to(rows[:, None], shape), held_out),
        }

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> DepthNetwork:
        """The network that ``to_arrays`` described."""
        recipe = self.network
        return network_from(DepthNetwork(recipe.width, recipe.levels, recipe.bins, generator=torch.Generator()), arrays)

    def _coding(self) -> DepthCoding:
        return DepthCoding(self.space, self.nearest_m, self.farthest_m)

    @property
    def protocol(self) -> DepthProtocol:
        """Which pixels are examined."""
        return DepthProtocol(farthest_m=self.farthest_m, crop=self.crop)

    def _errors(self, estimate_m: Float[np.ndarray, "n height width"], truth: Pictures) -> pd.DataFrame:
        errors = depth_errors(estimate_m, _truth(truth), truth.drive.tolist(), self.protocol)
        compared = errors[errors["pixels"] > 0]
        if len(truth) and compared.empty:
            drives = ", ".join(dict.fromkeys(truth.drive.tolist()))
            raise UserError(f"No pixel of the drives {drives} has a depth that counts: known, up to "
                            f"{self.farthest_m:g} m away, and inside the crop ({self.crop}).")  # fmt: skip
        return compared[["drive", *METRICS]].assign(kind="all", border=False)


def _truth(pictures: Pictures) -> Float[np.ndarray, "n height width"]:
    if pictures.depth_m is None:
        raise UserError('The task "depth" needs pictures with depth, and this source has none for some of them.')
    return pictures.depth_m


def _require_depth(pictures: Pictures) -> None:
    if not np.isfinite(_truth(pictures)).any():
        drives = ", ".join(dict.fromkeys(pictures.drive.tolist()))
        raise UserError(f"There is nothing to learn: no pixel of the drives {drives} has a known depth.")
