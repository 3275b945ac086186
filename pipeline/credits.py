"""Whom the data is owed to, and on which terms it may be used: by source, for reports and exports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Credit:
    """Origin and terms of a data set."""

    text: str
    terms: str
    url: str = ""


_KITTI_TERMS = "Creative Commons Attribution-NonCommercial-ShareAlike 3.0: cite the authors, no commercial use."
_KITTI_URL = "https://www.cvlibs.net/datasets/kitti/"
_BDD_TERMS = "BDD100K: University of California's licence, for research and education, no commercial use."
_RENDERED = Credit(
    "Rendered city: simulated by augment-kitti itself; no recorded data.", "Free to use with augment-kitti."
)

CREDITS: dict[str, Credit] = {
    "kitti_tracking": Credit(
        "KITTI tracking: A. Geiger, P. Lenz, R. Urtasun, Are we ready for autonomous driving? The KITTI vision "
        "benchmark suite, CVPR 2012.",
        _KITTI_TERMS,
        _KITTI_URL,
    ),
    "kitti_raw": Credit(
        "KITTI raw: A. Geiger, P. Lenz, C. Stiller, R. Urtasun, Vision meets robotics: the KITTI dataset, IJRR 2013.",
        _KITTI_TERMS,
        _KITTI_URL,
    ),
    "mini_city": Credit(
        "Mini city: simulated by augment-kitti itself; no recorded data.", "Free to use with augment-kitti."
    ),
    "rendered_city": _RENDERED,
    "rendered_streets": _RENDERED,
    "rendered_scenes": _RENDERED,
    "city_and_roads": Credit(
        "KITTI tracking and object: A. Geiger, P. Lenz, R. Urtasun, CVPR 2012; KITTI raw: A. Geiger, P. Lenz, C. "
        "Stiller, R. Urtasun, IJRR 2013; BDD100K: F. Yu et al., CVPR 2020; the city was rendered by augment-kitti.",
        f"{_KITTI_TERMS} {_BDD_TERMS}",
        _KITTI_URL,
    ),
    "days_and_nights": Credit(
        "BDD100K, if these are its photographs: F. Yu et al., BDD100K: a diverse driving dataset for heterogeneous "
        "multitask learning, CVPR 2020.",
        _BDD_TERMS,
        "https://bdd-data.berkeley.edu/",
    ),
    "kitti_depth": Credit(
        "Pictures with depth, as of KITTI stereo 2015: M. Menze, A. Geiger, Object scene flow for autonomous vehicles, "
        "CVPR 2015.",
        _KITTI_TERMS,
        _KITTI_URL,
    ),
}

OWN_DATA = Credit("Data supplied by whoever ran the study.", "Their own terms hold.")


def credit_of(source: str) -> Credit:
    """The credit of a source; data that has none was supplied by the user."""
    return CREDITS.get(source, OWN_DATA)
