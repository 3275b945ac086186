"""A small classifier of flattened images: one hidden layer, trained by the supervised loop."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from models.blocks import dense, materialise
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised

RECIPE = SupervisedRecipe(steps=1500, batch=128, learning_rate=2e-3, weight_decay=1e-2)
HIDDEN = 256


class Classifier(nn.Module):
    """Pixels in, one logit a class out."""

    def __init__(self, pixels: int, classes: int, hidden: int = HIDDEN, *, generator: torch.Generator) -> None:
        """Draw the initial weights from ``generator`` alone."""
        super().__init__()
        self.layers = dense((pixels, hidden, classes), nn.ReLU())
        materialise(self, generator)

    def forward(self, images: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch classes"]:
        """Logits."""
        return self.layers(images)

    def features(self, images: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch hidden"]:
        """What the last layer decides by."""
        return self.layers[:-1](images)


def train_classifier(
    images: Float[Tensor, "image pixels"],
    labels: Int[Tensor, " image"],
    classes: int,
    rng: torch.Generator,
    recipe: SupervisedRecipe = RECIPE,
    report: Report = silent,
) -> Classifier:
    """A classifier of these images; batches are drawn with replacement."""
    model = Classifier(images.shape[1], classes, generator=rng)

    def draw_batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (recipe.batch,), generator=rng)
        return images[chosen], labels[chosen]

    def loss(model: Classifier, batch: Tensor, truth: Tensor) -> Tensor:
        return cross_entropy(model(batch), truth)

    return train_supervised(model, recipe, draw_batch, loss, report=report)
