"""What a command works with: its streams, clock and the APIs it calls; see `CommandContext`.

The API protocols let tests pass in fakes, and modules load only when a command needs them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO

from feedpub.cli.output import Style, Terminal, escape
from feedpub.cli.parser import Arguments
from feedpub.errors import FeedpubError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from feedpub.app import BuildRequest, Summary
    from feedpub.daemon.status import SiteStatus
    from feedpub.models.newsletter import DeliveryStatus, Issue, IssueStats, SendResult, Subscriber
    from feedpub.models.stats import Statistics
    from feedpub.newsletter.bounce_processing import BounceSummary, MailSource
    from feedpub.newsletter.dns_checks import Finding
    from feedpub.newsletter.issues import DigestStatus
    from feedpub.newsletter.planning import DigestResult
    from feedpub.newsletter.preview import Preview
    from feedpub.newsletter.recovery import RecoveryResult
    from feedpub.site.i18n import Catalog
    from feedpub.site.import_check import OldUrl
    from feedpub.subscribers.manage import ImportResult
    from feedpub.web.serving import ServeOptions

EXIT_OK, EXIT_FAILURE, EXIT_USAGE, EXIT_TEMPFAIL, EXIT_INTERRUPTED = 0, 1, 2, 75, 130
EXIT_NOUSER = 67  # EX_NOUSER of sysexits.h: the mail server bounces the message
"""Exit statuses; 130 is 128 + SIGINT, as in shells.

75 is EX_TEMPFAIL of sysexits.h: the mail server keeps the message, and tries again.
"""


class PublishAPI(Protocol):
    """Builds and checks the site; see `feedpub.site.api`."""

    def build(self, request: "BuildRequest") -> "Summary":
        """Build the site."""
        ...

    def check(self, request: "BuildRequest") -> "Summary":
        """Find problems, and write nothing."""
        ...

    def import_check(self, request: "BuildRequest", old: Path, /) -> "tuple[OldUrl, ...]":
        """Compare the URLs of an old site with this one."""
        ...


class WebAPI(Protocol):
    """Serves the site; see `feedpub.web.api`."""

    def serve(self, request: "BuildRequest", stand: "ServeOptions", /) -> None:
        """Serve the last build."""
        ...

    def serve_live(
        self,
        request: "BuildRequest",
        stand: "ServeOptions",
        built: "Callable[[Summary], None]",
        failed: Callable[[FeedpubError], None],
        /,
    ) -> None:
        """Serve a preview that is rebuilt at each change."""
        ...


class NewsletterAPI(Protocol):
    """Manages subscribers, digests and bounces; see `feedpub.newsletter.api`."""

    def add_subscriber(  # noqa: PLR0913 - the fields of a subscriber
        self,
        request: "BuildRequest",
        address: str,
        /,
        *,
        name: str,
        tags: tuple[str, ...],
        authors: tuple[str, ...],
        cadence: str,
        language: str,
    ) -> "Subscriber":
        """Add a subscriber; return them as stored."""
        ...

    def list_subscribers(
        self, request: "BuildRequest", state: str | None, /
    ) -> "Iterator[Subscriber]":
        """Return all subscribers, or those in a state."""
        ...

    def get_subscriber(self, request: "BuildRequest", address: str, /) -> "Subscriber":
        """Return the subscriber with an address."""
        ...

    def get_last_delivery(
        self, request: "BuildRequest", address: str, /
    ) -> "DeliveryStatus | None":
        """Return the last delivery to a subscriber."""
        ...

    def remove_subscriber(self, request: "BuildRequest", address: str, /) -> None:
        """Remove a subscriber."""
        ...

    def erase_subscriber(self, request: "BuildRequest", address: str, /) -> None:
        """Erase a subscriber's personal data."""
        ...

    def suppress_address(self, request: "BuildRequest", address: str, /) -> "Subscriber":
        """Suppress an address."""
        ...

    def import_subscribers(  # noqa: PLR0913 - the options of an import
        self,
        request: "BuildRequest",
        path: Path,
        /,
        *,
        dry: bool,
        skip: bool,
        sure: bool,
        columns: Mapping[str, str],
        states: Mapping[str, str],
        encoding: str,
    ) -> "ImportResult":
        """Import a CSV file."""
        ...

    def export_subscribers(self, request: "BuildRequest", /) -> Iterator[str]:
        """Yield all subscribers as lines of CSV."""
        ...

    def count_subscribers(self, request: "BuildRequest", /) -> tuple[tuple[str, int], ...]:
        """Return the number of subscribers in each state."""
        ...

    def collect_statistics(self, request: "BuildRequest", days: int, /) -> "Statistics":
        """Return the statistics of the last days."""
        ...

    def load_catalog(self, request: "BuildRequest", /) -> "Catalog":
        """Return the messages of the site's language."""
        ...

    def list_digests(self, request: "BuildRequest", /) -> "tuple[DigestStatus, ...]":
        """Return the state of each digest."""
        ...

    def write_preview(
        self, request: "BuildRequest", digest: str, folder: Path, address: str, /
    ) -> "Preview":
        """Write a digest as it would go out now to a folder."""
        ...

    def send_test(self, request: "BuildRequest", digest: str, to: str, /) -> "SendResult":
        """Send a digest as it would go out now to one address."""
        ...

    def send_digests(
        self, request: "BuildRequest", digest: str, /, *, due: bool, dry: bool, backlog: bool
    ) -> "tuple[DigestResult, ...]":
        """Plan new issues, and deliver what is due."""
        ...

    def list_issues(
        self, request: "BuildRequest", digest: str, /
    ) -> "tuple[tuple[Issue, IssueStats], ...]":
        """Return the issues, newest first, with their statistics."""
        ...

    def list_undelivered(
        self, request: "BuildRequest", issue: int, most: int, /
    ) -> "tuple[DeliveryStatus, ...]":
        """Return the first recipients without a delivery, and the reasons."""
        ...

    def pause_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """Pause an issue."""
        ...

    def resume_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """Resume a paused issue."""
        ...

    def cancel_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """Cancel an issue."""
        ...

    def retry_issue(self, request: "BuildRequest", issue: int, /, *, doubt: bool) -> int:
        """Schedule failed deliveries, or those in doubt, again; return how many."""
        ...

    def recover(
        self, request: "BuildRequest", places: Sequence[Path], until: datetime | None, /
    ) -> "RecoveryResult":
        """Reconcile a restored database with what was sent since the backup."""
        ...

    def get_site_timezone(self, request: "BuildRequest", /) -> "ZoneInfo":
        """Return the time zone in which the site's times are shown."""
        ...

    def parse_source(
        self, text: str, environ: Mapping[str, str], piped: BinaryIO, /
    ) -> "MailSource":
        """Parse a mail source given on the command line."""
        ...

    def process_bounces(self, request: "BuildRequest", place: "MailSource", /) -> "BounceSummary":
        """Process the messages in a mailbox."""
        ...


