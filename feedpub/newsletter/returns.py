"""Mail that came back → readers who are mailed no more, and mail that is dealt with."""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from feedpub.bounces import Report, arrived, read
from feedpub.errors import FeedpubError
from feedpub.mail import boxes
from feedpub.mail.boxes import Account, Received
from feedpub.mailing import ACTIVE, Subscriber
from feedpub.newsletter.desk import Desk, opened
from feedpub.publish.request import Request
from feedpub.roster import Faulty

PASSWORD = "IMAP_PASSWORD"  # noqa: S105 - the name of the variable
"""The variable that holds the password of an IMAP account."""

Source = Path | Account | BinaryIO
"""A Maildir (a folder) or mbox (a file), an IMAP account, or one message to be read."""

_MAILED = (ACTIVE, "pending")
_FIRM = ("complained", "suppressed")
"""States that say more than that somebody left."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: hard + soft + complaints + unsubscribed + automatic + left = read."""

    read: int  # messages
    hard: int  # the address is gone for good
    soft: int  # it is not, or nothing says
    complaints: int
    unsubscribed: int
    automatic: int  # absences, delays and the like, which change nothing
    left: int  # not about a reader of ours, and so left where it was
    stopped: int  # readers who are mailed no more because of all this


def source(text: str, environ: Mapping[str, str], standard_input: BinaryIO) -> Source:
    """Read what a person calls a place of mail: "-", a path or imaps://user@host/folder.

    The password is in IMAP_PASSWORD. Raises FeedpubError where something is wrong or missing.
    """
    if text == "-":
        return standard_input
    if not text.lower().startswith(("imap:", "imaps:")):
        return Path(text)
    try:
        parts = urlsplit(text)
        host, user, port = parts.hostname, unquote(parts.username or ""), parts.port
    except ValueError:
        raise FeedpubError(_no_mailbox(text)) from None
    if parts.scheme != "imaps" or not host or not user or parts.password is not None:
        raise FeedpubError(_no_mailbox(text))
    password = environ.get(PASSWORD, "")
    if not password:
        raise FeedpubError(f"{host}: set {PASSWORD} to the password of {user}")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return Account(host, user, password, port or 993, folder)


def _no_mailbox(text: str) -> str:
    # What stands before the @ is not repeated: it may be a password.
    scheme, _, rest = text.partition("://")
    return (
        f'"{scheme}://{rest.rpartition("@")[2]}" is no mailbox: write imaps://user@host or '
        "imaps://user@host:993/INBOX, with %40 for an @ in the user name; the password is taken "
        f"from {PASSWORD} alone, where nobody else sees it"
    )


def bounces(request: Request, place: Source) -> Returned:
    """Take notice of what came back, and mark as done what was about readers of ours.

    Who is gone for good is mailed no more at once, who is not after `mail.soft_bounces` times in
    a row, of each day one; who complains or unsubscribes at once. Whom a message is about is told
    by a token of ours, never by an address that it names. Messages that are about none stay as
    they were: somebody may want to read them. Read again, after a crash perhaps, a message changes
    nothing more.

    Raises MailError where the mailbox cannot be read.
    """
    with opened(request) as desk:
        work = _Work(desk, request)
        with closing(_received(place)) as box:
            for number, received in enumerate(box, 1):
                work.take(received)
                request.progress("reading what came back", number, 0)
        # Once they are marked as done: a crash may lose some, but nobody's is counted twice.
        work.count_soft()
        return work.summary()


def notified(request: Request, reports: Iterable[Report]) -> Returned:
    """Take notice of what a mail service told, for sure: by token, or else by address.

    What it means is as with `bounces`. Told of an address that is nobody's, nothing is done.
    """
    with opened(request) as desk:
        work = _Work(desk, request)
        for report in reports:
            work.learn(report)
        work.count_soft()
        return work.summary()


def _received(place: Source) -> Generator[Received, None, None]:
    if isinstance(place, Account):
        return boxes.imap(place)
    if not isinstance(place, Path):
        return boxes.stream(place)
    return boxes.maildir(place) if place.is_dir() else boxes.mbox(place)


class _Work:
    """What one round of reading has found."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self._desk = desk
        self._now = request.now
        self._counts: Counter[str] = Counter()
        self._soft: list[tuple[datetime, int]] = []  # when, and whose
        self._stopped = 0

    def take(self, received: Received) -> None:
        """Deal with one message."""
        report = read(received.data, self._desk.keys)
        if report is None or report.subscriber is None:
            self._counts["left"] += 1
            return
        one = self._desk.reader(report.subscriber)
        self._heed(report, one, arrived(received.data, self._now))
        self._counts[report.kind] += 1
        received.done()

    def learn(self, report: Report) -> None:
        """Deal with one report that may be believed."""
        owner = report.subscriber
        one = self._desk.reader(owner) if owner else self._at(report.recipient)
        if one is None and owner is None:
            self._counts["left"] += 1
            return
        self._heed(report, one, self._now)
        self._counts[report.kind] += 1

    def _at(self, address: str) -> Subscriber | None:
        try:
            return self._desk.store.find(address)
        except Faulty:
            return None

    def _heed(self, report: Report, one: Subscriber | None, at: datetime) -> None:
        if one is None:  # they were removed
            return
        match report.kind:
            case "hard":
                after = self._bounced(one.id, at, hard=True)
            case "complaint":
                after = self._change(one, "complained", unless=("suppressed",))
            case "unsubscribe":
                after = self._change(one, "unsubscribed", unless=_FIRM)
            case "auto":
                return
            case _:  # soft, or a bounce of which nothing says how bad it is
                self._soft.append((at, one.id))
                return
        self._note(one, after)

    def count_soft(self) -> None:
        """Count the soft bounces, in the order in which they came."""
        for at, number in sorted(self._soft):
            before = self._desk.store.get(number)
            self._note(before, self._bounced(number, at, hard=False))

    def _bounced(self, number: int, at: datetime, *, hard: bool) -> Subscriber | None:
        limit = self._desk.config.mail.soft_bounces
        return self._desk.store.bounced(number, hard=hard, limit=limit, now=self._now, at=at)

    def _change(self, one: Subscriber, state: str, unless: tuple[str, ...]) -> Subscriber | None:
        if one.state in unless:
            return one
        return self._desk.store.change(one.id, state, self._now)

    def _note(self, before: Subscriber | None, after: Subscriber | None) -> None:
        """Count who was mailed before and is not any more."""
        if before and after and before.state in _MAILED and after.state not in _MAILED:
            self._stopped += 1

    def summary(self) -> Returned:
        """Tell what came of it."""
        counts = self._counts
        return Returned(
            read=counts.total(),
            hard=counts["hard"],
            soft=counts["soft"] + counts["unknown"],
            complaints=counts["complaint"],
            unsubscribed=counts["unsubscribe"],
            automatic=counts["auto"],
            left=counts["left"],
            stopped=self._stopped,
        )
