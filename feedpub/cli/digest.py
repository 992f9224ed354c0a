"""The commands `feedpub digest ...`: list, preview, send and manage digest issues."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli.context import EXIT_FAILURE, EXIT_OK, CommandContext
from feedpub.cli.output import escape, format_columns, format_time, pluralize
from feedpub.files import lock
from feedpub.models.newsletter import DeliveryStatus, Issue, IssueStats, SendResult

if TYPE_CHECKING:
    from feedpub.newsletter.issues import DigestStatus
    from feedpub.newsletter.planning import DigestResult
    from feedpub.newsletter.recovery import RecoveryResult

_OUTCOME_LABELS = (
    ("accepted", "accepted"),
    ("deferred", "deferred"),
    ("failed", "failed"),
    ("suppressed", "suppressed"),
    ("doubt", "in doubt"),
    ("waiting", "waiting"),
)
"""The counts that add up to the audience, and their labels."""

_FILES = ("folder", "maildir")
"""Transports that write messages to files."""

_SHOWN = 5  # undelivered recipients listed per issue

_OUTCOME_DESCRIPTIONS = {
    "deferred": "not accepted for now",
    "failed": "not accepted",
    "doubt": "sent, but not confirmed by the server",
    "offline": "not sent",
}
"""Descriptions of the kinds of result."""


def _list(session: CommandContext) -> int:
    newsletter, request = session.app.newsletter(), session.build_request()
    statuses = newsletter.list_digests(request)
    session.terminal.clear_progress()
    if session.arguments.json:
        told = {"digests": [_standing_object(each) for each in statuses]}
        session.app.stdout.write(json.dumps(told) + "\n")
        return EXIT_OK
    zone = newsletter.get_site_timezone(request)
    for each in statuses:
        session.echo(_format_standing(each, zone), always=True)
    if not statuses:
        session.echo_hint("No digests yet; add one under digests: in config.yaml.")
    elif all(each.last_slot for each in statuses):
        session.echo_hint(
            "Next: `feedpub digest preview NAME --open` shows one, `feedpub digest send` sends it."
        )
    else:
        session.echo_hint(
            "The first `feedpub digest send` or `feedpub run` mails nothing: existing posts count "
            "as old. To mail them, use `feedpub digest send --backlog`."
        )
    return EXIT_OK


def _preview(session: CommandContext) -> int:
    arguments = session.arguments
    usual = Path(arguments.config).parent / ".feedpub" / "preview"
    found = session.app.newsletter().write_preview(
        session.build_request(),
        arguments.digest,
        Path(arguments.to) if arguments.to else usual,
        arguments.address,
    )
    session.terminal.clear_progress()
    session.echo([f"Subject: {found.subject}"])
    session.app.stdout.writelines(f"{path}\n" for path in found.paths)
    if arguments.show and not session.app.open_browser(found.paths[0]):
        session.echo_error(f"{found.paths[0]}: no browser is available to open it")
        return EXIT_FAILURE
    session.echo_hint(
        f"Next: `feedpub digest send {arguments.digest} --dry-run` shows what would be sent."
    )
    return EXIT_OK


def _test(session: CommandContext) -> int:
    arguments = session.arguments
    outcome = session.app.newsletter().send_test(
        session.build_request(), arguments.digest, arguments.to
    )
    session.terminal.clear_progress()
    if arguments.json:
        session.app.stdout.write(json.dumps(asdict(outcome)) + "\n")
    if outcome.kind != "accepted":
        session.echo_error(
            f"{arguments.to}: {_OUTCOME_DESCRIPTIONS[outcome.kind]}: {format_reply(outcome)}"
        )
        session.echo_hint("Next: `feedpub doctor` checks what keeps mail from arriving.")
        return EXIT_FAILURE
    if not arguments.json:
        session.echo([_format_accepted(arguments.to, outcome)], always=True)
    if outcome.relay not in _FILES:
        session.echo_hint("Next: check how it looks there, and whether it went to spam.")
    return EXIT_OK


def _format_accepted(address: str, outcome: SendResult) -> str:
    """Return where a message is now."""
    if outcome.relay in _FILES:
        return f"Written for {address}: {outcome.text} (mail.transport is {outcome.relay})"
    return f"Sent to {address}: {format_reply(outcome)}"


def format_reply(outcome: SendResult) -> str:
    """Return a server's reply, with the relay it came from."""
    words = (str(outcome.code or ""), outcome.status, outcome.text)
    said = " ".join(part for part in words if part)
    return f"{outcome.relay}: {said}" if outcome.relay and said else said or outcome.relay


