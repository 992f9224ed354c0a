"""The list, the issues and the counts of each day → how a site is read; no person is tracked."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from feedpub import files, readership
from feedpub.newsletter.desk import Desk, opened
from feedpub.publish.making import look
from feedpub.publish.request import Request, place
from feedpub.readership import Sending, Statistics, Visit
from feedpub.words import Words

_KEPT = timedelta(days=1_100)
"""How long the counts of a day are kept: three years."""

_ISSUES = 12
_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)


def recorded(request: Request, visits: Iterable[Visit]) -> None:
    """Count the list today, and add what programs did to feeds to the counts of their days.

    Where anything of this fails, no visit has been added.
    """
    today = request.now.date()
    with opened(request) as desk:
        desk.store.counted(today, today - _KEPT)
        desk.store.visited(visits)


def statistics(request: Request, days: int) -> Statistics:
    """Tell how the site was read in the last `days` days, today among them."""
    today = request.now.date()
    since = today - (days - 1) * _DAY
    with opened(request) as desk:
        visits = desk.store.visits(since)
        joined, counted = desk.store.joined(), desk.store.headcounts(since)
        return Statistics(
            title=desk.config.site.title,
            accent=desk.config.site.accent,
            since=since,
            today=today,
            active=tuple(_active(since, today, joined, counted)),
            states=desk.store.counts(),
            feeds=readership.reach(visits),
            programs=readership.programs(visits),
            issues=tuple(_issues(desk, since)),
        )


def words(request: Request) -> Words:
    """Give the words of the site's language, those of its own templates among them."""
    where = place(request)
    return look(where, files.texts(where.templates)).said(where.config.site.language).words


def _issues(desk: Desk, since: date) -> Iterator[Sending]:
    """Give what became of the newest issues."""
    sent = [each for each in desk.store.sent() if each.posts and each.slot.date() >= since]
    for each in sent[:_ISSUES]:
        tally = desk.store.tally(each.id)
        yield Sending(each.slot.date(), each.digest, each.subject, each.state, tally)


def _active(
    since: date, today: date, joined: Mapping[int, int], counted: Mapping[str, int]
) -> Iterator[tuple[date, int]]:
    """Give how many were active on each day: as counted then, or else as the list remembers.

    A day that nobody counted after one that somebody did has as many.
    """
    first = (since - _EPOCH).days
    number = sum(change for day, change in joined.items() if day < first)
    is_counted = False
    for offset in range((today - since).days + 1):
        day = since + offset * _DAY
        if day.isoformat() in counted:
            number, is_counted = counted[day.isoformat()], True
        elif not is_counted:
            number += joined.get(first + offset, 0)
        yield day, number
