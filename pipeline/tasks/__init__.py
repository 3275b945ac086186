"""Every downstream task by name. To add one: write its file, add its line."""

from typing import Any

from pipeline.tasks.base import Task as Task
from pipeline.tasks.colour import Colour
from pipeline.tasks.depth import Depth
from pipeline.tasks.detection import Detection
from pipeline.tasks.given_ego import PredictionGivenEgo
from pipeline.tasks.ground_plane import GroundHypotheses, GroundPlane
from pipeline.tasks.hypotheses import Hypotheses
from pipeline.tasks.prediction import Prediction

TASKS: dict[str, Task[Any, Any]] = {
    "prediction": Prediction(),
    "prediction_given_ego": PredictionGivenEgo(),
    "hypotheses": Hypotheses(),
    "ground_plane": GroundPlane(),
    "ground_hypotheses": GroundHypotheses(),
    "detection": Detection(),
    "depth": Depth(),
    "colour": Colour(),
}
