"""What was typed, and a world to do it in → what is done, and the exit status."""

import gc
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub import __version__
from feedpub.cli import report
from feedpub.cli.parser import HelpAsked, UsageError, parse
from feedpub.cli.terminal import Colour, columns, safe
from feedpub.cli.world import (
    DONE,
    INTERRUPTED,
    NOT_DONE,
    NOT_NOW,
    NOT_UNDERSTOOD,
    Session,
    World,
)
from feedpub.errors import ConfigError, FeedpubError
from feedpub.model import Problem

if TYPE_CHECKING:
    from feedpub.publish import Summary


def main(argv: Sequence[str], world: World) -> int:
    """Do what was typed after `feedpub`; give the exit status."""
    try:
        arguments = parse(argv)
    except HelpAsked as asked:
        world.stdout.write(str(asked))
        return DONE
    except UsageError as error:
        world.stderr.write(f"{safe_lines(str(error))}\n")
        return NOT_UNDERSTOOD
    if arguments.version:
        world.stdout.write(f"feedpub {__version__}\n")
        return DONE
    session = Session(arguments, world, terminal := world.terminal(world.stderr))
    try:
        return _does(arguments.typed)(session)
    except KeyboardInterrupt:
        terminal.clear()
        if terminal.interactive:
            terminal.say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # nobody reads any more: not for a message
        raise
    except (FeedpubError, OSError) as error:
        if arguments.debug:
            raise
        return _failed(error, session)


def _does(typed: str) -> Callable[[Session], int]:
    """Give what does a command."""
    if typed in _COMMANDS:
        return _COMMANDS[typed]
    # Imported only here: a build has no use for them.
    from feedpub.cli import digests, mail, running, serve, statistics, subscribers  # noqa: PLC0415

    found: dict[str, Callable[[Session], int]] = {}
    for each in (subscribers, digests, mail, statistics, running, serve):
        found.update(each.COMMANDS)
    return found[typed]


def safe_lines(text: str) -> str:
    """Give a text of several lines that a terminal shows and does not obey."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _failed(error: FeedpubError | OSError, session: Session) -> int:
    """Say why the command could not go on."""
    problems: tuple[Problem, ...]
    if isinstance(error, ConfigError):
        problems = error.problems
        report.tell(problems, session.terminal, fatal=True)
        if session.terminal.interactive:
            faults = report.counted(len(problems), "fault")
            session.terminal.say(f"Nothing was done: mend {faults} in the configuration first.")
    else:
        message = str(error)
        if isinstance(error, OSError) and error.strerror:
            message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        problems = (Problem("", 0, message),)
        session.terminal.say(session.terminal.paint(safe_lines(message), Colour.FAULT))
    if session.arguments.json:
        whole = session.arguments.command in ("build", "check")
        shown = report.as_json(None, problems, 0.0) if whole else report.problems_as_json(problems)
        session.world.stdout.write(shown + "\n")
    return NOT_NOW if session.arguments.is_piped else NOT_DONE


def _build(session: Session) -> int:
    began = session.world.clock()
    gc.disable()  # a build makes a million objects that all live to its end: a fifth of its time
    summary = session.world.publish().build(session.request())
    seconds = session.world.clock() - began
    _account(session, report.built(summary, seconds), summary, seconds)
    failed = summary.killed or any(problem.left_out for problem in summary.problems)
    return NOT_DONE if failed or (session.arguments.strict and summary.problems) else DONE


def _check(session: Session) -> int:
    began = session.world.clock()
    summary = session.world.publish().check(session.request())
    seconds = session.world.clock() - began
    _account(session, report.checked(summary, seconds), summary, seconds)
    return NOT_DONE if summary.problems else DONE


def _import_check(session: Session) -> int:
    from feedpub.publish.comparing import MISSING  # noqa: PLC0415  `--help` does not wait for it

    found = session.world.publish().import_check(session.request(), Path(session.arguments.old))
    session.terminal.clear()
    out = session.world.terminal(session.world.stdout)
    out.say(report.old_as_json(found) if session.arguments.json else report.old_addresses(found))
    return NOT_DONE if any(each.state == MISSING for each in found) else DONE


def _account(session: Session, lines: Iterable[str], summary: "Summary", seconds: float) -> None:
    """Tell what is wrong, then what was done, then what to do: on terminals. Else what is wrong."""
    session.terminal.clear()
    report.tell(summary.problems, session.terminal)
    for path in summary.damaged:
        told = f"{path}: was damaged, and has been made anew"
        session.terminal.say(session.terminal.paint(told, Colour.WARNING))
    if session.arguments.json:
        session.world.stdout.write(report.as_json(summary, summary.problems, seconds) + "\n")
    else:
        session.tell(lines)
    session.advise(report.next_step(summary.problems, session.arguments.command))


def _init(session: Session) -> int:
    from feedpub import starter  # noqa: PLC0415  `feedpub --help` does not wait for it

    arguments, world = session.arguments, session.world
    started = starter.init(Path(arguments.folder), world.now())
    out = world.terminal(world.stdout)
    if out.interactive:
        here = arguments.folder == "."
        place = "" if here else f" in {safe(arguments.folder)}"
        told = [(path, _MADE[path]) for path in started.made]
        told += [(path, "was there, and stays as it is") for path in started.kept]
        out.say(out.paint(f"Made a site{place}:", Colour.RESULT))
        out.say(columns(told))
        enter = "" if here else f"cd {shlex.quote(arguments.folder)}, "
        out.say(f"Next: {enter}set title and url in config.yaml; `feedpub serve --live` shows it.")
    return DONE


def _new(session: Session) -> int:
    from feedpub import starter  # noqa: PLC0415  `feedpub --help` does not wait for it

    arguments, world = session.arguments, session.world
    path = starter.new(
        Path(arguments.config), arguments.title, arguments.author, world.now(), world.environ
    )
    world.stdout.write(f"{path}\n")
    if session.terminal.interactive:
        session.terminal.say(
            "It is a draft: write, take `draft: true` out, and run `feedpub build`; "
            "`feedpub build --drafts` shows it before."
        )
    return DONE


def _config(session: Session) -> int:
    from feedpub import files  # noqa: PLC0415  `feedpub --help` does not wait for it
    from feedpub.config import annotated  # noqa: PLC0415  likewise

    session.world.stdout.write(
        annotated(files.configuration(Path(session.arguments.config), session.world.environ))
    )
    return DONE


def _completion(session: Session) -> int:
    from feedpub.cli.complete import script  # noqa: PLC0415  `feedpub --help` does not wait for it

    session.world.stdout.write(script(session.arguments.shell))
    return DONE


_MADE = {
    "config.yaml": "what the site is called, and where it is published",
    "content/welcome.md": "the first post",
    ".gitignore": "keeps what is built out of git",
}
_COMMANDS: Mapping[str, Callable[[Session], int]] = {
    "build": _build,
    "check": _check,
    "import-check": _import_check,
    "init": _init,
    "new": _new,
    "config": _config,
    "completion": _completion,
}
