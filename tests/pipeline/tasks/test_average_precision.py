import numpy as np
import pytest

from pipeline.schema import KINDS
from pipeline.tasks.average_precision import (
    DIFFICULTIES,
    DONT_CARE,
    MATCHINGS,
    Detected,
    Labelled,
    average_precision,
    average_precisions,
)

CAR, VAN, PEDESTRIAN, SITTING, TRUCK = (KINDS.index(name) for name in ("Car", "Van", "Pedestrian", "Person", "Truck"))
EASY, MODERATE, HARD = (DIFFICULTIES[name] for name in ("easy", "moderate", "hard"))


def _box(left, top=100.0, width=100.0, height=50.0):
    return [left, top, left + width, top + height]


def _labelled(*rows):
    """Rows of picture, class, box, truncation, occlusion; the last two may be left out."""
    rows = [(*row, 0.0, 0)[:5] if len(row) == 3 else row for row in rows]
    picture, kind, boxes, truncated, occluded = zip(*rows, strict=True) if rows else [()] * 5
    return Labelled(
        np.array(picture, int), np.array(kind, int), np.array(boxes, float).reshape(-1, 4), np.array(truncated, float),
        np.array(occluded, int),
    )  # fmt: skip


def _detected(*rows):
    """Rows of picture, class, box, score."""
    picture, kind, boxes, score = zip(*rows, strict=True) if rows else [()] * 4
    return Detected(
        np.array(picture, int), np.array(kind, int), np.array(boxes, float).reshape(-1, 4), np.array(score, float)
    )


def test_a_perfect_detector_has_100_however_few_the_objects():
    labelled = _labelled((0, CAR, _box(0)), (0, CAR, _box(300)), (1, CAR, _box(0)))
    detected = _detected((0, CAR, _box(300), 0.2), (1, CAR, _box(0), 0.9), (0, CAR, _box(0), 0.5))
    assert average_precision(detected, labelled, "Car", EASY) == 100


def test_forty_points_by_hand():
    # Ranked: hit, miss, hit, and one car of three never found: precision 1 up to recall 1/3 (13 of 40 points), 2/3 up
    # to recall 2/3 (13 more), 0 beyond.
    labelled = _labelled(*((0, CAR, _box(left)) for left in (0, 200, 400)))
    detected = _detected((0, CAR, _box(0), 0.9), (0, CAR, _box(800), 0.8), (0, CAR, _box(200), 0.7))
    assert average_precision(detected, labelled, "Car", EASY) == pytest.approx(100 / 40 * (13 + 13 * 2 / 3))


def test_precision_is_the_best_at_that_recall_or_a_higher_one():
    labelled = _labelled((0, CAR, _box(0)), (0, CAR, _box(200)))
    detected = _detected((0, CAR, _box(600), 0.9), (0, CAR, _box(0), 0.8), (0, CAR, _box(200), 0.7))
    assert average_precision(detected, labelled, "Car", EASY) == pytest.approx(100 * 2 / 3)  # not 1/2 up to recall 1/2


def test_a_duplicate_is_a_mistake_and_the_better_box_is_kept():
    labelled = _labelled((0, CAR, _box(0)), (1, CAR, _box(0)))
    twice = [(0, CAR, _box(5), 0.9), (0, CAR, _box(0), 0.8), (1, CAR, _box(0), 0.1)]
    # at 0.9: 1 right; at 0.1: two right and the duplicate
    expected = 100 / 40 * (20 + 20 * 2 / 3)
    assert average_precision(_detected(*twice), labelled, "Car", EASY) == pytest.approx(expected)


def test_the_overlap_must_exceed_what_the_class_asks_for():
    labelled = _labelled((0, CAR, _box(0)), (0, PEDESTRIAN, _box(300)))
    detected = _detected((0, CAR, _box(20), 1.0), (0, PEDESTRIAN, _box(320), 1.0))  # 80 / 120 = 0.67
    assert average_precision(detected, labelled, "Car", EASY) == 0
    assert average_precision(detected, labelled, "Car", EASY, overlap=0.5) == 100
    assert average_precision(detected, labelled, "Pedestrian", EASY) == 100


