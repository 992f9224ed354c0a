"""Plan the next issue of a digest, or report why there is none; `Planner` is the entry point."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedpub.app import NewsletterContext
from feedpub.config import schedule
from feedpub.config.schema import DigestConfig
from feedpub.content.library import translations
from feedpub.delivery.render import MessageRenderer
from feedpub.errors import FeedpubError
from feedpub.models.content import Post
from feedpub.models.newsletter import Consent, Issue, IssueStats, Subscriber
from feedpub.newsletter import selection
from feedpub.newsletter.issue_builder import IssueBuilder, VariantStore
from feedpub.newsletter.selection import LOOKBACK
from feedpub.storage.errors import ConcurrentUpdateError
from feedpub.storage.sent_files import PlannedIssue

_TRIES = 3  # attempts, if another process plans at the same time
_SECOND = timedelta(seconds=1)
_SOMEBODY = 2**31  # an id as long as the longest, to measure message sizes


@dataclass(frozen=True, slots=True)
class DigestResult:
    """The outcome of planning and sending a digest."""

    digest: str
    issue: Issue | None
    posts: tuple[str, ...]  # titles
    audience: int
    message_size: int  # octets of the largest message; 0 if there is none
    stats: IssueStats | None
    reason: str  # why nothing was sent, or why the rest waits; else ""
    note: str = ""  # something unusual that does not affect delivery
    idle: bool = False  # no slot was due, so no issue was expected
    next_attempt: datetime | None = None  # of waiting deliveries; a past time means now


class Planner:
    """Plans issues, or reports what they would be."""

    def __init__(
        self,
        newsletter: NewsletterContext,
        builder: IssueBuilder,
        renderer: MessageRenderer,
        now: datetime,
    ) -> None:
        self._newsletter = newsletter
        self._builder = builder
        self._renderer = renderer
        self._now = now

    def plan_issue(
        self, digest: DigestConfig, *, due: bool, dry: bool, backlog: bool
    ) -> DigestResult:
        """Plan the next issue of a digest, if there is to be one.

        With `due`, only if its slot has come. A digest that was never sent starts now: posts
        published so far count as mailed, unless `backlog`. With `dry`, nothing is written.
        """
        last = self._newsletter.store.get_last_slot(digest.name, self._now)
        slot = self._slot(digest, last, due=due)
        if slot is None:
            return replace(_build_empty_result(digest, "not due yet"), idle=True)
        renamed = self._describe_possible_rename(digest, slot) if last is None and due else ""
        if renamed:
            return _build_empty_result(digest, renamed)
        if not dry:
            self._builder.remember_posts()
        if last is None and not backlog:
            return self._start_digest(digest, slot, dry=dry)
        for _ in range(_TRIES):
            wanted = self._builder.find_pending_posts(digest, self._now)
            if not dry:
                self._newsletter.store.save_snapshot(
                    digest.name, (post.id for post in wanted), self._now
                )
            posts = selection.select_new_posts(digest, wanted)
            if not posts:
                waiting = len(
                    translations.pick_translations(wanted, self._newsletter.config.site.language)
                )
                return self._skip_slot(digest, slot, waiting, recorded=due and not dry)
            try:
                return self._create_issue(digest, slot, posts, dry=dry)
            except ConcurrentUpdateError:
                continue
        raise FeedpubError(f"{digest.name}: another process is planning issues; try again")

    def _slot(self, digest: DigestConfig, last: datetime | None, *, due: bool) -> datetime | None:
        """Return the due slot or, if the schedule does not matter, a new one for now."""
        if due:
            times = schedule.parse(digest.schedule)
            return schedule.find_due_slot(
                times, self._newsletter.get_timezone(digest), last, self._now
            )
        # Slots are unique and increasing, so a second issue in one second gets the next one.
        now = self._now.replace(microsecond=0)
        return now if last is None else max(now, last + _SECOND)

    def _describe_possible_rename(self, digest: DigestConfig, slot: datetime) -> str:
        """Return a warning if a never-sent digest may be a renamed one, else "".

        Starting it would count as mailed what the old digest has not mailed yet.
        """
        names = {each.name for each in self._newsletter.config.digests}
        lately = self._newsletter.store.get_last_slots(slot - LOOKBACK)
        gone = ", ".join(f'"{each}"' for each in sorted(lately.keys() - names))
        return gone and (
            f"it is new, and {gone} is no longer configured: if it was renamed, add its old name "
            "to `was:` of this digest, which then continues from there; if not, start it with "
            f"`feedpub digest send {digest.name}`"
        )

    def _start_digest(self, digest: DigestConfig, slot: datetime, *, dry: bool) -> DigestResult:
        """Start a digest: the existing posts count as mailed, so that the archive is never sent."""
        before = self._builder.find_published_ids(self._now)
        old = f"{len(before):,} existing post{'' if len(before) == 1 else 's'}"
        if dry:
            told = f"it would start without mailing {old}; --backlog mails recent ones"
            return _build_empty_result(digest, told)
        self._newsletter.store.initialize_digest(digest.name, slot, before, self._now)
        self._newsletter.store.save_snapshot(digest.name, (), self._now)
        return _build_empty_result(digest, f"it starts without mailing {old}")

    def _skip_slot(
        self, digest: DigestConfig, slot: datetime, waiting: int, *, recorded: bool
    ) -> DigestResult:
        """Record a slot in which nothing is sent; on-publish schedules have no slots to record."""
        reason = f"{waiting} new, and min_posts is {digest.min_posts}" if waiting else "nothing new"
        each_post = schedule.parse(digest.schedule).on_publish
        if recorded and not each_post:
            self._newsletter.store.skip_slot(digest.name, slot, reason, self._now)
        return replace(_build_empty_result(digest, reason), idle=each_post and not waiting)

    def _create_issue(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...], *, dry: bool
    ) -> DigestResult:
        edition = self._builder.build_draft(digest, slot, posts)
        issue = None
        if not dry:
            self._newsletter.restore_guard.record_issue(
                PlannedIssue(
                    digest.name,
                    slot,
                    self._now,
                    tuple(post.id for post in posts),
                    edition.subject,
                    len(edition.audience),
                )
            )
            issue = self._newsletter.store.plan_issue(
                digest.name,
                slot,
                tuple(post.id for post in posts),
                edition.subject,
                edition.variants,
                edition.audience,
                self._now,
                edition.intro,
                digest.title,
            )
        return DigestResult(
            digest=digest.name,
            issue=issue,
            posts=tuple(post.title for post in posts),
            audience=len(edition.audience),
            message_size=self._size(digest, slot, edition.variants),
            stats=None,
            reason="" if edition.audience else "no subscriber follows the new posts",
        )

    def _size(self, digest: DigestConfig, slot: datetime, selections: VariantStore) -> int:
        """Return the size of the largest message in octets."""
        if not selections.largest_key:
            return 0
        content = selections.get_content(selections.largest_key)
        letter = self._renderer.prepare(digest.name, slot, content)
        somebody = Subscriber(_SOMEBODY, "reader@example.org", Consent(self._now, "preview"))
        return len(self._renderer.render(letter, "preview", somebody, content.language).data)


def _build_empty_result(digest: DigestConfig, reason: str) -> DigestResult:
    return DigestResult(digest.name, None, (), 0, 0, None, reason)
