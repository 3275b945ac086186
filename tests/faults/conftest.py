"""Lets the tests of this folder import its scripts, which are run from the project's folder otherwise."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
