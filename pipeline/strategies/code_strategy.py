"""What all learned generators of windows share: they learn codes, draw codes, and are kept as arrays and JSON."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from models.code_sampler import CodeSampler, LossSampler
from models.reporting import Report, silent
from models.sequence_code import SequenceCode
from models.supervised import SupervisedRecipe, train_supervised
from pipeline.randomness import torch_generator
from pipeline.search_space import Floats, Space, Whole
from pipeline.strategies.adversarial import require_sizes
from pipeline.strategies.facts import Facts
from pipeline.strategies.window_code import (
    CodedWindows,
    Templates,
    decode_windows,
    drawn_windows,
    frames_there,
    one_hot_kinds,
)  # fmt: skip
from pipeline.windows import Windows

Fitted = TypeVar("Fitted", bound="FittedCode")


@dataclass(frozen=True)
class CodeStrategy(Facts, ABC):
    """A generator of whitened codes, conditional on class."""

    components: int = 16
    """Principal components of a window's shape; 16 hold 99.9 % of the variance of KITTI's."""
    name: str = "code"

    share = 0.25
    ends_tracks = True

    def __post_init__(self) -> None:
        """Refuse sizes that make no network, and numbers below zero."""
        require_sizes(self)

    @abstractmethod
    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeSampler:
        """The untrained generator."""


@dataclass(frozen=True, eq=False)
class FittedCode:
    """A trained generator, ready to make windows."""

    recipe: CodeStrategy
    sampler: CodeSampler
    templates: Templates
    """Class and image size of each real window: synthetic ones are drawn from the same balance."""

    @torch.no_grad()
    def __call__(self, count: int, rng: np.random.Generator) -> Windows:
        """Make windows; those that leave the view are made again with the same class.

        Raises:
            UserError: hardly any window stays in view: the generator has learnt nothing.
        """
        return drawn_windows(self.recipe.name, count, rng, self.templates, self._draw)

    def _draw(self, like: np.ndarray, rng: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
        return self.written(
            self.sampled(one_hot_kinds(self.templates.kind[like]), rng), self.templates.image_size[like]
        )

    def sampled(self, one_hot: Float[Tensor, "n classes"], rng: torch.Generator) -> Float[Tensor, "n size"]:
        """A code for each class."""
        return self.sampler.sample(one_hot, rng)

    def written(
        self, codes: Float[Tensor, "n size"], image_size: Float[np.ndarray, "n 2"]
    ) -> tuple[Float[np.ndarray, "n time 4"], Bool[np.ndarray, "n time"]]:
        """Boxes in pixels, and the frames in which they are there."""
        return decode_windows(self.sampler.code, codes, image_size), frames_there(self.sampler.code, codes)

    def steered(self: Fitted, kinds: Sequence[str], speed: tuple[float, float], turn: tuple[float, float]) -> Fitted:
        """The same generator, asked for some classes alone; it has not learnt to be told speed and turn."""
        return replace(self, templates=self.templates.of_kinds(kinds)) if kinds else self

    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights, by name."""
        return {"sampler": self.sampler}

    def save(self, path: Path) -> None:
        """Write weights, code, balance and recipe as plain arrays and JSON."""
        code = self.sampler.code
        sizes = [code.time, code.channels, len(code.anchor_mean), len(code.scale)]
        weights = {
            f"{role}.{name}": value.numpy()
            for role, network in self.networks().items()
            for name, value in network.state_dict().items()
        }
        recipe = np.array(json.dumps(asdict(self.recipe)))
        kind, image_size = self.templates.kind, self.templates.image_size
        np.savez_compressed(path, recipe=recipe, sizes=sizes, kind=kind, image_size=image_size, **weights)

    @classmethod
    def load(cls: type[Fitted], path: Path, strategy: type[CodeStrategy]) -> Fitted:
        """Read what ``save`` wrote for a recipe of the type ``strategy``; never unpickles."""
        with np.load(path, allow_pickle=False) as stored:
            recipe = strategy(**json.loads(stored["recipe"].item()))
            code = SequenceCode(*(int(size) for size in stored["sizes"]))
            fitted = cls._untrained(recipe, code, Templates(stored["kind"], stored["image_size"], code.time))
            for role, network in fitted.networks().items():
                start = f"{role}."
                found = {key.removeprefix(start): stored[key] for key in stored if key.startswith(start)}
                network.load_state_dict({name: torch.from_numpy(value) for name, value in found.items()})
                network.eval()
            return fitted

    @classmethod
    def _untrained(cls: type[Fitted], recipe: Any, code: SequenceCode, templates: Templates) -> Fitted:
        return cls(recipe, recipe.build(code, torch.Generator()), templates)


@dataclass(frozen=True)
class CodeModel(CodeStrategy):
    """A generator that learns without an opponent: to add one, say what to build and how it learns."""

    @abstractmethod
    def learn(self, sampler: CodeSampler, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """Train it in place."""

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> FittedCode:
        """Train on real windows; the same windows and seed give the same generator."""
        torch_rng = torch_generator(rng)
        data = CodedWindows.of(real, self.components)
        sampler = self.build(data.code, torch_rng)
        self.learn(sampler, data, torch_rng, report)
        return FittedCode(self, sampler.eval(), Templates.of(real))


@dataclass(frozen=True)
class CodeNetwork(CodeModel):
    """A network that minimises a loss of its own: to add one, say what to build."""

    steps: int = 1500
    batch: int = 128
    learning_rate: float = 2e-3
    """Falls to 0 along a cosine."""
    hidden: int = 128
    evenness: float = 0.5
    """How evenly the classes are seen in training, 0: as often as they are recorded, 1: each equally often."""

    search: ClassVar[Space] = {
        "steps": Whole(300, 4000, log=True),
        "learning_rate": Floats(3e-4, 1e-2, log=True),
        "hidden": Whole(16, 256, log=True),
        "evenness": Floats(0.0, 1.0),
    }

    @abstractmethod
    def build(self, code: SequenceCode, rng: torch.Generator) -> LossSampler:
        """The untrained generator."""

    def learn(self, sampler: CodeSampler, data: CodedWindows, rng: torch.Generator, report: Report) -> None:
        """Minimise the network's own loss on random batches."""
        recipe = SupervisedRecipe(steps=self.steps, batch=self.batch, learning_rate=self.learning_rate)
        data = data.evened(self.evenness)

        def loss(model: LossSampler, codes: Tensor, one_hot: Tensor) -> Tensor:
            return model.loss(codes, one_hot, rng)

        assert isinstance(sampler, LossSampler)
        train_supervised(sampler, recipe, lambda step: data.batch(self.batch, rng), loss, report=report)
