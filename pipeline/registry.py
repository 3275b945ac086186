"""Find an entry of a table by name, and help whoever misspelt it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from pipeline.schema import UserError

Entry = TypeVar("Entry")


def lookup(table: Mapping[str, Entry], name: str, what: str) -> Entry:
    """The entry called ``name``.

    Raises:
        UserError: no such entry; the message suggests the closest name and lists them all.
    """
    if name in table:
        return table[name]
    close = get_close_matches(name, table, n=1)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    raise UserError(f'Unknown {what} "{name}".{hint} Known: {", ".join(sorted(table))}.')
