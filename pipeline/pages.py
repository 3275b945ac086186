"""Pages that open from disk without a network: templates, figures inside the page, files that appear whole."""

import base64
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.figures.style import DARK, LIGHT, Picture, in_both_themes, to_jpeg, to_svg

TEMPLATES = Path(__file__).parent


def environment() -> Environment:
    """Where every page's template is found, the common style and filters beside it."""
    page = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    page.filters["breakable"] = breakable
    return page


def inline(picture: Picture) -> Markup:
    """A figure inside the page, in the reader's theme."""
    if picture.photographic:
        return themed(picture.alt, to_jpeg(picture.draw(LIGHT)), to_jpeg(picture.draw(DARK)), "jpeg")
    light = to_svg(picture.draw(LIGHT))
    if both := in_both_themes(light):
        return image(picture.alt, both, "svg+xml")
    return themed(picture.alt, light, to_svg(picture.draw(DARK)))


def themed(alt: str, light: bytes, dark: bytes, form: str = "svg+xml") -> Markup:
    """Two files as one image that follows the reader's theme."""
    kind = f"data:image/{form};base64,"
    coded = [base64.b64encode(file).decode() for file in (light, dark)]
    return Markup(
        '<picture><source media="screen and (prefers-color-scheme: dark)" srcset="{}{}">'
        '<img alt="{}" src="{}{}"></picture>'
    ).format(kind, coded[1], alt, kind, coded[0])


def image(alt: str, file: bytes, form: str) -> Markup:
    """A file inside the page."""
    return Markup('<img alt="{}" src="data:image/{};base64,{}">').format(alt, form, base64.b64encode(file).decode())


def breakable(text: str) -> Markup:
    """Text whose lines may end within ``flip+recombination`` and ``city_traffic``, but not within ``13.8 %``."""
    text = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", str(escape(text)))
    return Markup(re.sub(r"(?<=\w)([+_])(?=\w)", r"\1<wbr>", text))


def file_name(name: str) -> str:
    """A name that every file system accepts."""
    return re.sub(r"[^\w.+-]+", "_", name)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
