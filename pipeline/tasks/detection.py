"""Task ``detection``: a small detector that must find cars in pictures of drives it has never seen, by day or night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from models.detector import PADDING, UNLABELLED, CentrePointDetector, detection_loss, find_peaks
from models.reporting import Report, silent
from models.supervised import SupervisedRecipe, train_supervised
from pipeline.pictures import Pictures, as_tensor
from pipeline.randomness import torch_generator
from pipeline.schedule import Schedule
from pipeline.schema import KINDS, UserError
from pipeline.tasks.average_precision import (
    DIFFICULTIES,
    DONT_CARE,
    MATCHINGS,
    Detected,
    Labelled,
    asked_for,
    average_precision,
)  # fmt: skip
from pipeline.tasks.box_views import BoxViews
from pipeline.tasks.picture_batches import OnPictures, in_parts, network_from, pools_of

KITTI_ROWS = 375
"""KITTI says how high an object must be in a picture of this height; in a smaller one it may be as much smaller."""
COMMON_BOXES = 30
"""Boxes that the baseline, which looks at no picture, finds everywhere."""


@dataclass(frozen=True)
class Detection(OnPictures):
    """Centre-point detector, trained for a fixed number of steps and never chosen by pictures of the dark."""

    kinds: tuple[str, ...] = ("Car",)
    """Classes to find, of those that KITTI examines; others, Vans for example, are no evidence of anything."""
    by_night: bool = False
    """Examine the night of held-out drives; what is learnt from is always the picture by day."""
    width: int = 8
    views: BoxViews = field(default_factory=BoxViews)
    """How real and synthetic pictures alike are varied in training; a small set is soon known by heart."""
    training: SupervisedRecipe = field(
        default_factory=lambda: SupervisedRecipe(steps=700, batch=4, learning_rate=6e-3, validate_every=100)
    )

    fewest: int = 25
    """Objects behind one average precision: drives that show fewer are pooled with the next, or luck decides."""

    metric = "ap_50"
    unit = "%"
    higher_is_better = True

    def __post_init__(self) -> None:
        """Refuse classes that cannot be examined."""
        for kind in self.kinds:
            if kind not in MATCHINGS:
                raise ValueError(f'cannot examine "{kind}"; known: {", ".join(MATCHINGS)}')

    def train(
        self,
        train: Pictures,
        synthetic: Pictures | None,
        schedule: Schedule,
        valid: Pictures,
        rng: np.random.Generator,
        report: Report = silent,
    ) -> CentrePointDetector:
        """Train on batches as synthetic as ``schedule`` says; the last weights are kept, ``valid`` is not used."""
        initial, order = torch_generator(rng), torch_generator(rng)
        network = CentrePointDetector(len(self.kinds), self.width, generator=initial)
        pools = pools_of(train, synthetic, schedule, self.training.batch, self.training.steps)

        def draw_batch(step: int) -> tuple[Tensor, ...]:
            parts = [self._tensors(pool.drawn(order, step)) for pool in pools if pool.count(step)]
            most = max(kind.shape[1] for _, _, kind in parts)
            boxes = [torch.nn.functional.pad(part, (0, 0, 0, most - part.shape[1])) for _, part, _ in parts]
            kinds = [torch.nn.functional.pad(part, (0, most - part.shape[1]), value=PADDING) for *_, part in parts]
            batch = torch.cat([images for images, _, _ in parts]), torch.cat(boxes), torch.cat(kinds)
            return self.views(batch, order)

        return train_supervised(network, self.training, draw_batch, detection_loss, report=report)

    def evaluate(self, fitted: CentrePointDetector, held_out: Pictures) -> pd.DataFrame:
        """One row per class and drive, or pool of drives: ``n`` objects and the average precisions (%).

        ``ap_50`` asks for an overlap of a half, ``ap_kitti`` for what KITTI asks (0.7 for cars); both at its moderate
        difficulty, by which objects are counted, with ``_easy`` and ``_hard`` at the others. Synthetic pictures are
        examined as they are.

        Raises:
            UserError: there is nothing to find.
        """
        seen = held_out.night if self.by_night and held_out.night is not None else held_out.image
        with torch.inference_mode():
            found = [find_peaks(fitted(part)) for part in in_parts(seen)]
        boxes, score, kind = (torch.cat(columns).numpy() for columns in zip(*found, strict=True))
        picture, place = np.nonzero(score > 0)
        codes = np.array([KINDS.index(name) for name in self.kinds])
        scale = KITTI_ROWS / seen.shape[1]
        detected = Detected(picture, codes[kind[picture, place]], boxes[picture, place] * scale, score[picture, place])
        return self._precisions(detected, held_out)

    def examine_baselines(self, train: Pictures, held_out: Pictures) -> dict[str, pd.DataFrame]:
        """The precision of the training drives' commonest boxes, found in every picture."""
        boxes, kinds, score = [], [], []
        for name in self.kinds:
            own = train.boxes[train.kind == KINDS.index(name)]
            if len(own):
                groups = KMeans(min(COMMON_BOXES, len(np.unique(own, axis=0))), n_init=1, random_state=0).fit(own)
                boxes.append(groups.cluster_centers_)
                score.append(np.bincount(groups.labels_) / len(own))
                kinds.append(np.full(len(score[-1]), KINDS.index(name)))
        if not boxes:
            raise UserError(f"No {' or '.join(self.kinds)} is labelled in the training drives.")
        count, each = len(held_out), sum(map(len, score))
        scale = KITTI_ROWS / held_out.image.shape[1]
        detected = Detected(
            np.repeat(np.arange(count), each), np.tile(np.concatenate(kinds), count),
            np.tile(np.concatenate(boxes), (count, 1)) * scale, np.tile(np.concatenate(score), count),
        )  # fmt: skip
        return {"commonest_boxes": self._precisions(detected, held_out)}

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> CentrePointDetector:
        """The detector that ``to_arrays`` described."""
        return network_from(CentrePointDetector(len(self.kinds), self.width, generator=torch.Generator()), arrays)

    def _tensors(self, pictures: Pictures) -> tuple[Tensor, Tensor, Tensor]:
        """Images, boxes and the detector's own class codes; classes it does not look for are regions to ignore."""
        kind = np.where(pictures.kind >= 0, UNLABELLED, pictures.kind)
        for code, name in enumerate(self.kinds):
            kind[pictures.kind == KINDS.index(name)] = code
        return as_tensor(pictures.image), torch.from_numpy(pictures.boxes), torch.from_numpy(kind)

    def _precisions(self, detected: Detected, truth: Pictures) -> pd.DataFrame:
        labelled = _labelled(truth)
        drives = list(dict.fromkeys(truth.drive.tolist()))
        rows = []
        for kind in self.kinds:
            shown = truth.drive[labelled.picture[asked_for(labelled, kind, DIFFICULTIES["moderate"])]]
            for unit in pooled_drives({drive: int((shown == drive).sum()) for drive in drives}, self.fewest):
                here = np.flatnonzero(np.isin(truth.drive, unit))
                found = detected.of(np.isin(detected.picture, here))
                labels = labelled.of(np.isin(labelled.picture, here))
                asked = int(np.isin(shown, unit).sum())
                row = {"drive": _name_of(unit), "kind": kind, "border": False, "n": asked}
                rows.append(row | _by_difficulty(found, labels, kind))
        if not rows:
            raise UserError(f"No {' or '.join(self.kinds)} is large and visible enough to be asked for in the drives "
                            f"{', '.join(drives)}.")  # fmt: skip
        return pd.DataFrame(rows)


