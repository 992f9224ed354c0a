"""Plan, send and manage digest issues: the use cases behind `feedpub digest` and the daemon.

`send_digests` plans and delivers in one call; the daemon calls `plan_issues` and `deliver_issues`
from separate jobs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.config import schedule as config_schedule
from feedpub.config.schema import DigestConfig
from feedpub.delivery.relays import IN_DOUBT_TIMEOUT, build_clock, build_transport, is_dead
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.runner import DeliveryRunner, stop_on_signals
from feedpub.errors import FeedpubError
from feedpub.files import scanner
from feedpub.models.newsletter import ACTIVE, DeliveryStatus, Issue, IssueStats
from feedpub.newsletter.issue_builder import IssueBuilder, load_describer, run_with_builder
from feedpub.newsletter.planning import DigestResult, Planner
from feedpub.site.builder import build
from feedpub.site.describe import FilterDescriber


@dataclass(frozen=True, slots=True)
class DigestStatus:
    """The state of a digest."""

    digest: str
    schedule: str
    last_slot: datetime | None
    next_slot: datetime | None
    posts: tuple[str, ...]  # titles of new posts
    audience: int  # active subscribers


def list_digests(request: BuildRequest) -> tuple[DigestStatus, ...]:
    """Return each digest's new posts and its last and next slot."""
    with open_newsletter(request) as newsletter:
        if not newsletter.config.digests:
            return ()
        active = dict(newsletter.store.count_by_state())[ACTIVE]

        def stand(builder: IssueBuilder, _: FilterDescriber) -> tuple[DigestStatus, ...]:
            return tuple(
                DigestStatus(
                    digest=each.name,
                    schedule=each.schedule,
                    last_slot=newsletter.store.get_last_slot(each.name, request.now),
                    next_slot=config_schedule.find_next_slot(
                        config_schedule.parse(each.schedule),
                        newsletter.get_timezone(each),
                        request.now,
                    ),
                    posts=tuple(post.title for post in builder.select_new_posts(each, request.now)),
                    audience=active,
                )
                for each in newsletter.config.digests
            )

        return run_with_builder(request, newsletter, stand)


def send_digests(
    request: BuildRequest, digest: str = "", *, due: bool, dry: bool, backlog: bool
) -> tuple[DigestResult, ...]:
    """Plan new issues of one digest, or of all, and deliver everything that is due.

    With `due`, only digests whose slot has come are planned. A digest that was never sent starts
    now: posts published so far count as mailed, unless `backlog`. With `dry`, nothing is written or
    sent. The results end with earlier issues that are still being sent.

    If an issue is planned and the site has been built before, the site is rebuilt, since messages
    link to its pages. Raises FeedpubError if that fails, and then this call sends nothing. If the
    site cannot be read, earlier issues are delivered before the error is raised.
    """
    with open_newsletter(request) as newsletter:
        chosen = _select_digests(newsletter, digest)
        if not dry:
            newsletter.require_current_database()

        def work(
            builder: IssueBuilder, describer: FilterDescriber
        ) -> tuple[tuple[DigestResult, ...], Mapping[str, str]]:
            planner = Planner(
                newsletter, builder, MessageRenderer(newsletter, describer), request.now
            )
            planned = [
                planner.plan_issue(each, due=due, dry=dry, backlog=backlog) for each in chosen
            ]
            return tuple(planned), builder.get_titles()

        try:
            planned, titles = run_with_builder(request, newsletter, work)
        except (FeedpubError, OSError):
            if not dry:
                with stop_on_signals() as stop:
                    _run_delivery(request, newsletter, _find_unfinished(newsletter, (), {}), stop)
            raise
        if dry:
            return planned
        if any(each.issue for each in planned):
            _build_site(request, newsletter)
        told = (*planned, *_find_unfinished(newsletter, planned, titles))
        with stop_on_signals() as stop:
            return _run_delivery(request, newsletter, told, stop)


def plan_issues(request: BuildRequest) -> tuple[DigestResult, ...]:
    """Plan an issue of every digest whose slot has come; `deliver_issues` sends them."""
    with open_newsletter(request) as newsletter:
        newsletter.require_current_database()

        def work(builder: IssueBuilder, describer: FilterDescriber) -> tuple[DigestResult, ...]:
            planner = Planner(
                newsletter, builder, MessageRenderer(newsletter, describer), request.now
            )
            return tuple(
                planner.plan_issue(each, due=True, dry=False, backlog=False)
                for each in newsletter.config.digests
            )

        return run_with_builder(request, newsletter, work)


def release_stalled(request: BuildRequest) -> int:
    """Release deliveries claimed by dead processes of this machine; return how many."""
    with open_newsletter(request) as newsletter:
        return _release_dead_workers(newsletter)


def _release_dead_workers(newsletter: NewsletterContext) -> int:
    """Release deliveries claimed by dead processes of this machine; return how many."""
    gone = [each for each in newsletter.store.list_delivery_workers() if is_dead(each)]
    return sum(newsletter.store.release_deliveries(each) for each in gone)


def deliver_issues(request: BuildRequest, stop: Event) -> tuple[DigestResult, ...]:
    """Deliver everything that is planned and due; return the state of each unfinished issue.

    Once `stop` is set, only messages in progress are finished. The site is not read: messages were
    composed when they were planned. Post titles in the results are post ids.
    """
    with open_newsletter(request) as newsletter:
        newsletter.require_current_database()
        return _run_delivery(request, newsletter, _find_unfinished(newsletter, (), {}), stop)


