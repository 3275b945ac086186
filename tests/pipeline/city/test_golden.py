import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[2] / "golden" / "city.py"


@pytest.mark.parametrize("city", ["new_york", "salt_lake_city"])
def test_labels_are_the_golden_ones_and_pixels_within_a_grey_level(city):
    specification = importlib.util.spec_from_file_location("golden_city", GOLDEN)
    golden = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(golden)
    expected = json.loads(golden.FILE.read_text())[city]
    found = golden.values(city)
    np.testing.assert_allclose(found["rows"], expected["rows"], atol=2e-4)
    for look in ("day", "night"):
        np.testing.assert_allclose(found[look], expected[look], atol=1)
