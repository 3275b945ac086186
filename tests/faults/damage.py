"""Ways to damage a file: a few bytes of it, one of its words or lines, one node of its JSON, one field of its header.

Every damage is a function of the content and a generator of random numbers; the same seed does the same damage.
"""

import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias

Damage: TypeAlias = Callable[[bytes, random.Random], bytes]

WORDS = ("nan", "inf", "-inf", "1e308", "-1e308", "1e999", "1e-320", "99999999999999999999", "2147483648", "-1", "0",
         "", "1_0", "0x10", "+", "-", ".", "٣", "None", "true", "a" * 5000, "1" * 5000, "../x", "%s", "\0")  # fmt: skip
"""What a word of a text is replaced with."""

VALUES: tuple[Any, ...] = (None, True, -1, 0, 2**70, 1e308, float("nan"), float("inf"), "", "x", "../x", "\0", [], {},
                           [[]], {"a": {}}, [1, "x"])  # fmt: skip
"""What a node of JSON is replaced with."""

SIZES = (0, 1, 2, 255, 65_535, 20_000, 100_000, 2**31 - 1, 2**31, 2**32 - 1)
"""What a length in a binary header is replaced with."""

NESTED = 20_000
"""Brackets in brackets: deeper than any parser's stack."""


def damaged(content: bytes, damages: tuple[Damage, ...], rng: random.Random) -> bytes:
    """The content after one to three damages; seldom it is left as it was."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        content = rng.choice(damages)(content, rng)
    return content


def _span(content: bytes, rng: random.Random, longest: int = 40) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.randint(1, longest))


def flip_a_bit(content: bytes, rng: random.Random) -> bytes:
    """What a bad cable or a cosmic ray does."""
    if not content:
        return content
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def write_junk(content: bytes, rng: random.Random) -> bytes:
    """Random bytes over some of the content, or between."""
    start, stop = _span(content, rng)
    return content[:start] + rng.randbytes(rng.randint(1, 12)) + content[rng.choice((start, stop)) :]


def lose_a_span(content: bytes, rng: random.Random) -> bytes:
    """Some bytes are missing."""
    start, stop = _span(content, rng)
    return content[:start] + content[stop:]


def repeat_a_span(content: bytes, rng: random.Random) -> bytes:
    """Some bytes come twice."""
    start, stop = _span(content, rng, 400)
    return content[:stop] + content[start:]


def blank_a_span(content: bytes, rng: random.Random) -> bytes:
    """Zeros, as a file system leaves them where the power failed."""
    start, stop = _span(content, rng, 400)
    return content[:start] + bytes(stop - start) + content[stop:]


def cut_short(content: bytes, rng: random.Random) -> bytes:
    """The rest never arrived."""
    return content[: rng.randrange(len(content) + 1)]


BYTES: tuple[Damage, ...] = (flip_a_bit, write_junk, lose_a_span, repeat_a_span, blank_a_span, cut_short)


def replace_a_word(content: bytes, rng: random.Random) -> bytes:
    """A value that a program wrote where it had none, or that somebody typed."""
    for comma in (b",", b" "):
        lines = content.split(b"\n")
        row = rng.randrange(len(lines))
        words = lines[row].split(comma)
        if len(words) > 1:
            words[rng.randrange(len(words))] = rng.choice(WORDS).encode()
            lines[row] = comma.join(words)
            return b"\n".join(lines)
    return content


def move_lines(content: bytes, rng: random.Random) -> bytes:
    """A line is lost, comes twice, or changes places with another."""
    lines = content.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.randrange(3)
    if change == 0:
        del lines[one]
    elif change == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def change_the_encoding(content: bytes, rng: random.Random) -> bytes:
    """Another program saved it its own way."""
    text = content.decode("utf-8", "replace")
    return rng.choice((text.encode("utf-16"), b"\xef\xbb\xbf" + content, content.replace(b"\n", b"\r\n")))


TEXT: tuple[Damage, ...] = (*BYTES, replace_a_word, replace_a_word, replace_a_word, move_lines, change_the_encoding)


def replace_an_element(content: bytes, rng: random.Random) -> bytes:
    """Other text between two tags, or another tag."""
    parts = content.split(b">")
    at = rng.randrange(len(parts))
    before, mark, tag = parts[at].rpartition(b"<")
    odd = rng.choice(WORDS).encode()
    parts[at] = odd + mark + tag if rng.random() < 0.7 else before + mark + odd
    return b">".join(parts)


XML: tuple[Damage, ...] = (*BYTES, replace_an_element, replace_an_element, replace_an_element, move_lines)


def replace_a_node(content: bytes, rng: random.Random) -> bytes:
    """Another value, of any type, somewhere in a tree of JSON; or a key that is gone or spelt otherwise."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return content
    holders = _holders(tree)
    if not holders:
        return content
    holder, key = rng.choice(holders)
    change = rng.randrange(4)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    else:
        holder[key] = rng.choice(VALUES)
    return json.dumps(tree).encode()


def _holders(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a tree."""
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [(tree, key) for key, _ in pairs] + [place for _, value in pairs for place in _holders(value)]


def replace_the_root(content: bytes, rng: random.Random) -> bytes:
    """JSON, but another thing altogether; or nested beyond measure."""
    return rng.choice((json.dumps(rng.choice(VALUES)).encode(), b"[" * NESTED, b'{"a":' * NESTED))


JSON: tuple[Damage, ...] = (*BYTES, replace_a_node, replace_a_node, replace_a_node, replace_the_root)


def change_a_chunk(content: bytes, rng: random.Random) -> bytes:
    """One byte or length within a PNG's chunk, with a check sum that fits."""
    chunks = _chunks(content)
    if not chunks:
        return content
    at = 0 if rng.random() < 0.5 else rng.randrange(len(chunks))
    kind, body = chunks[at]
    if kind == b"IHDR" and len(body) == 13 and rng.random() < 0.7:
        place = rng.choice((0, 4))
        body = body[:place] + struct.pack(">I", rng.choice(SIZES)) + body[place + 4 :]
    else:
        body = flip_a_bit(body, rng)
    chunks[at] = (kind, body)
    packed = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return content[:8] + b"".join(packed)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at + 12 <= len(content):
        length = struct.unpack(">I", content[at : at + 4])[0]
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


PNG: tuple[Damage, ...] = (*BYTES, change_a_chunk, change_a_chunk, change_a_chunk)


def change_a_length(content: bytes, rng: random.Random) -> bytes:
    """One of the big-endian lengths at the head of an idx file."""
    at = rng.choice((4, 8, 12))
    return content[:at] + struct.pack(">I", rng.choice(SIZES)) + content[at + 4 :]


IDX: tuple[Damage, ...] = (*BYTES, change_a_length)
