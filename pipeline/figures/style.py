"""How figures look: two themes, colours that colour-blind readers tell apart, and labels that do not collide.

Figures are plain ``Figure`` objects with no global state, so that they can be drawn in any thread.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.design import NONE
from pipeline.scoring.scores import Scores

WIDTH_IN = 5.8
"""One width for all figures: a phone shows one beside nothing, a desktop two side by side."""


@dataclass(frozen=True)
class Theme:
    """Colours of a figure on light or dark paper. Strategies use the palette of Okabe and Ito (2008)."""

    paper: str
    ink: str
    muted: str
    grid: str
    better: str
    worse: str
    alarm: str
    cycle: tuple[str, ...]

    def colour_of(self, verdict: str) -> str:
        """Colour of an arm with this verdict."""
        return {"helps": self.better, "harms": self.worse, "failed": self.alarm}.get(verdict, self.muted)


LIGHT = Theme(
    paper="#ffffff", ink="#1c2430", muted="#6b7482", grid="#e3e7ec", better="#0072b2", worse="#d55e00", alarm="#b3001b",
    cycle=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5c00", "#8c6bb1"),
)  # fmt: skip
DARK = Theme(
    paper="#171c24", ink="#e8ecf1", muted="#98a2b0", grid="#2c3440", better="#56b4e9", worse="#f08a4b", alarm="#ff6b7a",
    cycle=("#56b4e9", "#f08a4b", "#2ec79a", "#e3a0c6", "#f0c04a", "#9fd3f5", "#cbb26a", "#b8a2dc"),
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A figure that can be drawn in any theme."""

    name: str
    """File name without suffix."""
    title: str
    alt: str
    """What it shows, for those who do not see it."""
    draw: Callable[[Theme], Figure]
    photographic: bool = False
    """Whether it holds photographs, which JPEG stores better than any drawing."""


DARK_FOR = dict(
    zip(*[(t.paper, t.ink, t.muted, t.grid, t.better, t.worse, t.alarm, *t.cycle) for t in (LIGHT, DARK)], strict=True)
)
"""By each colour of the light theme the one that stands for it in the dark theme."""


def new_axes(theme: Theme, height_in: float, left: float, right: float = 0.03) -> tuple[Figure, Axes]:
    """A figure with one plot; ``left`` and ``right`` are margins as shares of the width."""
    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor=theme.paper)
    FigureCanvasAgg(figure)
    below, above = 0.55 / height_in, 0.12 / height_in
    axes = figure.add_axes((left, below, 1 - left - right, 1 - below - above))
    dress(axes, theme)
    return figure, axes


def strategy_colours(scores: Scores, theme: Theme) -> dict[str, str]:
    """One colour a strategy, the same in every figure; placebos are grey and ``none`` is ink."""
    placebos = {check.strategy for check in scores.placebos}
    names = dict.fromkeys(arm.strategy for arm in scores.arms)
    candidates = [name for name in names if name != NONE and name not in placebos]
    colours = {name: theme.cycle[index % len(theme.cycle)] for index, name in enumerate(candidates)}
    return {NONE: theme.ink, **colours, **dict.fromkeys(placebos, theme.muted)}


def dress(axes: Axes, theme: Theme) -> None:
    """Quiet axes: no box, light grid, small ticks."""
    axes.set_facecolor(theme.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.grid)
    axes.tick_params(colors=theme.muted, labelsize=9, length=0)
    axes.xaxis.label.set_color(theme.muted)
    axes.yaxis.label.set_color(theme.muted)
    axes.xaxis.label.set_fontsize(9.5)
    axes.yaxis.label.set_fontsize(9.5)
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)


def label(name: str, longest: int = 18) -> str:
    """A name as figures write it: shortened in the middle, and with no formula in it."""
    if len(name) > longest:
        name = f"{name[: longest // 2 - 1]}…{name[-(longest // 2) :]}"
    return name.replace("$", r"\$")


def margin(names: Sequence[str], least: float = 0.21) -> float:
    """Room for the longest name left of a plot, as a share of the width."""
    return max(least, 0.05 + 0.0135 * max((len(label(name)) for name in names), default=0))


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], gap: float = 0.065) -> None:
    """Write (value, text, colour) labels right of the plot, ``gap`` of its height apart or more.

    Call it last: it reads the limits of the axes.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    placed: list[float] = []
    ordered = sorted(ends)
    for value, _, _ in ordered:
        wanted = float(to_axes.transform((axes.get_xlim()[1], value))[1])
        placed.append(max(wanted, placed[-1] + gap) if placed else max(wanted, 0.0))
    overshoot = max(0.0, placed[-1] - 1.0) if placed else 0.0
    for (_, text, colour), place in zip(ordered, placed, strict=True):
        axes.text(1.02, place - overshoot, text, transform=axes.transAxes, va="center", fontsize=9, color=colour)


def to_png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as a PNG file."""
    target = BytesIO()
    figure.savefig(target, format="png", dpi=dpi, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return target.getvalue()


def to_jpeg(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as a JPEG file."""
    target = BytesIO()
    figure.savefig(target, format="jpeg", dpi=dpi, facecolor=figure.get_facecolor(), pil_kwargs={"quality": 72})
    return target.getvalue()


def to_svg(figure: Figure) -> bytes:
    """The figure as an SVG file, letters as outlines: it looks the same wherever it is opened."""
    target = BytesIO()
    figure.savefig(target, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None, "Creator": None})
    return target.getvalue()


def in_both_themes(svg: bytes) -> bytes | None:
    """A drawing in the light theme as one that follows its reader's; None where it holds other colours than these.

    Then, as where there are bitmaps, both must be drawn.
    """
    used = {colour.decode() for colour in re.findall(rb"#[0-9a-f]{6}\b", svg)}
    if b"data:image" in svg or not used <= DARK_FOR.keys():
        return None
    for colour in used:
        svg = svg.replace(colour.encode(), f"var(--c{colour[1:]})".encode())
    light, dark = (
        "".join(f"--c{name[1:]}:{value};" for name, value in theme)
        for theme in ([(name, name) for name in used], [(name, DARK_FOR[name]) for name in used])
    )
    style = f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return svg.replace(b"</svg>", f"<style>{style}</style></svg>".encode())