def _send(session: CommandContext) -> int:
    arguments = session.arguments
    sent = session.app.newsletter().send_digests(
        session.build_request(),
        arguments.digest,
        due=arguments.due,
        dry=arguments.dry_run,
        backlog=arguments.backlog,
    )
    session.terminal.clear_progress()
    if arguments.json:
        told = {"dry_run": arguments.dry_run, "sent": [_sent_object(each) for each in sent]}
        session.app.stdout.write(json.dumps(told) + "\n")
    else:
        for each in sent:
            lines = _format_dry_run(each) if arguments.dry_run else _format_sent(each)
            session.echo(lines, always=arguments.dry_run)
    wrong = [each for each in sent if each.stats and _has_undelivered(each.stats)]
    zone = session.app.newsletter().get_site_timezone(session.build_request()) if wrong else UTC
    for each in wrong:
        session.echo_error(_format_trouble(each, zone))
    if wrong:
        session.echo_hint(_remedy(wrong[0]))
    elif arguments.dry_run and any(each.audience for each in sent):
        session.echo_hint("Nothing was sent. Next: run it again without --dry-run.")
    return EXIT_FAILURE if wrong else EXIT_OK


def _remedy(sent: "DigestResult") -> str:
    """Return what to do about an issue with undelivered messages."""
    issue, stats = sent.issue, sent.stats
    if issue and issue.state == "paused":
        again = f"`feedpub digest retry {issue.id}`, then " if stats and stats.failed else ""
        return f"Next: fix that, then {again}`feedpub digest resume {issue.id}`."
    if stats and (stats.waiting or stats.deferred):
        return "Next: `feedpub digest status` shows why; `feedpub digest send` continues."
    return "Next: `feedpub digest status` shows why, and what to do."


def _status(session: CommandContext) -> int:
    newsletter, request = session.app.newsletter(), session.build_request()
    found = newsletter.list_issues(request, session.arguments.digest)
    if session.arguments.json:
        told = {"issues": [issue_to_dict(issue, stats) for issue, stats in found]}
        session.app.stdout.write(json.dumps(told) + "\n")
        return EXIT_OK
    zone = newsletter.get_site_timezone(request)
    for issue, stats in found:
        lost = _format_undelivered(session, issue, stats)
        session.echo([_headline(issue, zone), *format_totals(stats), *lost], always=True)
    paused = [issue.id for issue, _ in found if issue.state == "paused"]
    failed = [issue.id for issue, stats in found if stats.failed]
    over = [(issue, stats) for issue, stats in found if issue.state != "cancelled"]
    doubtful = [issue.id for issue, stats in over if stats.doubt and not stats.waiting]
    if not found:
        session.echo_hint("Nothing has been sent yet; use `feedpub digest send`.")
    elif paused:
        number = paused[0]
        again = f"`feedpub digest retry {number}` for what failed, " if number in failed else ""
        session.echo_hint(
            f"Next: {again}`feedpub digest resume {number}` continues it, `cancel` ends it."
        )
    elif failed:
        session.echo_hint(f"Next: `feedpub digest retry {failed[0]}` resends failed messages.")
    elif doubtful:
        session.echo_hint(
            "In doubt means that no server confirmed the message. Next: `feedpub digest retry "
            f"{doubtful[0]} --doubt` resends these; some may then arrive twice."
        )
    return EXIT_OK


def _format_undelivered(session: CommandContext, issue: Issue, stats: IssueStats) -> Iterator[str]:
    """Yield the recipients without a delivery, and the servers' replies."""
    number = stats.failed + stats.doubt + stats.deferred
    found: tuple[DeliveryStatus, ...] = ()
    if number:
        found = session.app.newsletter().list_undelivered(session.build_request(), issue.id, _SHOWN)
    for each in found:
        yield (
            f"  {each.address}: {_OUTCOME_DESCRIPTIONS[each.result.kind]}: "
            f"{format_reply(each.result)}"
        )
    if found and number > len(found):
        yield f"  and {number - len(found):,} more"


