"""Permalink patterns: placeholders in braces, Jekyll's and Hugo's after a colon, Jekyll's styles.

Used by the checks of `content.permalink`, by front matter and by `library.permalinks`, which fills
them in.
"""

import re

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
