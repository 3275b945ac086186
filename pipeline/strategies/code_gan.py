"""What the generative adversarial networks among the generators of codes share."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.adversarial import Players, train_adversarial
from models.code_sampler import CodeGenerator
from models.latents import normal, slerp
from models.reporting import Report, silent
from models.sequence_code import SequenceCode
from pipeline.randomness import torch_generator
from pipeline.strategies.adversarial import Adversarial
from pipeline.strategies.code_strategy import CodeStrategy, FittedCode
from pipeline.strategies.window_code import CodedWindows, Templates, encoded, one_hot_kinds
from pipeline.windows import Windows


@dataclass(frozen=True)
class CodeGan(Adversarial, CodeStrategy):
    """Two networks that play against each other on codes: to add a pair, say what to build."""

    @abstractmethod
    def build(self, code: SequenceCode, rng: torch.Generator) -> CodeGenerator:
        """The untrained generator: ``generator(latent, *told)`` gives codes."""

    @abstractmethod
    def build_critic(self, code: SequenceCode, rng: torch.Generator) -> nn.Module:
        """The untrained critic: ``critic(codes, *told)`` gives scores."""

    def prepare(self, generator: CodeGenerator, data: CodedWindows, rng: torch.Generator) -> None:
        """What a generator must know of the data before it plays: as a rule, nothing."""

    def told(self, generator: CodeGenerator, codes: Tensor, one_hot: Tensor) -> tuple[Tensor, ...]:
        """What both players are told of real codes: as a rule, their classes."""
        return (one_hot,)

    def fit(self, real: Windows, rng: np.random.Generator, report: Report = silent) -> "FittedGan":
        """Train on real windows; the same windows and seed give the same generator."""
        torch_rng = torch_generator(rng)
        data = CodedWindows.of(real, self.components).evened(self.evenness)
        generator, critic = self.build(data.code, torch_rng), self.build_critic(data.code, torch_rng)
        self.prepare(generator, data, torch_rng)
        rules = self.rules()

        def draw_real(count: int, rng: torch.Generator) -> tuple[Tensor, ...]:
            codes, one_hot = data.batch(count, rng)
            return codes, *self.told(generator, codes, one_hot)

        averaged = train_adversarial(
            Players(generator, critic, rules), rules, draw_real, normal(generator.latent), torch_rng, report
        )
        assert isinstance(averaged, CodeGenerator)
        return FittedGan(self, averaged, Templates.of(real), critic.eval())


@dataclass(frozen=True, eq=False)
class FittedGan(FittedCode):
    """A trained generator and the critic that knows how real windows look to it."""

    recipe: CodeGan
    sampler: CodeGenerator
    critic: nn.Module

    @torch.no_grad()
    def score(self, windows: Windows) -> Float[np.ndarray, " n"]:
        """How real the critic finds each window; only differences between scores have a meaning."""
        codes = encoded(self.sampler.code, windows)
        return self.critic(codes, *self.recipe.told(self.sampler, codes, one_hot_kinds(windows.kind))).numpy()

    @torch.no_grad()
    def walk(self, paths: int, stops: int, rng: np.random.Generator) -> Windows:
        """Windows along great circles between two latents; ``track`` is the path, ``index`` the stop."""
        torch_rng = torch_generator(rng)
        like = np.repeat(rng.integers(len(self.templates.kind), size=paths), stops)
        start, end = (normal(self.sampler.latent)(paths, torch_rng) for _ in range(2))
        latents = torch.stack([slerp(start, end, float(part)) for part in np.linspace(0, 1, stops)], dim=1)
        kind, image_size = self.templates.kind[like], self.templates.image_size[like]
        codes = self.codes_of(latents.flatten(0, 1), one_hot_kinds(kind))
        boxes, valid = self.written(codes, image_size)
        return Windows(
            boxes=boxes,
            valid=valid,
            kind=kind,
            image_size=image_size,
            drive=np.full(len(like), self.recipe.name),
            track=np.repeat(np.arange(paths), stops),
            frame=np.zeros(len(like), np.int64),
            index=np.tile(np.arange(stops), paths),
            origin=np.full(len(like), self.recipe.name),
        )

    def codes_of(self, latent: Float[Tensor, "n latent"], one_hot: Float[Tensor, "n classes"]) -> Tensor:
        """(n, size): the code that each latent stands for."""
        codes: Tensor = self.sampler(latent, one_hot)
        return codes

    def networks(self) -> Mapping[str, nn.Module]:
        """Everything with weights, by name."""
        return {**super().networks(), "critic": self.critic}

    @classmethod
    def _untrained(cls, recipe: Any, code: SequenceCode, templates: Templates) -> "FittedGan":
        rng = torch.Generator()
        return cls(recipe, recipe.build(code, rng), templates, recipe.build_critic(code, rng))
