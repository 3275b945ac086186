"""Windows from a generative adversarial network that has learnt the training drives' tracks, class by class."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from models.adversarial import AdversarialRecipe, Players, train_adversarial
from models.reporting import Report, silent
from models.sequence_code import SequenceCode
from models.sequence_gan import LATENT, SequenceCritic, SequenceGenerator
from pipeline.boxes import centre_and_size, clip_to_image, from_relative, to_relative, visible
from pipeline.randomness import torch_generator
from pipeline.schema import KINDS, UserError, require
from pipeline.windows import Windows

ROUNDS = 20
"""How often windows that leave the view are made again before giving up."""


@dataclass(frozen=True)
class SequenceGan:
    """A class-conditional WGAN-GP (Gulrajani et al., NeurIPS 2017) on whitened window shapes; see ``models``.

    Windows are learnt relative to their middle frame and in its box heights, beside where and how large that box is.
    """

    steps: int = 1500
    """Steps of the generator."""
    critic_steps: int = 3
    batch: int = 128
    learning_rate: float = 2e-3
    """Of both players; betas (0, 0.9)."""
    average: float = 0.99
    """Decay of the generator's moving average."""
    components: int = 16
    """Principal components of a window's shape; 16 hold 99.9 % of the variance of KITTI's."""
    hidden: int = 128
    evenness: float = 0.5
    """How evenly the classes are seen in training, 0: as often as they are recorded, 1: each equally often."""
    name: str = "gan"

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        for field in ("steps", "critic_steps", "batch", "components", "hidden"):
            require(getattr(self, field) > 0, f"{field} must be positive, got {getattr(self, field)}")

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "FittedSequenceGan":
        """Train on real windows; the same windows and seed give the same generator."""
        torch_rng = torch_generator(rng)
        shapes, places = encode_windows(real)
        code = SequenceCode.fitted(shapes, places, self.components)
        codes, kinds = code.encode(shapes, places), _one_hot(real.kind)
        generator = SequenceGenerator(code, len(KINDS), self.hidden, generator=torch_rng)
        critic = SequenceCritic(code.size, len(KINDS), self.hidden, generator=torch_rng)
        recipe = AdversarialRecipe(
            steps=self.steps,
            critic_steps=self.critic_steps,
            batch=self.batch,
            generator_rate=self.learning_rate,
            critic_rate=self.learning_rate,
            betas=(0.0, 0.9),
            average=self.average,
        )

        counts = np.bincount(real.kind, minlength=len(KINDS))
        weights = torch.from_numpy(np.maximum(counts, 1.0)[real.kind] ** -self.evenness)

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
            index = torch.multinomial(weights, count, replacement=True, generator=rng)
            return codes.index_select(0, index), kinds.index_select(0, index)

        averaged = train_adversarial(
            Players(generator, critic, recipe), recipe, draw_real, _draw_latent, torch_rng, report
        )
        assert isinstance(averaged, SequenceGenerator)
        return FittedSequenceGan(self, averaged, critic.eval(), real.kind.copy(), real.image_size.copy())


