"""The commands `feedpub bounces` and `feedpub doctor`."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli.context import EXIT_FAILURE, EXIT_NOUSER, EXIT_OK, EXIT_USAGE, CommandContext
from feedpub.cli.output import Style, escape, measure_width, pluralize

if TYPE_CHECKING:
    from feedpub.newsletter.bounce_processing import BounceSummary
    from feedpub.newsletter.dns_checks import Finding

_KINDS = (
    ("hard", "permanently undeliverable"),
    ("soft", "temporarily undeliverable"),
    ("complaints", "complained"),
    ("unsubscribed", "asked to unsubscribe"),
    ("automatic", "automatic replies and delay notices: ignored"),
    ("refused", "rejected because of the sender: not counted against recipients"),
    ("left", "not about a subscriber"),
)
"""The counts of a `BounceSummary`, and their descriptions."""

_COLOURS = {"poor": Style.WARNING, "bad": Style.ERROR}
_DELIVERABILITY_CHECKS = {"SPF", "DKIM", "DMARC", "alignment", "MX", "PTR", "DNS"}
"""The checks of what receivers look at; they matter only once mail can be sent."""


def _bounces(session: CommandContext) -> int:
    arguments, world = session.arguments, session.app
    if arguments.explain:
        return _explain(session)
    piped = world.stdin()
    if arguments.is_piped and piped.isatty():
        session.echo_error("feedpub bounces: name a Maildir, an mbox or imaps://user@host/INBOX")
        session.echo_hint("Try: feedpub bounces --help")
        return EXIT_USAGE
    newsletter = world.newsletter()
    place = newsletter.parse_source(arguments.source, world.environ, piped)
    returned = newsletter.process_bounces(session.build_request(), place)
    session.terminal.clear_progress()
    status = EXIT_NOUSER if returned.full else EXIT_OK
    if arguments.json:
        world.stdout.write(json.dumps(asdict(returned)) + "\n")
        return status
    session.echo(_format_bounces(returned))
    if not arguments.is_piped:  # a mail server would mail the output to somebody
        for each in _warnings(returned):
            session.echo_error(each)
    if returned.full:
        session.echo_hint("Message not recognised, and .feedpub/returned is full: it is bounced.")
    elif returned.kept:
        session.echo_hint("Message not recognised: read it in .feedpub/returned/new.")
    elif returned.left and not arguments.is_piped:
        session.echo_hint("Messages not about a subscriber stay there, for you to read.")
    return status


def _warnings(returned: "BounceSummary") -> Iterator[str]:
    """Yield what the operator has to act on."""
    for each in returned.words:
        yield f"a server rejected the sender, not the recipient: {each}"
    for issue in returned.paused:
        yield f"issue {issue} is paused: servers reject our mail; see `feedpub doctor`"
    if returned.behind:
        yield returned.behind


def _explain(session: CommandContext) -> int:
    """Print each message's meaning as a JSON object per line; needs no site, changes nothing."""
    from feedpub.delivery import (  # noqa: PLC0415
        bounces,
        mailbox,
    )

    status = EXIT_OK
    for path in session.arguments.explain:
        try:
            data = mailbox.read_beginning(Path(path))
        except OSError as error:
            session.echo_error(f"{path}: cannot be read ({error.strerror})")
            status = EXIT_FAILURE
            continue
        report = bounces.explain_message(data)
        said = {
            "path": path,
            "kind": report.kind if report else None,
            "address": report.recipient if report else "",
            "status": report.status if report else "",
            "text": report.text if report else "",
        }
        session.app.stdout.write(json.dumps(said) + "\n")
    return status


def _format_bounces(returned: "BounceSummary") -> Iterator[str]:
    """Yield the counts of a run."""
    stopped = pluralize(returned.stopped, "subscriber")
    verb = "is" if returned.stopped == 1 else "are"
    yield f"Read {pluralize(returned.read, 'message')}; {stopped} {verb} no longer mailed."
    numbers = [(f"{getattr(returned, key):,}", words) for key, words in _KINDS]
    room = max(len(number) for number, _ in numbers)
    yield from (f"  {number:>{room}}  {words}" for number, words in numbers if number != "0")


def _doctor(session: CommandContext) -> int:
    found = session.app.doctor()(session.build_request())
    session.terminal.clear_progress()
    bad, poor = (sum(each.state == state for each in found) for state in ("bad", "poor"))
    if session.arguments.json:
        told = {"findings": [asdict(each) for each in found]}
        session.app.stdout.write(json.dumps(told) + "\n")
    else:
        _print_findings(session, found)
    if bad:
        session.echo_hint(
            f"{bad:,} bad, {poor:,} poor: fix what is bad, then run `feedpub doctor` again."
        )
    elif poor:
        session.echo_hint(f"{poor:,} poor: mail can be sent, but what is poor is worth fixing.")
    else:
        session.echo_hint("All is well. Next: `feedpub digest test NAME --to` your own address.")
    return EXIT_FAILURE if bad else EXIT_OK


def _print_findings(session: CommandContext, found: Sequence["Finding"]) -> None:
    """Print the findings in two groups, with the advice below each."""
    out = session.app.create_terminal(session.app.stdout)
    room = max(measure_width(each.about) for each in found)
    states = max(len(each.state) for each in found)
    arriving = [each for each in found if each.about in _DELIVERABILITY_CHECKS]
    sending = [each for each in found if each.about not in _DELIVERABILITY_CHECKS]
    for title, group in (("Can mail be sent?", sending), ("Will it arrive?", arriving)):
        if arriving and sending:
            out.echo(title)
        for each in group:
            about = each.about + " " * (room - measure_width(each.about))
            state = out.style(f"{each.state:{states}}", _COLOURS.get(each.state, Style.NONE))
            out.echo(f"{state}  {about}  {escape(each.told)}")
            if each.advice:
                out.echo(f"{'':{states}}  {'':{room}}  -> {escape(each.advice)}")


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {"bounces": _bounces, "doctor": _doctor}