def _pause(session: CommandContext) -> int:
    issue = session.app.newsletter().pause_issue(session.build_request(), session.arguments.issue)
    session.echo([f"Paused {_format_issue(issue)}: nothing more is sent."])
    session.echo_hint(f"Next: `feedpub digest resume {issue.id}`, or `feedpub digest cancel`.")
    return EXIT_OK


def _resume(session: CommandContext) -> int:
    issue = session.app.newsletter().resume_issue(session.build_request(), session.arguments.issue)
    session.echo([f"Resumed {_format_issue(issue)}."])
    session.echo_hint(_suggest_sending(session))
    return EXIT_OK


def _cancel(session: CommandContext) -> int:
    issue = session.app.newsletter().cancel_issue(session.build_request(), session.arguments.issue)
    session.echo([f"Cancelled {_format_issue(issue)}: nothing more is sent."])
    session.echo_hint("Next: `feedpub digest status` shows what was sent before.")
    return EXIT_OK


def _retry(session: CommandContext) -> int:
    number, doubt = session.arguments.issue, session.arguments.doubt
    again = session.app.newsletter().retry_issue(session.build_request(), number, doubt=doubt)
    if not again:
        what = "has been in doubt long enough" if doubt else "failed"
        session.echo([f"No message of issue {number} {what}: nothing to resend."])
        return EXIT_OK
    session.echo([f"{pluralize(again, 'message')} of issue {number} will be sent again."])
    session.echo_hint(_suggest_sending(session))
    return EXIT_OK


def _recover(session: CommandContext) -> int:
    newsletter, request = session.app.newsletter(), session.build_request()
    until = session.arguments.until
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=newsletter.get_site_timezone(request))
    places = [Path(each) for each in session.arguments.places]
    found = newsletter.recover(request, places, until)
    session.terminal.clear_progress()
    if session.arguments.json:
        session.app.stdout.write(json.dumps(asdict(found)) + "\n")
    else:
        session.echo(_recovered(found), always=True)
    if not found.is_settled:
        session.echo_error(
            f"{pluralize(found.unknown, 'message')} of unknown issues found: add "
            "--skip-until with the date of the last one, or their posts are mailed again"
        )
        return EXIT_FAILURE
    session.echo_hint(_suggest_sending(session))
    return EXIT_OK


def _recovered(found: "RecoveryResult") -> Iterator[str]:
    """Yield what was settled."""
    if found.is_settled:
        yield "Recovered: sending is enabled again."
    else:
        yield "Sending is still blocked."
    yield f"  {pluralize(found.found, 'message')} from feedpub found, {found.settled:,} of them new"
    if found.issues:
        yield f"  {pluralize(found.issues, 'issue')} missing from the database, now added"
    if found.skipped:
        yield f"  {pluralize(found.skipped, 'post')} counted as mailed"
    if found.cancelled:
        yield f"  {pluralize(found.cancelled, 'issue')} cancelled"


def _suggest_sending(session: CommandContext) -> str:
    """Return what sends waiting messages: nothing to do if `feedpub run` is running."""
    if lock.is_running(session.build_request().state_folder):
        return "`feedpub run` is running, and sends waiting messages within a minute."
    return "Next: `feedpub digest send` sends waiting messages."


def _has_undelivered(stats: IssueStats) -> bool:
    """Return whether messages are undelivered, so that a cron job can report it."""
    return bool(stats.failed or stats.doubt or stats.waiting or stats.deferred)


def _format_standing(status: "DigestStatus", zone: tzinfo) -> Iterator[str]:
    """Yield the state of a digest."""
    new = pluralize(len(status.posts), "new post") if status.posts else "nothing new"
    yield f"{status.digest}: {new}, {pluralize(status.audience, 'subscriber')}"
    rows = [
        ("schedule", escape(status.schedule)),
        ("last", format_time(status.last_slot, zone) if status.last_slot else "never"),
        ("next", format_time(status.next_slot, zone) if status.next_slot else "never"),
        *(("new", escape(title)) for title in status.posts),
    ]
    yield from format_columns(rows).split("\n")


