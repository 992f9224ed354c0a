"""What came back, and what keeps mail from arriving → told to people and scripts."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli.report import counted
from feedpub.cli.terminal import Colour, safe, width
from feedpub.cli.world import DONE, NO_USER, NOT_DONE, NOT_UNDERSTOOD, Session

if TYPE_CHECKING:
    from feedpub.newsletter import Returned
    from feedpub.newsletter.findings import Finding

_KINDS = (
    ("hard", "gone for good"),
    ("soft", "not reached for now"),
    ("complaints", "complained"),
    ("unsubscribed", "asked to leave"),
    ("automatic", "absent, late and the like: changes nothing"),
    ("refused", "refused because of us, which counts against no reader"),
    ("left", "about no reader of yours"),
)
"""What came back, and what people call it."""

_COLOURS = {"poor": Colour.WARNING, "bad": Colour.FAULT}
_ARRIVING = {"SPF", "DKIM", "DMARC", "alignment", "MX", "PTR", "DNS"}
"""What receivers look at: it is no use to mend it before anything can be sent."""


def _bounces(session: Session) -> int:
    arguments, world = session.arguments, session.world
    if arguments.explain:
        return _explain(session)
    piped = world.stdin()
    if arguments.is_piped and piped.isatty():
        session.warn("feedpub bounces: name a Maildir, an mbox or imaps://user@host/INBOX")
        session.advise("Try: feedpub bounces --help")
        return NOT_UNDERSTOOD
    newsletter = world.newsletter()
    place = newsletter.source(arguments.source, world.environ, piped)
    returned = newsletter.bounces(session.request(), place)
    session.terminal.clear()
    status = NO_USER if returned.full else DONE
    if arguments.json:
        world.stdout.write(json.dumps(asdict(returned)) + "\n")
        return status
    session.tell(_returned(returned))
    if not arguments.is_piped:  # there the mail server would send it to somebody
        for each in _warnings(returned):
            session.warn(each)
    if returned.full:
        session.advise("Nobody understood it, and .feedpub/returned is full: it goes back.")
    elif returned.kept:
        session.advise("Nobody understood it: it is in .feedpub/returned/new, for you to read.")
    elif returned.left and not arguments.is_piped:
        session.advise("What is about no reader of yours stays there, for you to read.")
    return status


def _warnings(returned: "Returned") -> Iterator[str]:
    """Yield what the operator has to see to."""
    for each in returned.words:
        yield f"a server refused us, and no reader: {each}"
    for issue in returned.paused:
        yield f"issue {issue} is paused: servers refuse us; see `feedpub doctor`"
    if returned.behind:
        yield returned.behind


def _explain(session: Session) -> int:
    """Say what each message means, a JSON object a line; needs no site, and changes nothing."""
    from feedpub import bounces  # noqa: PLC0415  `feedpub doctor` does not wait for it
    from feedpub.mail import boxes  # noqa: PLC0415  likewise

    status = DONE
    for path in session.arguments.explain:
        try:
            data = boxes.beginning(Path(path))
        except OSError as error:
            session.warn(f"{path}: cannot be read ({error.strerror})")
            status = NOT_DONE
            continue
        report = bounces.explain(data)
        said = {
            "path": path,
            "kind": report.kind if report else None,
            "address": report.recipient if report else "",
            "status": report.status if report else "",
            "text": report.text if report else "",
        }
        session.world.stdout.write(json.dumps(said) + "\n")
    return status


def _returned(returned: "Returned") -> Iterator[str]:
    """Tell what came back, and what came of it."""
    stopped = f"{counted(returned.stopped, 'reader')} {'is' if returned.stopped == 1 else 'are'}"
    yield f"Read {counted(returned.read, 'message')}; {stopped} mailed no more because of it."
    numbers = [(f"{getattr(returned, key):,}", words) for key, words in _KINDS]
    room = max(len(number) for number, _ in numbers)
    yield from (f"  {number:>{room}}  {words}" for number, words in numbers if number != "0")


def _doctor(session: Session) -> int:
    found = session.world.doctor()(session.request())
    session.terminal.clear()
    bad, poor = (sum(each.state == state for each in found) for state in ("bad", "poor"))
    if session.arguments.json:
        told = {"findings": [asdict(each) for each in found]}
        session.world.stdout.write(json.dumps(told) + "\n")
    else:
        _examined(session, found)
    if bad:
        session.advise(f"{bad:,} bad, {poor:,} poor: mend what is bad, then call the doctor again.")
    elif poor:
        session.advise(f"{poor:,} poor: nothing is in the way, and what is poor is worth mending.")
    else:
        session.advise("All is well. Next: `feedpub digest test NAME --to` an address of yours.")
    return NOT_DONE if bad else DONE


def _examined(session: Session, found: Sequence["Finding"]) -> None:
    """Tell of each thing how it is; what to do stands below it."""
    out = session.world.terminal(session.world.stdout)
    room = max(width(each.about) for each in found)
    states = max(len(each.state) for each in found)
    arriving = [each for each in found if each.about in _ARRIVING]
    sending = [each for each in found if each.about not in _ARRIVING]
    for title, group in (("Can mail be sent?", sending), ("Will it arrive?", arriving)):
        if arriving and sending:
            out.say(title)
        for each in group:
            about = each.about + " " * (room - width(each.about))
            state = out.paint(f"{each.state:{states}}", _COLOURS.get(each.state, Colour.NONE))
            out.say(f"{state}  {about}  {safe(each.told)}")
            if each.advice:
                out.say(f"{'':{states}}  {'':{room}}  -> {safe(each.advice)}")


COMMANDS: Mapping[str, Callable[[Session], int]] = {"bounces": _bounces, "doctor": _doctor}