@pytest.mark.parametrize(
    ("hidden", "easy", "moderate", "hard"),
    [
        ((_box(300, height=25.0), 0.0, 0), True, True, True),  # 25 px are not more than 25
        ((_box(300, height=26.0), 0.0, 0), True, False, False),
        ((_box(300), 0.0, 1), True, False, False),
        ((_box(300), 0.0, 2), True, True, False),
        ((_box(300), 0.0, 3), True, True, True),
        ((_box(300), 0.2, 0), True, False, False),
        ((_box(300), 0.4, 0), True, True, False),
        ((_box(300), 0.6, 0), True, True, True),
        ((_box(300), np.nan, 0), False, False, False),
    ],
)
def test_objects_harder_than_the_level_may_be_missed_or_found_at_no_cost(hidden, easy, moderate, hard):
    box, truncated, occluded = hidden
    labelled = _labelled((0, CAR, _box(0)), (0, CAR, box, truncated, occluded))
    missed, found = [(0, CAR, _box(0), 0.5)], [(0, CAR, box, 0.9), (0, CAR, _box(0), 0.5)]
    for level, ignored in zip((EASY, MODERATE, HARD), (easy, moderate, hard), strict=True):
        assert average_precision(_detected(*missed), labelled, "Car", level) == (100 if ignored else 50)
        assert average_precision(_detected(*found), labelled, "Car", level) == 100


def test_neighbour_classes_are_no_mistake_and_other_classes_are():
    detected = _detected((0, CAR, _box(300), 0.9), (0, CAR, _box(0), 0.5))
    for kind, expected in ((VAN, 100), (TRUCK, 50)):
        labelled = _labelled((0, CAR, _box(0)), (0, kind, _box(300)))
        assert average_precision(detected, labelled, "Car", EASY) == expected
    sitting = _labelled((0, PEDESTRIAN, _box(0)), (0, SITTING, _box(300)))
    walking = _detected((0, PEDESTRIAN, _box(300), 0.9), (0, PEDESTRIAN, _box(0), 0.5))
    assert average_precision(walking, sitting, "Pedestrian", EASY) == 100


def test_detections_inside_a_region_nobody_labelled_are_no_mistake():
    labelled = _labelled((0, CAR, _box(0)), (0, DONT_CARE, [300, 0, 1000, 375]))
    car = (0, CAR, _box(0), 0.5)
    for left, expected in ((400, 100), (280, 100), (260, 50), (1100, 50)):  # whole, 80 %, 60 %, none of the detection
        assert average_precision(_detected((0, CAR, _box(left), 0.9), car), labelled, "Car", EASY) == expected
    elsewhere = _detected((1, CAR, _box(400), 0.9), car)
    assert average_precision(elsewhere, labelled, "Car", EASY) == 50


def test_small_detections_are_no_mistake_and_find_nothing():
    labelled = _labelled((0, CAR, _box(0, height=41.0)), (1, CAR, _box(0)))
    detected = _detected(
        (0, CAR, _box(0, height=39.0), 0.9), (0, CAR, _box(400, height=39.0), 0.8), (1, CAR, _box(0), 0.5)
    )
    # The tall car is neither found nor missed at the cost of precision: recall 1/2 is all there is.
    assert average_precision(detected, labelled, "Car", EASY) == 50


def test_without_objects_there_is_no_precision_and_without_detections_it_is_0():
    assert np.isnan(average_precision(_detected((0, CAR, _box(0), 1.0)), _labelled(), "Car", EASY))
    assert average_precision(_detected(), _labelled((0, CAR, _box(0))), "Car", EASY) == 0


def test_one_row_per_drive_class_and_level_counts_the_objects():
    labelled = _labelled((0, CAR, _box(0)), (1, CAR, _box(0), 0.0, 1), (2, PEDESTRIAN, _box(0)))
    detected = _detected((0, CAR, _box(0), 1.0), (1, CAR, _box(0), 1.0))
    table = (
        average_precisions(detected, labelled, ["a", "b", "b"]).set_index(["drive", "kind", "difficulty"]).sort_index()
    )
    assert len(table) == 2 * len(MATCHINGS) * 3
    assert table.loc[("b", "Car"), "n"].tolist() == [0, 1, 1]  # easy, hard, moderate
    assert table.loc[("b", "Car"), "ap"].tolist() == pytest.approx([np.nan, 100, 100], nan_ok=True)
    assert table.loc[("b", "Pedestrian", "easy"), "ap"] == 0


@pytest.mark.parametrize("bad", [(0, CAR, _box(np.nan), 0.5), (0, CAR, _box(0), np.inf)])
def test_detections_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="not finite"):
        _detected(bad)


