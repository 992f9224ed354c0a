"""The commands `feedpub run` and `feedpub status`."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from feedpub.cli import output
from feedpub.cli.context import EXIT_FAILURE, EXIT_OK, CommandContext
from feedpub.cli.digest import format_totals, issue_to_dict
from feedpub.cli.output import escape, format_columns, pluralize
from feedpub.models.text import to_timezone

if TYPE_CHECKING:
    from feedpub.daemon.status import SiteStatus
    from feedpub.site.status import LastBuild, UpcomingChange

_SIGNUP_TIMEOUT = timedelta(minutes=2)  # by when a sign-up should have been answered

_NOTHING_DUE = ["Nothing is due."]


def _run(session: CommandContext) -> int:
    world = session.app
    human = world.stdout.isatty() and not session.arguments.json
    left = world.daemon().run_forever(session.build_request(), world.stdout, world.now, human=human)
    # An aborted build is no failure: the site is consistent at any moment of a build.
    status = EXIT_FAILURE if set(left) - {"build"} else EXIT_OK
    if left:
        world.exit(status)  # a running thread would keep the process alive
    return status


def _status(session: CommandContext) -> int:
    request = session.build_request()
    found = session.app.daemon().get_status(request)
    if session.arguments.json:
        session.app.stdout.write(json.dumps(_status_to_dict(found, request.now)) + "\n")
    else:
        for lines in _lines(found, request.now):
            session.echo(lines, always=True)
    troubles = list(_list_warnings(found, request.now))
    for each in troubles:
        session.echo_error(each)
    return EXIT_FAILURE if troubles else EXIT_OK


def _lines(found: "SiteStatus", now: datetime) -> Iterator[list[str]]:
    """Yield the status of a site in sections."""
    yield _daemon(found)
    if found.config_error:
        return
    if found.last_build:
        yield _build(found, found.last_build)
    else:
        yield ["Not built yet, or not with these settings."]
    rows = [*_due(found, now)]
    yield (
        [f"Due next, in {found.timezone}:", *format_columns(rows).split("\n")]
        if rows
        else _NOTHING_DUE
    )
    for issue, stats in found.open_issues:
        told = f"Issue {issue.id} of {escape(issue.digest)}, {issue.state}"
        yield [told, *format_totals(stats)]


def _due(found: "SiteStatus", now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is due, by time; overdue events are due now, those without a time come last."""
    if found.pending_signups:
        yield "now", f"mail to {pluralize(found.pending_signups, 'sign-up')}"
    coming = [(each.at, _post(each)) for each in found.upcoming_posts]
    coming += [(at, f"digest {escape(name)}") for name, at in found.next_issues if at]
    coming += [(found.next_delivery, "waiting messages")] if found.next_delivery else []
    for at, told in sorted(coming, key=itemgetter(0)):
        yield _format_time(found, at) if at > now else "now", told
    always = [name for name, at in found.next_issues if at is None]
    yield from (("with each post", f"digest {escape(name)}") for name in always)


def _daemon(found: "SiteStatus") -> list[str]:
    """Return the state of the daemon."""
    one = found.daemon
    if not found.is_running:
        return ["`feedpub run` is not running."]
    if one is None:
        return ["`feedpub run` is running, and has not reported its status yet."]
    told = f"`feedpub run` is running as process {one.pid}, since {_format_time(found, one.since)}."
    rows = [("version", one.version), ("watching", f"by {one.watch_mode}")]
    return [told, *format_columns(rows).split("\n")]


def _build(found: "SiteStatus", build: "LastBuild") -> list[str]:
    """Return the result of the last build."""
    counts = build.counts
    posts, feeds = pluralize(counts.published, "post"), pluralize(counts.feeds, "feed")
    told = (
        f"Built {_format_time(found, build.at)}: {posts}, {feeds}, "
        f"{pluralize(counts.pages, 'page')}"
    )
    return [f"{told}; {pluralize(counts.drafts, 'draft')}, {counts.scheduled:,} scheduled."]


def _post(post: "UpcomingChange") -> str:
    return f"{'expires' if post.expires else 'appears'}: {escape(post.title)} ({escape(post.path)})"


