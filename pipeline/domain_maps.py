"""Maps of domains: real training samples, held-out ones and synthetic ones in one plane, and how far apart they lie.

Distances are taken in the feature space, not in the plane: a projection, t-SNE above all, keeps neighbours and bends
distances.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist, pdist
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from pipeline.boxes import to_relative
from pipeline.pictures import Pictures
from pipeline.samples import AnySamples, Samples
from pipeline.windows import Windows

REAL, HELD_OUT = "real", "real, held out"
COARSE = (16, 32)
"""Rows and columns of cells in which pictures are compared."""
MOST_DIMENSIONS = 30
"""t-SNE sees that many principal components: its authors' advice (van der Maaten and Hinton, JMLR 9, 2008)."""

Method = Literal["PCA", "t-SNE"]


@dataclass(frozen=True)
class DomainGap:
    """Mean Euclidean distances between the samples of two domains, and among those of each."""

    between: float
    within_real: float
    within_other: float

    @property
    def gap(self) -> float:
        """What the domains' own spread does not explain: half the energy distance (Szekely and Rizzo 2013)."""
        return self.between - (self.within_real + self.within_other) / 2


@dataclass(frozen=True, eq=False)
class DomainMap:
    """Some samples of each domain, placed in a plane by each method."""

    domain: np.ndarray
    """(n,) name: REAL, HELD_OUT or a strategy."""
    index: Int[np.ndarray, " n"]
    """Number of the sample in its own set."""
    places: Mapping[str, Float[np.ndarray, "n 2"]]
    """By method."""
    gaps: Mapping[str, DomainGap]
    """Of each domain but REAL from REAL."""
    space: str
    """What the features are."""

    @property
    def within_real(self) -> float:
        """Mean distance among the real samples that were learnt from."""
        return next(iter(self.gaps.values())).within_real


def domain_map(
    sets: Mapping[str, Samples], rng: np.random.Generator, most: int = 900, each: int = 120
) -> DomainMap | None:
    """Place samples of REAL and other domains in one plane; None where there is nothing to compare.

    Args:
        sets: By domain, REAL among them.
        rng: Picks the samples, and begins the search for t-SNE's plane.
        most: Samples in all.
        each: Samples of each domain at most.
    """
    sets = {name: found for name, samples in sets.items() if len(found := whole(samples)) > 1}
    if REAL not in sets or len(sets) < 2:
        return None
    count = max(2, min(each, most // len(sets)))
    index = {name: np.sort(rng.permutation(len(samples))[:count]) for name, samples in sets.items()}
    raw = {name: features(samples.take(index[name])) for name, samples in sets.items()}
    centre, scale = raw[REAL].mean(axis=0), raw[REAL].std(axis=0)
    scale = np.where(scale > 1e-3 * scale.max(), scale, max(float(scale.max()), 1e-12))  # what never varies stays small
    scaled = {name: (values - centre) / scale for name, values in raw.items()}
    together = np.concatenate(list(scaled.values()))
    return DomainMap(
        domain=np.repeat(list(scaled), [len(values) for values in scaled.values()]),
        index=np.concatenate(list(index.values())),
        places={"PCA": principal(scaled[REAL], together), "t-SNE": neighbourly(together, rng)},
        gaps={name: domain_gap(scaled[REAL], values) for name, values in scaled.items() if name != REAL},
        space="coarse pixels" if isinstance(sets[REAL], Pictures) else "place and shape of the track",
    )


def domain_gap(real: Float[np.ndarray, "n d"], other: Float[np.ndarray, "m d"]) -> DomainGap:
    """Distances between two domains and within each; each needs two samples."""
    return DomainGap(float(cdist(real, other).mean()), float(pdist(real).mean()), float(pdist(other).mean()))


def principal(real: Float[np.ndarray, "n d"], values: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m 2"]:
    """Samples in the plane in which the real ones differ most, in standard deviations of its wider axis.

    What lies far from nearly all real samples, as noise does, is put on the edge: it would leave no room for the rest.
    """
    plane = PCA(min(2, *real.shape), svd_solver="full").fit(real)
    known, place = np.zeros((len(real), 2)), np.zeros((len(values), 2))
    known[:, : plane.n_components_], place[:, : plane.n_components_] = plane.transform(real), plane.transform(values)
    scale = max(float(known.std(axis=0).max()), 1e-12)
    low, high = np.quantile(known / scale, [0.01, 0.99], axis=0)
    room = 0.5 * (high - low)
    return np.clip(place / scale, low - room, high + room)


def neighbourly(values: Float[np.ndarray, "n d"], rng: np.random.Generator) -> Float[np.ndarray, "n 2"]:
    """t-SNE of the samples' principal components; each axis has mean 0, the wider one standard deviation 1."""
    components = PCA(min(MOST_DIMENSIONS, *values.shape), svd_solver="full").fit_transform(values)
    if len(values) > 3:
        perplexity = min(30.0, (len(values) - 1) / 3)
        search = TSNE(2, perplexity=perplexity, init="pca", random_state=int(rng.integers(2**31)))
        components = search.fit_transform(components)
    place = np.zeros((len(values), 2))
    place[:, : components.shape[1]] = components[:, :2]
    place -= place.mean(axis=0)
    return place / max(float(place.std(axis=0).max()), 1e-12)


def features(samples: Samples) -> Float[np.ndarray, "n d"]:
    """Samples as rows of numbers: a track's place and its boxes relative to the middle one; a picture's coarse pixels.

    Raises:
        TypeError: samples of another kind.
    """
    if isinstance(samples, Windows):
        return _of_windows(samples)
    if isinstance(samples, Pictures):
        return _of_pictures(samples)
    raise TypeError(f"no features are known for {type(samples).__name__}")


def whole(samples: AnySamples) -> AnySamples:
    """The samples of which nothing is missing."""
    sound = _sound(samples)
    return samples if sound.all() else samples.take(sound)


def _sound(samples: Samples) -> Bool[np.ndarray, " n"]:
    if isinstance(samples, Windows):
        return samples.valid.all(axis=1) & np.isfinite(samples.boxes).all(axis=(1, 2))
    return np.ones(len(samples), bool)


def _of_windows(windows: Windows) -> Float[np.ndarray, "n d"]:
    boxes = windows.boxes.astype(np.float64)
    middle = boxes[:, (boxes.shape[1] - 1) // 2]
    width, height = windows.image_size.astype(np.float64).T
    sides = np.maximum(middle[:, 2:] - middle[:, :2], 1.0)
    place = [middle[:, [0, 2]].mean(axis=1) / width, middle[:, 3] / height, *np.log(sides).T]
    return np.concatenate([np.stack(place, axis=1), to_relative(boxes, middle).reshape(len(boxes), -1)], axis=1)


def _of_pictures(pictures: Pictures) -> Float[np.ndarray, "n d"]:
    """Mean colour of each of at most COARSE cells."""
    rows, columns = (min(cells, side) for cells, side in zip(COARSE, pictures.image.shape[1:3], strict=True))
    image = pictures.image.astype(np.float64) / 255
    image = np.stack([part.mean(axis=1) for part in np.array_split(image, rows, axis=1)], axis=1)
    image = np.stack([part.mean(axis=2) for part in np.array_split(image, columns, axis=2)], axis=2)
    return image.reshape(len(image), -1)
