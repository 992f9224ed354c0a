"""`feedpub serve`: what is told while the site is served."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli import report
from feedpub.cli.terminal import Colour
from feedpub.cli.world import DONE, Session
from feedpub.errors import ConfigError, FeedpubError

if TYPE_CHECKING:
    from feedpub.publish import Summary


def _serve(session: Session) -> int:
    from feedpub.web.serving import Stand  # noqa: PLC0415  `feedpub --help` does not wait for it

    arguments, world = session.arguments, session.world

    def ready(folder: Path, url: str) -> None:
        shown = "what is being written" if arguments.live else folder
        out = world.terminal(world.stdout)
        out.say(out.paint(f"Serving {shown} at {url}", Colour.RESULT))
        session.advise("Ctrl-C ends it.")

    stand = Stand(arguments.host, arguments.port, world.now, ready)
    if arguments.live:
        world.web().live(session.request(), stand, _built(session), _failed(session))
    else:
        world.web().serve(session.request(), stand)
    session.advise("Stopped.")
    return DONE


def _built(session: Session) -> "Callable[[Summary], None]":
    """Tell of builds: what each changed, and what is wrong."""

    def built(summary: "Summary") -> None:
        session.tell(report.refreshed(summary))
        report.tell(summary.problems, session.terminal)

    return built


def _failed(session: Session) -> Callable[[FeedpubError], None]:
    """Tell of builds that could not go on: what is served stays as it was."""

    def failed(error: FeedpubError) -> None:
        if isinstance(error, ConfigError):
            report.tell(error.problems, session.terminal, fatal=True)
        else:
            for line in str(error).split("\n"):
                session.warn(line)

    return failed


COMMANDS: Mapping[str, Callable[[Session], int]] = {"serve": _serve}
