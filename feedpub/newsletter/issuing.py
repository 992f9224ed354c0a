"""What a publisher does with digests: send what is new, and see and steer how it stands."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from feedpub import files, schedule
from feedpub.config import Digest
from feedpub.digests import Following
from feedpub.errors import FeedpubError
from feedpub.mailing import ACTIVE, Fate, Issue, Tally
from feedpub.newsletter.desk import Desk, opened
from feedpub.newsletter.editing import Editor, edited
from feedpub.newsletter.planning import Planner, Sent
from feedpub.newsletter.posting import (
    ANSWERED,
    Postman,
    Printer,
    clock,
    is_gone,
    stopped_by_signals,
    transport,
)
from feedpub.newsletter.recalling import recalled
from feedpub.publish import build
from feedpub.publish.request import Request


@dataclass(frozen=True, slots=True)
class Standing:
    """How a digest stands."""

    digest: str
    schedule: str
    last: datetime | None
    upcoming: datetime | None
    posts: tuple[str, ...]  # titles of what is new
    audience: int  # active readers


def digests(request: Request) -> tuple[Standing, ...]:
    """Tell of every digest what is new, and when it goes out."""
    with opened(request) as desk:
        if not desk.config.digests:
            return ()
        active = dict(desk.store.counts())[ACTIVE]

        def stand(editor: Editor, _: Following) -> tuple[Standing, ...]:
            return tuple(
                Standing(
                    digest=each.name,
                    schedule=each.schedule,
                    last=desk.store.last_slot(each.name, request.now),
                    upcoming=schedule.upcoming(
                        schedule.parse(each.schedule), desk.zone(each), request.now
                    ),
                    posts=tuple(post.title for post in editor.fresh(each, request.now)),
                    audience=active,
                )
                for each in desk.config.digests
            )

        return edited(request, desk, stand)


def send(
    request: Request, digest: str = "", *, due: bool, dry: bool, backlog: bool
) -> tuple[Sent, ...]:
    """Plan what is new in one digest, or in all, and send all that is due.

    With `due` only digests whose slot has come. A digest that never went out begins: what is
    published so far counts as mailed, unless `backlog`. `dry` tells what would happen. Earlier
    issues of which something was due are told after those digests.

    Where something is planned, a site that was built before is built again: messages lead to its
    pages. Raises FeedpubError where that fails, and nothing is sent by this call; and where the
    site cannot be read, once earlier issues were sent.
    """
    with opened(request) as desk:
        chosen = _chosen(desk, digest)
        if not dry:
            desk.require_current()

        def work(
            editor: Editor, following: Following
        ) -> tuple[tuple[Sent, ...], Mapping[str, str]]:
            planner = Planner(desk, editor, Printer(desk, following), request.now)
            planned = [planner.plan(each, due=due, dry=dry, backlog=backlog) for each in chosen]
            return tuple(planned), editor.titles()

        try:
            planned, titles = edited(request, desk, work)
        except (FeedpubError, OSError):
            if not dry:
                with stopped_by_signals() as stop:
                    _carried(request, desk, _earlier(desk, (), {}), stop)
            raise
        if dry:
            return planned
        if any(each.issue for each in planned):
            _publish(request, desk)
        told = (*planned, *_earlier(desk, planned, titles))
        with stopped_by_signals() as stop:
            return _carried(request, desk, told, stop)


def plan(request: Request) -> tuple[Sent, ...]:
    """Plan what is new in every digest whose slot has come; `deliver` sends it."""
    with opened(request) as desk:
        desk.require_current()

        def work(editor: Editor, following: Following) -> tuple[Sent, ...]:
            planner = Planner(desk, editor, Printer(desk, following), request.now)
            return tuple(
                planner.plan(each, due=True, dry=False, backlog=False)
                for each in desk.config.digests
            )

        return edited(request, desk, work)


def take_over(request: Request) -> int:
    """Plan again what processes of this machine had claimed that are no more; tell how much."""
    with opened(request) as desk:
        return _release_gone(desk)


def _release_gone(desk: Desk) -> int:
    """Give back what processes of this machine had claimed that are no more; return how much."""
    gone = [each for each in desk.store.workers() if is_gone(each)]
    return sum(desk.store.release(each) for each in gone)


def deliver(request: Request, stop: Event) -> tuple[Sent, ...]:
    """Send all that is planned and due, and tell of each issue that is not done how it stands.

    Once `stop` is set, only what is in hand is finished. The site is not read: what messages say
    was written when they were planned, and each post has its id for a title here.
    """
    with opened(request) as desk:
        desk.require_current()
        return _carried(request, desk, _earlier(desk, (), {}), stop)


def _publish(request: Request, desk: Desk) -> None:
    """Build the site with the pages of new issues, unless it never was: it is built elsewhere."""
    if not files.is_built(desk.where.output):
        return
    try:
        build(request)
    except FeedpubError as error:
        raise FeedpubError(
            f"{error}; the site has no page yet for what is planned: mend that, `feedpub build`, "
            "then `feedpub digest send` sends it"
        ) from error


def _carried(request: Request, desk: Desk, told: Sequence[Sent], stop: Event) -> tuple[Sent, ...]:
    """Send all that is due; tell how these stand then."""
    now = clock(request.now)
    report: Callable[[int], None] = lambda done: request.progress("sending", done, 0)  # noqa: E731
    _take_over(desk, now())
    printer = Printer(desk, recalled(desk))
    posted = Postman(desk, printer, transport(desk), now, report, stop).round()
    return tuple(_finished(desk, each, posted.waiting, now()) for each in told)


def _take_over(desk: Desk, now: datetime) -> None:
    """Settle what processes that died, or lost the database or the time, have left behind."""
    _release_gone(desk)
    again = desk.config.mail.on_doubt == "resend"
    desk.store.make_due(now)
    desk.store.abandoned(now - ANSWERED, now, resend=again)


def _chosen(desk: Desk, digest: str) -> Sequence[Digest]:
    """Return one digest, or all. Raises FeedpubError where there is none, nor an issue to end."""
    is_left = any(each.state == "sending" for each in desk.store.issues())
    if not digest and (desk.config.digests or is_left):
        return desk.config.digests
    return (desk.digest(digest),)


def _earlier(desk: Desk, planned: Sequence[Sent], titles: Mapping[str, str]) -> list[Sent]:
    """Give the issues of before that are still being sent."""
    just = {each.issue.id for each in planned if each.issue}
    names = frozenset(each.name for each in desk.config.digests)
    return [
        Sent(
            digest=issue.digest,
            issue=issue,
            posts=tuple(titles.get(post, post) for post in issue.posts),
            audience=desk.store.tally(issue.id).audience,
            size=0,
            tally=None,
            reason="",
            note=_without_digest(issue, names),
        )
        for issue in desk.store.issues()
        if issue.state == "sending" and issue.id not in just
    ]


def _without_digest(issue: Issue, names: Collection[str]) -> str:
    """Say that the digest of an issue is not in the configuration; "" where it is."""
    if issue.digest in names:
        return ""
    return f'no digest is called "{issue.digest}" any more; its issue goes out as it was planned'


def _finished(desk: Desk, sent: Sent, waiting: str, now: datetime) -> Sent:
    """Tell how an issue stands after a round of sending."""
    if sent.issue is None:
        return sent
    done = desk.store.finish(sent.issue.id, now)
    return replace(
        sent,
        issue=desk.store.issue(sent.issue.id),
        tally=desk.store.tally(sent.issue.id),
        reason=sent.reason if done else waiting or sent.reason,
        next_attempt=None if done else desk.store.next_attempt(sent.issue.id),
    )


def issues(request: Request, digest: str = "") -> tuple[tuple[Issue, Tally], ...]:
    """Give the issues of a digest, or of all, newest first, with how each stands."""
    with opened(request) as desk:
        name = desk.digest(digest).name if digest else None
        return tuple((each, desk.store.tally(each.id)) for each in desk.store.issues(name))


def undelivered(request: Request, issue: int, most: int) -> tuple[Fate, ...]:
    """Tell to whom an issue did not come, and why: the first ones."""
    with opened(request) as desk:
        return desk.store.fates(issue, ("failed", "doubt", "deferred"), most)


def pause(request: Request, issue: int) -> Issue:
    """Send no more of an issue until it is resumed."""
    with opened(request) as desk:
        return desk.store.pause(issue)


def resume(request: Request, issue: int) -> Issue:
    """Let an issue go on, over all relays; what is due goes out with the next `send`."""
    with opened(request) as desk:
        desk.store.use_all_relays()
        return desk.store.resume(issue)


def cancel(request: Request, issue: int) -> Issue:
    """End an issue: nobody else gets it."""
    with opened(request) as desk:
        return desk.store.cancel(issue, request.now)


def retry(request: Request, issue: int, *, doubt: bool = False) -> int:
    """Plan again what failed; tell how many. They go out with the next `send`.

    With `doubt` it is what is in doubt and nobody is waiting for an answer to any more: each of
    these may be a second copy.
    """
    with opened(request) as desk:
        if doubt:
            return desk.store.resend(issue, request.now - ANSWERED, request.now)
        return desk.store.retry(issue, request.now)