def _list_warnings(found: "SiteStatus", now: datetime) -> Iterator[str]:
    """Yield what needs attention, one line each."""
    one = found.daemon
    fault = found.config_error or (one.config_error if one and found.is_running else "")
    if fault:
        at = (
            f" at {_format_time(found, one.config_error_at)}" if one and one.config_error_at else ""
        )
        told = "; ".join(fault.split("\n"))
        yield f"the configuration was rejected{at}; the previous one stays in force: {told}"
    if one and not found.is_running and not one.ended_cleanly:
        yield f"the last `feedpub run`, process {one.pid}, did not exit cleanly"
    if one and found.is_running:
        if one.clock_problem:
            yield one.clock_problem
        if one.no_events_reason:
            yield (f"file events unavailable ({one.no_events_reason}); falling back to polling")
        yield from (f"{each}: not found; the site stays as it is" for each in one.missing_folders)
        yield from (f"{each}: failing, will be retried" for each in one.failing_jobs)
    yield from _waiting(found)
    yield from _returned(found)
    if found.oldest_signup and found.oldest_signup < now - _SIGNUP_TIMEOUT:
        waiting = pluralize(found.pending_signups, "sign-up")
        since = _format_time(found, found.oldest_signup)
        told = f"{waiting} without confirmation mail, the oldest since {since}"
        yield f"{told}: `feedpub doctor` checks what delays it"
    if found.last_build and found.last_build.problems:
        yield (
            f"{pluralize(len(found.last_build.problems), 'problem')} in the last build: "
            "`feedpub check`"
        )


def _waiting(found: "SiteStatus") -> Iterator[str]:
    """Yield the reasons why sending is blocked or waits."""
    if found.outdated_reason:
        yield found.outdated_reason
    names = {name for name, _ in found.next_issues}
    for issue, _ in found.open_issues:
        if issue.digest not in names:
            yield (
                f"issue {issue.id} of {issue.digest} is being sent, but no digest has this name "
                "any more: add it to `was:` of the renamed digest, or end the issue with "
                f"`feedpub digest cancel {issue.id}`"
            )
        if issue.reason:
            stands = "waits" if issue.state == "sending" else f"is {issue.state}"
            yield f"issue {issue.id} of {issue.digest} {stands}: {issue.reason}"


def _returned(found: "SiteStatus") -> Iterator[str]:
    """Yield what bounces tell the operator to look at."""
    for each in found.refusals:
        counts = f"{each.domain or 'a server'} rejected our mail {pluralize(each.number, 'time')}"
        yield f"{counts}, last at {_format_time(found, each.at)}: {each.text}"
    if found.unread_bounces:
        number = pluralize(found.unread_bounces, "message")
        yield f"{number} to the return path not recognised: read .feedpub/returned/new"


def _format_time(found: "SiteStatus", moment: datetime) -> str:
    return f"{to_timezone(moment, found.timezone):%Y-%m-%d %H:%M:%S}"


def _status_to_dict(found: "SiteStatus", now: datetime) -> dict[str, object]:
    one, build, zone = found.daemon, found.last_build, found.timezone

    def iso(moment: datetime | None) -> str | None:
        return to_timezone(moment, zone).isoformat(timespec="seconds") if moment else None

    daemon = one and {
        "pid": one.pid,
        "version": one.version,
        "since": iso(one.since),
        "config": one.config_error,
        "refused": iso(one.config_error_at),
        "watching": {
            "by": one.watch_mode,
            "no_events": one.no_events_reason,
            "away": one.missing_folders,
        },
        "failing": one.failing_jobs,
    }
    built = build and {
        "at": iso(build.at),
        **{name: getattr(build.counts, name) for name in ("published", "scheduled", "feeds")},
        "problems": output.problems_to_dicts(build.problems),
    }
    return {
        "running": found.is_running,
        "daemon": daemon,
        "build": built,
        "posts": [
            {"at": iso(each.at), "title": each.title, "path": each.path, "expires": each.expires}
            for each in found.upcoming_posts
        ],
        "digests": [{"digest": name, "next": iso(at)} for name, at in found.next_issues],
        "next_due": iso(found.next_delivery),
        "issues": [issue_to_dict(issue, stats) for issue, stats in found.open_issues],
        "refusals": [
            {"domain": each.domain, "text": each.text, "number": each.number, "last": iso(each.at)}
            for each in found.refusals
        ],
        "unread": found.unread_bounces,
        "behind": found.outdated_reason,
        "sign_ups": {"waiting": found.pending_signups, "since": iso(found.oldest_signup)},
        "problems": list(_list_warnings(found, now)),
    }


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {"run": _run, "status": _status}