def _build_site(request: BuildRequest, newsletter: NewsletterContext) -> None:
    """Build the pages of new issues, unless the site was never built here."""
    if not scanner.is_built(newsletter.paths.output):
        return
    try:
        build(request)
    except FeedpubError as error:
        raise FeedpubError(
            f"{error}; the site has no pages for the planned issues yet: fix that, run "
            "`feedpub build`, then `feedpub digest send`"
        ) from error


def _run_delivery(
    request: BuildRequest, newsletter: NewsletterContext, told: Sequence[DigestResult], stop: Event
) -> tuple[DigestResult, ...]:
    """Deliver everything that is due, and return the results with their new state."""
    now = build_clock(request.now)
    report: Callable[[int], None] = lambda done: request.progress("sending", done, 0)  # noqa: E731
    _recover_stalled(newsletter, now())
    renderer = MessageRenderer(newsletter, load_describer(newsletter))
    posted = DeliveryRunner(
        newsletter, renderer, build_transport(newsletter), now, report, stop
    ).run_once()
    return tuple(_update_result(newsletter, each, posted.stop_reason, now()) for each in told)


def _recover_stalled(newsletter: NewsletterContext, now: datetime) -> None:
    """Settle what workers left behind that died, lost the database or had a wrong clock."""
    _release_dead_workers(newsletter)
    again = newsletter.config.mail.on_doubt == "resend"
    newsletter.store.fix_clock_skew(now)
    newsletter.store.resolve_abandoned(now - IN_DOUBT_TIMEOUT, now, resend=again)


def _select_digests(newsletter: NewsletterContext, digest: str) -> Sequence[DigestConfig]:
    """Return one digest, or all. Raises FeedpubError if there is no digest and no open issue."""
    is_left = any(each.state == "sending" for each in newsletter.store.list_issues())
    if not digest and (newsletter.config.digests or is_left):
        return newsletter.config.digests
    return (newsletter.get_digest(digest),)


def _find_unfinished(
    newsletter: NewsletterContext, planned: Sequence[DigestResult], titles: Mapping[str, str]
) -> list[DigestResult]:
    """Return the earlier issues that are still being sent."""
    just = {each.issue.id for each in planned if each.issue}
    names = frozenset(each.name for each in newsletter.config.digests)
    return [
        DigestResult(
            digest=issue.digest,
            issue=issue,
            posts=tuple(titles.get(post, post) for post in issue.posts),
            audience=newsletter.store.get_issue_stats(issue.id).audience,
            message_size=0,
            stats=None,
            reason="",
            note=_describe_missing_digest(issue, names),
        )
        for issue in newsletter.store.list_issues()
        if issue.state == "sending" and issue.id not in just
    ]


def _describe_missing_digest(issue: Issue, names: Collection[str]) -> str:
    """Return a note if an issue's digest is not in the configuration, else ""."""
    if issue.digest in names:
        return ""
    return f'no digest is named "{issue.digest}" any more; its issue goes out as planned'


def _update_result(
    newsletter: NewsletterContext, sent: DigestResult, waiting: str, now: datetime
) -> DigestResult:
    """Return a result with the issue's state after a delivery run."""
    if sent.issue is None:
        return sent
    done = newsletter.store.finish_issue(sent.issue.id, now)
    return replace(
        sent,
        issue=newsletter.store.get_issue(sent.issue.id),
        stats=newsletter.store.get_issue_stats(sent.issue.id),
        reason=sent.reason if done else waiting or sent.reason,
        next_attempt=None if done else newsletter.store.get_next_attempt(sent.issue.id),
    )


def list_issues(request: BuildRequest, digest: str = "") -> tuple[tuple[Issue, IssueStats], ...]:
    """Return the issues of a digest, or of all, newest first, with their statistics."""
    with open_newsletter(request) as newsletter:
        name = newsletter.get_digest(digest).name if digest else None
        return tuple(
            (each, newsletter.store.get_issue_stats(each.id))
            for each in newsletter.store.list_issues(name)
        )


def list_undelivered(request: BuildRequest, issue: int, most: int) -> tuple[DeliveryStatus, ...]:
    """Return the first recipients without a delivery, and the reasons."""
    with open_newsletter(request) as newsletter:
        return newsletter.store.list_delivery_statuses(issue, ("failed", "doubt", "deferred"), most)


def pause_issue(request: BuildRequest, issue: int) -> Issue:
    """Stop sending an issue until it is resumed."""
    with open_newsletter(request) as newsletter:
        return newsletter.store.pause_issue(issue)


def resume_issue(request: BuildRequest, issue: int) -> Issue:
    """Resume an issue and clear all relay suspensions; the next delivery run sends what is due."""
    with open_newsletter(request) as newsletter:
        newsletter.store.clear_suspensions()
        return newsletter.store.resume_issue(issue)


def cancel_issue(request: BuildRequest, issue: int) -> Issue:
    """End an issue: nothing more of it is sent."""
    with open_newsletter(request) as newsletter:
        return newsletter.store.cancel_issue(issue, request.now)


def retry_issue(request: BuildRequest, issue: int, *, doubt: bool = False) -> int:
    """Schedule failed deliveries again, and return how many; the next delivery run sends them.

    With `doubt`, schedule the deliveries in doubt that no worker is waiting on any more; each of
    them may arrive a second time.
    """
    with open_newsletter(request) as newsletter:
        if doubt:
            return newsletter.store.resend_in_doubt(
                issue, request.now - IN_DOUBT_TIMEOUT, request.now
            )
        return newsletter.store.retry_failed(issue, request.now)
