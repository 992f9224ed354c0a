"""Validators for configuration values, and the placeholders of permalink patterns.

A validator returns the normalised value or raises ValueError with what was expected. Permalink
patterns accept `{placeholders}`, Jekyll's and Hugo's `:placeholders`, and Jekyll's style names;
front matter uses them too, and `library.permalinks` fills them in.
"""

import re
import shlex
from ipaddress import ip_network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from feedpub.config import schedule
from feedpub.config.fields import Validator
from feedpub.config.urls import is_absolute_url, normalize_url
from feedpub.models.text import find_close_match

JEKYLL_STYLES = {
    "date": "{categories}/{year}/{month}/{day}/{title}.html",
    "pretty": "{categories}/{year}/{month}/{day}/{title}/",
    "ordinal": "{categories}/{year}/{y_day}/{title}.html",
    "weekdate": "{categories}/{year}/W{week}/{short_day}/{title}.html",
    "none": "{categories}/{title}.html",
}
"""Jekyll's built-in permalink styles."""

UNIQUE_PLACEHOLDERS = (
    "slug",
    "path",
    "title",
    "name",
    "filename",
    "slugorfilename",
    "contentbasename",
)
"""Placeholders unique to each post; a site-wide pattern needs at least one."""

PLACEHOLDERS = (
    *("year", "month", "day", "slug", "path", "title", "name", "section", "sections"),
    *("categories", "slugified_categories"),
    # Jekyll's other placeholders, then Hugo's.
    *("short_year", "i_month", "short_month", "long_month", "i_day", "y_day", "w_year", "week"),
    *("w_day", "short_day", "long_day", "hour", "minute", "second", "output_ext"),
    *("monthname", "weekday", "weekdayname", "yearday"),
    *("filename", "slugorfilename", "contentbasename", "slugorcontentbasename"),
)
_NAMES = "|".join(sorted(PLACEHOLDERS, key=len, reverse=True))
PLACEHOLDER_PATTERN = re.compile(rf"\{{({_NAMES})\}}|:({_NAMES})(?![a-z])")
_WRITTEN = re.compile(r"\{([^{}]*)\}|(?<=/):([a-z_]+)|^:([a-z_]+)")


def expand_style(text: str) -> str:
    """Return the pattern of a Jekyll style such as `pretty`, or any other text unchanged."""
    return JEKYLL_STYLES.get(text, text)


def find_placeholders(text: str) -> list[tuple[str, str]]:
    """Return each placeholder in a pattern, known or not, as (text as written, name)."""
    found = ((each[0], each[1] or each[2] or each[3] or "") for each in _WRITTEN.finditer(text))
    return [(whole, name if name in PLACEHOLDERS else name.rstrip("_")) for whole, name in found]


_SHOWN_PLACEHOLDERS = "{year} {month} {day} {slug} {path} {name} {title} {categories} {section}"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|x(?:-[A-Za-z0-9]{1,8})+")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
# Names for the machine's own zone, and zones with leap seconds: they vary between machines.
_UNSTABLE_ZONE = re.compile(r"localtime|posixrules|Factory|posix/.*|right/.*")


def validate_nonempty(text: str) -> str:
    """Reject empty text."""
    if not text:
        raise ValueError("is empty")
    return text


def one_of(*choices: str) -> Validator:
    """Return a validator that accepts one of `choices`."""

    def check(text: str) -> str:
        if text in choices:
            return text
        raise ValueError(f"is not one of {', '.join(choices)}{format_suggestion(text, choices)}")

    return check


def validate_language(text: str) -> str:
    """Accept a well-formed language tag (BCP 47, RFC 5646 section 2.1)."""
    if _LANGUAGE.fullmatch(text):
        return text
    hyphened = text.replace("_", "-")
    hint = f'; did you mean "{hyphened}"?' if _LANGUAGE.fullmatch(hyphened) else ""
    raise ValueError('is not a BCP 47 language tag such as "en", "de-AT" or "zh-Hant"' + hint)


