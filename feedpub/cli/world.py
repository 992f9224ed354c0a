"""All that a command can see, change and call, handed to it as one value."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO

from feedpub.cli.parser import Arguments
from feedpub.cli.terminal import Colour, Terminal, safe
from feedpub.errors import FeedpubError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from feedpub.daemon import Status
    from feedpub.mailing import Fate, Issue, Outcome, Subscriber, Tally
    from feedpub.newsletter import Import, Preview, Recovered, Returned, Sent, Source, Standing
    from feedpub.newsletter.findings import Finding
    from feedpub.publish import Request, Summary
    from feedpub.publish.comparing import OldAddress
    from feedpub.readership import Statistics
    from feedpub.web.serving import Stand
    from feedpub.words import Words

DONE, NOT_DONE, NOT_UNDERSTOOD, NOT_NOW, INTERRUPTED = 0, 1, 2, 75, 130
NO_USER = 67  # EX_NOUSER of sysexits.h: the mail server returns the message
"""Exit status; 130 is what shells give a program that Ctrl-C ended.

75 is EX_TEMPFAIL of sysexits.h: a mail server keeps what it handed over, and tries again.
"""


class Publish(Protocol):
    """What builds and checks."""

    def build(self, request: "Request") -> "Summary":
        """Publish the content folder."""
        ...

    def check(self, request: "Request") -> "Summary":
        """Find what is wrong, and write nothing."""
        ...

    def import_check(self, request: "Request", old: Path, /) -> "tuple[OldAddress, ...]":
        """Tell what is at the addresses of an old site."""
        ...


class Web(Protocol):
    """What serves the site; see `feedpub.web`."""

    def serve(self, request: "Request", stand: "Stand", /) -> None:
        """Serve what was built last."""
        ...

    def live(
        self,
        request: "Request",
        stand: "Stand",
        built: "Callable[[Summary], None]",
        failed: Callable[[FeedpubError], None],
        /,
    ) -> None:
        """Serve what is being written."""
        ...


class Newsletter(Protocol):
    """What keeps the readers, and mails them; see `feedpub.newsletter`."""

    def add(  # noqa: PLR0913 - what is known of a reader
        self,
        request: "Request",
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

    def listed(self, request: "Request", state: str | None, /) -> "Iterator[Subscriber]":
        """Give all readers, or those in a state."""
        ...

    def found(self, request: "Request", address: str, /) -> "Subscriber":
        """Give the reader with an address."""
        ...

    def last_mail(self, request: "Request", address: str, /) -> "Fate | None":
        """Tell what became of the last issue for somebody."""
        ...

    def remove(self, request: "Request", address: str, /) -> None:
        """Take somebody off the list."""
        ...

    def forget(self, request: "Request", address: str, /) -> None:
        """Delete a person for good."""
        ...

    def suppress(self, request: "Request", address: str, /) -> "Subscriber":
        """Mail somebody no more."""
        ...

    def import_(  # noqa: PLR0913 - all that can be said of a list
        self,
        request: "Request",
        path: Path,
        /,
        *,
        dry: bool,
        skip: bool,
        sure: bool,
        columns: Mapping[str, str],
        states: Mapping[str, str],
        encoding: str,
    ) -> "Import":
        """Import a CSV file."""
        ...

    def export(self, request: "Request", /) -> Iterator[str]:
        """Give all readers as lines of CSV."""
        ...

    def stats(self, request: "Request", /) -> tuple[tuple[str, int], ...]:
        """Count the readers in each state."""
        ...

    def statistics(self, request: "Request", days: int, /) -> "Statistics":
        """Tell how the site is read."""
        ...

    def words(self, request: "Request", /) -> "Words":
        """Give what is said in the site's language."""
        ...

    def digests(self, request: "Request", /) -> "tuple[Standing, ...]":
        """Tell how each digest stands."""
        ...

    def preview(self, request: "Request", digest: str, folder: Path, address: str, /) -> "Preview":
        """Write what a digest would say now."""
        ...

    def test(self, request: "Request", digest: str, to: str, /) -> "Outcome":
        """Send what a digest would say now to one address."""
        ...

    def send(
        self, request: "Request", digest: str, /, *, due: bool, dry: bool, backlog: bool
    ) -> "tuple[Sent, ...]":
        """Send what is new."""
        ...

    def issues(self, request: "Request", digest: str, /) -> "tuple[tuple[Issue, Tally], ...]":
        """Give the issues, newest first, and how each stands."""
        ...

    def undelivered(self, request: "Request", issue: int, most: int, /) -> "tuple[Fate, ...]":
        """Tell to whom an issue did not come, and why."""
        ...

    def pause(self, request: "Request", issue: int, /) -> "Issue":
        """Stop an issue for now."""
        ...

    def resume(self, request: "Request", issue: int, /) -> "Issue":
        """Let it go on."""
        ...

    def cancel(self, request: "Request", issue: int, /) -> "Issue":
        """End it."""
        ...

    def retry(self, request: "Request", issue: int, /, *, doubt: bool) -> int:
        """Plan again what failed, or what is in doubt; give how many."""
        ...

    def recover(
        self, request: "Request", places: Sequence[Path], until: datetime | None, /
    ) -> "Recovered":
        """Settle what went out since the backup that the database was restored from."""
        ...

    def zone(self, request: "Request", /) -> "ZoneInfo":
        """Give the time zone that the site tells its times in."""
        ...

    def source(self, text: str, environ: Mapping[str, str], piped: BinaryIO, /) -> "Source":
        """Read what a person calls a place of mail."""
        ...

    def bounces(self, request: "Request", place: "Source", /) -> "Returned":
        """Take notice of what came back."""
        ...


