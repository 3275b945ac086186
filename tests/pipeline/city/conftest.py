import numpy as np
import pytest

from pipeline.city.drives import record_drive
from pipeline.city.recording import Recording


@pytest.fixture(scope="session")
def recordings() -> tuple[Recording, ...]:
    return tuple(record_drive(style, 0, number, 100) for number, style in enumerate(("new_york", "houston")))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
