"""The words after `feedpub digest` → what is mailed, and told of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub import files
from feedpub.cli.report import counted, moment
from feedpub.cli.terminal import columns, safe
from feedpub.cli.world import DONE, NOT_DONE, Session
from feedpub.mailing import Fate, Issue, Outcome, Tally

if TYPE_CHECKING:
    from feedpub.newsletter import Recovered, Sent, Standing

_TERMS = (
    ("accepted", "accepted"),
    ("deferred", "deferred"),
    ("failed", "failed"),
    ("suppressed", "suppressed"),
    ("doubt", "in doubt"),
    ("waiting", "waiting"),
)
"""Of a tally: what the audience is the sum of, and what people call it."""

_FILES = ("folder", "maildir")
"""Transports that mail nobody."""

_SHOWN = 5  # of those to whom an issue did not come

_REFUSALS = {
    "deferred": "not taken for now",
    "failed": "not taken",
    "doubt": "sent, and nobody said whether it was taken",
    "offline": "not sent",
}
"""Kinds of outcome, and what people call them."""


def _list(session: Session) -> int:
    newsletter, request = session.world.newsletter(), session.request()
    standings = newsletter.digests(request)
    session.terminal.clear()
    if session.arguments.json:
        told = {"digests": [_standing_object(each) for each in standings]}
        session.world.stdout.write(json.dumps(told) + "\n")
        return DONE
    zone = newsletter.zone(request)
    for each in standings:
        session.tell(_standing(each, zone), always=True)
    if not standings:
        session.advise("There is no digest; name one under digests: in config.yaml.")
    elif all(each.last for each in standings):
        session.advise(
            "Next: `feedpub digest preview NAME --open` shows one, `feedpub digest send` sends."
        )
    else:
        session.advise(
            "The first `feedpub digest send` mails nothing, nor does `feedpub run` when it starts: "
            "these posts count as old. To mail them, use `feedpub digest send --backlog`."
        )
    return DONE


def _preview(session: Session) -> int:
    arguments = session.arguments
    usual = Path(arguments.config).parent / ".feedpub" / "preview"
    found = session.world.newsletter().preview(
        session.request(),
        arguments.digest,
        Path(arguments.to) if arguments.to else usual,
        arguments.address,
    )
    session.terminal.clear()
    session.tell([f"Subject: {found.subject}"])
    session.world.stdout.writelines(f"{path}\n" for path in found.paths)
    if arguments.show and not session.world.browse(found.paths[0]):
        session.warn(f"{found.paths[0]}: there is no browser here to open it in")
        return NOT_DONE
    session.advise(f"Next: `feedpub digest send {arguments.digest} --dry-run` tells who gets it.")
    return DONE


def _test(session: Session) -> int:
    arguments = session.arguments
    outcome = session.world.newsletter().test(session.request(), arguments.digest, arguments.to)
    session.terminal.clear()
    if arguments.json:
        session.world.stdout.write(json.dumps(asdict(outcome)) + "\n")
    if outcome.kind != "accepted":
        session.warn(f"{arguments.to}: {_REFUSALS[outcome.kind]}: {answer(outcome)}")
        session.advise("Next: `feedpub doctor` looks for what keeps mail from arriving.")
        return NOT_DONE
    if not arguments.json:
        session.tell([_taken(arguments.to, outcome)], always=True)
    if outcome.relay not in _FILES:
        session.advise("Next: look at it there, and whether it was taken for spam.")
    return DONE


def _taken(address: str, outcome: Outcome) -> str:
    """Tell where a message is now."""
    if outcome.relay in _FILES:
        return f"Written for {address}: {outcome.text} (mail.transport is {outcome.relay})"
    return f"Sent to {address}: {answer(outcome)}"


def answer(outcome: Outcome) -> str:
    """Tell what a server said, and which."""
    words = (str(outcome.code or ""), outcome.status, outcome.text)
    said = " ".join(part for part in words if part)
    return f"{outcome.relay}: {said}" if outcome.relay and said else said or outcome.relay


def _send(session: Session) -> int:
    arguments = session.arguments
    sent = session.world.newsletter().send(
        session.request(),
        arguments.digest,
        due=arguments.due,
        dry=arguments.dry_run,
        backlog=arguments.backlog,
    )
    session.terminal.clear()
    if arguments.json:
        told = {"dry_run": arguments.dry_run, "sent": [_sent_object(each) for each in sent]}
        session.world.stdout.write(json.dumps(told) + "\n")
    else:
        for each in sent:
            lines = _would(each) if arguments.dry_run else _went(each)
            session.tell(lines, always=arguments.dry_run)
    wrong = [each for each in sent if each.tally and _unfinished(each.tally)]
    zone = session.world.newsletter().zone(session.request()) if wrong else UTC
    for each in wrong:
        session.warn(_trouble(each, zone))
    if wrong:
        session.advise(_remedy(wrong[0]))
    elif arguments.dry_run and any(each.audience for each in sent):
        session.advise("Nothing was sent. Next: the same without --dry-run.")
    return NOT_DONE if wrong else DONE


def _remedy(sent: "Sent") -> str:
    """Say what to do about an issue that did not go well."""
    issue, tally = sent.issue, sent.tally
    if issue and issue.state == "paused":
        again = f"`feedpub digest retry {issue.id}`, then " if tally and tally.failed else ""
        return f"Next: mend that, then {again}`feedpub digest resume {issue.id}`."
    if tally and (tally.waiting or tally.deferred):
        return "Next: `feedpub digest status` tells why; `feedpub digest send` goes on."
    return "Next: `feedpub digest status` tells why, and what to do."


def _status(session: Session) -> int:
    newsletter, request = session.world.newsletter(), session.request()
    found = newsletter.issues(request, session.arguments.digest)
    if session.arguments.json:
        told = {"issues": [issue_object(issue, tally) for issue, tally in found]}
        session.world.stdout.write(json.dumps(told) + "\n")
        return DONE
    zone = newsletter.zone(request)
    for issue, tally in found:
        lost = _lost(session, issue, tally)
        session.tell([_headline(issue, zone), *equation(tally), *lost], always=True)
    paused = [issue.id for issue, _ in found if issue.state == "paused"]
    failed = [issue.id for issue, tally in found if tally.failed]
    over = [(issue, tally) for issue, tally in found if issue.state != "cancelled"]
    doubtful = [issue.id for issue, tally in over if tally.doubt and not tally.waiting]
    if not found:
        session.advise("Nothing was sent yet; `feedpub digest send` does.")
    elif paused:
        number = paused[0]
        again = f"`feedpub digest retry {number}` for what failed, " if number in failed else ""
        session.advise(
            f"Next: {again}`feedpub digest resume {number}` lets it go on, `cancel` ends it."
        )
    elif failed:
        session.advise(f"Next: `feedpub digest retry {failed[0]}` sends again what failed.")
    elif doubtful:
        session.advise(
            "In doubt is where no server said whether it took the message. Next: `feedpub digest "
            f"retry {doubtful[0]} --doubt` sends these again: some may then arrive twice."
        )
    return DONE


def _lost(session: Session, issue: Issue, tally: Tally) -> Iterator[str]:
    """Tell to whom an issue did not come, and what the server said."""
    number = tally.failed + tally.doubt + tally.deferred
    found: tuple[Fate, ...] = ()
    if number:
        found = session.world.newsletter().undelivered(session.request(), issue.id, _SHOWN)
    for each in found:
        yield f"  {each.address}: {_REFUSALS[each.outcome.kind]}: {answer(each.outcome)}"
    if found and number > len(found):
        yield f"  and {number - len(found):,} more"


def _pause(session: Session) -> int:
    issue = session.world.newsletter().pause(session.request(), session.arguments.issue)
    session.tell([f"Paused {_named(issue)}: no more of it is sent."])
    session.advise(f"Next: `feedpub digest resume {issue.id}`, or `feedpub digest cancel`.")
    return DONE


def _resume(session: Session) -> int:
    issue = session.world.newsletter().resume(session.request(), session.arguments.issue)
    session.tell([f"Resumed {_named(issue)}."])
    session.advise(_onward(session))
    return DONE


def _cancel(session: Session) -> int:
    issue = session.world.newsletter().cancel(session.request(), session.arguments.issue)
    session.tell([f"Cancelled {_named(issue)}: nobody else gets it."])
    session.advise("Next: `feedpub digest status` tells who had it before.")
    return DONE


def _retry(session: Session) -> int:
    number, doubt = session.arguments.issue, session.arguments.doubt
    again = session.world.newsletter().retry(session.request(), number, doubt=doubt)
    if not again:
        what = "is in doubt for long" if doubt else "failed"
        session.tell([f"No message of issue {number} {what}: there is nothing to send again."])
        return DONE
    session.tell([f"{counted(again, 'message')} of issue {number} will be sent again."])
    session.advise(_onward(session))
    return DONE


def _recover(session: Session) -> int:
    newsletter, request = session.world.newsletter(), session.request()
    until = session.arguments.until
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=newsletter.zone(request))
    places = [Path(each) for each in session.arguments.places]
    found = newsletter.recover(request, places, until)
    session.terminal.clear()
    if session.arguments.json:
        session.world.stdout.write(json.dumps(asdict(found)) + "\n")
    else:
        session.tell(_recovered(found), always=True)
    if not found.is_settled:
        session.warn(
            f"{counted(found.unknown, 'message')} went out of issues that nothing is known of: add "
            "--skip-until with the date of the last one, or the posts in them are mailed again"
        )
        return NOT_DONE
    session.advise(_onward(session))
    return DONE


def _recovered(found: "Recovered") -> Iterator[str]:
    """Tell what was settled."""
    if found.is_settled:
        yield "Settled: mail goes out again."
    else:
        yield "Nothing is sent yet."
    yield f"  {counted(found.found, 'message')} of ours found, {found.settled:,} not known before"
    if found.issues:
        yield f"  {counted(found.issues, 'issue')} added that the database knew nothing of"
    if found.skipped:
        yield f"  {counted(found.skipped, 'post')} counted as mailed"
    if found.cancelled:
        yield f"  {counted(found.cancelled, 'issue')} ended"


def _onward(session: Session) -> str:
    """Say what sends what waits: nobody need do it where `feedpub run` does."""
    if files.running(session.request().home):
        return "`feedpub run` is running, and sends what waits within a minute."
    return "Next: `feedpub digest send` sends what waits."


def _unfinished(tally: Tally) -> bool:
    """Return whether somebody has not got it: cron, which runs this, should say so."""
    return bool(tally.failed or tally.doubt or tally.waiting or tally.deferred)


def _standing(standing: "Standing", zone: tzinfo) -> Iterator[str]:
    """Tell how a digest stands."""
    new = counted(len(standing.posts), "new post") if standing.posts else "nothing new"
    yield f"{standing.digest}: {new}, {counted(standing.audience, 'reader')}"
    rows = [
        ("schedule", safe(standing.schedule)),
        ("last", moment(standing.last, zone) if standing.last else "never"),
        ("next", moment(standing.upcoming, zone) if standing.upcoming else "never"),
        *(("new", safe(title)) for title in standing.posts),
    ]
    yield from columns(rows).split("\n")


def _went(sent: "Sent") -> Iterator[str]:
    """Tell what was sent."""
    if sent.issue is None or sent.tally is None:
        yield f"{sent.digest}: nothing was sent: {sent.reason}."
        return
    posts, readers = counted(len(sent.posts), "post"), counted(sent.audience, "reader")
    aside = f" ({sent.reason})" if sent.reason and not _unfinished(sent.tally) else ""
    aside += f" ({sent.note})" if sent.note else ""
    yield f"{sent.digest}: issue {sent.issue.id}, {posts} for {readers}{aside}"
    yield from equation(sent.tally)


def _would(sent: "Sent") -> Iterator[str]:
    """Tell what would be sent."""
    if not sent.posts:
        yield f"{sent.digest}: nothing would be sent: {sent.reason}."
        return
    posts, readers = counted(len(sent.posts), "post"), counted(sent.audience, "reader")
    aside = f" ({sent.reason})" if sent.reason else ""
    yield f"{sent.digest}: {posts} for {readers}, {sent.size / 1000:,.1f} kB a message{aside}"
    yield from (f"  {title}" for title in sent.posts)


def _trouble(sent: "Sent", zone: tzinfo) -> str:
    """Say in one line what did not go well, and when it goes on."""
    tally = sent.tally
    terms = [(name, getattr(tally, key)) for key, name in _TERMS[1:]]
    told = ", ".join(f"{number:,} {name}" for name, number in terms if number)
    why = sent.reason
    if sent.next_attempt and not why:
        why = f"the next attempt is due at {moment(sent.next_attempt, zone)}"
    aside = f" ({why})" if why else ""
    return f"{sent.digest}: {told}{aside}"


def _headline(issue: Issue, zone: tzinfo) -> str:
    posts = counted(len(issue.posts), "post") if issue.posts else ""
    told = "; ".join(part for part in (posts, issue.subject, issue.reason) if part)
    stands = f"{_named(issue)}, {moment(issue.slot, zone)}, {issue.state}"
    return f"{stands}: {told}" if told else stands


def _named(issue: Issue) -> str:
    return f"issue {issue.id} of {issue.digest}"


def equation(tally: Tally) -> Iterator[str]:
    """Give the equation that always holds, and the reasons."""
    if not tally.audience:
        return
    sum_ = " + ".join(f"{getattr(tally, key):,} {name}" for key, name in _TERMS)
    yield f"  {tally.audience:,} audience = {sum_}"
    room = max((len(f"{number:,}") for _, number in tally.reasons), default=0)
    yield from (f"    {number:>{room},}  {safe(reason)}" for reason, number in tally.reasons)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _standing_object(standing: "Standing") -> dict[str, object]:
    return {
        "digest": standing.digest,
        "schedule": standing.schedule,
        "last": _iso(standing.last),
        "next": _iso(standing.upcoming),
        "posts": standing.posts,
        "audience": standing.audience,
    }


def _sent_object(sent: "Sent") -> dict[str, object]:
    return {
        "digest": sent.digest,
        "issue": sent.issue.id if sent.issue else None,
        "posts": sent.posts,
        "audience": sent.audience,
        "size": sent.size,
        "tally": _tally_object(sent.tally) if sent.tally else None,
        "reason": sent.reason,
        "next_attempt": _iso(sent.next_attempt),
    }


def issue_object(issue: Issue, tally: Tally) -> dict[str, object]:
    """Give an issue and how it stands, as JSON knows them."""
    return {
        "id": issue.id,
        "digest": issue.digest,
        "slot": _iso(issue.slot),
        "created": _iso(issue.created),
        "state": issue.state,
        "subject": issue.subject,
        "posts": issue.posts,
        "reason": issue.reason,
        "tally": _tally_object(tally),
    }


def _tally_object(tally: Tally) -> dict[str, object]:
    return {
        "audience": tally.audience,
        **{key: getattr(tally, key) for key, _ in _TERMS},
        "reasons": [{"reason": reason, "number": number} for reason, number in tally.reasons],
    }


COMMANDS: Mapping[str, Callable[[Session], int]] = {
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