def _by_difficulty(found: Detected, labels: Labelled, kind: str) -> dict[str, float]:
    """Average precisions at both overlaps and all difficulties; the moderate ones bear the plain name."""
    return {
        f"{name}_{level}".removesuffix("_moderate"): average_precision(found, labels, kind, difficulty, overlap)
        for name, overlap in (("ap_50", 0.5), ("ap_kitti", None))
        for level, difficulty in DIFFICULTIES.items()
    }


def pooled_drives(objects: Mapping[str, int], fewest: int) -> list[list[str]]:
    """Drives in order, in units of at least ``fewest`` objects; what is left joins the last unit.

    What is pooled depends on the labels alone, so every model is examined on the same units.
    """
    units: list[list[str]] = []
    unit: list[str] = []
    for drive in objects:
        unit.append(drive)
        if sum(objects[name] for name in unit) >= max(1, fewest):
            units.append(unit)
            unit = []
    if units:
        units[-1] += unit
        return units
    return [unit] if any(objects.values()) else []


def _name_of(unit: Sequence[str]) -> str:
    return unit[0] if len(unit) == 1 else f"{unit[0]} to {unit[-1]}"


def _labelled(truth: Pictures) -> Labelled:
    """All labels as KITTI's rules want them, in pixels of a picture of KITTI's height."""
    picture, place = np.nonzero(truth.kind != PADDING)
    kind = truth.kind[picture, place]
    return Labelled(
        picture=picture,
        kind=np.where(kind == UNLABELLED, DONT_CARE, kind),
        boxes=truth.boxes[picture, place] * (KITTI_ROWS / truth.image.shape[1]),
        truncated=truth.truncated[picture, place],
        occluded=truth.occluded[picture, place],
    )
