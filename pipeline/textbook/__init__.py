"""The textbook: small experiments with known answers, one lesson a file. To add one: write its file, add its line."""

from pipeline.textbook.base import Chapter as Chapter
from pipeline.textbook.base import Lesson as Lesson

LESSONS: dict[str, Lesson] = {}
"""Every lesson by name, in the order of the guided tour."""
