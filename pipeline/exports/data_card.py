"""What every export must say of itself: what it is, what it was made from and how, what it is worth, on which terms.

After Gebru et al., Datasheets for Datasets, Communications of the ACM 2021, as far as a program can know the answers.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.credits import credit_of
from pipeline.exports.base import Contents
from pipeline.pictures import Pictures
from pipeline.samples import Samples
from pipeline.schema import KINDS
from pipeline.windows import Windows

CARD, CARD_FOR_PROGRAMS = "DATA_CARD.md", "data_card.json"
VERSION = 1


@dataclass(frozen=True)
class Provenance:
    """What samples were made from, and how."""

    strategy: str
    hyperparameters: Mapping[str, Any]
    seeds: Mapping[str, int]
    """By what they decide."""
    source: str
    """Name of the reader of the real data."""
    data_digest: str
    """SHA-256 of the real data's files."""
    drives: Sequence[str]
    """Real drives that the strategy learnt from."""
    command: str
    """What makes the same again; ``DIR`` stands for a folder of one's own."""
    fraction: float = 1.0
    """Share of these drives' samples that it learnt from."""
    asked: str = ""
    """What the samples were asked to be."""
    drawn: int | None = None
    """Samples that were made for these; those not as asked for were rejected."""
    study: str = ""
    """The study that examined the strategy."""
    gains: Sequence[Mapping[str, Any]] = ()
    """What its samples did for the study's task, by fraction of the real data."""
    fidelity: Sequence[Mapping[str, Any]] = ()
    """How real, varied and new they are, by measure."""
    versions: Mapping[str, str] = field(default_factory=dict)
    code_digest: str = ""


def write_card(folder: Path, layout: str, samples: Samples, contents: Contents, provenance: Provenance) -> None:
    """Write the card twice into the export's folder: for people, and for programs."""
    credit = credit_of(provenance.source)
    card = {
        "card_version": VERSION,
        "format": layout,
        "counts": dict(contents.counts),
        "classes": class_counts(samples),
        "distinct": distinct(samples),
        "made_from": dict(contents.made_from),
        **asdict(provenance),
        "credit": credit.text,
        "terms": credit.terms,
        "url": credit.url,
    }
    text = json.dumps(_without_nan(card), indent=2, allow_nan=False, default=str)
    (folder / CARD_FOR_PROGRAMS).write_text(text + "\n", encoding="utf-8")
    (folder / CARD).write_text(_in_words(card), encoding="utf-8")


def class_counts(samples: Samples) -> dict[str, int]:
    """How many windows, or labelled boxes, of each class."""
    kind = getattr(samples, "kind", np.zeros(0, int))
    return {name: count for code, name in enumerate(KINDS) if (count := int((kind == code).sum()))}


def distinct(samples: Samples) -> int:
    """How many samples differ from one another: a strategy may hand out the same one twice."""
    values = samples.boxes if isinstance(samples, Windows) else samples.image if isinstance(samples, Pictures) else None
    return len(samples) if values is None else len({one.tobytes() for one in values})


def _in_words(card: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {what}" for what, count in card["counts"].items())
    sections = {
        "What": [
            f"Synthetic driving data: {counts}; {card['distinct']} samples are distinct. Format: {card['format']}.",
            f"Classes: {_listed(card['classes'])}.",
            *([f"Asked for: {card['asked']}."] if card["asked"] else []),
            *([_drawing(card)] if card["drawn"] else []),
        ],
        "Made from": [
            f"{card['source']}, SHA-256 `{card['data_digest']}`, {_share(card['fraction'])} of the drives "
            f"{', '.join(card['drives'])}.",
            *(
                [f"Drives here, and those whose samples they hold: {_listed(card['made_from'])}."]
                if card["made_from"]
                else []
            ),
        ],
        "Made by": [
            f"Strategy `{card['strategy']}`; seeds: {_listed(card['seeds'])}.",
            f"```json\n{json.dumps(card['hyperparameters'], indent=2, default=str)}\n```",
            f"Again: `{card['command']}`",
            f"Versions: {_listed(card['versions'])}; code SHA-256 `{card['code_digest']}`.",
        ],
        "Worth": _worth(card),
        "Terms": [f"{card['credit']} {card['url']}", f"{card['terms']} What is made from the data inherits them."],
    }
    body = "\n".join(f"## {title}\n\n" + "\n\n".join(lines) + "\n" for title, lines in sections.items())
    return f"# Data card\n\n{body}"


def _worth(card: Mapping[str, Any]) -> list[str]:
    if not card["gains"] and not card["fidelity"]:
        return ["Not measured: no study examined these samples. Measure before you train on them."]
    lines = [f"Examined by the study `{card['study']}`."]
    if card["gains"]:
        lines.append(_table(card["gains"]))
    if card["fidelity"]:
        lines.append(_table(card["fidelity"]))
    return lines


def _drawing(card: Mapping[str, Any]) -> str:
    kept = card["counts"].get("tracks") or card["counts"].get("pictures")
    return f"{card['drawn']} samples were drawn for these {kept}."


def _share(fraction: float) -> str:
    return "all" if fraction == 1 else f"{100 * fraction:g} %"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys, as Markdown."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.0f}" if value.is_integer() else f"{value:.4g}"
    return "" if value is None else str(value)


def _without_nan(value: Any) -> Any:
    """The same tree with None in place of NaN and infinities, and plain numbers in place of numpy's."""
    if isinstance(value, Mapping):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_without_nan(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
