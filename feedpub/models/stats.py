"""Estimate feed audiences from the User-Agent headers of feed requests.

`parse_user_agent` reduces a header to a program name and its reported subscriber count;
`estimate_subscribers` adds these up per feed. No addresses and no versions are kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from feedpub.models.newsletter import IssueStats

UNKNOWN_AGENT = "other"
"""The name used for a program that does not identify itself."""

_LONGEST = 40  # characters of a program's name
_MOST = 10_000_000  # cap on the subscriber count a program may claim
_SUBSCRIBERS = re.compile(r"\b([0-9]{1,8})[ +]*(?:subscribers?|readers?|users?)\b", re.IGNORECASE)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._+!-]*(?: [A-Za-z][A-Za-z0-9._+!-]*){0,2}")
_COMPATIBLE = re.compile(r"\(compatible; *([^;()/]+)")
_GENERIC_NAMES = ("mozilla", "compatible")  # claimed by every browser
_BROWSERS = (  # in this order: each also claims the names of those below it
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


@dataclass(frozen=True, slots=True)
class UserAgent:
    """A program that fetches feeds, with the number of subscribers it reports."""

    name: str
    subscribers: int = 0  # 0 if not reported


@dataclass(frozen=True, slots=True)
class FeedHits:
    """One program's requests for one feed on one day, without addresses and versions."""

    day: str  # 2025-01-30, in UTC
    feed: str  # path below the site's URL
    agent: str
    subscribers: int  # the highest number reported that day; 0 if none
    requests: int


@dataclass(frozen=True, slots=True)
class FeedAudience:
    """The estimated audience of a feed."""

    feed: str
    subscribers: int  # lower bound
    requests: int


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """The delivery figures of one issue."""

    day: date
    digest: str
    subject: str
    state: str
    stats: IssueStats


@dataclass(frozen=True, slots=True)
class Statistics:
    """A site's figures over a period; people appear only as numbers."""

    title: str  # of the site
    accent: str  # the site's accent colour
    since: date
    today: date
    active: tuple[tuple[date, int], ...]  # active subscribers at the end of each day
    states: tuple[tuple[str, int], ...]  # current subscribers by state
    feeds: tuple[FeedAudience, ...]  # largest audience first
    user_agents: tuple[tuple[str, int], ...]  # requests by program, most first
    issues: tuple[IssueSummary, ...]  # newest first


def parse_user_agent(text: str) -> UserAgent:
    """Parse a User-Agent: "Feedly/1.0 (+http://…; 32 subscribers)" gives Feedly, 32.

    Versions and systems are dropped: they would tell users of the same program apart.
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
    """Return the audience of each feed, largest first.

    A program that reports subscribers counts as the highest number it reported on any day. Every
    other program counts as one subscriber however many people use it: individuals are not tracked.
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
    """Return the number of requests by program, most first."""
    found: dict[str, int] = defaultdict(int)
    for each in visits:
        found[each.agent] += each.requests
    return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))
