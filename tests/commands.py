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

from feedpub.app import BuildRequest
from feedpub.cli.context import AppContext, NewsletterAPI, PublishAPI, WebAPI
from feedpub.cli.session import main
from feedpub.errors import FeedpubError
from feedpub.models.content import Problem
from feedpub.models.newsletter import (
    Consent,
    DeliveryStatus,
    Issue,
    IssueStats,
    SendResult,
    Subscriber,
)
from feedpub.models.stats import Statistics
from feedpub.newsletter.bounce_processing import BounceSummary, MailSource
from feedpub.newsletter.dns_checks import Finding
from feedpub.newsletter.issues import DigestStatus
from feedpub.newsletter.planning import DigestResult
from feedpub.newsletter.preview import Preview
from feedpub.newsletter.recovery import RecoveryResult
from feedpub.site.i18n import Catalog
from feedpub.storage.imports import ImportCounts
from feedpub.subscribers.manage import ImportResult

NOW = datetime(2025, 1, 30, 9, 0, tzinfo=UTC)
ANN = Subscriber(1, "ann@example.org", Consent(NOW, "command"), state="active")
ISSUE = Issue(7, "weekly", NOW, NOW, "done", ("a", "b"), "New: 人工智能")
UNREAD = Statistics("Notes", "#1a5fb4", NOW.date(), NOW.date(), (), (), (), (), ())
IMPORTED = ImportResult(ImportCounts(3, 2, 1, 0), ())
RETURNED = BounceSummary(0, 0, 0, 0, 0, 0, 0, 0)
RECOVERED = RecoveryResult(9, 3, 1, 0, 2, 1, is_settled=True)
TAKEN = SendResult("accepted", 250, "2.0.0", "queued as 1", "mx.example.org")
GREENWICH = ZoneInfo("UTC")
GOOD = IssueStats(3, 3, 0, 0, 0, 0, 0)


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
    imported: ImportResult = IMPORTED
    counts: tuple[tuple[str, int], ...] = ()
    standings: tuple[DigestStatus, ...] = ()
    sent: tuple[DigestResult, ...] = ()
    known: tuple[tuple[Issue, IssueStats], ...] = ()
    failed: int = 0
    lost: tuple[DeliveryStatus, ...] = ()
    last: DeliveryStatus | None = None
    place: ZoneInfo = GREENWICH
    outcome: SendResult = TAKEN
    returned: BounceSummary | FeedpubError = RETURNED
    recovered: RecoveryResult = RECOVERED
    ills: tuple[Finding, ...] = ()
    statistic: Statistics = UNREAD
    asked: list[tuple[object, ...]] = field(default_factory=list)
    requests: list[BuildRequest] = field(default_factory=list)

    def _ask(self, request: BuildRequest, *words: object) -> None:
        self.requests.append(request)
        self.asked.append(words)

    def add_subscriber(  # noqa: PLR0913 - what is known of a reader
        self,
        request: BuildRequest,
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

    def list_subscribers(self, request: BuildRequest, state: str | None) -> Iterator[Subscriber]:
        """Give all readers."""
        self._ask(request, "listed", state)
        yield from self.readers

    def get_subscriber(self, request: BuildRequest, address: str) -> Subscriber:
        """Give the first reader, if there is one."""
        self._ask(request, "found", address)
        if not self.readers:
            raise FeedpubError(f"{address}: no such subscriber")
        return self.readers[0]

    def get_last_delivery(self, request: BuildRequest, address: str) -> DeliveryStatus | None:
        """Give what was told of somebody."""
        assert request.now == NOW
        assert address
        return self.last

    def remove_subscriber(self, request: BuildRequest, address: str) -> None:
        """Remember it."""
        self._ask(request, "remove", address)

    def erase_subscriber(self, request: BuildRequest, address: str) -> None:
        """Remember it."""
        self._ask(request, "forget", address)

    def suppress_address(self, request: BuildRequest, address: str) -> Subscriber:
        """Give the first reader."""
        self._ask(request, "suppress", address)
        return self.readers[0]

    def import_subscribers(  # noqa: PLR0913 - all that can be said of a list
        self,
        request: BuildRequest,
        path: Path,
        *,
        dry: bool,
        skip: bool,
        sure: bool,
        columns: Mapping[str, str],
        states: Mapping[str, str],
        encoding: str,
    ) -> ImportResult:
        """Give what was told, having read for a while."""
        self._ask(request, "import", path, dry, skip, sure, columns, states, encoding)
        request.progress("reading", 0, 0)
        stopped = (self.imported.row_problems and not skip) or (
            self.imported.unclear_columns and not sure
        )
        return replace(self.imported, is_written=not (dry or stopped))

    def export_subscribers(self, request: BuildRequest) -> Iterator[str]:
        """Give lines, or fail in their midst where there is nobody."""
        self._ask(request, "export")
        yield "email,name\r\n"
        if not self.readers:
            raise FeedpubError("the database is away")
        yield "ann@example.org,人\r\n"

    def count_subscribers(self, request: BuildRequest) -> tuple[tuple[str, int], ...]:
        """Give the counts."""
        self._ask(request, "stats")
        return self.counts

    def collect_statistics(self, request: BuildRequest, days: int) -> Statistics:
        """Give what was told."""
        self._ask(request, "statistics", days)
        return self.statistic

    def load_catalog(self, request: BuildRequest) -> Catalog:
        """Give the English ones."""
        self.requests.append(request)
        return english()

    def list_digests(self, request: BuildRequest) -> tuple[DigestStatus, ...]:
        """Give how each stands."""
        self._ask(request, "digests")
        return self.standings

    def write_preview(
        self, request: BuildRequest, digest: str, folder: Path, address: str
    ) -> Preview:
        """Give where it would be."""
        self._ask(request, "preview", digest, folder, address)
        return Preview("New: 人工智能", (folder / "digest.html", folder / "digest.txt"))

    def send_test(self, request: BuildRequest, digest: str, to: str) -> SendResult:
        """Give what the server said."""
        self._ask(request, "test", digest, to)
        return self.outcome

    def send_digests(
        self, request: BuildRequest, digest: str, *, due: bool, dry: bool, backlog: bool
    ) -> tuple[DigestResult, ...]:
        """Give what came of it, having sent for a while."""
        self._ask(request, "send", digest, due, dry, backlog)
        request.progress("sending", 0, 0)
        return self.sent

    def list_issues(
        self, request: BuildRequest, digest: str
    ) -> tuple[tuple[Issue, IssueStats], ...]:
        """Give the issues."""
        self._ask(request, "issues", digest)
        return self.known

    def list_undelivered(
        self, request: BuildRequest, issue: int, most: int
    ) -> tuple[DeliveryStatus, ...]:
        """Give as many as are asked for."""
        assert request.now == NOW
        return self.lost[:most] if issue == ISSUE.id else ()

    def pause_issue(self, request: BuildRequest, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "pause", issue)
        return ISSUE

    def resume_issue(self, request: BuildRequest, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "resume", issue)
        return ISSUE

    def cancel_issue(self, request: BuildRequest, issue: int) -> Issue:
        """Give the issue."""
        self._ask(request, "cancel", issue)
        return ISSUE

    def retry_issue(self, request: BuildRequest, issue: int, *, doubt: bool) -> int:
        """Give how many failed."""
        self._ask(request, "retry", issue, *["doubt"] * doubt)
        return self.failed

    def recover(
        self, request: BuildRequest, places: Sequence[Path], until: datetime | None
    ) -> RecoveryResult:
        """Give what it was told to."""
        self._ask(request, "recover", *(str(each) for each in places), until)
        return self.recovered

    def get_site_timezone(self, request: BuildRequest) -> ZoneInfo:
        """Give the time zone."""
        assert request.now == NOW
        return self.place

    def parse_source(self, text: str, environ: Mapping[str, str], piped: BinaryIO) -> MailSource:
        """Give what is piped in, or a path."""
        assert environ
        return piped if text == "-" else Path(text)

    def process_bounces(self, request: BuildRequest, place: MailSource) -> BounceSummary:
        """Give what came back, having read for a while."""
        self._ask(request, "bounces", place if isinstance(place, Path) else "-")
        request.progress("reading", 0, 0)
        if isinstance(self.returned, FeedpubError):
            raise self.returned
        return self.returned

    def doctor(self, request: BuildRequest) -> tuple[Finding, ...]:
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
    server: WebAPI | None = None,
) -> Ran:
    """Type a command, on a terminal or not."""
    out, err = (Screen(), Screen()) if screen else (io.StringIO(), io.StringIO())
    shown: list[Path] = []

    def publish() -> PublishAPI:
        raise AssertionError

    def web() -> WebAPI:
        assert server is not None
        return server

    def newsletter() -> NewsletterAPI:
        return desk

    def browse(path: Path) -> bool:
        shown.append(path)
        return browser

    world = AppContext(
        stdin=lambda: Keyboard(answer) if keyboard else io.BytesIO(answer),
        stdout=out,
        stderr=err,
        environ={"NO_COLOR": "1"},
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        terminal_width=80,
        publish=publish,
        newsletter=newsletter,
        doctor=lambda: desk.doctor,
        web=web,
        open_browser=browse,
        daemon=nobody,
        exit=nobody,
    )
    status = main(typed.split(), world)
    return Ran(status, out.getvalue(), err.getvalue(), shown)


def nobody(*_: object) -> NoReturn:
    """Stand for what is not to be asked for."""
    raise AssertionError


def bad(*lines: int) -> tuple[Problem, ...]:
    """Give rows that cannot be used."""
    return tuple(Problem("list.csv", line, '"x" is no address', left_out=True) for line in lines)
