"""Write a planned issue with its variants, audience and ledger in one transaction.

Used by `IssueStore.plan_issue`, `skip_slot` and `initialize_digest`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select
from sqlalchemy import insert as plain_insert

from feedpub.models.newsletter import Issue, Variant
from feedpub.storage import rows
from feedpub.storage.database import acquire_advisory_lock, analyze_table
from feedpub.storage.errors import ConcurrentUpdateError
from feedpub.storage.rows import iter_batches
from feedpub.storage.schema import delivery, insert, issue, ledger, selected, selection

_SELECTIONS, _ROWS, _NAMES = 100, 5_000, 500  # per statement


@dataclass(frozen=True, slots=True)
class IssuePlan:
    """An issue to be planned, without its audience."""

    digest: str
    slot: datetime
    posts: tuple[str, ...]
    subject: str
    now: datetime
    intro: str = ""
    title: str = ""


def plan_issue(
    connection: Connection,
    plan: IssuePlan,
    selections: Iterable[Variant],
    audience: Iterable[tuple[int, str]],
) -> Issue:
    """Plan an issue; see `IssueStore.plan_issue`."""
    # Without the lock, two digests could plan the same post for a subscriber unnoticed.
    acquire_advisory_lock(connection, "plan")
    number = insert_issue(connection, plan, state="sending", reason="")
    if number is not None:
        _refuse_mailed(connection, plan)
        record_in_ledger(connection, plan, number)
        keys = insert_variants(connection, number, selections)
        _insert_deliveries(
            connection, number, ((who, keys[key]) for who, key in audience), plan.now
        )
        analyze_table(connection, "delivery")
        _refuse_received(connection, plan, number)
    return _get_issue_of_slot(connection, plan)


def initialize_digest(connection: Connection, plan: IssuePlan) -> Issue:
    """Fill the ledger without sending anything; see `IssueStore.initialize_digest`."""
    acquire_advisory_lock(connection, "plan")
    query = (
        select(*rows.ISSUE_COLUMNS)
        .where(issue.c.digest == plan.digest)
        .order_by(issue.c.id)
        .limit(1)
    )
    begun = connection.execute(query).first()  # by another process, perhaps with fewer posts
    old = len(plan.posts)
    posts = "1 post from before is" if old == 1 else f"{old:,} posts from before are"
    reason = f"first run: {posts} not mailed"
    number = None if begun else insert_issue(connection, plan, state="skipped", reason=reason)
    if number is not None:
        record_in_ledger(connection, plan, number)
    return rows.parse_issue(connection.execute(query).one())


def skip_slot(connection: Connection, plan: IssuePlan, reason: str) -> Issue:
    """Record that a slot is skipped; see `IssueStore.skip_slot`."""
    insert_issue(connection, plan, state="skipped", reason=reason)
    return _get_issue_of_slot(connection, plan)


def insert_issue(connection: Connection, plan: IssuePlan, *, state: str, reason: str) -> int | None:
    """Insert the issue of a slot and return its id; None if the slot has one already."""
    statement = insert(connection, issue).values(
        digest=plan.digest,
        slot=plan.slot,
        created=plan.now,
        ended=None if state == "sending" else plan.now,
        state=state,
        posts=rows.dump_list(() if state == "skipped" else plan.posts),
        subject=plan.subject,
        reason=reason,
        intro=plan.intro,
        title=plan.title,
    )
    unless_there = statement.on_conflict_do_nothing(index_elements=["digest", "slot"])
    return connection.execute(unless_there.returning(issue.c.id)).scalar()


def _get_issue_of_slot(connection: Connection, plan: IssuePlan) -> Issue:
    query = select(*rows.ISSUE_COLUMNS).where(
        issue.c.digest == plan.digest, issue.c.slot == plan.slot
    )
    return rows.parse_issue(connection.execute(query).one())


def _refuse_mailed(connection: Connection, plan: IssuePlan) -> None:
    """Raise ConcurrentUpdateError if a post is in the ledger already."""
    for names in iter_batches(plan.posts, _NAMES):
        query = select(ledger.c.post).where(
            ledger.c.digest == plan.digest, ledger.c.post.in_(names)
        )
        post = connection.scalar(query.limit(1))
        if post is not None:
            raise ConcurrentUpdateError(
                f"digest {plan.digest}: post {post} is already planned, perhaps by another "
                "process; run it again"
            )


def record_in_ledger(connection: Connection, plan: IssuePlan, number: int) -> None:
    """Add the posts to the ledger."""
    statement = insert(connection, ledger).on_conflict_do_nothing()
    noted = [{"digest": plan.digest, "post": post, "issue": number} for post in plan.posts]
    if noted:
        connection.execute(statement, noted)


def insert_variants(
    connection: Connection, number: int, selections: Iterable[Variant]
) -> Mapping[str, int]:
    """Insert the variants of an issue; return their ids by key."""
    statement = plain_insert(selection).returning(selection.c.key, selection.c.id)
    ids: dict[str, int] = {}
    for some in iter_batches(selections, _SELECTIONS):
        written = [
            {"issue": number, "key": one.key, "content": rows.compress_content(one.content)}
            for one in some
        ]
        ids.update(connection.execute(statement, written).all())
        posts = [{"selection": ids[one.key], "post": post} for one in some for post in one.posts]
        connection.execute(plain_insert(selected), posts)
    return ids


def _insert_deliveries(
    connection: Connection, number: int, audience: Iterator[tuple[int, int]], now: datetime
) -> None:
    """Insert one delivery per subscriber."""
    statement = plain_insert(delivery).values(
        issue=number,
        state="planned",
        next_at=now,
        worker="",
        attempts=0,
        doubts=0,
        at=now,
        code=0,
        status="",
        text="",
        relay="",
    )
    for some in iter_batches(audience, _ROWS):
        connection.execute(
            statement, [{"subscriber": who, "selection": chosen} for who, chosen in some]
        )


def _refuse_received(connection: Connection, plan: IssuePlan, number: int) -> None:
    """Raise ConcurrentUpdateError if a subscriber gets a post here and in another issue."""
    shared = _find_issues_sharing_posts(connection, number)
    here, there = delivery.alias("here"), delivery.alias("there")
    mine, theirs = selected.alias("mine"), selected.alias("theirs")
    twice = exists().where(
        mine.c.selection == here.c.selection,
        theirs.c.selection == there.c.selection,
        theirs.c.post == mine.c.post,
    )
    query = select(here.c.subscriber).where(
        here.c.issue == number,
        there.c.issue.in_(shared),
        there.c.subscriber == here.c.subscriber,
        there.c.state != "suppressed",
        twice,
    )
    if shared and connection.scalar(query.limit(1)) is not None:
        raise ConcurrentUpdateError(
            f"digest {plan.digest}: some subscribers already get one of these posts in another "
            "digest, planned meanwhile; run it again"
        )


def _find_issues_sharing_posts(connection: Connection, number: int) -> list[int]:
    """Return the ids of other issues with a post in common: nearly always none."""
    posts = (
        select(selected.c.post)
        .join(selection, selection.c.id == selected.c.selection)
        .where(selection.c.issue == number)
    )
    query = (
        select(selection.c.issue)
        .join(selected, selected.c.selection == selection.c.id)
        .where(selected.c.post.in_(posts), selection.c.issue != number)
        .distinct()
    )
    return list(connection.execute(query).scalars())
