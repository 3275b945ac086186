"""Names and passwords in addresses (``http://user:password@host``): used, but never shown, logged or recorded."""

import re

_USER = re.compile(r"(?<=://)[^/@\s]+(?:@[^/@\s]+)*(?=@)")
_VALUE = re.compile(r"(?i)\b((?:password|passwd|pwd|token|secret|api_?key)=)[^&\s\"']+")
HIDDEN = "***"


def masked(text: str) -> str:
    """The text with every password hidden, and the user's name with it."""
    return _VALUE.sub(rf"\g<1>{HIDDEN}", _USER.sub(HIDDEN, text))


def without_user(address: str) -> str:
    """An address to click on: whoever may see the page has a name of their own."""
    return masked(address).replace(f"://{HIDDEN}@", "://")
