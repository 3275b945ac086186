"""Labels measured on the picture: how much of each road user is cut off by the border, and how much is hidden."""

import numpy as np
from jaxtyping import Float, Int

from pipeline.city.labels import LabelErrors, label_rows, observe
from pipeline.city.projection import project
from pipeline.city.recording import Recording
from pipeline.city.render import Picture
from pipeline.city.sight import BARELY, occlusion_level, truncation_level
from pipeline.city.spans import Spans, covered, outline
from pipeline.city.stage import Cast, actor_faces
from pipeline.city.view import View, camera_view
from pipeline.schema import Calibration

BORDER = 0.5
"""Width of the strip around the picture in which cut-off parts are looked for, as a share of its width."""


def pixel_rows(
    recording: Recording, cast: Cast, frame: int, calibration: Calibration, picture: Picture
) -> Float[np.ndarray, "n 12"]:
    """Label rows of one frame (see ``labels.label_rows``), without the errors that labellers make.

    An object is labelled while more than a trace of it can be seen; its boxes are those of its true pose.
    """
    observed = observe(recording, frame, calibration, LabelErrors.none(recording))
    view = camera_view(calibration, recording.T_city_imu[frame])
    whole, inside = silhouettes(recording, cast, frame, view)
    shown = np.bincount(picture.instance.ravel(), minlength=len(whole) + 1)[1:]
    actor = observed.actor
    visible = shown[actor] / np.maximum(inside[actor], 1)
    outside = 1 - inside[actor] / np.maximum(whole[actor], 1)
    rows = label_rows(frame, observed, truncation_level(outside), occlusion_level(visible))
    seen = (visible > BARELY) & (shown[actor] >= 6) & (observed.position_cam_m[:, 2] > 0.5)
    return rows[seen]


def silhouettes(
    recording: Recording, cast: Cast, frame: int, view: View
) -> tuple[Int[np.ndarray, " actor"], Int[np.ndarray, " actor"]]:
    """Pixels that each actor would cover if nothing stood before it: with a wide border, and inside the picture."""
    border = int(BORDER * view.width)
    wide = view.padded(border)
    bodies = actor_faces(recording, cast, frame, wide)
    projected = project(bodies, wide)
    spans = outline(projected, wide)
    actor, count = projected.faces.instance - 1, len(recording.kinds)
    cut = Spans(spans.face, spans.row, np.maximum(spans.start, border), np.minimum(spans.stop, border + view.width - 1))
    inside = cut.take((cut.start <= cut.stop) & (cut.row >= border) & (cut.row < border + view.height))
    whole, within = (covered(some, actor[some.face], wide.height, count) for some in (spans, inside))
    return whole, within
