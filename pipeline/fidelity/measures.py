"""Every measure by name. To add one: write its file, add its line.

Each is taken in the feature spaces of the kinds it names (``roles``); ``pipeline.judging`` takes them all.
"""

from pipeline.fidelity.base import Measure
from pipeline.fidelity.diversity import Diversity
from pipeline.fidelity.frechet import Frechet, FrechetAtInfinity
from pipeline.fidelity.inception_score import ClassAgreement, InceptionScore, JudgedBalance
from pipeline.fidelity.kernel_distance import KernelDistance
from pipeline.fidelity.membership import Membership
from pipeline.fidelity.modes import ModeCoverage, ModeDifference
from pipeline.fidelity.nearest_training import Duplicates, Memorised, NearestTraining
from pipeline.fidelity.neighbourhoods import Neighbourhood
from pipeline.fidelity.parzen import Parzen
from pipeline.fidelity.plausibility import Plausibility
from pipeline.fidelity.two_sample import Discriminative

MEASURES: dict[str, Measure] = {
    "frechet": Frechet(),
    "frechet_at_infinity": FrechetAtInfinity(),
    "kernel_distance": KernelDistance(),
    "precision": Neighbourhood("precision"),
    "recall": Neighbourhood("recall"),
    "density": Neighbourhood("density"),
    "coverage": Neighbourhood("coverage"),
    "discriminative": Discriminative(),
    "plausibility": Plausibility(),
    "parzen": Parzen(),
    "inception_score": InceptionScore(),
    "class_agreement": ClassAgreement(),
    "class_balance": JudgedBalance(),
    "mode_coverage": ModeCoverage(),
    "mode_difference": ModeDifference(),
    "diversity": Diversity(),
    "duplicates": Duplicates(),
    "nearest_training": NearestTraining(),
    "memorised": Memorised(),
    "membership": Membership(),
}
