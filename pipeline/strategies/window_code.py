"""Windows as the numbers that generators learn, and back: shape relative to the middle box, and that box's place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from models.sequence_code import SequenceCode
from pipeline.boxes import centre_and_size, clip_to_image, from_relative, to_relative, visible
from pipeline.randomness import torch_generator
from pipeline.schema import KINDS, UserError
from pipeline.windows import Windows

ROUNDS = 20
"""How often windows that leave the view are made again before giving up."""

DrawBoxes: TypeAlias = Callable[[np.ndarray, torch.Generator], tuple[np.ndarray, np.ndarray]]
"""``draw(like, rng)``: (n,) numbers of real windows -> (n, time, 4) boxes in pixels, of their class and image size, and
(n, time) the frames in which they are there."""

PLACES = 4
"""Numbers that say where and how large the middle box is; a fifth, in codes that were fitted to tracks that end."""
LASTING = 1.25
"""When a track ends that outlasts its window, in windows: apart from those that end in the last frame."""


@dataclass(frozen=True, eq=False)
class CodedWindows:
    """Real windows as whitened codes, ready to be drawn in batches."""

    code: SequenceCode
    codes: Float[Tensor, "n size"]
    one_hot: Float[Tensor, "n kinds"]
    weights: Float[Tensor, " n"]
    """How often each window is drawn, up to a factor."""

    @classmethod
    def of(cls, real: Windows, components: int) -> "CodedWindows":
        """A code of so many components, fitted to ``real``; every window is drawn equally often.

        Raises:
            UserError: there is no window, or one has frames that are not finite, or masked before its track ends.
        """
        if not len(real):
            raise UserError("There is no window to learn from: choose more drives, or a larger part of their tracks.")
        code = SequenceCode.fitted(*encode_windows(real, ending=not real.valid.all()), components)
        weights = torch.ones(len(real), dtype=torch.float64)
        return cls(code, encoded(code, real), one_hot_kinds(real.kind), weights)

    def evened(self, evenness: float) -> "CodedWindows":
        """The same windows, of which 0 draws the classes as often as they are recorded, 1 each equally often."""
        counts = self.one_hot.sum(dim=0).clamp(min=1).double().numpy()
        kind = self.one_hot.argmax(dim=1).numpy()
        return replace(self, weights=torch.from_numpy(counts[kind] ** -evenness))

    def draw(self, count: int, rng: torch.Generator) -> Int[Tensor, " count"]:
        """Numbers of windows, with replacement."""
        return torch.multinomial(self.weights, count, replacement=True, generator=rng)

    def batch(self, count: int, rng: torch.Generator) -> tuple[Float[Tensor, "count size"], Float[Tensor, "count k"]]:
        """Codes and classes of a random batch."""
        index = self.draw(count, rng)
        return self.codes.index_select(0, index), self.one_hot.index_select(0, index)


def encoded(code: SequenceCode, windows: Windows) -> Float[Tensor, "n size"]:
    """Windows as numbers of a code that was fitted to windows like them."""
    return code.encode(*encode_windows(windows, ending=len(code.anchor_mean) > PLACES))


def encode_windows(
    windows: Windows, ending: bool = False
) -> tuple[Float[Tensor, "n time 4"], Float[Tensor, "n places"]]:
    """Shape of each window relative to its middle box, and that box's place.

    The place is: centre as a part of the image's width, lower edge as a part of its height (where a road user touches
    the ground), log height, log of width over height; with ``ending`` also when the track ends, in windows.

    Raises:
        UserError: a window has frames that are not finite, or masked; with ``ending``, masked before its track ends.
    """
    require_frames(windows, ending)
    middle = windows.boxes[:, (windows.boxes.shape[1] - 1) // 2].astype(np.float64)
    centre, size = centre_and_size(middle)
    width, height = windows.image_size.T
    place = [centre[:, 0] / width, middle[:, 3] / height, np.log(size[:, 1]), np.log(size[:, 0] / size[:, 1])]
    if ending:
        part = windows.valid.mean(axis=1)
        place.append(np.where(part == 1, LASTING, part))
    shape = to_relative(windows.boxes.astype(np.float64), middle)
    return torch.from_numpy(shape).float(), torch.from_numpy(np.stack(place, axis=-1)).float()


def decode_windows(
    code: SequenceCode, codes: Float[Tensor, "n size"], image_size: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n time 4"]:
    """Boxes in pixels, clipped to the image as every KITTI label is; after the end of a track its last one."""
    boxes = _unmasked(code, codes, image_size)
    valid = frames_there(code, codes)
    last = np.minimum(np.arange(code.time), valid.sum(axis=1, keepdims=True) - 1)
    return np.take_along_axis(boxes, last[..., None], axis=1)


def frames_there(code: SequenceCode, codes: Float[Tensor, "n size"]) -> Bool[np.ndarray, "n time"]:
    """In which frames the tracks have not ended: two at least, and all where nothing was learnt of ends."""
    if len(code.anchor_mean) == PLACES:
        return np.ones((len(codes), code.time), bool)
    part = code.decode(codes)[1][:, PLACES].double().numpy()
    frames = np.where(part > (1 + LASTING) / 2, code.time, np.clip(np.rint(part * code.time), 2, code.time))
    return np.arange(code.time) < frames[:, None]


def _unmasked(
    code: SequenceCode, codes: Float[Tensor, "n size"], image_size: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n time 4"]:
    shapes, places = (part.double().numpy() for part in code.decode(codes))
    across, down, log_height, log_aspect = places.T[:PLACES]
    centre, bottom = across * image_size[:, 0], down * image_size[:, 1]
    with np.errstate(over="ignore", invalid="ignore"):  # an untrained generator may write anything; it is out of view
        height = np.exp(log_height)
        half_width = height * np.exp(log_aspect) / 2
        middle = np.stack([centre - half_width, bottom - height, centre + half_width, bottom], axis=-1)
        return clip_to_image(from_relative(shapes, middle).astype(np.float32), image_size)


def one_hot_kinds(kind: np.ndarray) -> Float[Tensor, "n kinds"]:
    """Classes as every generator is told them."""
    return one_hot(torch.from_numpy(kind).long(), len(KINDS)).float()


@dataclass(frozen=True, eq=False)
class Templates:
    """What synthetic windows take over from real ones: the balance of classes, image sizes, the number of frames."""

    kind: Int[np.ndarray, " n"]
    image_size: Float[np.ndarray, "n 2"]
    time: int

    @classmethod
    def of(cls, real: Windows) -> "Templates":
        """Copies, so that a fitted strategy outlives the windows."""
        return cls(real.kind.copy(), real.image_size.copy(), real.boxes.shape[1])

    def of_kinds(self, kinds: Sequence[str]) -> "Templates":
        """Those of some classes, in the balance they have.

        Raises:
            UserError: there is none.
        """
        chosen = np.isin(self.kind, [KINDS.index(kind) for kind in kinds])
        if not chosen.any():
            known = ", ".join(KINDS[kind] for kind in np.unique(self.kind))
            raise UserError(f"No window to learn from is a {' or a '.join(kinds)}; there are: {known}.")
        return Templates(self.kind[chosen], self.image_size[chosen], self.time)


def drawn_windows(name: str, count: int, rng: np.random.Generator, templates: Templates, draw: DrawBoxes) -> Windows:
    """``count`` windows signed ``name``; those that leave the view are made again with the same template.

    Raises:
        UserError: hardly any window stays in view: the generator has learnt nothing.
    """
    seed, torch_rng = int(rng.integers(2**31)), torch_generator(rng)
    like = rng.integers(len(templates.kind), size=count)
    boxes, valid = np.zeros((count, templates.time, 4), np.float32), np.zeros((count, templates.time), bool)
    missing = np.arange(count)
    for _ in range(ROUNDS):
        if not len(missing):
            break
        drawn, there = draw(like[missing], torch_rng)
        seen = visible(drawn)
        boxes[missing[seen]], valid[missing[seen]] = drawn[seen], there[seen]
        missing = missing[~seen]
    if len(missing):
        raise UserError(
            f'Strategy "{name}": {len(missing)} of {count} windows never came into view; train it longer, or on more '
            "windows."
        )
    return Windows(
        boxes=boxes,
        valid=valid,
        kind=templates.kind[like],
        image_size=templates.image_size[like],
        drive=np.full(count, f"{name}-{seed}"),
        track=np.arange(count),
        frame=np.zeros(count, np.int64),
        index=np.zeros(count, np.int64),
        origin=np.full(count, name),
    )


def require_frames(windows: Windows, ending: bool = False) -> None:
    """Refuse windows with frames that are not finite, or masked; with ``ending``, masked before the track ends.

    Raises:
        UserError: names the first of them by drive, track and frame.
    """
    here = windows.valid
    masked = np.column_stack([~here[:, 0], here[:, 1:] & ~here[:, :-1]]) if ending else ~here
    broken = masked.any(axis=1) | ~np.isfinite(windows.boxes).all(axis=(1, 2))
    if broken.any():
        first = int(np.flatnonzero(broken)[0])
        raise UserError(
            f"{int(broken.sum())} of {len(windows)} windows have frames that are masked or not finite, the first in "
            f"drive {windows.drive[first]}, track {windows.track[first]}, frame {windows.frame[first]}: generators "
            "learn from whole windows, so cut shorter ones, or leave these out."
        )
