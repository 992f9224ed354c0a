"""What is new in a digest → an issue of it in the outbox, or why there is none."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedpub import digests, schedule
from feedpub.config import Digest
from feedpub.digests import BACK
from feedpub.errors import FeedpubError
from feedpub.mailing import Consent, Issue, Subscriber, Tally
from feedpub.model import Post
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.editing import Editor
from feedpub.newsletter.outside import PlannedIssue
from feedpub.newsletter.posting import Printer
from feedpub.newsletter.selections import Selections
from feedpub.store import OvertakenError

_TRIES = 3  # at choosing again, where somebody else planned meanwhile
_SECOND = timedelta(seconds=1)
_SOMEBODY = 2**31  # an id as long as any


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a digest."""

    digest: str
    issue: Issue | None
    posts: tuple[str, ...]  # titles
    audience: int
    size: int  # octets of one message, the largest; 0 where there is none
    tally: Tally | None
    reason: str  # why nothing went out, or why the rest waits; else ""
    note: str = ""  # what is odd about it, and keeps nobody from getting it
    idle: bool = False  # no slot had come, and so nothing was to be expected
    next_attempt: datetime | None = None  # for those who still wait; a time that is past means now


class Planner:
    """Plans issues, or tells what they would be."""

    def __init__(self, desk: Desk, editor: Editor, printer: Printer, now: datetime) -> None:
        self._desk = desk
        self._editor = editor
        self._printer = printer
        self._now = now

    def plan(self, digest: Digest, *, due: bool, dry: bool, backlog: bool) -> Sent:
        """Plan the next issue of a digest, if there is to be one.

        With `due` only where its slot has come. A digest that never went out begins: what is
        published so far counts as mailed, unless `backlog`. Nothing is written where `dry`.
        """
        last = self._desk.store.last_slot(digest.name, self._now)
        slot = self._slot(digest, last, due=due)
        if slot is None:
            return replace(_nothing(digest, "its next time has not come yet"), idle=True)
        renamed = self._renamed(digest, slot) if last is None and due else ""
        if renamed:
            return _nothing(digest, renamed)
        if not dry:
            self._editor.learn()
        if last is None and not backlog:
            return self._begun(digest, slot, dry=dry)
        for _ in range(_TRIES):
            wanted = self._editor.wanted(digest, self._now)
            if not dry:
                self._desk.store.looked(digest.name, (post.id for post in wanted), self._now)
            posts = digests.fresh(digest, wanted)
            if not posts:
                waiting = len(digests.in_one_language(wanted, self._desk.config.site.language))
                return self._skipped(digest, slot, waiting, recorded=due and not dry)
            try:
                return self._planned(digest, slot, posts, dry=dry)
            except OvertakenError:
                continue
        raise FeedpubError(f"{digest.name}: others plan issues at the same time; try again")

    def _slot(self, digest: Digest, last: datetime | None, *, due: bool) -> datetime | None:
        """Give the slot that has come; or where nobody asks for one, a new one of now."""
        if due:
            times = schedule.parse(digest.schedule)
            return schedule.due(times, self._desk.zone(digest), last, self._now)
        # A slot has one issue, and issues are in the order of their slots.
        now = self._now.replace(microsecond=0)
        return now if last is None else max(now, last + _SECOND)

    def _renamed(self, digest: Digest, slot: datetime) -> str:
        """Say that a digest which never went out may be one by another name; "" where it is none.

        To begin would count as mailed what the other one has not mailed yet.
        """
        names = {each.name for each in self._desk.config.digests}
        lately = self._desk.store.last_slots(slot - BACK)
        gone = ", ".join(f'"{each}"' for each in sorted(lately.keys() - names))
        return gone and (
            f"it is new, and {gone} is gone from the configuration: was it renamed? Then write its "
            "old name into `was:` of this one, which goes on from there; if it is another one, "
            f"begin it: `feedpub digest send {digest.name}`"
        )

    def _begun(self, digest: Digest, slot: datetime, *, dry: bool) -> Sent:
        """Begin a digest, so that the archive is never mailed."""
        before = self._editor.published(self._now)
        old = f"what is from before ({len(before):,} post{'' if len(before) == 1 else 's'})"
        if dry:
            told = f"it would begin, and not mail {old}; --backlog mails what is new enough"
            return _nothing(digest, told)
        self._desk.store.start(digest.name, slot, before, self._now)
        self._desk.store.looked(digest.name, (), self._now)
        return _nothing(digest, f"it begins, and does not mail {old}")

    def _skipped(self, digest: Digest, slot: datetime, waiting: int, *, recorded: bool) -> Sent:
        """Record that a slot has come, and why nothing went out; each post has no such slots."""
        reason = f"{waiting} new, and min_posts is {digest.min_posts}" if waiting else "nothing new"
        each_post = schedule.parse(digest.schedule).each_post
        if recorded and not each_post:
            self._desk.store.skip(digest.name, slot, reason, self._now)
        return replace(_nothing(digest, reason), idle=each_post and not waiting)

    def _planned(
        self, digest: Digest, slot: datetime, posts: tuple[Post, ...], *, dry: bool
    ) -> Sent:
        edition = self._editor.edition(digest, slot, posts)
        issue = None
        if not dry:
            self._desk.outside.note_issue(
                PlannedIssue(
                    digest.name,
                    slot,
                    self._now,
                    tuple(post.id for post in posts),
                    edition.subject,
                    len(edition.audience),
                )
            )
            issue = self._desk.store.plan(
                digest.name,
                slot,
                tuple(post.id for post in posts),
                edition.subject,
                edition.selections,
                edition.audience,
                self._now,
                edition.intro,
                digest.title,
            )
        return Sent(
            digest=digest.name,
            issue=issue,
            posts=tuple(post.title for post in posts),
            audience=len(edition.audience),
            size=self._size(digest, slot, edition.selections),
            tally=None,
            reason="" if edition.audience else "nobody follows what is new",
        )

    def _size(self, digest: Digest, slot: datetime, selections: Selections) -> int:
        """Measure the largest message."""
        if not selections.largest:
            return 0
        content = selections.content(selections.largest)
        letter = self._printer.letter(digest.name, slot, content)
        somebody = Subscriber(_SOMEBODY, "reader@example.org", Consent(self._now, "preview"))
        return len(self._printer.message(letter, "preview", somebody, content.language).data)


def _nothing(digest: Digest, reason: str) -> Sent:
    return Sent(digest.name, None, (), 0, 0, None, reason)
