"""Splits are by drive, disjoint, and rotate so that each drive is held out once."""

import pytest

from pipeline.schema import UserError
from pipeline.splits import Split, groups_left_out, named_split, rotating_folds

DRIVES = [f"{number:04d}" for number in range(10)]


def test_the_rest_is_for_training() -> None:
    split = named_split(DRIVES[:5], valid=["0001"], held_out=["0004", "0002"])
    assert split == Split(train=("0000", "0003"), valid=("0001",), held_out=("0002", "0004"))


def test_every_drive_is_held_out_once() -> None:
    folds = rotating_folds(DRIVES, 4)
    assert sorted(drive for fold in folds for drive in fold.held_out) == DRIVES


def test_the_parts_of_a_fold_share_no_drive_and_miss_none() -> None:
    for fold in rotating_folds(DRIVES, 5):
        assert sorted([*fold.train, *fold.valid, *fold.held_out]) == DRIVES


def test_folds_do_not_depend_on_the_order_of_the_drives() -> None:
    assert rotating_folds(DRIVES, 4) == rotating_folds(DRIVES[::-1], 4)


def test_a_drive_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="lacks: 0042"):
        named_split(DRIVES, valid=["0042"], held_out=["0001"])


def test_a_drive_in_two_parts_is_refused() -> None:
    with pytest.raises(UserError, match="more than once: 0001"):
        named_split(DRIVES, valid=["0001"], held_out=["0001"])


def test_one_drive_cannot_be_split() -> None:
    with pytest.raises(UserError, match="1 drives cannot be split into 3 folds"):
        rotating_folds(["0000"], 3)
    with pytest.raises(UserError, match="no drive for train"):
        named_split(DRIVES[:2], valid=["0000"], held_out=["0001"])
    with pytest.raises(UserError, match="no drive for held_out"):
        named_split(DRIVES, valid=["0000"], held_out=[])


def test_settings_are_chosen_without_any_held_out_drive() -> None:
    assert named_split(DRIVES, ["0000"], ["0001"]).for_choosing() == Split(tuple(DRIVES[2:]), ("0000",), ())


def test_every_group_is_held_out_once_and_the_others_last_drives_choose():
    splits = groups_left_out(list("abcdefg"), (("a", "b"), ("c", "d"), ("e", "f")))
    assert [split.held_out for split in splits] == [("a", "b"), ("c", "d"), ("e", "f")]
    assert splits[0].valid == ("d", "f")
    assert splits[0].train == ("c", "e", "g")


def test_groups_of_one_drive_leave_nothing_to_learn_from():
    with pytest.raises(UserError, match="leaves no drive for train"):
        groups_left_out(["a", "b", "c"], (("a",), ("b",), ("c",)))
    with pytest.raises(UserError, match="lacks: z"):
        groups_left_out(["a", "b", "c"], (("a", "b"), ("c", "z")))


def test_drives_to_look_at_are_neither_learnt_from_nor_examined_and_may_be_meant_by_a_pattern() -> None:
    split = named_split(["a-0", "a-1", "a-2", "b-0", "b-1"], valid=["a-0"], held_out=["b-1"], look=["b-0*", "a-[2]"])
    assert split == Split(("a-1",), ("a-0",), ("b-1",), look=("a-2", "b-0"))


def test_nothing_that_is_held_out_may_be_looked_at() -> None:
    with pytest.raises(UserError, match="more than once: 0001"):
        named_split(DRIVES, valid=["0000"], held_out=["0001"], look=["000[1-4]"])
    with pytest.raises(UserError, match=r"lacks: bdd-\*"):
        named_split(DRIVES, valid=["0000"], held_out=["0001"], look=["bdd-*"])
