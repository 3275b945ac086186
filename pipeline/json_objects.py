"""JSON that may be damaged: an object, or one kind of error whatever ails the text."""

import json
from typing import Any


def object_in(text: str | bytes) -> dict[str, Any]:
    """The JSON object that a text holds.

    Raises:
        ValueError: the text is no JSON, nested beyond measure, or JSON of something else than an object.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"a JSON object was expected, not {type(found).__name__}")
    return found
