"""The command `feedpub serve`: serve the last build, or a live preview."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli import output
from feedpub.cli.context import EXIT_OK, CommandContext
from feedpub.cli.output import Style
from feedpub.errors import ConfigError, FeedpubError

if TYPE_CHECKING:
    from feedpub.app import Summary


def _serve(session: CommandContext) -> int:
    from feedpub.web.serving import ServeOptions  # noqa: PLC0415  keeps `feedpub --help` fast

    arguments, world = session.arguments, session.app

    def ready(folder: Path, url: str) -> None:
        shown = "a live preview" if arguments.live else folder
        out = world.create_terminal(world.stdout)
        out.echo(out.style(f"Serving {shown} at {url}", Style.HEADING))
        session.echo_hint("Press Ctrl-C to stop.")

    stand = ServeOptions(arguments.host, arguments.port, world.now, ready)
    if arguments.live:
        world.web().serve_live(session.build_request(), stand, _built(session), _failed(session))
    else:
        world.web().serve(session.build_request(), stand)
    session.echo_hint("Stopped.")
    return EXIT_OK


def _built(session: CommandContext) -> "Callable[[Summary], None]":
    """Return a callback that prints the result of each build."""

    def built(summary: "Summary") -> None:
        session.echo(output.format_rebuild(summary))
        output.print_problems(summary.problems, session.terminal)

    return built


def _failed(session: CommandContext) -> Callable[[FeedpubError], None]:
    """Return a callback that prints why a build failed; the site then stays as it was."""

    def failed(error: FeedpubError) -> None:
        if isinstance(error, ConfigError):
            output.print_problems(error.problems, session.terminal, fatal=True)
        else:
            for line in str(error).split("\n"):
                session.echo_error(line)

    return failed


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {"serve": _serve}
