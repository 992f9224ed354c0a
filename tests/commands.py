"""Commands of the newsletter, typed in a world made for a test.

run("subscribers", "list", readers=(reader(),), screen=True).out
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NoReturn
from zoneinfo import ZoneInfo

from wordings import english

from feedpub.cli.session import main
from feedpub.cli.world import Newsletter, Publish, Web, World
from feedpub.errors import FeedpubError
from feedpub.mailing import Consent, Fate, Issue, Outcome, Subscriber, Tally
from feedpub.model import Problem
from feedpub.newsletter import Import, Preview, Recovered, Returned, Sent, Source, Standing
from feedpub.newsletter.findings import Finding
from feedpub.publish import Request
from feedpub.readership import Statistics
from feedpub.store import Imported
from feedpub.words import Words

NOW = datetime(2025, 1, 30, 9, 0, tzinfo=UTC)
ANN = Subscriber(1, "ann@example.org", Consent(NOW, "command"), state="active")
ISSUE = Issue(7, "weekly", NOW, NOW, "done", ("a", "b"), "New: 人工智能")
UNREAD = Statistics("Notes", "#1a5fb4", NOW.date(), NOW.date(), (), (), (), (), ())
IMPORTED = Import(Imported(3, 2, 1, 0), ())
RETURNED = Returned(0, 0, 0, 0, 0, 0, 0, 0)
RECOVERED = Recovered(9, 3, 1, 0, 2, 1, is_settled=True)
TAKEN = Outcome("accepted", 250, "2.0.0", "queued as 1", "mx.example.org")
GREENWICH = ZoneInfo("UTC")
GOOD = Tally(3, 3, 0, 0, 0, 0, 0)


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class Keyboard(io.BytesIO):
    """A terminal, where somebody types what it holds."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@dataclass
