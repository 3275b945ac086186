import io

import numpy as np
import pytest
from PIL import Image

from pipeline.city.png import encode_png


@pytest.mark.parametrize(("shape", "kind"), [((5, 7, 3), np.uint8), ((5, 7), np.uint8), ((4, 1), np.uint16)])
def test_pillow_reads_back_what_was_written(shape, kind, rng):
    image = rng.integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)
    with Image.open(io.BytesIO(encode_png(image))) as read:
        read.verify()
    with Image.open(io.BytesIO(encode_png(image))) as read:
        np.testing.assert_array_equal(np.asarray(read), image)


def test_a_picture_that_is_not_contiguous_is_written_too(rng):
    image = rng.integers(0, 256, (6, 8, 3), np.uint8)[::2, ::-1]
    with Image.open(io.BytesIO(encode_png(image))) as read:
        np.testing.assert_array_equal(np.asarray(read), image)
