"""All that a command can see, change and call, handed to it as one value."""

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
EXIT_NOUSER = 67  # EX_NOUSER of sysexits.h: the mail server returns the message
"""Exit status; 130 is what shells give a program that Ctrl-C ended.

75 is EX_TEMPFAIL of sysexits.h: a mail server keeps what it handed over, and tries again.
"""


class PublishAPI(Protocol):
    """What builds and checks."""

    def build(self, request: "BuildRequest") -> "Summary":
        """Publish the content folder."""
        ...

    def check(self, request: "BuildRequest") -> "Summary":
        """Find what is wrong, and write nothing."""
        ...

    def import_check(self, request: "BuildRequest", old: Path, /) -> "tuple[OldUrl, ...]":
        """Tell what is at the addresses of an old site."""
        ...


class WebAPI(Protocol):
    """What serves the site; see `feedpub.web.api`."""

    def serve(self, request: "BuildRequest", stand: "ServeOptions", /) -> None:
        """Serve what was built last."""
        ...

    def serve_live(
        self,
        request: "BuildRequest",
        stand: "ServeOptions",
        built: "Callable[[Summary], None]",
        failed: Callable[[FeedpubError], None],
        /,
    ) -> None:
        """Serve what is being written."""
        ...


class NewsletterAPI(Protocol):
    """What keeps the readers, and mails them; see `feedpub.newsletter.api`."""

    def add_subscriber(  # noqa: PLR0913 - what is known of a reader
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
        """Add a reader; give them as they are then."""
        ...

    def list_subscribers(
        self, request: "BuildRequest", state: str | None, /
    ) -> "Iterator[Subscriber]":
        """Give all readers, or those in a state."""
        ...

    def get_subscriber(self, request: "BuildRequest", address: str, /) -> "Subscriber":
        """Give the reader with an address."""
        ...

    def get_last_delivery(
        self, request: "BuildRequest", address: str, /
    ) -> "DeliveryStatus | None":
        """Tell what became of the last issue for somebody."""
        ...

    def remove_subscriber(self, request: "BuildRequest", address: str, /) -> None:
        """Take somebody off the list."""
        ...

    def erase_subscriber(self, request: "BuildRequest", address: str, /) -> None:
        """Delete a person for good."""
        ...

    def suppress_address(self, request: "BuildRequest", address: str, /) -> "Subscriber":
        """Mail somebody no more."""
        ...

    def import_subscribers(  # noqa: PLR0913 - all that can be said of a list
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
        """Give all readers as lines of CSV."""
        ...

    def count_subscribers(self, request: "BuildRequest", /) -> tuple[tuple[str, int], ...]:
        """Count the readers in each state."""
        ...

    def collect_statistics(self, request: "BuildRequest", days: int, /) -> "Statistics":
        """Tell how the site is read."""
        ...

    def load_catalog(self, request: "BuildRequest", /) -> "Catalog":
        """Give what is said in the site's language."""
        ...

    def list_digests(self, request: "BuildRequest", /) -> "tuple[DigestStatus, ...]":
        """Tell how each digest stands."""
        ...

    def write_preview(
        self, request: "BuildRequest", digest: str, folder: Path, address: str, /
    ) -> "Preview":
        """Write what a digest would say now."""
        ...

    def send_test(self, request: "BuildRequest", digest: str, to: str, /) -> "SendResult":
        """Send what a digest would say now to one address."""
        ...

    def send_digests(
        self, request: "BuildRequest", digest: str, /, *, due: bool, dry: bool, backlog: bool
    ) -> "tuple[DigestResult, ...]":
        """Send what is new."""
        ...

    def list_issues(
        self, request: "BuildRequest", digest: str, /
    ) -> "tuple[tuple[Issue, IssueStats], ...]":
        """Give the issues, newest first, and how each stands."""
        ...

    def list_undelivered(
        self, request: "BuildRequest", issue: int, most: int, /
    ) -> "tuple[DeliveryStatus, ...]":
        """Tell to whom an issue did not come, and why."""
        ...

    def pause_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """Stop an issue for now."""
        ...

    def resume_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """Let it go on."""
        ...

    def cancel_issue(self, request: "BuildRequest", issue: int, /) -> "Issue":
        """End it."""
        ...

    def retry_issue(self, request: "BuildRequest", issue: int, /, *, doubt: bool) -> int:
        """Plan again what failed, or what is in doubt; give how many."""
        ...

    def recover(
        self, request: "BuildRequest", places: Sequence[Path], until: datetime | None, /
    ) -> "RecoveryResult":
        """Settle what went out since the backup that the database was restored from."""
        ...

    def get_site_timezone(self, request: "BuildRequest", /) -> "ZoneInfo":
        """Give the time zone that the site tells its times in."""
        ...

    def parse_source(
        self, text: str, environ: Mapping[str, str], piped: BinaryIO, /
    ) -> "MailSource":
        """Read what a person calls a place of mail."""
        ...

    def process_bounces(self, request: "BuildRequest", place: "MailSource", /) -> "BounceSummary":
        """Take notice of what came back."""
        ...


class DaemonAPI(Protocol):
    """What keeps a site running; see `feedpub.daemon.api`."""

    def run_forever(
        self,
        request: "BuildRequest",
        stream: TextIO,
        now: Callable[[], datetime],
        /,
        *,
        human: bool,
    ) -> tuple[str, ...]:
        """Watch, publish and mail until told to stop; give what was in hand and has not ended."""
        ...

    def get_status(self, request: "BuildRequest", /) -> "SiteStatus":
        """Tell how the site stands."""
        ...


@dataclass(frozen=True, slots=True)
class AppContext:
    """All that a command can see and change, but for the files it is about."""

    stdin: Callable[[], BinaryIO]  # called only by the commands that read it
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]  # seconds since some moment
    terminal_width: int  # of the terminal
    publish: Callable[[], PublishAPI]  # called only by the commands that need it
    newsletter: Callable[[], NewsletterAPI]  # likewise
    doctor: "Callable[[], Callable[[BuildRequest], tuple[Finding, ...]]]"  # likewise
    web: Callable[[], WebAPI]  # likewise
    open_browser: Callable[[Path], bool]  # show a file in the browser, if there is one
    daemon: Callable[[], DaemonAPI]  # likewise
    exit: Callable[[int], object]  # end the process, whatever its threads do

    def create_terminal(self, stream: TextIO) -> Terminal:
        """Give what writes to one of the streams."""
        return Terminal(stream, self.environ, self.monotonic, self.terminal_width)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One command, and where it is done."""

    arguments: Arguments
    app: AppContext
    terminal: Terminal  # stderr

    def build_request(self) -> "BuildRequest":
        """Give what was asked for, as the use cases take it."""
        from feedpub.app import BuildRequest  # noqa: PLC0415  `feedpub --help` does not wait for it

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
        """Tell what was done, the first line painted: on terminals, or everywhere if `always`."""
        self.terminal.clear_progress()
        out = self.app.create_terminal(self.app.stdout)
        if always or out.is_interactive:
            first, *rest = map(escape, lines)
            out.echo("\n".join([out.style(first, Style.HEADING), *rest]))

    def echo_hint(self, line: str) -> None:
        """Say what to do next, where somebody looks and there is anything to say."""
        if line and self.terminal.is_interactive:
            self.terminal.echo(escape(line))

    def echo_error(self, line: str) -> None:
        """Say what went wrong."""
        self.terminal.echo(self.terminal.style(escape(line), Style.ERROR))