def _format_sent(sent: "DigestResult") -> Iterator[str]:
    """Yield what was sent."""
    if sent.issue is None or sent.stats is None:
        yield f"{sent.digest}: nothing was sent: {sent.reason}."
        return
    posts, recipients = pluralize(len(sent.posts), "post"), pluralize(sent.audience, "recipient")
    aside = f" ({sent.reason})" if sent.reason and not _has_undelivered(sent.stats) else ""
    aside += f" ({sent.note})" if sent.note else ""
    yield f"{sent.digest}: issue {sent.issue.id}, {posts} for {recipients}{aside}"
    yield from format_totals(sent.stats)


def _format_dry_run(sent: "DigestResult") -> Iterator[str]:
    """Yield what would be sent."""
    if not sent.posts:
        yield f"{sent.digest}: nothing would be sent: {sent.reason}."
        return
    posts, recipients = pluralize(len(sent.posts), "post"), pluralize(sent.audience, "recipient")
    aside = f" ({sent.reason})" if sent.reason else ""
    size = f"{sent.message_size / 1000:,.1f} kB per message"
    yield f"{sent.digest}: {posts} for {recipients}, {size}{aside}"
    yield from (f"  {title}" for title in sent.posts)


def _format_trouble(sent: "DigestResult", zone: tzinfo) -> str:
    """Return in one line what was not delivered, and when sending continues."""
    stats = sent.stats
    terms = [(name, getattr(stats, key)) for key, name in _OUTCOME_LABELS[1:]]
    told = ", ".join(f"{number:,} {name}" for name, number in terms if number)
    why = sent.reason
    if sent.next_attempt and not why:
        why = f"the next attempt is due at {format_time(sent.next_attempt, zone)}"
    aside = f" ({why})" if why else ""
    return f"{sent.digest}: {told}{aside}"


def _headline(issue: Issue, zone: tzinfo) -> str:
    posts = pluralize(len(issue.posts), "post") if issue.posts else ""
    told = "; ".join(part for part in (posts, issue.subject, issue.reason) if part)
    stands = f"{_format_issue(issue)}, {format_time(issue.slot, zone)}, {issue.state}"
    return f"{stands}: {told}" if told else stands


def _format_issue(issue: Issue) -> str:
    return f"issue {issue.id} of {issue.digest}"


def format_totals(stats: IssueStats) -> Iterator[str]:
    """Yield the counts that add up to the audience, and the reasons."""
    if not stats.audience:
        return
    sum_ = " + ".join(f"{getattr(stats, key):,} {name}" for key, name in _OUTCOME_LABELS)
    yield f"  {stats.audience:,} audience = {sum_}"
    room = max((len(f"{number:,}") for _, number in stats.reasons), default=0)
    yield from (f"    {number:>{room},}  {escape(reason)}" for reason, number in stats.reasons)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _standing_object(status: "DigestStatus") -> dict[str, object]:
    return {
        "digest": status.digest,
        "schedule": status.schedule,
        "last": _iso(status.last_slot),
        "next": _iso(status.next_slot),
        "posts": status.posts,
        "audience": status.audience,
    }


def _sent_object(sent: "DigestResult") -> dict[str, object]:
    return {
        "digest": sent.digest,
        "issue": sent.issue.id if sent.issue else None,
        "posts": sent.posts,
        "audience": sent.audience,
        "size": sent.message_size,
        "tally": _tally_object(sent.stats) if sent.stats else None,
        "reason": sent.reason,
        "next_attempt": _iso(sent.next_attempt),
    }


def issue_to_dict(issue: Issue, stats: IssueStats) -> dict[str, object]:
    """Return an issue and its statistics as a JSON object."""
    return {
        "id": issue.id,
        "digest": issue.digest,
        "slot": _iso(issue.slot),
        "created": _iso(issue.created),
        "state": issue.state,
        "subject": issue.subject,
        "posts": issue.posts,
        "reason": issue.reason,
        "tally": _tally_object(stats),
    }


def _tally_object(stats: IssueStats) -> dict[str, object]:
    return {
        "audience": stats.audience,
        **{key: getattr(stats, key) for key, _ in _OUTCOME_LABELS},
        "reasons": [{"reason": reason, "number": number} for reason, number in stats.reasons],
    }


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {
    "digest list": _list,
    "digest preview": _preview,
    "digest test": _test,
    "digest send": _send,
    "digest status": _status,
    "digest pause": _pause,
    "digest resume": _resume,
    "digest cancel": _cancel,
    "digest retry": _retry,
    "digest recover": _recover,
}