def _plain_counts(detected, labelled, kind, level, threshold):
    """Right and wrong detections, written as the development kit does it: object by object, without arrays."""
    neighbour, wanted = MATCHINGS[kind].neighbour, MATCHINGS[kind].overlap
    scores, right, wrong = [], 0, 0
    for picture in np.unique(np.concatenate([labelled.picture, detected.picture])):
        labels = list(np.flatnonzero(labelled.picture == picture))
        found = [
            index for index in np.flatnonzero(detected.picture == picture)
            if detected.kind[index] == KINDS.index(kind) and (threshold is None or detected.score[index] >= threshold)
        ]  # fmt: skip
        small = {i: detected.boxes[i, 3] - detected.boxes[i, 1] < level.higher_than_px for i in found}
        used = set()
        for label in labels:
            name = KINDS[labelled.kind[label]] if labelled.kind[label] >= 0 else "DontCare"
            if name not in (kind, neighbour):
                continue
            height = labelled.boxes[label, 3] - labelled.boxes[label, 1]
            ignored = (
                name == neighbour or height <= level.higher_than_px or labelled.occluded[label] > level.occluded
                or labelled.truncated[label] > level.truncated
            )  # fmt: skip
            best, best_value, best_small = None, 0.0, False
            for i in found:
                fit = _plain_iou(labelled.boxes[label], detected.boxes[i])
                if i in used or fit <= wanted:
                    continue
                if threshold is None:
                    if best is None or detected.score[i] > best_value:
                        best, best_value = i, detected.score[i]
                elif not small[i] and (best is None or best_small or fit > best_value):
                    best, best_value, best_small = i, fit, False
                elif small[i] and best is None:
                    best, best_small = i, True
            if best is not None:
                used.add(best)
                if not ignored and not small[best]:
                    right += 1
                    scores.append(detected.score[best])
        for i in found:
            if i in used or small[i]:
                continue
            regions = [index for index in labels if labelled.kind[index] == DONT_CARE]
            wrong += not any(_plain_share(detected.boxes[i], labelled.boxes[region]) > wanted for region in regions)
    return sorted(scores, reverse=True), right, wrong


def _common(a, b):
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _plain_share(a, b):
    return _common(a, b) / ((a[2] - a[0]) * (a[3] - a[1]))


def _plain_iou(a, b):
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - _common(a, b)
    return _common(a, b) / union


def _kit_thresholds(scores, count):
    """The development kit's choice of 41 scores: those whose recall comes nearest to k / 40."""
    thresholds, recall = [], 0.0
    for i, score in enumerate(scores):
        here, after = (i + 1) / count, (i + 2) / count if i < len(scores) - 1 else (i + 1) / count
        if after - recall < recall - here and i < len(scores) - 1:
            continue
        thresholds.append(score)
        recall += 1 / 40
    return thresholds


def _crowd(rng, pictures):
    """Crowded pictures with everything in them: neighbours, regions, hidden and small objects, duplicates, mistakes."""
    count = 8 * pictures
    left, top = rng.uniform(0, 900, count), rng.uniform(0, 250, count)
    size = rng.uniform([40, 20], [160, 90], (count, 2))
    boxes = np.column_stack([left, top, left + size[:, 0], top + size[:, 1]])
    labelled = Labelled(
        rng.integers(0, pictures, count), rng.choice([CAR, CAR, CAR, VAN, TRUCK, DONT_CARE], count), boxes,
        rng.choice([0.0, 0.0, 0.0, 0.4, 0.9], count), rng.integers(0, 4, count),
    )  # fmt: skip
    again = rng.integers(0, count, 2 * count)
    shifted = boxes[again] + rng.normal(0, 4, (2 * count, 4))
    detected = Detected(
        labelled.picture[again], rng.choice([CAR, CAR, CAR, VAN], 2 * count), shifted, rng.uniform(0, 1, 2 * count)
    )
    return detected, labelled


@pytest.mark.parametrize("level", [EASY, HARD])
def test_it_counts_as_a_plain_walk_through_all_objects_and_agrees_with_the_kit_on_large_sets(level):
    detected, labelled = _crowd(np.random.default_rng(3), 60)
    scores, _, _ = _plain_counts(detected, labelled, "Car", level, None)
    count = int(
        ((labelled.kind == CAR) & (labelled.boxes[:, 3] - labelled.boxes[:, 1] > level.higher_than_px)
        & (labelled.occluded <= level.occluded) & (labelled.truncated <= level.truncated)).sum()
    )  # fmt: skip
    reached = [scores[need - 1] for k in range(1, 41) if (need := -(-k * count // 40)) <= len(scores)]
    ours, kits = (
        [
            right / (right + wrong)
            for _, right, wrong in (_plain_counts(detected, labelled, "Car", level, t) for t in chosen)
        ]
        for chosen in (reached, _kit_thresholds(scores, count))
    )
    expected = 100 / 40 * sum(max(ours[k:]) for k in range(len(ours)))
    assert average_precision(detected, labelled, "Car", level) == pytest.approx(expected)
    if count > 100:
        assert expected == pytest.approx(100 / 40 * sum(max(kits[k:]) for k in range(1, len(kits))), abs=1)
    else:
        assert level is EASY
    assert 5 < expected < 95
