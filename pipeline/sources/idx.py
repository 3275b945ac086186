"""Handwritten digits: MNIST's idx files (LeCun et al., 1998), or scikit-learn's small digits where nobody gives any.

Not in ``SOURCES``: it yields labelled images, not drives.
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from sklearn.datasets import load_digits

from pipeline.schema import BadInput, Problem, require

PARTS = {"train": "train", "test": "t10k"}
"""How MNIST's file names call the two parts."""
KINDS = {"images": 3, "labels": 1}
"""Dimensions of each kind of file: image, row, column; image."""
UNSIGNED_BYTE = 0x08
OTHER_TYPES = {0x09: "signed bytes", 0x0B: "short integers", 0x0C: "integers", 0x0D: "floats", 0x0E: "doubles"}
CLASSES = 10


@dataclass(frozen=True, eq=False)
class DigitSet:
    """Labelled grey images; 0 is background, 255 full ink."""

    images: UInt8[np.ndarray, "image height width"]
    labels: Int[np.ndarray, " image"]

    def __post_init__(self) -> None:
        """Check that every image has one label from 0 to 9."""
        require(len(self.images) == len(self.labels), f"{len(self.images)} images, {len(self.labels)} labels")
        require(bool(((self.labels >= 0) & (self.labels < CLASSES)).all()), "a label lies outside 0 to 9")

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def __getitem__(self, which: slice | Int[np.ndarray, " chosen"]) -> "DigitSet":
        """Some of the images with their labels."""
        return DigitSet(self.images[which], self.labels[which])

    @property
    def pixels(self) -> Float[np.ndarray, "image pixel"]:
        """Brightness from 0 to 1, row by row; a new array at each call."""
        return self.images.reshape(len(self), -1).astype(np.float32) / 255


@dataclass(frozen=True, eq=False)
class Digits:
    """Digits to learn from, and digits of other writers to score with."""

    train: DigitSet
    test: DigitSet
    origin: str
    """What they are and whom they are owed to, in one sentence."""

    @property
    def side(self) -> int:
        """Pixels along each edge."""
        return self.train.images.shape[1]


def read_digits(folder: Path | None = None) -> Digits:
    """MNIST from a folder of idx files, compressed or not; without a folder scikit-learn's 8x8 digits.

    Raises:
        BadInput: a file is missing, damaged, not what its name says, or does not fit its companion.
    """
    if folder is None:
        return _bundled()
    train, test = (_read_part(folder, part) for part in PARTS.values())
    if train.images.shape[1:] != test.images.shape[1:]:
        raise BadInput([Problem(folder, None, f"training images are {_size(train)} pixels, test images {_size(test)}")])
    origin = f"MNIST, {len(train)} + {len(test)} digits (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0)."
    return Digits(train, test, origin)


def _bundled() -> Digits:
    """The last fifth is for testing: neighbours in this set are often by one writer, so no random split."""
    bundle = load_digits()
    every = DigitSet(np.rint(bundle.images * (255 / 16)).astype(np.uint8), bundle.target.astype(np.int64))
    held_out = len(every) // 5
    origin = "scikit-learn's bundled 8x8 digits (E. Alpaydin, C. Kaynak, UCI, 1998), for no folder of MNIST was given."
    return Digits(every[:-held_out], every[-held_out:], origin)


def _read_part(folder: Path, part: str) -> DigitSet:
    paths = {kind: _find(folder, f"{part}-{kind}", dimensions) for kind, dimensions in KINDS.items()}
    images, labels = (read_idx(path, KINDS[kind]) for kind, path in paths.items())
    if len(images) != len(labels):
        raise BadInput([Problem(paths["labels"], None, f"{len(labels)} labels for {len(images)} images")])
    if images.shape[1] != images.shape[2] or images.shape[1] % 4:
        reason = f"images are {images.shape[1]}x{images.shape[2]}; they must be square, of a side divisible by 4"
        raise BadInput([Problem(paths["images"], None, reason)])
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        raise BadInput([Problem(paths["labels"], None, f"label {wrong[0]} is {labels[wrong[0]]}, not a digit")])
    return DigitSet(images, labels.astype(np.int64))


def _find(folder: Path, stem: str, dimensions: int) -> Path:
    """The file under any of the spellings in use."""
    names = [f"{stem}{mark}idx{dimensions}-ubyte{suffix}" for mark in "-." for suffix in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise BadInput([Problem(folder, None, f"holds no {names[0]} or {names[1]}")])


def read_idx(path: Path, dimensions: int) -> UInt8[np.ndarray, "..."]:
    """The array of unsigned bytes in one idx file.

    Layout: two zero bytes, a type code, the number of dimensions; the lengths as big-endian 32-bit integers; the
    values. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".

    Raises:
        BadInput: the file cannot be unpacked, says it holds something else, or has another length than it says.
    """
    content = _unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise _bad(path, f"is no idx file: it begins with {content[:4].hex(' ') or 'nothing'}, not with 00 00")
    if content[2] != UNSIGNED_BYTE:
        kind = OTHER_TYPES.get(content[2], f"an unknown type, 0x{content[2]:02x}")
        raise _bad(path, f"holds {kind}, digits are unsigned bytes")
    if content[3] != dimensions:
        raise _bad(path, f"has {content[3]} dimensions instead of {dimensions}: are images and labels exchanged?")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise _bad(path, f"is cut short after {len(content)} bytes, within its header")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", dimensions, 4))
    promised = int(np.prod(shape, dtype=object))
    if len(content) - start != promised:
        raise _bad(path, f"promises {'x'.join(map(str, shape))} = {promised} values and holds {len(content) - start}")
    if not promised:
        raise _bad(path, "is empty: it promises no values")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    """The content; compressed files are known by their first bytes, for some tools unpack without renaming."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as failure:
        raise _bad(path, f"cannot be unpacked: {failure}") from failure


def _bad(path: Path, reason: str) -> BadInput:
    return BadInput([Problem(path, None, reason)])


def _size(digits: DigitSet) -> str:
    return "x".join(map(str, digits.images.shape[1:]))