def validate_timezone(text: str) -> str:
    """Accept an IANA time zone that is the same on every machine."""
    try:
        known = not _UNSTABLE_ZONE.fullmatch(text) and bool(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a folder
        known = False
    if known:
        return text
    zones = sorted(available_timezones())
    wanted = text.replace(" ", "_").casefold()
    city = next((zone for zone in zones if zone.rsplit("/")[-1].casefold() == wanted), "")
    hint = (
        _format_hint(city or find_close_match(text, zones))
        or '; use a name such as "Europe/Berlin"'
    )
    raise ValueError(f"is not a time zone{hint}")


def validate_colour(text: str) -> str:
    """Accept a colour in the form `#rgb` or `#rrggbb`."""
    if _COLOUR.fullmatch(text):
        return text
    raise ValueError('is not a colour; use quoted hexadecimal such as "#1a5fb4"')


def validate_email(text: str) -> str:
    """Accept text in the form of one e-mail address."""
    if _EMAIL.fullmatch(text):
        return text
    raise ValueError("is not an e-mail address")


def validate_network(text: str) -> str:
    """Accept an IP address or a network such as "10.0.0.0/8"."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError('is neither an IP address nor a network such as "10.0.0.0/8"') from None
    return text


def validate_schedule(text: str) -> str:
    """Accept a digest schedule: "weekly mon 08:00", "each post" or a cron expression."""
    try:
        schedule.parse(text)
    except ValueError as error:
        reason = str(error).removeprefix(f'"{text}"').lstrip()
        raise ValueError(f"is not a schedule{reason}" if reason[0] == ":" else reason) from None
    return text


def validate_hook(text: str) -> str:
    """Accept an http or https URL, or a command line in shell syntax."""
    if is_absolute_url(text):
        return normalize_url(text)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"is not a command: {str(error).lower()}") from None
    if not words:
        raise ValueError("is empty; set a command or a URL")
    return text


def normalize_folder(text: str) -> str:
    """Accept a folder, and strip its trailing slash."""
    if not text:
        raise ValueError('is empty; use "." for the folder of the configuration')
    return text.rstrip("/") or "/"


def validate_permalink(text: str) -> str:
    """Accept a permalink pattern with a unique URL for each post, and strip its leading slash.

    Raises:
        ValueError: a placeholder is unknown, none is unique to a post, or the path leaves the site.
    """
    text = expand_style(text)
    for placeholder in re.findall(r"\{([a-z_]+)\}", text):
        if placeholder not in PLACEHOLDERS:
            known = f"use {_SHOWN_PLACEHOLDERS} or Jekyll's"
            raise ValueError(f"has unknown placeholder {{{placeholder}}}; {known}")
    rest = re.sub(r"\{[a-z_]+\}", "", text)
    if "{" in rest or "}" in rest:
        raise ValueError("has an unmatched brace; write placeholders as {slug}")
    if unknown := re.search(r"(?:^|/):([a-z_]+)", PLACEHOLDER_PATTERN.sub("", text)):
        raise ValueError(f"has unknown placeholder :{unknown[1]}; use {_SHOWN_PLACEHOLDERS}")
    if not any(
        (found[1] or found[2]) in UNIQUE_PLACEHOLDERS
        for found in PLACEHOLDER_PATTERN.finditer(text)
    ):
        raise ValueError("gives every post the same URL; it needs {slug}, {name} or {path}")
    if is_absolute_url(text):
        return normalize_url(text)
    return _inner(text)


def validate_translations(text: str) -> str:
    """Accept a URL pattern for translations, such as "{language}/{permalink}"."""
    for placeholder in ("{language}", "{permalink}"):
        if text.count(placeholder) != 1:
            raise ValueError(f"must contain {placeholder} exactly once")
    rest = text.replace("{language}", "x").replace("{permalink}", "x/")
    if "{" in rest or "}" in rest:
        raise ValueError("must have no braces but {language} and {permalink}")
    return _inner(text)


def _inner(text: str) -> str:
    """Accept a path within the site."""
    if text.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        raise ValueError("is neither a path on the site nor an http or https URL")
    if ".." in text.split("/") or any(character in text for character in "\\?#"):
        raise ValueError('is not a path on the site; it must not contain "..", "\\", "?" or "#"')
    return text.lstrip("/")


def format_suggestion(word: str, known: tuple[str, ...]) -> str:
    """Return `; did you mean "x"?`, or "" if no known word is similar."""
    return _format_hint(find_close_match(word, known))


def _format_hint(word: str) -> str:
    return f'; did you mean "{word}"?' if word else ""
