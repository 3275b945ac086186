"""Which drives are learnt from, which choose the checkpoint, and which are held out. Always whole drives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from pipeline.schema import UserError


@dataclass(frozen=True)
class Split:
    """Disjoint sets of drives. Nothing is fitted on ``held_out``: no scaler, no generator, no early stop."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    held_out: tuple[str, ...]
    """Empty where settings are chosen: then there is nothing that could leak into the choice."""
    look: tuple[str, ...] = ()
    """Drives of another domain: strategies may look at their pictures, and nobody is told what is in them."""

    def __post_init__(self) -> None:
        """Refuse overlaps, and nothing to learn or to choose from."""
        parts = {"train": self.train, "valid": self.valid, "held_out": self.held_out, "look": self.look}
        for name in ("train", "valid"):
            _require_drives(name, parts[name])
        names = [drive for drives in parts.values() for drive in drives]
        twice = sorted({drive for drive in names if names.count(drive) > 1})
        if twice:
            raise UserError(f"The split uses a drive more than once: {', '.join(twice)}.")

    def for_choosing(self) -> "Split":
        """The same drives to learn and to choose from, and none that is held out."""
        return replace(self, held_out=())


def named_split(
    drives: Sequence[str], valid: Sequence[str], held_out: Sequence[str], look: Sequence[str] = ()
) -> Split:
    """Train on every drive that is neither named for validation nor held out nor to be looked at.

    Names may be patterns: ``bdd-*``.

    Raises:
        UserError: a named drive is not among ``drives``.
    """
    parts = [_matching(drives, names) for names in (valid, held_out, look)]
    _require_drives("held_out", held_out)
    train = tuple(sorted(set(drives).difference(*parts)))
    return Split(train, *parts)


def _matching(drives: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The drives that are named, or meant by a pattern."""
    found = {name: [drive for drive in drives if drive == name or fnmatchcase(drive, name)] for name in names}
    missing = sorted(name for name in found if not found[name])
    if missing:
        raise UserError(f"The split names drives that the data set lacks: {', '.join(missing)}.")
    return tuple(sorted({drive for some in found.values() for drive in some}))


def _require_drives(name: str, drives: Sequence[str]) -> None:
    if not drives:
        raise UserError(f"The split leaves no drive for {name}; at least three drives are needed.")


def rotating_folds(drives: Sequence[str], folds: int) -> tuple[Split, ...]:
    """Splits in which every drive is held out once; the next fold's drives choose the checkpoint.

    The assignment depends on the names alone (a fixed shuffle), never on a study's seed, so that all seeds pair.

    Raises:
        UserError: fewer drives than folds, or fewer than three folds.
    """
    if folds < 3 or len(drives) < folds:
        raise UserError(
            f"{len(drives)} drives cannot be split into {folds} folds: use 3 folds or more, and as many drives."
        )
    order = np.random.default_rng(0).permutation(sorted(drives))
    groups = [tuple(sorted(str(name) for name in order[k::folds])) for k in range(folds)]
    return tuple(named_split(drives, valid=groups[(k + 1) % folds], held_out=groups[k]) for k in range(folds))


def groups_left_out(drives: Sequence[str], groups: Sequence[Sequence[str]]) -> tuple[Split, ...]:
    """Splits in which every group is held out once, as if its place had never been seen.

    The last drive of each other group chooses the checkpoint. Drives of no group are learnt from in every split.

    Raises:
        UserError: a drive of a group is not among ``drives``, or nothing is left to learn from.
    """
    lasts = [group[-1] for group in groups]
    return tuple(
        named_split(drives, valid=[last for last in lasts if last not in group], held_out=group) for group in groups
    )