class Daemon(Protocol):
    """What keeps a site running; see `feedpub.daemon`."""

    def forever(
        self, request: "Request", stream: TextIO, now: Callable[[], datetime], /, *, human: bool
    ) -> tuple[str, ...]:
        """Watch, publish and mail until told to stop; give what was in hand and has not ended."""
        ...

    def status(self, request: "Request", /) -> "Status":
        """Tell how the site stands."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """All that a command can see and change, but for the files it is about."""

    stdin: Callable[[], BinaryIO]  # called only by the commands that read it
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    clock: Callable[[], float]  # seconds since some moment
    columns: int  # of the terminal
    publish: Callable[[], Publish]  # called only by the commands that need it
    newsletter: Callable[[], Newsletter]  # likewise
    doctor: "Callable[[], Callable[[Request], tuple[Finding, ...]]]"  # likewise
    web: Callable[[], Web]  # likewise
    browse: Callable[[Path], bool]  # show a file in the browser, if there is one
    daemon: Callable[[], Daemon]  # likewise
    leave: Callable[[int], object]  # end the process, whatever its threads do

    def terminal(self, stream: TextIO) -> Terminal:
        """Give what writes to one of the streams."""
        return Terminal(stream, self.environ, self.clock, self.columns)


@dataclass(frozen=True, slots=True)
class Session:
    """One command, and where it is done."""

    arguments: Arguments
    world: World
    terminal: Terminal  # stderr

    def request(self) -> "Request":
        """Give what was asked for, as the use cases take it."""
        from feedpub.publish import Request  # noqa: PLC0415  `feedpub --help` does not wait for it

        arguments = self.arguments
        return Request(
            config_path=Path(arguments.config),
            output=Path(arguments.output) if arguments.output else None,
            drafts=arguments.drafts,
            future=arguments.future,
            clean=arguments.clean,
            now=self.world.now(),
            environ=self.world.environ,
            progress=self.terminal.progress,
        )

    def tell(self, lines: Iterable[str], *, always: bool = False) -> None:
        """Tell what was done, the first line painted: on terminals, or everywhere if `always`."""
        self.terminal.clear()
        out = self.world.terminal(self.world.stdout)
        if always or out.interactive:
            first, *rest = map(safe, lines)
            out.say("\n".join([out.paint(first, Colour.RESULT), *rest]))

    def advise(self, line: str) -> None:
        """Say what to do next, where somebody looks and there is anything to say."""
        if line and self.terminal.interactive:
            self.terminal.say(safe(line))

    def warn(self, line: str) -> None:
        """Say what went wrong."""
        self.terminal.say(self.terminal.paint(safe(line), Colour.FAULT))
