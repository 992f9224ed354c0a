"""Reconcile a database restored from a backup with what was sent since.

`recover` is the entry point, called by `feedpub digest recover`.
"""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.delivery.headers import to_ascii_address
from feedpub.delivery.mail_logs import find_sent_keys
from feedpub.errors import FeedpubError
from feedpub.newsletter.issue_builder import IssueBuilder, run_with_builder
from feedpub.site.describe import FilterDescriber
from feedpub.storage.planning import IssuePlan

_GZIP = b"\x1f\x8b"
_LINE = 65_536  # octets; longer lines are read in parts
_REASON = "counted as mailed, after the database was restored from a backup"


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """The outcome of a recovery."""

    found: int  # own messages found in the logs or folders
    settled: int  # deliveries now recorded as sent
    issues: int  # issues restored to the database
    unknown: int  # messages of unknown issues
    skipped: int  # posts marked as mailed
    cancelled: int  # issues ended
    is_settled: bool  # whether sending is allowed again


def recover(
    request: BuildRequest, places: Sequence[Path], until: datetime | None
) -> RecoveryResult:
    """Record what is known to have been sent, and allow sending again if that settles everything.

    Args:
        request: Which site, and the current time.
        places: Mail server logs, or folders of sent or returned messages.
        until: Posts published up to then count as mailed, and issues planned up to then are
            cancelled.

    Raises FeedpubError if neither is given, or if a place cannot be read or contains no message of
    this site.
    """
    if not places and until is None:
        raise FeedpubError(
            "specify what was already sent: `--from /var/log/mail.log`, or a folder of sent or "
            "returned messages; or `--skip-until 2025-01-30`, to count all up to then as mailed"
        )
    with open_newsletter(request) as newsletter:
        keys = _keys(newsletter, places)
        settled = newsletter.store.reconcile_sent(keys, request.now)
        matched = set(settled.matched)
        issues = 0
        for each in newsletter.restore_guard.load_issues():
            plan = IssuePlan(each.digest, each.slot, each.posts, each.subject, each.created)
            reached = newsletter.store.restore_issue(plan, each.audience, keys, request.now)
            issues += bool(reached)
            matched |= reached
        skipped = _skip(request, newsletter, until) if until else 0
        cancelled = _cancel(newsletter, until, request.now) if until else 0
        unknown = len(keys - matched)
        is_settled = until is not None or not unknown
        if is_settled:
            newsletter.restore_guard.resync(newsletter.store, request.now)
        return RecoveryResult(
            len(keys), settled.settled, issues, unknown, skipped, cancelled, is_settled
        )


def _keys(newsletter: NewsletterContext, places: Sequence[Path]) -> frozenset[str]:
    """Return the delivery keys found in logs and messages."""
    domain = to_ascii_address(newsletter.get_sender().email).rpartition("@")[2].lower()
    keys: set[str] = set()
    for place in places:
        found = {key for key, host in find_sent_keys(_lines(place)) if host == domain}
        if not found:
            raise FeedpubError(
                f"{place}: contains no message that feedpub sent from {domain}; is it the log of "
                "another server, or of other days?"
            )
        keys |= found
    return frozenset(keys)


def _lines(place: Path) -> Iterator[str]:
    """Yield the lines of a file, or of all files in a folder, decompressing gzip."""
    try:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in files:
            if not path.is_dir():
                yield from _lines_of(path)
    except (OSError, EOFError) as error:
        raise FeedpubError(f"{place}: cannot be read ({error})") from error


def _lines_of(path: Path) -> Iterator[str]:
    with path.open("rb") as plain:
        is_compressed = plain.read(len(_GZIP)) == _GZIP
    with gzip.open(path) if is_compressed else path.open("rb") as file:
        while line := file.readline(_LINE):
            yield line.decode("latin-1")


def _skip(request: BuildRequest, newsletter: NewsletterContext, until: datetime) -> int:
    """Mark the posts published up to a time as mailed, in every digest."""

    def posts(builder: IssueBuilder, describer: FilterDescriber) -> tuple[str, ...]:
        del describer
        builder.remember_posts()
        return builder.find_published_ids(min(until, request.now))

    found: Iterable[str] = run_with_builder(request, newsletter, posts)
    count = 0
    for digest in newsletter.config.digests:
        new = sorted(set(found) - newsletter.store.list_mailed_posts(digest.name))
        count += len(new)
        newsletter.store.mark_as_mailed(digest.name, request.now, new, _REASON, request.now)
    return count


def _cancel(newsletter: NewsletterContext, until: datetime, now: datetime) -> int:
    """Cancel the issues planned up to a time; return how many."""
    going = [each for each in newsletter.store.list_issues() if each.state in {"sending", "paused"}]
    chosen = [each for each in going if each.created <= until]
    for each in chosen:
        newsletter.store.cancel_issue(each.id, now, _REASON)
    return len(chosen)
