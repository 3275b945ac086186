"""The studies of tracks: which data, strategies, seeds and settings answer which question."""

from flows.study import Study
from pipeline.design import NONE, Design
from pipeline.scoring.policies import Policy

ALL_STRATEGIES = (
    NONE, "copies", "noise", "flip", "scale", "speed", "jitter", "time_warp", "classical", "gan", "gan_unfiltered",
    "flip+gan",
)  # fmt: skip
"""The placebos, the transformations and the sequence GAN."""

UNFILTERED_SHARE = {"gan_unfiltered": 0.5}
"""As many as of any transformation: what a generator does to a task when nobody is careful with it."""

GENERATORS = (
    NONE, "copies", "noise", "flip", "classical", "gan", "flip+gan", "flip+gan_then_flip",
    "recombination", "flip+recombination", "flip+recombination_vehicles",
    "flip+recombination_then_flip", "flip+recombination_fading",
    "city_traffic", "city_adapted", "flip+city_traffic", "flip+city_traffic_then_flip",
    "flip+recombination+city_traffic", "flip+recombination+city_traffic_then_flip",
    "factorised_gan", "flip+factorised_gan", "residual_gan", "flip+residual_gan",
    "gmm", "vae", "flow", "conv_gan", "rcgan", "infogan", "doppelganger", "timegan", "markov", "autoregressive",
)  # fmt: skip
"""One or more of every family of makers of tracks, and what they must beat."""

IN_THE_IMAGE = tuple(name for name in GENERATORS if "recombination" not in name and "factorised" not in name)
"""Those that need neither 3D boxes nor ego motion of the real tracks."""

FEWER_STEPS = {
    name: {"steps": 700} for name in ("gan", "flip+gan", "flip+gan_then_flip", "residual_gan", "flip+residual_gan")
}
"""Half of what these take elsewhere, which changes their gain by no more than a seed does; the factorised GAN needs
all of its steps. Names that share a generator must agree, or it is learnt twice."""

CANDIDATES = (
    "flip", NONE, "classical", "flip+recombination", "flip+recombination_vehicles", "flip+recombination_then_flip",
    "flip+recombination_fading", "flip+city_traffic", "flip+city_traffic_then_flip", "flip+recombination+city_traffic",
    "flip+recombination+city_traffic_then_flip", "flip+gan", "flip+gan_then_flip",
    "flip+factorised_gan", "flip+residual_gan",
)  # fmt: skip
"""What a policy may choose from, the safest first."""

ON_THE_GROUND = (
    NONE, "copies", "noise", "flip", "recombination", "flip+recombination", "flip+recombination_vehicles",
    "flip+recombination_then_flip", "flip+recombination_fading", "city_traffic", "flip+city_traffic",
    "flip+city_traffic_then_flip", "flip+recombination+city_traffic", "flip+recombination+city_traffic_then_flip",
    "factorised_gan", "flip+factorised_gan",
)  # fmt: skip
"""Everything whose samples hold in the world."""

CHOOSING, EXAMINED = ("0005", "0008", "0013", "0017"), ("0004", "0007", "0011", "0015", "0019")
"""Sequences of KITTI tracking that choose the checkpoint, and those that are held out; the other twelve teach."""

TRACK_STUDIES: dict[str, Study] = {
    "mini": Study(
        name="mini",
        about="On an embedded city's traffic: does synthetic data help a trajectory predictor?",
        source="mini_city",
        strategies=(NONE, "copies", "noise", "flip", "jitter", "gan"),
        seeds=3,
        folds=3,
        design=Design(options={"task": {"steps": 300}, "gan": {"steps": 1000}}),  # minutes, not the best there is
    ),
    "tracks": Study(
        name="tracks",
        about="On your own tracks, as one table: does synthetic data help a trajectory predictor?",
        source="tracks_table",
        strategies=ALL_STRATEGIES,
        shares=UNFILTERED_SHARE,
        fractions=(0.25, 1.0),
        seeds=5,
        folds=3,
        rival="flip",
        profiles={
            "quick": {"seeds": 2},
            "generators": {"strategies": list(IN_THE_IMAGE), "fractions": [0.05, 0.1, 0.25, 1.0], "seeds": 10},
        },
    ),
    "kitti-tracking": Study(
        name="kitti-tracking",
        about="On KITTI tracking: which synthetic tracks help a trajectory predictor, and how much?",
        source="kitti_tracking",
        strategies=ALL_STRATEGIES,
        shares=UNFILTERED_SHARE,
        fractions=(0.25, 1.0),
        seeds=10,
        tstr_seeds=3,
        rival="flip",
        policies={"policy": Policy(("flip", NONE, "classical", "flip+gan"))},
        valid=CHOOSING,
        held_out=EXAMINED,
        profiles={"quick": {"seeds": 3, "tstr_seeds": 1}},
    ),
    "kitti-ground": Study(
        name="kitti-ground",
        about="On the ground plane of KITTI tracking, 2 s seen and 4 s ahead: which synthetic tracks help, in metres?",
        source="kitti_tracking",
        strategies=ON_THE_GROUND,
        fractions=(0.25, 1.0),
        seeds=10,
        tstr_seeds=3,
        rival="flip",
        valid=CHOOSING,
        held_out=EXAMINED,
        design=Design(task="ground_plane", history=20, future=40),
        profiles={"quick": {"seeds": 3, "tstr_seeds": 1}},
    ),
    "generators": Study(
        name="generators",
        about="On KITTI tracking: does any generator of tracks beat a mirror image, and how scarce must data be?",
        source="kitti_tracking",
        strategies=GENERATORS,
        fractions=(0.05, 0.1, 0.25, 1.0),
        # Four seeds of none, flip and flip+recombination, three folds, on validation drives: beside 600 steps of 128,
        # batches of 64 err 3.2 to 3.7 % less with 5 % of the data and -1.4 to +1.3 % more with 25 %, in 0.6 of the
        # time. With all of it, new tracks need 1200 steps of 128: half the batch costs recombination 2.5 %.
        scarce=(0.25, {"steps": 600, "batch": 64}),
        seeds=10,
        folds=3,
        rival="flip",
        policies={"policy": Policy(CANDIDATES), "policy by class": Policy(CANDIDATES, by_class=True)},
        design=Design(options=FEWER_STEPS),
        profiles={
            "quick": {
                "seeds": 3,
                "fractions": [0.05, 0.25],
                "folds": 0,
                "valid": list(CHOOSING),
                "held_out": list(EXAMINED),
            }
        },
    ),
}
"""Every study of tracks by name. To add one: add its entry."""
