"""A registered generator, ready to deliver: drawn from without any training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

from flows.model_registry import fetched, named
from flows.training import one_thread
from flows.workspace import data_folder
from pipeline.exports.base import Cameras
from pipeline.exports.data_card import Provenance
from pipeline.schema import UserError
from pipeline.store import load
from pipeline.strategies.base import Synthesizer
from pipeline.strategies.order import Order
from pipeline.strategies.saved import load_fit


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A saved strategy and what is known of it: all that ``flows.deliveries.deliver`` wants."""

    strategy: str
    draw: Synthesizer
    cameras: Cameras
    about: Mapping[str, Any]
    fit_s: float
    """CPU seconds of loading."""

    def provenance(self, command: str) -> Provenance:
        """What a data card says of it."""
        return replace(Provenance(**self.about["provenance"]), command=command)


def loaded(name: str, order: Order) -> LoadedModel:
    """The generator that ``name`` names.

    Raises:
        UserError: no such model, it is damaged or makes no tracks, or cannot be asked for what is ordered.
    """
    model = named(name)
    started = process_time()
    with fetched(model) as folder, one_thread():
        fit, about = load_fit(folder)
    if fit.kind != "tracks":
        raise UserError(f"{name} makes {fit.kind}; only tracks can be ordered.")
    if order.needs_world and not fit.recipe.keeps_scenes:
        raise UserError(f"{name} makes tracks in the image alone: they cannot be asked for distance or ego motion.")
    return LoadedModel(fit.name, fit.draw, _cameras(about), about, process_time() - started)


def _cameras(about: Mapping[str, Any]) -> Cameras:
    """The cameras of the real drives; none where the ingested data is gone."""
    try:
        return {drive.name: drive.calibration for drive in load(data_folder() / "interim" / about["stored"])}
    except UserError:
        return {}
