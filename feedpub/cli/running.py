"""`feedpub run` and `feedpub status` → a process that goes on, and how it stands."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from feedpub.cli import report
from feedpub.cli.digests import equation, issue_object
from feedpub.cli.report import counted
from feedpub.cli.terminal import columns, safe
from feedpub.cli.world import DONE, NOT_DONE, Session
from feedpub.times import in_zone

if TYPE_CHECKING:
    from feedpub.daemon import Status
    from feedpub.publish import Coming, LastBuild

_PATIENCE = timedelta(minutes=2)  # until who signed up should have been written to

_NOTHING_DUE = ["Nothing is due."]


def _run(session: Session) -> int:
    world = session.world
    human = world.stdout.isatty() and not session.arguments.json
    left = world.daemon().forever(session.request(), world.stdout, world.now, human=human)
    # Of a build nobody need wait for the end: the site is whole at any moment of it.
    status = NOT_DONE if set(left) - {"build"} else DONE
    if left:
        world.leave(status)  # a thread that does not end would keep us
    return status


def _status(session: Session) -> int:
    request = session.request()
    found = session.world.daemon().status(request)
    if session.arguments.json:
        session.world.stdout.write(json.dumps(_object(found, request.now)) + "\n")
    else:
        for lines in _lines(found, request.now):
            session.tell(lines, always=True)
    troubles = list(_troubles(found, request.now))
    for each in troubles:
        session.warn(each)
    return NOT_DONE if troubles else DONE


def _lines(found: "Status", now: datetime) -> Iterator[list[str]]:
    """Tell how a site stands, part by part."""
    yield _daemon(found)
    if found.fault:
        return
    if found.build:
        yield _build(found, found.build)
    else:
        yield ["Not built yet, or not with these settings."]
    rows = [*_due(found, now)]
    yield [f"Due next, in {found.zone}:", *columns(rows).split("\n")] if rows else _NOTHING_DUE
    for issue, tally in found.issues:
        told = f"Issue {issue.id} of {safe(issue.digest)}, {issue.state}"
        yield [told, *equation(tally)]


def _due(found: "Status", now: datetime) -> Iterator[tuple[str, str]]:
    """Tell what is due, by time: what is late is due now; of some nobody knows when."""
    if found.asking:
        yield "now", f"mail to {counted(found.asking, 'sign-up')}"
    coming = [(each.at, _post(each)) for each in found.posts]
    coming += [(at, f"digest {safe(name)}") for name, at in found.digests if at]
    coming += [(found.next_due, "messages that wait")] if found.next_due else []
    for at, told in sorted(coming, key=itemgetter(0)):
        yield _when(found, at) if at > now else "now", told
    always = [name for name, at in found.digests if at is None]
    yield from (("with each post", f"digest {safe(name)}") for name in always)


def _daemon(found: "Status") -> list[str]:
    """Tell what runs."""
    one = found.daemon
    if not found.running:
        return ["`feedpub run` is not running."]
    if one is None:
        return ["`feedpub run` is running, and has not said yet how it stands."]
    told = f"`feedpub run` is running as process {one.pid}, since {_when(found, one.since)}."
    rows = [("version", one.version), ("watching", f"by {one.watching}")]
    return [told, *columns(rows).split("\n")]


def _build(found: "Status", build: "LastBuild") -> list[str]:
    """Tell how the site was built last."""
    counts = build.counts
    posts, feeds = counted(counts.published, "post"), counted(counts.feeds, "feed")
    told = f"Built {_when(found, build.at)}: {posts}, {feeds}, {counted(counts.pages, 'page')}"
    return [f"{told}; {counted(counts.drafts, 'draft')}, {counts.scheduled:,} scheduled."]


def _post(post: "Coming") -> str:
    return f"{'goes' if post.expires else 'appears'}: {safe(post.title)} ({safe(post.path)})"


def _troubles(found: "Status", now: datetime) -> Iterator[str]:
    """Tell in one line each what needs looking at."""
    one = found.daemon
    fault = found.fault or (one.config if one and found.running else "")
    if fault:
        at = f" at {_when(found, one.refused)}" if one and one.refused else ""
        told = "; ".join(fault.split("\n"))
        yield f"the configuration was refused{at}, and the one before is in force: {told}"
    if one and not found.running and not one.ended:
        yield f"the last `feedpub run`, process {one.pid}, ended without a word"
    if one and found.running:
        if one.clock:
            yield one.clock
        if one.no_events:
            yield f"the kernel tells of no changes ({one.no_events}): they are found by sweeps"
        yield from (f"{each}: is not there; the site stays as it is" for each in one.away)
        yield from (f"{each}: fails, and is tried again" for each in one.failing)
    yield from _waiting(found)
    yield from _returned(found)
    if found.asked and found.asked < now - _PATIENCE:
        waiting = counted(found.asking, "sign-up")
        told = f"{waiting} without a mail, the first since {_when(found, found.asked)}"
        yield f"{told}: `feedpub doctor` looks for what keeps it"
    if found.build and found.build.problems:
        yield f"{counted(len(found.build.problems), 'problem')} in the last build: `feedpub check`"


def _waiting(found: "Status") -> Iterator[str]:
    """Tell why what is to be sent is not."""
    if found.behind:
        yield found.behind
    names = {name for name, _ in found.digests}
    for issue, _ in found.issues:
        if issue.digest not in names:
            yield (
                f"issue {issue.id} of {issue.digest} goes out, and no digest has this name any "
                "more: name it in `was:` of the digest that it has become, or end it by "
                f"`feedpub digest cancel {issue.id}`"
            )
        if issue.reason:
            stands = "waits" if issue.state == "sending" else f"is {issue.state}"
            yield f"issue {issue.id} of {issue.digest} {stands}: {issue.reason}"


def _returned(found: "Status") -> Iterator[str]:
    """Tell what came back that is for the operator."""
    for each in found.refusals:
        counts = f"{each.domain or 'a server'} refused us {counted(each.number, 'time')}"
        yield f"{counts}, last at {_when(found, each.at)}: {each.text}"
    if found.unread:
        number = counted(found.unread, "message")
        yield f"{number} to the return path that nobody understood: read .feedpub/returned/new"


def _when(found: "Status", moment: datetime) -> str:
    return f"{in_zone(moment, found.zone):%Y-%m-%d %H:%M:%S}"


def _object(found: "Status", now: datetime) -> dict[str, object]:
    one, build, zone = found.daemon, found.build, found.zone

    def iso(moment: datetime | None) -> str | None:
        return in_zone(moment, zone).isoformat(timespec="seconds") if moment else None

    daemon = one and {
        "pid": one.pid,
        "version": one.version,
        "since": iso(one.since),
        "config": one.config,
        "refused": iso(one.refused),
        "watching": {"by": one.watching, "no_events": one.no_events, "away": one.away},
        "failing": one.failing,
    }
    built = build and {
        "at": iso(build.at),
        **{name: getattr(build.counts, name) for name in ("published", "scheduled", "feeds")},
        "problems": report.as_objects(build.problems),
    }
    return {
        "running": found.running,
        "daemon": daemon,
        "build": built,
        "posts": [
            {"at": iso(each.at), "title": each.title, "path": each.path, "expires": each.expires}
            for each in found.posts
        ],
        "digests": [{"digest": name, "next": iso(at)} for name, at in found.digests],
        "next_due": iso(found.next_due),
        "issues": [issue_object(issue, tally) for issue, tally in found.issues],
        "refusals": [
            {"domain": each.domain, "text": each.text, "number": each.number, "last": iso(each.at)}
            for each in found.refusals
        ],
        "unread": found.unread,
        "behind": found.behind,
        "sign_ups": {"waiting": found.asking, "since": iso(found.asked)},
        "problems": list(_troubles(found, now)),
    }


COMMANDS: Mapping[str, Callable[[Session], int]] = {"run": _run, "status": _status}