class DaemonAPI(Protocol):
    """Runs the daemon, and reports its status; see `feedpub.daemon.api`."""

    def run_forever(
        self,
        request: "BuildRequest",
        stream: TextIO,
        now: Callable[[], datetime],
        /,
        *,
        human: bool,
    ) -> tuple[str, ...]:
        """Run the daemon until it is stopped; return the names of what did not end in time."""
        ...

    def get_status(self, request: "BuildRequest", /) -> "SiteStatus":
        """Return the status of the site."""
        ...


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything outside the command line that a command uses, except the site's files."""

    stdin: Callable[[], BinaryIO]  # called only by the commands that read it
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]  # seconds since an arbitrary moment
    terminal_width: int  # columns
    publish: Callable[[], PublishAPI]  # imports the module; called only by commands that need it
    newsletter: Callable[[], NewsletterAPI]  # as above
    doctor: "Callable[[], Callable[[BuildRequest], tuple[Finding, ...]]]"  # as above
    web: Callable[[], WebAPI]  # as above
    open_browser: Callable[[Path], bool]  # returns whether there is a browser
    daemon: Callable[[], DaemonAPI]  # as above
    exit: Callable[[int], object]  # ends the process, even if threads are running

    def create_terminal(self, stream: TextIO) -> Terminal:
        """Return a terminal for one of the streams."""
        return Terminal(stream, self.environ, self.monotonic, self.terminal_width)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One invocation of a command."""

    arguments: Arguments
    app: AppContext
    terminal: Terminal  # stderr

    def build_request(self) -> "BuildRequest":
        """Return the request that the arguments describe."""
        from feedpub.app import BuildRequest  # noqa: PLC0415  keeps `feedpub --help` fast

        arguments = self.arguments
        return BuildRequest(
            config_path=Path(arguments.config),
            output=Path(arguments.output) if arguments.output else None,
            drafts=arguments.drafts,
            future=arguments.future,
            clean=arguments.clean,
            now=self.app.now(),
            environ=self.app.environ,
            progress=self.terminal.show_progress,
        )

    def echo(self, lines: Iterable[str], *, always: bool = False) -> None:
        """Print a result with a highlighted first line: only on a terminal, unless `always`."""
        self.terminal.clear_progress()
        out = self.app.create_terminal(self.app.stdout)
        if always or out.is_interactive:
            first, *rest = map(escape, lines)
            out.echo("\n".join([out.style(first, Style.HEADING), *rest]))

    def echo_hint(self, line: str) -> None:
        """Print what to do next, on a terminal and if there is anything to say."""
        if line and self.terminal.is_interactive:
            self.terminal.echo(escape(line))

    def echo_error(self, line: str) -> None:
        """Print an error."""
        self.terminal.echo(self.terminal.style(escape(line), Style.ERROR))
