"""The textbook: small experiments with known answers, one lesson a file. To add one: write its file, add its line."""

from pipeline.textbook.base import Chapter as Chapter
from pipeline.textbook.base import Lesson as Lesson
from pipeline.textbook.digits_conv import ConvolutionalDigits
from pipeline.textbook.digits_dense import DenseDigits
from pipeline.textbook.digits_latent import LatentDigits
from pipeline.textbook.digits_table import DigitsTable
from pipeline.textbook.gaussian import Gaussian
from pipeline.textbook.optimal_critic import OptimalCritic
from pipeline.textbook.remedies import Remedies
from pipeline.textbook.ring import Ring

LESSONS: dict[str, Lesson] = {
    "gaussian": Gaussian(),
    "optimal_critic": OptimalCritic(),
    "remedies": Remedies(),
    "ring": Ring(),
    "digits_dense": DenseDigits(),
    "digits_conv": ConvolutionalDigits(),
    "digits_latent": LatentDigits(),
    "digits_table": DigitsTable(),
}
"""Every lesson by name, in the order of the guided tour."""
