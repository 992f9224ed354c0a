"""The words and days of one language, as templates use them: a part of `feedpub.templates`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from feedpub.model import Feed
from feedpub.text import find_close_match
from feedpub.times import to_timezone
from feedpub.words import Catalog


@dataclass(frozen=True, slots=True)
class Translator:
    """What pages and mails say around the posts, in the words of one language."""

    catalog: Catalog
    zone: ZoneInfo
    plain: bool  # text, and no HTML

    def gettext(self, key: str, n: int | None = None, **values: object) -> str:
        """Give the words of a key, with what belongs in their braces."""
        try:
            words = self.catalog.gettext(key, n)
        except KeyError as error:
            near = format_suggestion(key, self.catalog.list_keys())
            raise jinja2.TemplateRuntimeError(f'no words for "{key}"{near}') from error
        if self.plain:
            return words.format(n=n, **values)
        # What is filled in may be HTML already, such as a date; words alone are text.
        return words if n is None and not values else escape(words).format(n=n, **values)

    def format_date(self, when: datetime, *, year: bool = True) -> str:
        """Give a time as HTML, the day for people, the second for machines; or the day alone."""
        local = to_timezone(when, self.zone)
        told = self.catalog.format_date(local, year=year)
        if self.plain:
            return told
        date = escape(told)
        # Not a byte of it is from outside but the words, which are escaped.
        # Before there were time zones, noon was noon to the second; HTML knows whole minutes.
        seconds = (local.utcoffset() or timedelta()).seconds
        machine = local.astimezone(UTC) if seconds % 60 else local
        return Markup(f'<time datetime="{machine.isoformat(timespec="seconds")}">{date}</time>')  # noqa: S704

    def format_newest_date(self, feed: Feed) -> str:
        """Give the day of a feed's newest post."""
        return self.format_date(feed.posts[0].published if feed.posts else feed.updated)


def format_suggestion(word: str, known: Iterable[str]) -> str:
    """Give `; did you mean "x"?`, or nothing where no known word is near."""
    near = find_close_match(word, sorted(known))
    return f'; did you mean "{near}"?' if near else ""