@dataclass(frozen=True, eq=False)
class FittedSequenceGan:
    """A trained generator, ready to make windows, and the critic that knows how real they look."""

    recipe: SequenceGan
    generator: SequenceGenerator
    critic: SequenceCritic
    kind: np.ndarray
    """(n,) class of each real window: synthetic ones are drawn from the same balance."""
    image_size: np.ndarray
    """(n, 2) of the same windows, in pixels."""

    @torch.no_grad()
    def __call__(self, count: int, rng: np.random.Generator) -> Windows:
        """Make windows; those that leave the view are made again with the same class.

        Raises:
            UserError: hardly any window stays in view: the generator has learnt nothing.
        """
        seed, torch_rng = int(rng.integers(2**31)), torch_generator(rng)
        like = rng.integers(len(self.kind), size=count)
        boxes = np.zeros((count, self.generator.code.time, 4), np.float32)
        missing = np.arange(count)
        for _ in range(ROUNDS):
            if not len(missing):
                break
            latent = _draw_latent(len(missing), torch_rng)
            codes = self.generator(latent, _one_hot(self.kind[like[missing]]))
            drawn = decode_windows(self.generator.code, codes, self.image_size[like[missing]])
            seen = visible(drawn)
            boxes[missing[seen]] = drawn[seen]
            missing = missing[~seen]
        if len(missing):
            raise UserError(
                f'Strategy "{self.recipe.name}": {len(missing)} of {count} windows never came into view; '
                f"train longer than {self.recipe.steps} steps, or on more windows."
            )
        return Windows(
            boxes=boxes,
            valid=np.ones(boxes.shape[:2], bool),
            kind=self.kind[like],
            image_size=self.image_size[like],
            drive=np.full(count, f"{self.recipe.name}-{seed}"),
            track=np.arange(count),
            frame=np.zeros(count, np.int64),
            index=np.zeros(count, np.int64),
            origin=np.full(count, self.recipe.name),
        )

    @torch.no_grad()
    def score(self, windows: Windows) -> Float[np.ndarray, " n"]:
        """How real the critic finds each window; only differences between scores have a meaning."""
        return self.critic(self.generator.code.encode(*encode_windows(windows)), _one_hot(windows.kind)).numpy()

    def save(self, path: Path) -> None:
        """Write weights, code, balance and recipe as plain arrays and JSON."""
        code = self.generator.code
        sizes = [code.time, code.channels, len(code.anchor_mean), len(code.scale)]
        weights = {f"generator.{name}": value.numpy() for name, value in self.generator.state_dict().items()}
        weights |= {f"critic.{name}": value.numpy() for name, value in self.critic.state_dict().items()}
        recipe = np.array(json.dumps(asdict(self.recipe)))
        np.savez_compressed(path, recipe=recipe, sizes=sizes, kind=self.kind, image_size=self.image_size, **weights)

    @classmethod
    def load(cls, path: Path) -> "FittedSequenceGan":
        """Read what ``save`` wrote; never unpickles."""
        with np.load(path, allow_pickle=False) as stored:
            recipe = SequenceGan(**json.loads(stored["recipe"].item()))
            code = SequenceCode(*(int(size) for size in stored["sizes"]))
            unused = torch.Generator().manual_seed(0)  # the weights drawn here are overwritten
            generator = SequenceGenerator(code, len(KINDS), recipe.hidden, generator=unused)
            critic = SequenceCritic(code.size, len(KINDS), recipe.hidden, generator=unused)
            for name, network in (("generator.", generator), ("critic.", critic)):
                found = {
                    key.removeprefix(name): torch.from_numpy(stored[key]) for key in stored if key.startswith(name)
                }
                network.load_state_dict(found)
            return cls(recipe, generator.eval(), critic.eval(), stored["kind"], stored["image_size"])


def encode_windows(windows: Windows) -> tuple[Float[Tensor, "n time 4"], Float[Tensor, "n 4"]]:
    """Shape of each window relative to its middle box, and that box's place.

    The place is: centre as a part of the image's width, lower edge as a part of its height (where a road user touches
    the ground), log height, log of width over height.
    """
    middle = windows.boxes[:, (windows.boxes.shape[1] - 1) // 2].astype(np.float64)
    centre, size = centre_and_size(middle)
    width, height = windows.image_size.T
    place = [centre[:, 0] / width, middle[:, 3] / height, np.log(size[:, 1]), np.log(size[:, 0] / size[:, 1])]
    shape = to_relative(windows.boxes.astype(np.float64), middle)
    return torch.from_numpy(shape).float(), torch.from_numpy(np.stack(place, axis=-1)).float()


def decode_windows(
    code: SequenceCode, codes: Float[Tensor, "n size"], image_size: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n time 4"]:
    """Boxes in pixels, clipped to the image as every KITTI label is."""
    shapes, places = (part.double().numpy() for part in code.decode(codes))
    across, down, log_height, log_aspect = places.T
    height = np.exp(log_height)
    half_width = height * np.exp(log_aspect) / 2
    centre, bottom = across * image_size[:, 0], down * image_size[:, 1]
    middle = np.stack([centre - half_width, bottom - height, centre + half_width, bottom], axis=-1)
    return clip_to_image(from_relative(shapes, middle).astype(np.float32), image_size)


def _one_hot(kind: np.ndarray) -> Float[Tensor, "n kinds"]:
    return one_hot(torch.from_numpy(kind).long(), len(KINDS)).float()


def _draw_latent(count: int, rng: torch.Generator) -> Float[Tensor, "count latent"]:
    return torch.randn(count, LATENT, generator=rng)
