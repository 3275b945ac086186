"""A chapter on disk: text and numbers as JSON, tables as Parquet, pictures drawn once in both themes. No pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.figures.style import DARK, LIGHT, to_png, to_svg
from pipeline.pages import file_name
from pipeline.textbook.base import Chapter

TEXT = "chapter.json"
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class DrawnPicture:
    """A picture of a stored chapter."""

    name: str
    title: str
    alt: str
    folder: Path

    def svg(self, theme: str) -> bytes:
        """The drawing for ``light`` or ``dark`` paper."""
        return (self.folder / f"{file_name(self.name)}.{theme}.svg").read_bytes()

    def png(self) -> bytes:
        """The drawing on light paper, as pixels."""
        return (self.folder / f"{file_name(self.name)}.png").read_bytes()


@dataclass(frozen=True, eq=False)
class StoredChapter:
    """A chapter with its pictures drawn; the fields are those of ``Chapter``."""

    title: str
    question: str
    answer: str
    story: tuple[str, ...]
    pictures: tuple[DrawnPicture, ...]
    tables: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, float]
    sources: tuple[str, ...]


def save_chapter(folder: Path, chapter: Chapter) -> None:
    """Fill an empty folder."""
    for picture in chapter.pictures:
        stem = file_name(picture.name)
        for name, theme in THEMES.items():
            (folder / f"{stem}.{name}.svg").write_bytes(to_svg(picture.draw(theme)))
        (folder / f"{stem}.png").write_bytes(to_png(picture.draw(LIGHT)))
    for number, table in enumerate(chapter.tables.values()):
        table.to_parquet(folder / f"table-{number}.parquet", index=False)
    text = {
        "title": chapter.title,
        "question": chapter.question,
        "answer": chapter.answer,
        "story": list(chapter.story),
        "pictures": [{"name": item.name, "title": item.title, "alt": item.alt} for item in chapter.pictures],
        "tables": list(chapter.tables),
        "metrics": {name: float(value) for name, value in chapter.metrics.items()},
        "sources": list(chapter.sources),
    }
    (folder / TEXT).write_text(json.dumps(text, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_chapter(folder: Path) -> StoredChapter:
    """Read what ``save_chapter`` wrote."""
    text = json.loads((folder / TEXT).read_text(encoding="utf-8"))
    return StoredChapter(
        title=text["title"],
        question=text["question"],
        answer=text["answer"],
        story=tuple(text["story"]),
        pictures=tuple(DrawnPicture(**picture, folder=folder) for picture in text["pictures"]),
        tables={
            caption: pd.read_parquet(folder / f"table-{number}.parquet")
            for number, caption in enumerate(text["tables"])
        },
        metrics=text["metrics"],
        sources=tuple(text["sources"]),
    )
