"""Parse the `image` and `enclosure` fields in all their forms."""

import re
from collections.abc import Iterator, Mapping

from feedpub.content import field_reader
from feedpub.content.frontmatter import Value
from feedpub.models.content import Enclosure, Image

_IMAGE_URLS = ("src", "url", "path", "image", "file", "href", "feature", "thumbnail")
_IMAGE_ALTS = ("alt", "alttext", "caption", "title", "description")
_URLS = ("url", "href", "src", "file", "path", "link", "audio", "video")
_TYPES = ("type", "mime", "mimetype", "mime_type", "media_type", "mediatype")
_LENGTHS = ("length", "size", "bytes", "filesize")
_COVER = re.compile(r"feature|cover|thumbnail", re.IGNORECASE)  # Hugo's own rule
_WORDS = frozenset({"true", "false", "yes", "no", "none"})
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d)(?:\.\d+)?")
_ISO = re.compile(
    r"P?T?(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+)(?:\.\d+)?\s*s)?", re.IGNORECASE
)
_LONGEST_TIME = 40  # characters
_SECONDS = re.compile(r"(\d+)(?:\.\d+)?")
_OCTETS = re.compile(r"[0-9]{1,18}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


def parse_image(value: Value, alt: str = "") -> Image | None:
    """Parse an address, a table {src, alt} or a list of either; None if there is none."""
    if isinstance(value, str):
        url = value.strip()
        return (
            Image(url, field_reader.strip_html(alt)) if url and url.lower() not in _WORDS else None
        )
    if isinstance(value, Mapping):
        url = _first(value, _IMAGE_URLS)
        return parse_image(url, _first(value, _IMAGE_ALTS) or alt)
    return next((found for item in value if (found := parse_image(item, alt))), None)


def find_cover_image(resources: Value) -> Image | None:
    """Return the first of Hugo's resources with feature, cover or thumbnail in its name."""
    if isinstance(resources, str | Mapping):
        return None
    tables = [item for item in resources if isinstance(item, Mapping)]
    named = (item for item in tables if _COVER.search(_first(item, ("name",))))
    chosen = next(named, None)
    if chosen is None:
        return None
    parameters = chosen.get("params", "")
    more = parameters if isinstance(parameters, Mapping) else {}
    return parse_image(
        _first(chosen, ("src",)), _first(more, _IMAGE_ALTS) or _first(chosen, ("title",))
    )


def parse_enclosures(
    value: Value, duration: str = ""
) -> tuple[tuple[Enclosure, ...], tuple[str, ...]]:
    """Parse an address, a table {url, type, length, title, duration}, or a list of either.

    `duration` applies to a single enclosure without one of its own. Returns the enclosures and a
    message for each part that could not be read.
    """
    tables = list(_tables(value))
    faults: list[str] = []
    found: list[Enclosure] = []
    for table in tables:
        url = _first(table, _URLS)
        if not url:
            faults.append("enclosure has no url")
            continue
        long = _first(table, ("duration",)) or (duration if len(tables) == 1 else "")
        length, seconds, kind = _first(table, _LENGTHS), parse_duration(long), _first(table, _TYPES)
        octets = int(length) if _OCTETS.fullmatch(length) else 0
        if length and not octets and length.strip("0"):
            faults.append(f'length: "{length}" is not a number of bytes')
        if long and seconds is None:
            faults.append(f'duration: "{long}" is neither seconds nor h:mm:ss')
        if kind and not _MEDIA_TYPE.fullmatch(kind):
            faults.append(f'type: "{kind}" is not a media type such as "audio/mpeg"')
            kind = ""
        title = field_reader.strip_html(_first(table, ("title", "name")))
        found.append(Enclosure(url, kind.lower(), octets, title, seconds or 0))
    return tuple(found), tuple(faults)


def parse_duration(text: str) -> int | None:
    """Return the seconds of "1:02:03", "62:03", "3723", "PT1H2M3S" or "1h 2m"; None if invalid."""
    bare = text.strip()
    if len(bare) > _LONGEST_TIME:
        return None
    if bare and (found := _SECONDS.fullmatch(bare)):
        return int(found[1])
    found = _CLOCK.fullmatch(bare) or _ISO.fullmatch(bare)
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _tables(value: Value) -> Iterator[Mapping[str, Value]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, str):
        if value.strip():
            yield _parse_wordpress_enclosure(value.strip())
    else:
        for item in value:
            yield from _tables(item)


def _parse_wordpress_enclosure(text: str) -> Mapping[str, Value]:
    """Parse an address, or WordPress's three lines: address, length, type."""
    parts = text.split("\n") if "\n" in text else text.split(" ")
    url, length, kind = (part.strip() for part in [*parts, "", ""][:3])
    return {"url": url, "length": length, "type": kind} if length.isdecimal() else {"url": text}


def _first(table: Mapping[str, Value], names: tuple[str, ...]) -> str:
    """Return the first of these keys, in any letter case, with a text, or ""."""
    lowered = {key.lower(): value for key, value in table.items()}
    texts = (lowered.get(name) for name in names)
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")