class Desk:
    """Keeps and sends nothing: answers what it was told to, and remembers what it was asked."""

    readers: tuple[Subscriber, ...] = (ANN,)
    imported: Import = IMPORTED
    counts: tuple[tuple[str, int], ...] = ()
    standings: tuple[Standing, ...] = ()
    sent: tuple[Sent, ...] = ()
    known: tuple[tuple[Issue, Tally], ...] = ()
    failed: int = 0
    lost: tuple[Fate, ...] = ()
    last: Fate | None = None
    place: ZoneInfo = GREENWICH
    outcome: Outcome = TAKEN
    returned: Returned | FeedpubError = RETURNED
    recovered: Recovered = RECOVERED
    ills: tuple[Finding, ...] = ()
    statistic: Statistics = UNREAD
    asked: list[tuple[object, ...]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def _ask(self, request: Request, *words: object) -> None:
        self.requests.append(request)
        self.asked.append(words)

    def add(  # noqa: PLR0913 - what is known of a reader
        self,
        request: Request,
        address: str,
        *,
        name: str,
        tags: tuple[str, ...],
        authors: tuple[str, ...],
        cadence: str,
        language: str,
    ) -> Subscriber:
        """Give the first reader."""
        self._ask(request, "add", address, name, tags, authors, cadence, language)
        return self.readers[0]

    def listed(self, request: Request, state: str | None) -> Iterator[Subscriber]:
        """Give all readers."""
        self._ask(request, "listed", state)
        yield from self.readers

    def found(self, request: Request, address: str) -> Subscriber:
        """Give the first reader, if there is one."""
        self._ask(request, "found", address)
        if not self.readers:
            raise FeedpubError(f"{address}: nobody has this address")
        return self.readers[0]

    def last_mail(self, request: Request, address: str) -> Fate | None:
        """Give what was told of somebody."""
        assert request.now == NOW
        assert address
        return self.last

    def remove(self, request: Request, address: str) -> None:
        """Remember it."""
        self._ask(request, "remove", address)

    def forget(self, request: Request, address: str) -> None:
        """Remember it."""
        self._ask(request, "forget", address)

    def suppress(self, request: Request, address: str) -> Subscriber:
        """Give the first reader."""
        self._ask(request, "suppress", address)
        return self.readers[0]

    def import_(  # noqa: PLR0913 - all that can be said of a list
        self,
        request: Request,
        path: Path,
        *,
        dry: bool,
        skip: bool,
        sure: bool,
        columns: Mapping[str, str],
        states: Mapping[str, str],
        encoding: str,
    ) -> Import:
        """Give what was told, having read for a while."""
        self._ask(request, "import", path, dry, skip, sure, columns, states, encoding)
        request.progress("reading", 0, 0)
        stopped = (self.imported.faults and not skip) or (self.imported.doubts and not sure)
        return replace(self.imported, is_written=not (dry or stopped))

    def export(self, request: Request) -> Iterator[str]:
        """Give lines, or fail in their midst where there is nobody."""
        self._ask(request, "export")
        yield "email,name\r\n"
        if not self.readers:
            raise FeedpubError("the database is away")
        yield "ann@example.org,人\r\n"

    def stats(self, request: Request) -> tuple[tuple[str, int], ...]:
        """Give the counts."""
        self._ask(request, "stats")
        return self.counts

    def statistics(self, request: Request, days: int) -> Statistics:
        """Give what was told."""
        self._ask(request, "statistics", days)
        return self.statistic

    def words(self, request: Request) -> Words:
        """Give the English ones."""
        self.requests.append(request)
        return english()

    def digests(self, request: Request) -> tuple[Standing, ...]:
        """Give how each stands."""
        self._ask(request, "digests")
        return self.standings

    def preview(self, request: Request, digest: str, folder: Path, address: str) -> Preview:
        """Give where it would be."""
        self._ask(request, "preview", digest, folder, address)
        return Preview("New: 人工智能", (folder / "digest.html", folder / "digest.txt"))

    def test(self, request: Request, digest: str, to: str) -> Outcome:
        """Give what the server said."""
        self._ask(request, "test", digest, to)
        return self.outcome

    def send(
        self, request: Request, digest: str, *, due: bool, dry: bool, backlog: bool
    ) -> tuple[Sent, ...]:
        """Give what came of it, having sent for a while."""
        self._ask(request, "send", digest, due, dry, backlog)
        request.progress("sending", 0, 0)
        return self.sent

    def issues(self, request: Request, digest: str) -> tuple[tuple[Issue, Tally], ...]:
        """Give the issues."""
        self._ask(request, "issues", digest)
        return self.known

    def undelivered(self, request: Request, issue: int, most: int) -> tuple[Fate, ...]:
        """Give as many as are asked for."""
        assert request.now == NOW
        return self.lost[:most] if issue == ISSUE.id else ()

    def pause(self, request: Request, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "pause", issue)
        return ISSUE

    def resume(self, request: Request, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "resume", issue)
        return ISSUE

    def cancel(self, request: Request, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "cancel", issue)
        return ISSUE

    def retry(self, request: Request, issue: int, *, doubt: bool) -> int:
        """Give how many failed."""
        self._ask(request, "retry", issue, *["doubt"] * doubt)
        return self.failed

    def recover(
        self, request: Request, places: Sequence[Path], until: datetime | None
    ) -> Recovered:
        """Give what it was told to."""
        self._ask(request, "recover", *(str(each) for each in places), until)
        return self.recovered

    def zone(self, request: Request) -> ZoneInfo:
        """Give the time zone."""
        assert request.now == NOW
        return self.place

    def source(self, text: str, environ: Mapping[str, str], piped: BinaryIO) -> Source:
        """Give what is piped in, or a path."""
        assert environ
        return piped if text == "-" else Path(text)

    def bounces(self, request: Request, place: Source) -> Returned:
        """Give what came back, having read for a while."""
        self._ask(request, "bounces", place if isinstance(place, Path) else "-")
        request.progress("reading", 0, 0)
        if isinstance(self.returned, FeedpubError):
            raise self.returned
        return self.returned

    def doctor(self, request: Request) -> tuple[Finding, ...]:
        """Give the findings."""
        self._ask(request, "doctor")
        return self.ills


@dataclass
class Ran:
    """What came of a command."""

    status: int
    out: str
    err: str
    shown: list[Path]  # in the browser


def run(  # noqa: PLR0913 - all that a person sees and types
    typed: str,
    desk: Desk,
    *,
    screen: bool = False,
    browser: bool = True,
    keyboard: bool = False,
    answer: bytes = b"",
    server: Web | None = None,
) -> Ran:
    """Type a command, on a terminal or not."""
    out, err = (Screen(), Screen()) if screen else (io.StringIO(), io.StringIO())
    shown: list[Path] = []

    def publish() -> Publish:
        raise AssertionError

    def web() -> Web:
        assert server is not None
        return server

    def newsletter() -> Newsletter:
        return desk

    def browse(path: Path) -> bool:
        shown.append(path)
        return browser

    world = World(
        stdin=lambda: Keyboard(answer) if keyboard else io.BytesIO(answer),
        stdout=out,
        stderr=err,
        environ={"NO_COLOR": "1"},
        now=lambda: NOW,
        clock=lambda: 0.0,
        columns=80,
        publish=publish,
        newsletter=newsletter,
        doctor=lambda: desk.doctor,
        web=web,
        browse=browse,
        daemon=nobody,
        leave=nobody,
    )
    status = main(typed.split(), world)
    return Ran(status, out.getvalue(), err.getvalue(), shown)


def nobody(*_: object) -> NoReturn:
    """Stand for what is not to be asked for."""
    raise AssertionError


def bad(*lines: int) -> tuple[Problem, ...]:
    """Give rows that cannot be used."""
    return tuple(Problem("list.csv", line, '"x" is no address', left_out=True) for line in lines)
