"""Who fetched the feeds, by what their programs say of themselves → how many read them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from feedpub.models.newsletter import IssueStats

UNKNOWN_AGENT = "other"
"""A program that does not say what it is called."""

_LONGEST = 40  # characters of a program's name
_MOST = 10_000_000  # readers that any program speaks for: no more is believed
_SUBSCRIBERS = re.compile(r"\b([0-9]{1,8})[ +]*(?:subscribers?|readers?|users?)\b", re.IGNORECASE)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._+!-]*(?: [A-Za-z][A-Za-z0-9._+!-]*){0,2}")
_COMPATIBLE = re.compile(r"\(compatible; *([^;()/]+)")
_GENERIC_NAMES = ("mozilla", "compatible")  # names that everybody takes
_BROWSERS = (  # in this order: each takes the names of those below
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


@dataclass(frozen=True, slots=True)
class UserAgent:
    """A program that fetches feeds, and for how many people it says it does."""

    name: str
    subscribers: int = 0  # 0 where it says nothing


@dataclass(frozen=True, slots=True)
class FeedHits:
    """What one program did to one feed in one day; nobody's address, nobody's version."""

    day: str  # 2025-01-30, in UTC
    feed: str  # path below the site's address
    agent: str
    subscribers: int  # the most that the program spoke for; 0 where it says nothing
    requests: int


@dataclass(frozen=True, slots=True)
class FeedAudience:
    """How a feed is read."""

    feed: str
    subscribers: int  # at least
    requests: int


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """What became of one issue."""

    day: date
    digest: str
    subject: str
    state: str
    stats: IssueStats


@dataclass(frozen=True, slots=True)
class Statistics:
    """How a site is read, over some days; of people only numbers."""

    title: str  # of the site
    accent: str  # its colour
    since: date
    today: date
    active: tuple[tuple[date, int], ...]  # people on the list, at the end of each day
    states: tuple[tuple[str, int], ...]  # people in each state, now
    feeds: tuple[FeedAudience, ...]  # the most read first
    user_agents: tuple[tuple[str, int], ...]  # requests by each, the most first
    issues: tuple[IssueSummary, ...]  # the newest first


def parse_user_agent(text: str) -> UserAgent:
    """Tell a program by its User-Agent: "Feedly/1.0 (+http://…; 32 subscribers)" is Feedly, 32.

    What only some of its users have in common, such as a version or a system, is left out.
    """
    found = _SUBSCRIBERS.search(text[:500])
    return UserAgent(_name(text[:500]), min(int(found[1]), _MOST) if found else 0)


def _name(text: str) -> str:
    said = _COMPATIBLE.search(text)
    if said:
        text = said[1]
    elif text.startswith("Mozilla/"):
        return next((name for mark, name in _BROWSERS if mark in text), UNKNOWN_AGENT)
    product = _PRODUCT.match(text.strip())
    name = product[0][:_LONGEST].strip() if product else ""
    return name if name and name.lower() not in _GENERIC_NAMES else UNKNOWN_AGENT


def estimate_subscribers(visits: Iterable[FeedHits]) -> tuple[FeedAudience, ...]:
    """Give how each feed is read, the most read first.

    A program that tells its readers counts for as many, the most of any day; each other program
    counts as one reader, whoever and however many use it: nobody is told apart.
    """
    readers: Mapping[str, dict[str, int]] = defaultdict(dict)
    requests: dict[str, int] = defaultdict(int)
    for each in visits:
        known = readers[each.feed]
        known[each.agent] = max(known.get(each.agent, 1), each.subscribers)
        requests[each.feed] += each.requests
    found = [FeedAudience(feed, sum(by.values()), requests[feed]) for feed, by in readers.items()]
    return tuple(sorted(found, key=lambda one: (-one.subscribers, -one.requests, one.feed)))


def count_by_user_agent(visits: Iterable[FeedHits]) -> tuple[tuple[str, int], ...]:
    """Give how many requests each program made, the most first."""
    found: dict[str, int] = defaultdict(int)
    for each in visits:
        found[each.agent] += each.requests
    return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))
