"""What the columns of an error table are called, measured in, and which way is better."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """One column of an error table."""

    column: str
    label: str
    unit: str
    best: float | None = None
    """The most there can be, where higher is better; None for an error, of which nothing is best."""
    short: str = ""
    """What the field calls it, where that is shorter."""

    @property
    def higher_is_better(self) -> bool:
        """Whether it is a score rather than an error."""
        return self.best is not None

    def error(self, values: Any) -> Any:
        """Values of the metric (a number, an array, a table) as errors: a score as what it lacks of the best.

        A gain in percent then means the same of both. In percent of the score itself, a detector that finds next to
        nothing would gain thousands.
        """
        return values if self.best is None else self.best - values

    @property
    def head(self) -> str:
        """Short name and unit, for axes and table heads."""
        name = self.short or self.label
        return f"{name} ({self.unit})" if self.unit else name


_KNOWN = {
    "ade_px": Metric("ade_px", "average displacement error", "px", short="ADE"),
    "fde_px": Metric("fde_px", "final displacement error", "px", short="FDE"),
    "e1_px": Metric("e1_px", "one-step error", "px"),
    "min_ade_px": Metric("min_ade_px", "displacement error of the best hypothesis", "px", short="min ADE"),
    "min_fde_px": Metric("min_fde_px", "final error of the best hypothesis", "px", short="min FDE"),
    "ade_m": Metric("ade_m", "average displacement error", "m", short="ADE"),
    "fde_m": Metric("fde_m", "final displacement error", "m", short="FDE"),
    "min_ade_m": Metric("min_ade_m", "displacement error of the best hypothesis", "m", short="min ADE"),
    "min_fde_m": Metric("min_fde_m", "final error of the best hypothesis", "m", short="min FDE"),
    "ap_50": Metric("ap_50", "average precision at overlap 0.5", "%", 100.0, "AP 0.5"),
    "ap_kitti": Metric("ap_kitti", "average precision at KITTI's overlap", "%", 100.0, "AP KITTI"),
    "ap_50_easy": Metric("ap_50_easy", "the same of KITTI's easy objects", "%", 100.0, "AP 0.5 easy"),
    "ap_50_hard": Metric("ap_50_hard", "the same of KITTI's hard objects too", "%", 100.0, "AP 0.5 hard"),
    "ap_kitti_easy": Metric("ap_kitti_easy", "the same at KITTI's overlap, easy", "%", 100.0, "AP KITTI easy"),
    "ap_kitti_hard": Metric("ap_kitti_hard", "the same at KITTI's overlap, hard", "%", 100.0, "AP KITTI hard"),
    "abs_rel": Metric("abs_rel", "error of depth relative to the truth", "", short="abs rel"),
    "sq_rel_m": Metric("sq_rel_m", "squared error of depth relative to the truth", "m", short="sq rel"),
    "rmse_m": Metric("rmse_m", "root mean square error of depth", "m", short="RMSE"),
    "log_rmse": Metric("log_rmse", "root mean square error of log depth", "", short="log RMSE"),
    "si_log_rmse": Metric("si_log_rmse", "the same, blind to a common factor", "", short="scale-inv. log RMSE"),
    "delta_1": Metric("delta_1", "depths within a factor of 1.25", "", 1.0, "δ < 1.25"),
    "delta_2": Metric("delta_2", "depths within a factor of 1.25²", "", 1.0, "δ < 1.25²"),
    "delta_3": Metric("delta_3", "depths within a factor of 1.25³", "", 1.0, "δ < 1.25³"),
    "colour_agreement": Metric("colour_agreement", "agreement of colours (cosine)", "", 1.0, "colour agreement"),
    "chroma_error": Metric("chroma_error", "error of red and blue beyond grey", "levels", short="chroma error"),
    "nade": Metric("nade", "average displacement error in box heights", "heights", short="ADE"),
}
_STEP = re.compile(r"step_(\d+)_(px|m)")
_SECOND = re.compile(r"(min_)?de_(\d+)s_m")
_OVERLAP = re.compile(r"iou_(\d+)")


def describe(column: str) -> Metric:
    """Name, unit and direction of a column; an unknown one keeps its own name and counts as an error."""
    if column in _KNOWN:
        return _KNOWN[column]
    if step := _STEP.fullmatch(column):
        return Metric(column, f"error {int(step[1])} steps ahead", step[2])
    if second := _SECOND.fullmatch(column):
        whose, short = (" of the best hypothesis", "min ") if second[1] else ("", "")
        return Metric(column, f"error{whose} {second[2]} s ahead", "m", short=f"{short}{second[2]} s")
    if step := _OVERLAP.fullmatch(column):
        return Metric(
            column,
            f"overlap (IoU) at step {int(step[1])}",
            "",
            best=1.0,
            short=f"IoU at step {int(step[1])}",
        )
    return Metric(column, column, "")


def metric_columns(columns: list[str]) -> list[str]:
    """The columns of an error table that hold a metric worth a row of its own: all but the errors by step."""
    return [name for name in columns if name in _KNOWN or _OVERLAP.fullmatch(name) or _SECOND.fullmatch(name)]


def step_columns(columns: list[str]) -> dict[int, str]:
    """Columns with the error by horizon: step (1 = the first forecast frame) -> column."""
    found = {int(match[1]): name for name in columns if (match := _STEP.fullmatch(name))}
    return dict(sorted(found.items()))
