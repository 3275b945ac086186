import numpy as np

from pipeline.city.spans import Spans, covered, expand


def test_owners_and_positions_of_counts():
    owner, position = expand(np.array([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert position.tolist() == [0, 1, 0, 1, 2]


def test_pixels_covered_twice_count_once(rng):
    spans = Spans(np.zeros(60, int), rng.integers(0, 5, 60), rng.integers(0, 30, 60), rng.integers(0, 30, 60))
    spans = spans.take(spans.start <= spans.stop)
    owner = rng.integers(0, 3, len(spans.row))
    picture = np.zeros((4, 5, 31), bool)
    for number, row, start, stop in zip(owner, spans.row, spans.start, spans.stop, strict=True):
        picture[number, row, start : stop + 1] = True
    assert covered(spans, owner, 5, 4).tolist() == picture.sum(axis=(1, 2)).tolist()
    assert covered(spans.take(slice(0, 0)), owner[:0], 5, 4).tolist() == [0, 0, 0, 0]
