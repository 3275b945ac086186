import gzip
import struct

import numpy as np
import pytest

from pipeline.schema import BadInput
from pipeline.sources.idx import DigitSet, read_digits, read_idx

COUNTS = {"train": 6, "t10k": 3}


def _idx(array, type_code=8):
    return bytes([0, 0, type_code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    """Six and three images of 4x4 pixels; the first part compressed, the second not."""
    for part, count in COUNTS.items():
        images = np.arange(count * 16, dtype=np.uint8).reshape(count, 4, 4)
        labels = np.arange(count, dtype=np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            if part == "train":
                (tmp_path / f"{name}.gz").write_bytes(gzip.compress(_idx(array)))
            else:
                (tmp_path / name).write_bytes(_idx(array))
    return tmp_path


def test_what_was_written_is_read(folder):
    digits = read_digits(folder)
    assert digits.train.images.shape == (6, 4, 4)
    assert digits.side == 4
    assert digits.train.images[1, 0, 2] == 18  # row by row, image by image
    assert digits.test.labels.tolist() == [0, 1, 2]
    assert digits.train.pixels[5, 15] == np.float32(95 / 255)
    assert "MNIST, 6 + 3 digits" in digits.origin


def test_the_spelling_with_a_dot_is_read_too(folder):
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(read_digits(folder).train) == 6


def test_a_compressed_file_without_its_suffix_is_read(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.rename(path.with_suffix(""))
    assert len(read_digits(folder).train) == 6


def test_without_a_folder_the_bundled_digits_serve_and_say_so():
    digits = read_digits()
    assert digits.train.images.shape == (1438, 8, 8)
    assert len(digits.test) == 359
    assert (digits.train.images.min(), digits.train.images.max()) == (0, 255)
    assert "no folder" in digits.origin
    assert set(digits.test.labels.tolist()) == set(range(10))


def _damage_gzip(content):
    return content[:-12]


def _flip(content):
    return content[:20] + bytes([content[20] ^ 255]) + content[21:]


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("train-images-idx3-ubyte.gz", _damage_gzip, "cannot be unpacked"),
        ("train-images-idx3-ubyte.gz", _flip, "cannot be unpacked"),
        ("t10k-images-idx3-ubyte", lambda content: content[:-1], "promises 3x4x4 = 48 values and holds 47"),
        ("t10k-images-idx3-ubyte", lambda content: content + b"x", "holds 49"),
        ("t10k-images-idx3-ubyte", lambda content: content[:9], "cut short after 9 bytes, within its header"),
        ("t10k-images-idx3-ubyte", lambda content: b"", "begins with nothing"),
        ("t10k-images-idx3-ubyte", lambda content: b"\x89PNG" + content, "begins with 89 50 4e 47"),
        ("t10k-images-idx3-ubyte", lambda content: content[:2] + b"\x0d" + content[3:], "holds floats"),
        ("t10k-images-idx3-ubyte", lambda content: content[:2] + b"\x07" + content[3:], "unknown type, 0x07"),
        ("t10k-labels-idx1-ubyte", lambda content: content[:-1] + b"\x0b", "label 2 is 11, not a digit"),
        ("t10k-labels-idx1-ubyte", lambda content: content[:7] + b"\x02" + content[8:-1], "2 labels for 3 images"),
        ("t10k-labels-idx1-ubyte", lambda content: content[:7] + b"\x00", "promises no values"),
    ],
)
def test_a_damaged_file_is_named_with_the_reason(folder, name, damage, reason):
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    with pytest.raises(BadInput, match=reason) as refusal:
        read_digits(folder)
    assert name in str(refusal.value)


def test_exchanged_files_are_recognised(folder):
    images, labels = folder / "t10k-images-idx3-ubyte", folder / "t10k-labels-idx1-ubyte"
    with pytest.raises(BadInput, match="1 dimensions instead of 3: are images and labels exchanged"):
        read_idx(labels, 3)
    with pytest.raises(BadInput, match="3 dimensions instead of 1"):
        read_idx(images, 1)


def test_a_length_that_no_memory_holds_is_refused_by_its_length(tmp_path):
    path = tmp_path / "huge"
    path.write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", *[2**32 - 1] * 3) + b"\0")
    with pytest.raises(BadInput, match="holds 1"):
        read_idx(path, 3)


def test_a_missing_file_is_named(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(BadInput, match="holds no t10k-labels-idx1-ubyte"):
        read_digits(folder)


@pytest.mark.parametrize("shape", [(3, 4, 8), (3, 6, 6)])
def test_images_no_network_here_could_make_are_refused(folder, shape):
    (folder / "t10k-images-idx3-ubyte").write_bytes(_idx(np.zeros(shape, np.uint8)))
    with pytest.raises(BadInput, match="must be square"):
        read_digits(folder)


def test_parts_of_different_size_are_refused(folder):
    (folder / "t10k-images-idx3-ubyte").write_bytes(_idx(np.zeros((3, 8, 8), np.uint8)))
    with pytest.raises(BadInput, match="training images are 4x4 pixels, test images 8x8"):
        read_digits(folder)


def test_a_set_checks_its_labels():
    with pytest.raises(ValueError, match="outside 0 to 9"):
        DigitSet(np.zeros((1, 4, 4), np.uint8), np.array([10]))


def test_real_mnist_is_what_it_should_be(shared_data):
    digits = read_digits(shared_data / "mnist")
    assert digits.train.images.shape == (60000, 28, 28)
    assert len(digits.test) == 10000
    assert digits.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(digits.train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert digits.train.pixels.mean(dtype=float) == pytest.approx(0.1306605, abs=1e-6)
