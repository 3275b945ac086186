"""The sections of a report, in their order. To add one: write ``NAME.html.j2`` in this folder and add its line.

A section's template sees ``pictures`` (its own, to be shown by the macro ``figures``), ``content`` (its own rows), and
what all share: ``facts``, ``scores``, ``metric``, ``views`` and the filters of the page. A template that finds nothing
to show prints nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import anatomy_views, fidelity_views
from pipeline.figures import (
    curve_pictures,
    drive_pictures,
    frame_pictures,
    gain_pictures,
    ground_pictures,
    horizon_pictures,
    map_pictures,
    neighbour_pictures,
    panels,
    track_pictures,
    walk_pictures,
)  # fmt: skip
from pipeline.figures.anatomy_figures import anatomy_pictures
from pipeline.figures.depth_figures import depth_pictures
from pipeline.figures.style import Picture
from pipeline.findings import Findings
from pipeline.map_points import pointed
from pipeline.pages import image
from pipeline.wipes import wipes

CITY_SOURCES = ("mini_city", "rendered_city", "rendered_streets")
"""Sources whose drives lead through the embedded city; their reports show it."""


@dataclass(frozen=True)
class Section:
    """One part of the page."""

    name: str
    """Of its template, without ``.html.j2``."""
    pictures: Callable[[Findings], list[Picture]] = lambda _: []
    content: Callable[[Findings], Any] = lambda _: None

    @property
    def template(self) -> str:
        """Where its template lies."""
        return f"report_sections/{self.name}.html.j2"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A section with what it shows."""

    template: str
    pictures: list[Picture]
    content: Any


def draw_sections(findings: Findings) -> list[Drawn]:
    """Every section's pictures and rows."""
    return [Drawn(section.template, section.pictures(findings), section.content(findings)) for section in SECTIONS]


def _city(found: Findings) -> Any:
    if found.facts.source not in CITY_SOURCES:
        return None
    picture = Path(__file__).parents[1] / "city" / "gallery.jpg"
    return image("Four cities by day, by night, as depth and as road users", picture.read_bytes(), "jpeg")


SECTIONS = (
    Section("gains", lambda found: gain_pictures(found.scores)),
    Section("rivals"),
    Section("policies"),
    Section("fidelity", content=lambda found: fidelity_views.view(found.fidelity)),
    Section(
        "maps",
        lambda found: map_pictures(found.domains),
        lambda found: pointed(found.domains, found.sets) if found.domains else None,
    ),
    Section("neighbours", lambda found: neighbour_pictures(found.ranked, found.real)),
    Section("tracks", lambda found: track_pictures(found.ranked, found.real, found.facts.history)),
    Section("wipes", content=lambda found: wipes(found.ranked, found.real)),
    Section("samples", lambda found: panels(found.ranked, found.real)),
    Section("depth", lambda found: depth_pictures(found.depth)),
    Section("frames", lambda found: frame_pictures(found.ranked, found.real, found.frames, found.facts.history)),
    Section("walks", lambda found: walk_pictures(found.walks)),
    Section("ground", lambda found: ground_pictures(found.ranked, found.real)),
    Section("horizon", lambda found: horizon_pictures(found.scores)),
    Section("where", lambda found: drive_pictures(found.scores)),
    Section("anatomy", lambda found: anatomy_pictures(found.anatomy), lambda found: anatomy_views.view(found.anatomy)),
    Section("placebos"),
    Section("alone"),
    Section("city", content=_city),
    Section("curves", lambda found: curve_pictures(found.scores, found.curves)),
    Section("repeat"),
)
