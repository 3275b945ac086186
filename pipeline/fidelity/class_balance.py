"""How often each class is produced, by the judgement of a classifier that learnt from real samples.

A generator that makes ones whenever it can (a one is easy) shows here and hardly anywhere else.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from models.classifier import RECIPE, Classifier, train_classifier
from models.supervised import SupervisedRecipe
from pipeline.randomness import torch_generator


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier, and how often it is right about real samples it has not seen."""

    network: Classifier
    accuracy: float

    def classes_of(self, samples: Float[np.ndarray, "sample feature"]) -> Int[np.ndarray, " sample"]:
        """The most probable class of each sample; also of samples that belong to none."""
        return self.probabilities_of(samples).argmax(axis=1)

    @torch.no_grad()
    def probabilities_of(self, samples: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample class"]:
        """How sure it is of each class."""
        return self.network(torch.from_numpy(np.asarray(samples, np.float32))).softmax(dim=1).numpy()

    @torch.no_grad()
    def features_of(self, samples: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample hidden"]:
        """What its last layer decides by: a space to compare samples in."""
        return self.network.features(torch.from_numpy(np.asarray(samples, np.float32))).numpy()


@dataclass(frozen=True, eq=False)
class ClassBalance:
    """Share of each class among samples."""

    shares: Float[np.ndarray, " class"]

    @property
    def smallest(self) -> float:
        """Share of the rarest class."""
        return float(self.shares.min())

    @property
    def entropy(self) -> float:
        """Of the shares, as a part of what equal shares have: 1 for perfect balance, 0 for one class alone."""
        present = self.shares[self.shares > 0]
        return float(-(present * np.log(present)).sum() / np.log(len(self.shares))) + 0.0

    def __str__(self) -> str:
        """The rarest and the commonest class in words."""
        rare, common = int(self.shares.argmin()), int(self.shares.argmax())
        return f"from {self.shares[rare]:.1%} (class {rare}) to {self.shares[common]:.1%} (class {common})"


def fit_judge(
    samples: Float[np.ndarray, "train feature"],
    labels: Int[np.ndarray, " train"],
    held_out: Float[np.ndarray, "held_out feature"],
    held_out_labels: Int[np.ndarray, " held_out"],
    rng: np.random.Generator,
    recipe: SupervisedRecipe = RECIPE,
) -> Judge:
    """Train a classifier on real samples and measure it on held-out ones."""
    classes = int(labels.max()) + 1
    truth = torch.from_numpy(labels.astype(np.int64))
    network = train_classifier(torch.from_numpy(samples), truth, classes, torch_generator(rng), recipe)
    found = Judge(network, 0.0).classes_of(held_out)
    return Judge(network, float((found == held_out_labels).mean()))


def class_balance(labels: Int[np.ndarray, " sample"], classes: int) -> ClassBalance:
    """Count labels.

    Raises:
        ValueError: there are none, or one lies outside the classes.
    """
    if not len(labels):
        raise ValueError("no samples to count")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must lie in 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return ClassBalance(np.bincount(labels, minlength=classes) / len(labels))
