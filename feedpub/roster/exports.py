"""A header → whose export it is, and what each of its columns means.

The names were taken from the programs' own sources and test files: Ghost's members CSV
(ghost/members-csv), listmonk's `cmd/subscribers.go`, Mailchimp's audience export as Ghost's
migration tools keep it, both exports of Substack, and Buttondown's as its users read it.
"""

import re
from dataclasses import dataclass

from feedpub.mailing import ACTIVE, STATES

_APART = re.compile(r"[\W_]+")

# What a column may be. The first group is written by us and may stand in anybody's table.
NAME, FIRST, LAST, LANGUAGE, CADENCE = "name", "first_name", "last_name", "language", "cadence"
FOLLOWS, TAGS, AUTHORS = "follows", "follows_tags", "follows_authors"
EMAIL, STATE, CONSENTED = "email", "state", "consented_at"
WANTED, UNWANTED = "wanted", "unwanted"  # a yes or no: does mail go there, does none
LABELS, OBJECT = "labels", "object"  # a list of words; JSON of names and values
FIELD, DROPPED = "field", "dropped"

MAPPABLE = (
    *(EMAIL, NAME, FIRST, LAST, LANGUAGE, STATE),
    *(CADENCE, FOLLOWS, TAGS, AUTHORS, CONSENTED),
)
"""What a person may say a column is. Any other word names a free field."""

_MEANINGS = {
    EMAIL: "email; e mail; email address; e mail address; emailaddress; user email address; "
    "user email; subscriber email; mail; mail address; email adresse; e mail adresse; "
    "adresse e mail; adresse email; courriel; correo; correo electrónico; e post; indirizzo email; "
    "邮箱; 电子邮件; 電子郵件; メール; メールアドレス; البريد الإلكتروني",
    NAME: "name; full name; user name; subscriber name; display name",
    FIRST: "first name; firstname; fname; given name",
    LAST: "last name; lastname; lname; surname; family name",
    LANGUAGE: "language; lang; locale",
    CADENCE: "cadence",
    FOLLOWS: "follows",
    TAGS: "follows tags",
    AUTHORS: "follows authors",
    STATE: "state; status; subscriber type; subscriber status; subscription status; "
    "email status; email marketing status; audience status; contact status",
    WANTED: "subscribed; subscribed to emails; opted in",
    UNWANTED: "unsubscribed; email disabled; opted out",
    CONSENTED: "consented at; confirm time; confirmed at; optin time; subscribed at; "
    "subscription date; start date; created at; creation date; date added; signup date",
    "unsubscribed": "unsub time; unsubscribed at; unsubscription date; deleted at",
    "bounced": "clean time; bounced at; undeliverability date",
    "complained": "complained at",
    LABELS: "tags; labels",
    OBJECT: "fields; attributes; metadata",
}
_MEANING = {
    name: (meaning, place)
    for meaning, names in _MEANINGS.items()
    for place, name in enumerate(names.split("; "))
}

_WORDS = {
    ACTIVE: "active; subscribed; confirmed; enabled; regular; premium; trialed; unpaid; gifted; "
    "churning; churned; paused; past due; opted in; yes; true; 1",
    "pending": "pending; unconfirmed; unactivated; nonsubscribed; non subscribed; not subscribed; "
    "transactional; invited; waiting",
    "unsubscribed": "unsubscribed; opted out; inactive; cancelled; canceled; archived; deleted; "
    "no; false; 0",
    "bounced": "bounced; hard bounced; cleaned; undeliverable; malformed; invalid",
    "complained": "complained; complaint; spam complaint; marked as spam",
    "suppressed": "suppressed; blocklisted; blacklisted; blocked; spammy; removed; disabled; "
    "banned",
}
_STATE = {word: state for state, words in _WORDS.items() for word in words.split("; ")}
_YES, _NO = frozenset(("true", "yes", "1", "y", "t")), frozenset(("", "false", "no", "0", "n", "f"))


@dataclass(frozen=True, slots=True)
class Export:
    """A program whose exports are known."""

    name: str
    signs: tuple[frozenset[str], ...] = ()  # column names: it is known by all of any of these
    meanings: tuple[tuple[str, str], ...] = ()  # of its columns, other than what all others mean
    dropped: re.Pattern[str] = re.compile("(?!)")  # columns that are nobody's own words


def _signs(*names: str) -> tuple[frozenset[str], ...]:
    """Read "a; b" as: known by the columns a and b together."""
    return tuple(frozenset(each.split("; ")) for each in names)


FEEDPUB = Export("feedpub", _signs("email; state; consented at; consent how"))
MAILCHIMP = Export(
    "Mailchimp",
    _signs(*(f"email address; {own}" for own in ("member rating", "optin time", "leid", "euid"))),
    # Where somebody was and how often they opened a mail is no business of feedpub's.
    dropped=re.compile(
        "member rating|optin time|confirm time|latitude|longitude|gmtoff|dstoff|timezone|cc|region|"
        "last changed|leid|euid|(?:unsub|clean) (?:time|campaign title|campaign id)"
    ),
)
_KNOWN = (
    FEEDPUB,
    MAILCHIMP,
    Export(
        "Substack",
        _signs(
            "email; active subscription",
            "email; email disabled",
            "email; subscription source free",
            "user email address",
        ),
        dropped=re.compile("(?!(?:name|plan|type|stripe plan|subscription type|sections)$).*"),
    ),
    Export(
        "Ghost",
        _signs("email; subscribed to emails"),
        dropped=re.compile("id|stripe customer id|(?:created|deleted|expiry) at|gift id|error"),
    ),
    Export(
        "Buttondown",
        _signs("email; subscriber type", "email; type; creation date")
        + _signs("email address; type; creation date", "email address; subscriber type"),
        meanings=(("type", STATE),),
        dropped=re.compile("(?!(?:name|notes)$).*"),
    ),
    Export(
        "listmonk",
        _signs("uuid; email; attributes"),
        dropped=re.compile("id|uuid|created at|updated at"),
    ),
)
_ANYBODY = Export("")


def simple(name: str) -> str:
    """Give a column's name without what programs spell differently: "E-Mail" is "e mail"."""
    return _APART.sub(" ", name.casefold()).strip()


def whose(names: frozenset[str]) -> Export:
    """Tell by its columns (`simple`) whose export a table is; `name` is "" for nobody's known."""
    for export in _KNOWN:
        if any(sign <= names for sign in export.signs):
            return export
    return _ANYBODY


def meaning(export: Export, name: str) -> tuple[str, int]:
    """Give what the column of this `simple` name means, and which of several is to be preferred.

    The lower number is the better one.
    """
    for own, means in export.meanings:
        if own == name:
            return means, 0
    if name in _MEANING:
        return _MEANING[name]
    return (DROPPED if export.dropped.fullmatch(name) else FIELD), 0


def state(word: str) -> str | None:
    """Give the state that a program's own word for it means, or None where nobody knows."""
    return _STATE.get(simple(word))


def answer(word: str) -> bool | None:
    """Read a yes or no; a blank is no; None where it is neither."""
    folded = word.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None


def ending(means: str) -> bool:
    """Tell whether a column holds the time at which a state began."""
    return means in STATES
