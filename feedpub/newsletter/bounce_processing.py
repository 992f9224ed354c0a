"""Process bounces, complaints and mailed unsubscribe requests, and record refusals of the sender.

The entry points are `process_bounces`, which reads a mailbox, and `process_events`, which takes the
reports of a mail service.
"""

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
"""The environment variable with the password of the IMAP account."""

MailSource = Path | ImapAccount | BinaryIO
"""A Maildir (folder), an mbox (file), an IMAP account, or a stream holding one message."""

_MAILED = (ACTIVE, "pending")
_FINAL_STATES = ("complained", "suppressed")
"""States that an unsubscribe request must not overwrite."""


UNREAD_FOLDER = "returned"
"""The Maildir in `.feedpub/` for piped-in messages that could not be understood."""

_KEPT = 500  # messages kept in UNREAD_FOLDER
_LARGEST = 2**18  # octets kept of each
_WORDS = 5  # distinct refusal texts in one summary
_MANY = 20  # recent refusals from which the relay or the message is suspected
_LATELY = timedelta(hours=1)  # "recent": once the cause is fixed, the issue may go on


@dataclass(frozen=True, slots=True)
class BounceSummary:
    """The counts of one run.

    hard + soft + complaints + unsubscribed + automatic + refused + left = read. `kept` messages are
    part of `left`: they were piped in, so no mailbox holds them.
    """

    read: int  # messages
    hard: int  # permanent failures
    soft: int  # temporary failures, and bounces of unknown severity
    complaints: int
    unsubscribed: int
    automatic: int  # out-of-office replies, delay notices and the like; no effect
    left: int  # not about a known subscriber, and left in the mailbox
    stopped: int  # subscribers no longer mailed as a result
    refused: int = 0  # the sender was refused, not the recipient
    kept: int = 0
    full: bool = False  # a message could not be kept: UNREAD_FOLDER is full
    words: tuple[str, ...] = ()  # the refusing servers' texts
    paused: tuple[int, ...] = ()  # issues paused because of refusals
    behind: str = ""  # why sending is blocked: the bounces name newer issues than the database


def parse_source(text: str, environ: Mapping[str, str], standard_input: BinaryIO) -> MailSource:
    """Parse a mail source: "-" for standard input, a path, or imaps://user@host/folder.

    The IMAP password comes from the environment variable IMAP_PASSWORD. Raises FeedpubError if the
    URL is invalid or the password is missing.
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
    # Leave out the part before the @: it may hold a password.
    scheme, _, rest = text.partition("://")
    return (
        f'invalid mailbox "{scheme}://{rest.rpartition("@")[2]}"; use imaps://user@host or '
        "imaps://user@host:993/INBOX, with %40 for an @ in the user name; the password is read "
        f"from {PASSWORD_VARIABLE} only, where other users cannot see it"
    )


def process_bounces(request: BuildRequest, place: MailSource) -> BounceSummary:
    """Process the messages in a mailbox, and mark those about subscribers as done.

    A hard bounce suppresses the address at once, soft bounces after `mail.soft_bounces` in a row,
    counting one a day. A complaint or an unsubscribe request takes effect at once. The subscriber
    is identified by a signed token, never by an address in the message. Messages about no known
    subscriber are left as they are, for a person to read. Processing is idempotent: reading a
    message again, after a crash for example, changes nothing.

    A refusal of the sender does not count against the recipient. It is recorded for `status` and
    `doctor`, and many of them pause the issue being sent. A message to `mail.unsubscribe` without a
    token unsubscribes its sender only if the site's own server has authenticated that sender.

    Raises MailError if the mailbox cannot be read.
    """
    with open_newsletter(request) as newsletter:
        work = _BounceProcessor(newsletter, request)
        with closing(_open_mailbox(place)) as box:
            for number, received in enumerate(box, 1):
                work.process_message(received)
                request.progress("reading bounces", number, 0)
                if isinstance(place, (Path, ImapAccount)):
                    continue
                work.keep_unread(received)
        # After the messages are marked as done: a crash may lose a count, but never counts twice.
        work.count_soft()
        work.check_restored()
        return work.build_summary()


def process_events(request: BuildRequest, reports: Iterable[BounceEvent]) -> BounceSummary:
    """Process a mail service's authenticated reports, by token or else by address.

    The effects are those of `process_bounces`. A report about an unknown address is ignored.
    """
    with open_newsletter(request) as newsletter:
        work = _BounceProcessor(newsletter, request)
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
    """The state of one run over a mailbox or a list of events."""

    def __init__(self, newsletter: NewsletterContext, request: BuildRequest) -> None:
        self._newsletter = newsletter
        self._now = request.now
        self._counts: Counter[str] = Counter()
        self._soft: list[tuple[datetime, int]] = []  # time, subscriber id
        self._words: dict[str, None] = {}
        self._stopped = 0
        self._is_unread = False  # of the last message processed
        self._is_full = False
        self._newest_issue: datetime | None = None  # creation time of the newest one seen
        self._outdated_reason = ""

    def process_message(self, received: IncomingMessage) -> None:
        """Process one message."""
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
        """Save the last message to UNREAD_FOLDER if it could not be understood."""
        if not self._is_unread:
            return
        folder = self._newsletter.paths.cache.parent / UNREAD_FOLDER
        if mailbox.save_to_maildir(folder, received.data[:_LARGEST], _KEPT):
            self._counts["kept"] += 1
        else:
            self._is_full = True

    def process_event(self, report: BounceEvent) -> None:
        """Process one authenticated report."""
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
        """Block sending if a bounce is of a newer issue than any in the database."""
        newest = self._newsletter.store.get_position().newest_issue
        # Both times are in whole seconds.
        if self._newest_issue and newest and self._newest_issue > newest:
            self._outdated_reason = self._newsletter.restore_guard.mark_restored(
                self._newsletter.store
            )

    def _count(self, report: BounceEvent) -> None:
        self._counts["refused" if report.is_about_sender else report.kind] += 1

    def _find_mailed_unsubscribe(self, data: bytes) -> BounceEvent | None:
        """Return the unsubscribe request of an authenticated sender who sent no token."""
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
        if one is None:  # the subscriber was removed
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
            case _:  # soft, or of unknown severity
                self._soft.append((at, one.id))
                return
        self._count_stopped(one, after)

    def _record_refusal(self, report: BounceEvent, one: Subscriber | None, at: datetime) -> None:
        """Record a refusal of the sender, with the server's text."""
        address = one.address if one else report.recipient
        domain = address.rpartition("@")[2].lower()
        words = bounce_classifier.redact_addresses(report.text)
        self._words[f"{domain}: {words}" if domain else words] = None
        self._newsletter.store.record_refusal(one.id if one else 0, domain, words, at)

    def count_soft(self) -> None:
        """Record the soft bounces in order of arrival."""
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
        """Count a subscriber who was mailed before and no longer is."""
        if before and after and before.state in _MAILED and after.state not in _MAILED:
            self._stopped += 1

    def _pause(self) -> Iterator[int]:
        """Pause issues with many recent refusals: more than half as many as accepted messages."""
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
        """Pause refused issues, and return the counts of this run."""
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
