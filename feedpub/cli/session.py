"""Run one command: parse, dispatch, and turn errors into messages and exit statuses.

`main` is the entry point; it also holds the commands that build and set up a site.
"""

import gc
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub import __version__
from feedpub.cli import output
from feedpub.cli.context import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TEMPFAIL,
    EXIT_USAGE,
    AppContext,
    CommandContext,
)
from feedpub.cli.output import Style, escape, format_columns
from feedpub.cli.parser import HelpRequested, UsageError, parse
from feedpub.errors import ConfigError, FeedpubError
from feedpub.models.content import Problem

if TYPE_CHECKING:
    from feedpub.app import Summary


def main(argv: Sequence[str], world: AppContext) -> int:
    """Run the command given in `argv`; return the exit status."""
    try:
        arguments = parse(argv)
    except HelpRequested as asked:
        world.stdout.write(str(asked))
        return EXIT_OK
    except UsageError as error:
        world.stderr.write(f"{escape_lines(str(error))}\n")
        return EXIT_USAGE
    if arguments.version:
        world.stdout.write(f"feedpub {__version__}\n")
        return EXIT_OK
    session = CommandContext(arguments, world, terminal := world.create_terminal(world.stderr))
    try:
        return _resolve_handler(arguments.command_path)(session)
    except KeyboardInterrupt:
        terminal.clear_progress()
        if terminal.is_interactive:
            terminal.echo("Stopped.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader has gone, so no message; `run` handles it
        raise
    except (FeedpubError, OSError) as error:
        if arguments.debug:
            raise
        return _failed(error, session)


def _resolve_handler(typed: str) -> Callable[[CommandContext], int]:
    """Return the function that implements a command."""
    if typed in _COMMANDS:
        return _COMMANDS[typed]
    # Imported here, so that a build does not load them.
    from feedpub.cli import (  # noqa: PLC0415
        daemon,
        digest,
        mail,
        serve,
        stats,
        subscribers,
    )

    found: dict[str, Callable[[CommandContext], int]] = {}
    for each in (subscribers, digest, mail, stats, daemon, serve):
        found.update(each.COMMANDS)
    return found[typed]


def escape_lines(text: str) -> str:
    """Return a text with control characters escaped in every line."""
    return "\n".join(escape(line) for line in text.split("\n"))


def _failed(error: FeedpubError | OSError, session: CommandContext) -> int:
    """Print why a command failed; return the exit status."""
    problems: tuple[Problem, ...]
    if isinstance(error, ConfigError):
        problems = error.problems
        output.print_problems(problems, session.terminal, fatal=True)
        if session.terminal.is_interactive:
            faults = output.pluralize(len(problems), "error")
            session.terminal.echo(f"Nothing was done: fix {faults} in the configuration first.")
    else:
        message = str(error)
        if isinstance(error, OSError) and error.strerror:
            message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        problems = (Problem("", 0, message),)
        session.terminal.echo(session.terminal.style(escape_lines(message), Style.ERROR))
    if session.arguments.json:
        whole = session.arguments.command in ("build", "check")
        shown = (
            output.summary_to_json(None, problems, 0.0)
            if whole
            else output.problems_to_json(problems)
        )
        session.app.stdout.write(shown + "\n")
    return EXIT_TEMPFAIL if session.arguments.is_piped else EXIT_FAILURE


def _build(session: CommandContext) -> int:
    began = session.app.monotonic()
    gc.disable()  # a build's objects live to its end: collection would take a fifth of the time
    summary = session.app.publish().build(session.build_request())
    seconds = session.app.monotonic() - began
    _print_summary(session, output.format_build(summary, seconds), summary, seconds)
    failed = summary.killed_workers or any(problem.left_out for problem in summary.problems)
    return EXIT_FAILURE if failed or (session.arguments.strict and summary.problems) else EXIT_OK


def _check(session: CommandContext) -> int:
    began = session.app.monotonic()
    summary = session.app.publish().check(session.build_request())
    seconds = session.app.monotonic() - began
    _print_summary(session, output.format_check(summary, seconds), summary, seconds)
    return EXIT_FAILURE if summary.problems else EXIT_OK


def _import_check(session: CommandContext) -> int:
    from feedpub.site.import_check import MISSING  # noqa: PLC0415  keeps `feedpub --help` fast

    found = session.app.publish().import_check(session.build_request(), Path(session.arguments.old))
    session.terminal.clear_progress()
    out = session.app.create_terminal(session.app.stdout)
    out.echo(
        output.old_urls_to_json(found) if session.arguments.json else output.format_old_urls(found)
    )
    return EXIT_FAILURE if any(each.state == MISSING for each in found) else EXIT_OK


def _print_summary(
    session: CommandContext, lines: Iterable[str], summary: "Summary", seconds: float
) -> None:
    """Print the problems, then the result and the next step, or the result as JSON."""
    session.terminal.clear_progress()
    output.print_problems(summary.problems, session.terminal)
    for path in summary.damaged_files:
        told = f"{path}: was damaged, and has been rebuilt"
        session.terminal.echo(session.terminal.style(told, Style.WARNING))
    if session.arguments.json:
        session.app.stdout.write(output.summary_to_json(summary, summary.problems, seconds) + "\n")
    else:
        session.echo(lines)
    session.echo_hint(output.suggest_next_step(summary.problems, session.arguments.command))


def _init(session: CommandContext) -> int:
    from feedpub.site import scaffold  # noqa: PLC0415  keeps `feedpub --help` fast

    arguments, world = session.arguments, session.app
    started = scaffold.create_site(Path(arguments.folder), world.now())
    out = world.create_terminal(world.stdout)
    if out.is_interactive:
        here = arguments.folder == "."
        place = "" if here else f" in {escape(arguments.folder)}"
        told = [(path, _FILE_DESCRIPTIONS[path]) for path in started.created]
        told += [(path, "already exists, unchanged") for path in started.kept]
        out.echo(out.style(f"Created a site{place}:", Style.HEADING))
        out.echo(format_columns(told))
        enter = "" if here else f"cd {shlex.quote(arguments.folder)}, "
        out.echo(f"Next: {enter}set title and url in config.yaml; `feedpub serve --live` shows it.")
    return EXIT_OK


def _new(session: CommandContext) -> int:
    from feedpub.site import scaffold  # noqa: PLC0415  keeps `feedpub --help` fast

    arguments, world = session.arguments, session.app
    path = scaffold.create_post(
        Path(arguments.config), arguments.title, arguments.author, world.now(), world.environ
    )
    world.stdout.write(f"{path}\n")
    if session.terminal.is_interactive:
        session.terminal.echo(
            "This is a draft: write, remove `draft: true`, and run `feedpub build`; "
            "`feedpub build --drafts` shows it before that."
        )
    return EXIT_OK


def _config(session: CommandContext) -> int:
    from feedpub import app  # noqa: PLC0415
    from feedpub.config.dump import dump_config  # noqa: PLC0415  keeps `feedpub --help` fast

    session.app.stdout.write(
        dump_config(app.load_config(Path(session.arguments.config), session.app.environ))
    )
    return EXIT_OK


def _completion(session: CommandContext) -> int:
    from feedpub.cli.completion import render_completion  # noqa: PLC0415  keeps `feedpub --help` fast

    session.app.stdout.write(render_completion(session.arguments.shell))
    return EXIT_OK


_FILE_DESCRIPTIONS = {
    "config.yaml": "title, URL and settings of the site",
    "content/welcome.md": "the first post",
    ".gitignore": "keeps build output out of git",
}
_COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {
    "build": _build,
    "check": _check,
    "import-check": _import_check,
    "init": _init,
    "new": _new,
    "config": _config,
    "completion": _completion,
}
