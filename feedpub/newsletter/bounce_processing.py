"""Deal with mail that came back: stop mailing readers who are gone, and tell what is about us."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.delivery import bounce_classifier, mailbox
from feedpub.delivery.bounces import find_received_time, find_unsubscribe_sender, parse_bounce
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.delivery.mailbox import ImapAccount, IncomingMessage
from feedpub.errors import FeedpubError
from feedpub.models import tokens
from feedpub.models.address import InvalidValueError
from feedpub.models.newsletter import ACTIVE, Subscriber
from feedpub.storage import sent_files
from feedpub.storage.errors import StoreError

PASSWORD_VARIABLE = "IMAP_PASSWORD"  # noqa: S105 - the name of the variable
"""The variable that holds the password of an IMAP account."""

MailSource = Path | ImapAccount | BinaryIO
"""A Maildir (a folder) or mbox (a file), an IMAP account, or one message to be read."""

_MAILED = (ACTIVE, "pending")
_FINAL_STATES = ("complained", "suppressed")
"""States that say more than that somebody left."""


UNREAD_FOLDER = "returned"
"""The Maildir in `.feedpub/` for what a mail server handed over and nobody understood."""

_KEPT = 500  # messages in it
_LARGEST = 2**18  # octets that are kept of each
_WORDS = 5  # servers' words that are told at once
_MANY = 20  # refusals from which on it is the relay, or the message, that is doubted
_LATELY = timedelta(hours=1)  # in which as many must have come: what was mended goes on


@dataclass(frozen=True, slots=True)
class BounceSummary:
    """What came back: hard + soft + complaints + unsubscribed + automatic + refused + left = read.

    Of `left`, some may have been `kept`: the mail server that handed them over did not.
    """

    read: int  # messages
    hard: int  # the address is gone for good
    soft: int  # it is not, or nothing says
    complaints: int
    unsubscribed: int
    automatic: int  # absences, delays and the like, which change nothing
    left: int  # not about a reader of ours, and so left where it was
    stopped: int  # readers who are mailed no more because of all this
    refused: int = 0  # servers refused us, and not the reader
    kept: int = 0
    full: bool = False  # what was left could not be kept: enough waits to be read
    words: tuple[str, ...] = ()  # what the servers said that refused us
    paused: tuple[int, ...] = ()  # issues that were stopped because so many refused us
    behind: str = ""  # why nothing is sent: newer issues came back than the database knows


def parse_source(text: str, environ: Mapping[str, str], standard_input: BinaryIO) -> MailSource:
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
    password = environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise FeedpubError(f"{host}: set {PASSWORD_VARIABLE} to the password of {user}")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return ImapAccount(host, user, password, port or 993, folder)


def _no_mailbox(text: str) -> str:
    # What stands before the @ is not repeated: it may be a password.
    scheme, _, rest = text.partition("://")
    return (
        f'"{scheme}://{rest.rpartition("@")[2]}" is no mailbox: write imaps://user@host or '
        "imaps://user@host:993/INBOX, with %40 for an @ in the user name; the password is taken "
        f"from {PASSWORD_VARIABLE} alone, where nobody else sees it"
    )


def process_bounces(request: BuildRequest, place: MailSource) -> BounceSummary:
    """Take notice of what came back, and mark as done what was about readers of ours.

    Who is gone for good is mailed no more at once, who is not after `mail.soft_bounces` times in
    a row, of each day one; who complains or unsubscribes at once. Whom a message is about is told
    by a token of ours, never by an address that it names. Messages that are about none stay as
    they were: somebody may want to read them. Read again, after a crash perhaps, a message changes
    nothing more.

    A refusal that is about us counts against nobody. It is recorded for `status` and `doctor`, and
    many of them pause what is being sent. Who writes to `mail.unsubscribe` without a token is
    taken off the list where our own server has found the sender to be genuine.

    Raises MailError where the mailbox cannot be read.
    """
    with open_newsletter(request) as desk:
        work = _BounceProcessor(desk, request)
        with closing(_open_mailbox(place)) as box:
            for number, received in enumerate(box, 1):
                work.process_message(received)
                request.progress("reading what came back", number, 0)
                if isinstance(place, (Path, ImapAccount)):
                    continue
                work.keep_unread(received)
        # Once they are marked as done: a crash may lose some, but nobody's is counted twice.
        work.count_soft()
        work.check_restored()
        return work.build_summary()


def process_events(request: BuildRequest, reports: Iterable[BounceEvent]) -> BounceSummary:
    """Take notice of what a mail service told, for sure: by token, or else by address.

    What it means is as with `bounces`. Told of an address that is nobody's, nothing is done.
    """
    with open_newsletter(request) as desk:
        work = _BounceProcessor(desk, request)
        for report in reports:
            work.process_event(report)
        work.count_soft()
        return work.build_summary()


def _open_mailbox(place: MailSource) -> Generator[IncomingMessage, None, None]:
    if isinstance(place, ImapAccount):
        return mailbox.read_imap(place)
    if not isinstance(place, Path):
        return mailbox.read_stream(place)
    return mailbox.read_maildir(place) if place.is_dir() else mailbox.read_mbox(place)


class _BounceProcessor:
    """What one round of reading has found."""

    def __init__(self, desk: NewsletterContext, request: BuildRequest) -> None:
        self._newsletter = desk
        self._now = request.now
        self._counts: Counter[str] = Counter()
        self._soft: list[tuple[datetime, int]] = []  # when, and whose
        self._words: dict[str, None] = {}
        self._stopped = 0
        self._is_unread = False  # the last message that was taken
        self._is_full = False
        self._newest_issue: datetime | None = None  # when the newest issue was made that came back
        self._outdated_reason = ""

    def process_message(self, received: IncomingMessage) -> None:
        """Deal with one message."""
        issued = sent_files.find_newest_stamp(self._newsletter.keys, received.data)
        if issued and (self._newest_issue is None or issued > self._newest_issue):
            self._newest_issue = issued
        report = parse_bounce(received.data, self._newsletter.keys)
        if report is None or report.subscriber is None:
            report = self._find_mailed_unsubscribe(received.data) or report
        self._is_unread = report is None or (report.subscriber is None and report.kind != "auto")
        if report is None or report.subscriber is None:
            self._counts["left"] += 1
            return
        one = self._newsletter.find_subscriber(report.subscriber)
        self._apply_event(report, one, find_received_time(received.data, self._now))
        self._count(report)
        received.acknowledge()

    def keep_unread(self, received: IncomingMessage) -> None:
        """Keep the message that was taken last for somebody to read, if nobody understood it."""
        if not self._is_unread:
            return
        folder = self._newsletter.paths.cache.parent / UNREAD_FOLDER
        if mailbox.save_to_maildir(folder, received.data[:_LARGEST], _KEPT):
            self._counts["kept"] += 1
        else:
            self._is_full = True

    def process_event(self, report: BounceEvent) -> None:
        """Deal with one report that may be believed."""
        owner = report.subscriber
        one = (
            self._newsletter.find_subscriber(owner)
            if owner
            else self._find_address(report.recipient)
        )
        if one is None and owner is None and not report.is_about_sender:
            self._counts["left"] += 1
            return
        self._apply_event(report, one, self._now)
        self._count(report)

    def check_restored(self) -> None:
        """Let nothing be sent where a newer issue came back than any that the database knows."""
        newest = self._newsletter.store.get_position().newest_issue
        # Stamps have whole seconds.
        if self._newest_issue and newest and self._newest_issue > newest:
            self._outdated_reason = self._newsletter.restore_guard.mark_restored(
                self._newsletter.store
            )

    def _count(self, report: BounceEvent) -> None:
        self._counts["refused" if report.is_about_sender else report.kind] += 1

    def _find_mailed_unsubscribe(self, data: bytes) -> BounceEvent | None:
        """Return the request of a reader who wrote to the address for leaving, without a token."""
        settings = self._newsletter.config.mail
        sender = find_unsubscribe_sender(data, settings.unsubscribe, settings.authserv_id)
        one = self._find_address(sender) if sender else None
        if one is None:
            return None
        owner = tokens.verify_token(
            self._newsletter.keys, "unsubscribe", self._newsletter.create_token("unsubscribe", one)
        )
        return BounceEvent("unsubscribe", owner, one.address, text="by mail, without a token")

    def _find_address(self, address: str) -> Subscriber | None:
        try:
            return self._newsletter.store.find_subscriber(address)
        except InvalidValueError:
            return None

    def _apply_event(self, report: BounceEvent, one: Subscriber | None, at: datetime) -> None:
        if report.is_about_sender:
            self._record_refusal(report, one, at)
            return
        if one is None:  # they were removed
            return
        match report.kind:
            case "hard":
                after = self._record_bounce(one.id, at, hard=True)
            case "complaint":
                after = self._change(one, "complained", unless=("suppressed",))
            case "unsubscribe":
                after = self._change(one, "unsubscribed", unless=_FINAL_STATES)
            case "auto":
                return
            case _:  # soft, or a bounce of which nothing says how bad it is
                self._soft.append((at, one.id))
                return
        self._count_stopped(one, after)

    def _record_refusal(self, report: BounceEvent, one: Subscriber | None, at: datetime) -> None:
        """Record that a server refused us, in its words."""
        address = one.address if one else report.recipient
        domain = address.rpartition("@")[2].lower()
        words = bounce_classifier.redact_addresses(report.text)
        self._words[f"{domain}: {words}" if domain else words] = None
        self._newsletter.store.record_refusal(one.id if one else 0, domain, words, at)

    def count_soft(self) -> None:
        """Count the soft bounces, in the order in which they came."""
        for at, number in sorted(self._soft):
            before = self._newsletter.store.get_subscriber(number)
            self._count_stopped(before, self._record_bounce(number, at, hard=False))

    def _record_bounce(self, number: int, at: datetime, *, hard: bool) -> Subscriber | None:
        limit = self._newsletter.config.mail.soft_bounces
        return self._newsletter.store.record_bounce(
            number, hard=hard, limit=limit, now=self._now, at=at
        )

    def _change(self, one: Subscriber, state: str, unless: tuple[str, ...]) -> Subscriber | None:
        if one.state in unless:
            return one
        return self._newsletter.store.change_state(one.id, state, self._now)

    def _count_stopped(self, before: Subscriber | None, after: Subscriber | None) -> None:
        """Count who was mailed before and is not any more."""
        if before and after and before.state in _MAILED and after.state not in _MAILED:
            self._stopped += 1

    def _pause(self) -> Iterator[int]:
        """Pause issues that servers refuse because of us: more of them than not came back so."""
        if not self._counts["refused"]:
            return
        store = self._newsletter.store
        for issue in store.list_issues():
            if issue.state != "sending":
                continue
            number, taken = (
                store.count_refusals(issue.created),
                store.get_issue_stats(issue.id).accepted,
            )
            lately = store.count_refusals(max(issue.created, self._now - _LATELY))
            if lately < _MANY or 2 * number <= taken:
                continue
            said = next(iter(self._words), "")
            reason = (
                f"{number} messages came back because servers refuse us ({said}); nobody was "
                f"suppressed for it: mend that, then `feedpub digest resume {issue.id}`"
            )
            try:
                store.pause_issue(issue.id, reason)
            except StoreError:
                if store.get_issue(issue.id).state == "sending":
                    raise
            else:
                yield issue.id

    def build_summary(self) -> BounceSummary:
        """Tell what came of it."""
        counts = self._counts
        paused = tuple(self._pause())
        return BounceSummary(
            read=counts.total() - counts["kept"],
            hard=counts["hard"],
            soft=counts["soft"] + counts["unknown"],
            complaints=counts["complaint"],
            unsubscribed=counts["unsubscribe"],
            automatic=counts["auto"],
            left=counts["left"],
            stopped=self._stopped,
            refused=counts["refused"],
            kept=counts["kept"],
            full=self._is_full,
            words=tuple(self._words)[:_WORDS],
            paused=paused,
            behind=self._outdated_reason,
        )
