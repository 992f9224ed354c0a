"""A value as written → the value as it is used, or a ValueError that says what is expected.

Permalink patterns: placeholders in braces, Jekyll's and Hugo's after a colon, Jekyll's styles.

Used by the checks of `content.permalink`, by front matter and by `library.permalinks`, which fills
them in.
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
"""Jekyll's built-in styles, as it defines them."""

UNIQUE_PLACEHOLDERS = (
    "slug",
    "path",
    "title",
    "name",
    "filename",
    "slugorfilename",
    "contentbasename",
)
"""Placeholders that differ from post to post; a pattern for a whole site needs one."""

PLACEHOLDERS = (
    *("year", "month", "day", "slug", "path", "title", "name", "section", "sections"),
    *("categories", "slugified_categories"),
    # Jekyll's other ones, then Hugo's.
    *("short_year", "i_month", "short_month", "long_month", "i_day", "y_day", "w_year", "week"),
    *("w_day", "short_day", "long_day", "hour", "minute", "second", "output_ext"),
    *("monthname", "weekday", "weekdayname", "yearday"),
    *("filename", "slugorfilename", "contentbasename", "slugorcontentbasename"),
)
_NAMES = "|".join(sorted(PLACEHOLDERS, key=len, reverse=True))
PLACEHOLDER_PATTERN = re.compile(rf"\{{({_NAMES})\}}|:({_NAMES})(?![a-z])")
_WRITTEN = re.compile(r"\{([^{}]*)\}|(?<=/):([a-z_]+)|^:([a-z_]+)")


def expand_style(text: str) -> str:
    """Return the pattern that a style such as `pretty` stands for, or the text itself."""
    return JEKYLL_STYLES.get(text, text)


def find_placeholders(text: str) -> list[tuple[str, str]]:
    """Return each placeholder of a pattern, known or not: as written, and its name."""
    found = ((each[0], each[1] or each[2] or each[3] or "") for each in _WRITTEN.finditer(text))
    return [(whole, name if name in PLACEHOLDERS else name.rstrip("_")) for whole, name in found]


_SHOWN_PLACEHOLDERS = "{year} {month} {day} {slug} {path} {name} {title} {categories} {section}"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|x(?:-[A-Za-z0-9]{1,8})+")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
# These name the machine's own zone, or count leap seconds: not the same everywhere.
_UNSTABLE_ZONE = re.compile(r"localtime|posixrules|Factory|posix/.*|right/.*")


def validate_nonempty(text: str) -> str:
    """Accept any text but none at all."""
    if not text:
        raise ValueError("is empty")
    return text


def one_of(*choices: str) -> Validator:
    """Accept one of a few words."""

    def check(text: str) -> str:
        if text in choices:
            return text
        raise ValueError(f"is not one of {', '.join(choices)}{format_suggestion(text, choices)}")

    return check


def validate_language(text: str) -> str:
    """Accept a language tag by its form (BCP 47, RFC 5646 section 2.1)."""
    if _LANGUAGE.fullmatch(text):
        return text
    hyphened = text.replace("_", "-")
    hint = f'; did you mean "{hyphened}"?' if _LANGUAGE.fullmatch(hyphened) else ""
    raise ValueError('is not a language as BCP 47 writes it: "en", "de-AT", "zh-Hant"' + hint)


def validate_timezone(text: str) -> str:
    """Accept a zone of the IANA database that is the same on every machine."""
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
        or '; they are named as in "Europe/Berlin"'
    )
    raise ValueError(f"is not a time zone{hint}")


def validate_colour(text: str) -> str:
    """Accept a colour as `#rgb` or `#rrggbb`."""
    if _COLOUR.fullmatch(text):
        return text
    raise ValueError('is not a colour; write it in hexadecimal and in quotes, as "#1a5fb4"')


def validate_email(text: str) -> str:
    """Accept what looks like one e-mail address."""
    if _EMAIL.fullmatch(text):
        return text
    raise ValueError("is not an e-mail address")


def validate_network(text: str) -> str:
    """Accept an IP address, or a network of them: "10.0.0.0/8"."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError('is neither an IP address nor a network as "10.0.0.0/8"') from None
    return text


def validate_schedule(text: str) -> str:
    """Accept what says when a digest goes out: "weekly mon 08:00", "each post", cron text."""
    try:
        schedule.parse(text)
    except ValueError as error:
        reason = str(error).removeprefix(f'"{text}"').lstrip()
        raise ValueError(f"is no schedule{reason}" if reason[0] == ":" else reason) from None
    return text


def validate_hook(text: str) -> str:
    """Accept an http or https URL, or a command as words that a shell would tell apart."""
    if is_absolute_url(text):
        return normalize_url(text)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"is no command: {str(error).lower()}") from None
    if not words:
        raise ValueError("is empty; name a command or a URL")
    return text


def normalize_folder(text: str) -> str:
    """Accept a folder, without the slash at its end."""
    if not text:
        raise ValueError('is empty; "." is the folder of the configuration itself')
    return text.rstrip("/") or "/"


def validate_permalink(text: str) -> str:
    """Accept a pattern whose URLs differ from post to post, without the slash at its start.

    Raises:
        ValueError: a placeholder is unknown, or none tells posts apart, or it leaves the site.
    """
    text = expand_style(text)
    for placeholder in re.findall(r"\{([a-z_]+)\}", text):
        if placeholder not in PLACEHOLDERS:
            known = f"known are {_SHOWN_PLACEHOLDERS} and those of Jekyll"
            raise ValueError(f"has {{{placeholder}}} in it; {known}")
    rest = re.sub(r"\{[a-z_]+\}", "", text)
    if "{" in rest or "}" in rest:
        raise ValueError("has a brace that belongs to no placeholder; they are written as {slug}")
    if unknown := re.search(r"(?:^|/):([a-z_]+)", PLACEHOLDER_PATTERN.sub("", text)):
        raise ValueError(f"has :{unknown[1]} in it; known are {_SHOWN_PLACEHOLDERS}")
    if not any(
        (found[1] or found[2]) in UNIQUE_PLACEHOLDERS
        for found in PLACEHOLDER_PATTERN.finditer(text)
    ):
        raise ValueError("gives every post the same URL; it needs {slug}, {name} or {path}")
    if is_absolute_url(text):
        return normalize_url(text)
    return _inner(text)


def validate_translations(text: str) -> str:
    """Accept a pattern for the addresses of translations: "{language}/{permalink}"."""
    for placeholder in ("{language}", "{permalink}"):
        if text.count(placeholder) != 1:
            raise ValueError(f"needs {placeholder} in it, once")
    rest = text.replace("{language}", "x").replace("{permalink}", "x/")
    if "{" in rest or "}" in rest:
        raise ValueError("has another brace in it than those of {language} and {permalink}")
    return _inner(text)


def _inner(text: str) -> str:
    """Accept a path that stays in the site."""
    if text.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        raise ValueError("is neither a path in the site nor a whole http or https URL")
    if ".." in text.split("/") or any(character in text for character in "\\?#"):
        raise ValueError('is not a path in the site; it must not have "..", "\\", "?" or "#"')
    return text.lstrip("/")


def format_suggestion(word: str, known: tuple[str, ...]) -> str:
    """Give `; did you mean "x"?`, or nothing where no known word is near."""
    return _format_hint(find_close_match(word, known))


def _format_hint(word: str) -> str:
    return f'; did you mean "{word}"?' if word else ""
