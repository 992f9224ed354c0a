"""Parse the command line with argparse, with suggestions for misspelt words; see `parse`."""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import NoReturn

from feedpub.cli.commands import COMMANDS, walk_commands
from feedpub.cli.commands.spec import DEBUG, VERSION, Argument, Command, Option, ParamType
from feedpub.cli.output import format_columns

_DESCRIPTION = "Turn a folder of Markdown posts into feeds, web pages and an email digest."
_ROOT = Command(
    "feedpub",
    "",
    _DESCRIPTION,
    (
        ("feedpub init blog", "create a site in the new folder blog"),
        ('feedpub new "My first journey"', "start a post"),
        ("feedpub build", "write feeds and pages to public/"),
        ("feedpub check", "report problems, and write nothing"),
        ("feedpub digest send", "mail new posts to the subscribers"),
        ("feedpub run", "do all of this continuously, until stopped"),
    ),
    (VERSION, DEBUG),
    subcommands=COMMANDS,
)
_LAST_PORT = 65535
_NUMBER = re.compile("[0-9]{1,9}")
_MOST_DAYS = 1_100
_STATUS = "Status: 0 done; 1 done with problems, or failed; 2 invalid command line."


class Arguments(argparse.Namespace):
    """The parsed command line; an option that was not given has its default."""

    command: str = ""
    action: str = ""  # the subcommand: `add` in `subscribers add`
    config: str = "config.yaml"
    output: str = ""
    author: str = ""
    title: str = ""
    folder: str = "."
    shell: str = ""
    old: str = ""
    drafts: bool = False
    future: bool = False
    strict: bool = False
    json: bool = False
    clean: bool = False
    debug: bool = False
    version: bool = False
    address: str = ""
    name: str = ""
    tags: Sequence[str] = ()
    authors: Sequence[str] = ()
    cadence: str = "digest"
    language: str = ""
    state: str = ""
    file: str = ""
    columns: Sequence[tuple[str, str]] = ()
    states: Sequence[tuple[str, str]] = ()
    encoding: str = ""
    digest: str = ""
    to: str = ""
    issue: int = 0
    dry_run: bool = False
    skip_bad: bool = False
    doubt: bool = False
    due: bool = False
    backlog: bool = False
    source: str = "-"
    show: bool = False
    explain: Sequence[str] = ()
    host: str = ""
    port: int | None = None
    live: bool = False
    yes: bool = False
    days: int = 90
    html: str = ""
    svg: str = ""
    places: Sequence[str] = ()
    until: datetime | None = None

    @property
    def command_path(self) -> str:
        """The full name of the command: `subscribers add`."""
        return f"{self.command} {self.action}".rstrip()

    @property
    def is_piped(self) -> bool:
        """Whether a mail server pipes in a message, and acts on the exit status."""
        return self.command == "bounces" and self.source == "-" and not self.explain


class HelpRequested(Exception):  # noqa: N818  a result, not an error
    """Help was requested; the message is the help text."""


class UsageError(Exception):
    """The command line is invalid; the message contains a suggestion."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that neither prints nor exits."""

    def print_help(self, file: object = None) -> NoReturn:
        """Raise HelpRequested with the help text."""
        del file
        raise HelpRequested(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and a pointer to --help."""
        raise UsageError(f"{self.prog}: {message}\nTry: {self.prog} --help")


def parse(argv: Sequence[str]) -> Arguments:
    """Parse the arguments after `feedpub`.

    Raises:
        HelpRequested: --help was among them.
        UsageError: they are invalid.
    """
    parsers = _parsers()
    name, command = _command(argv, parsers)
    parser = parsers[name]
    arguments, rest = parsers[""].parse_known_args(argv, Arguments())
    if rest:
        option = next((each for each in rest if each.startswith("-")), "")
        if not option:
            parser.error(f'unexpected "{rest[0]}"; put text with spaces in quotes')
        parser.error(
            f'unknown option "{option}"{_format_suggestion(_nearest(option, _names(command)))}'
        )
    if command.subcommands and not arguments.version:
        raise UsageError(parser.format_help().rstrip())
    return arguments


def _command(argv: Sequence[str], parsers: dict[str, _Parser]) -> tuple[str, Command]:
    """Find the command in the arguments, and return its full name and definition."""
    name, command = "", _ROOT
    for word in argv:
        if not command.subcommands:
            break
        below = {each.name: each for each in command.subcommands}
        if word in below:
            name, command = f"{name} {word}".lstrip(), below[word]
        elif not word.startswith("-"):
            parsers[name].error(
                f'unknown command "{word}"{_format_suggestion(_guess_command(word, below))}'
            )
        elif word not in (*_names(command), "-h"):
            near = _format_suggestion(_nearest(word, _names(command))) or _explain_position(
                word, name, command
            )
            parsers[name].error(f'unknown option "{word}"{near}')
    return name, command


def _guess_command(word: str, below: Iterable[str]) -> str:
    """Return the command or option that an unknown word probably means, "" if none."""
    if word in ("help", "version"):
        return f"--{word}"
    whole = [name for name, _ in walk_commands() if name.endswith(f" {word}")]
    return _nearest(word, below) or next(iter(whole), "")


def _explain_position(option: str, name: str, command: Command) -> str:
    """Return a hint if an option of a subcommand precedes it, else ""."""
    key = option.partition("=")[0]
    late = any(
        key == each.name for _, one in walk_commands(command.subcommands) for each in one.options
    )
    words = f"feedpub {name}".rstrip()
    return f"; put it after the command: {words} COMMAND {key}" if late else ""


def _parsers() -> dict[str, _Parser]:
    """Build the parsers of all commands by full name; "" is feedpub itself."""
    parser = _Parser(
        prog="feedpub",
        usage="feedpub [--help] [--version] [--debug] COMMAND ...",
        description=f"{_DESCRIPTION}\n\ncommands:\n{format_columns(_commands(_ROOT))}",
        epilog=(
            f"{_format_examples(_ROOT.examples)}\n\n"
            f"`feedpub COMMAND --help` shows details.\n{_STATUS}"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for option in _ROOT.options:
        _add(parser, option)
    return {"": parser, **_add_subparsers(parser, "", _ROOT)}


def _add_subparsers(parser: _Parser, name: str, command: Command) -> dict[str, _Parser]:
    """Build the parsers of the subcommands of a command."""
    words = f"feedpub {name}".rstrip()
    # The help is formatted here: argparse would put the longest command on its own line.
    group = parser.add_subparsers(
        prog=words, dest="action" if name else "command", help=argparse.SUPPRESS
    )
    found: dict[str, _Parser] = {}
    for each in command.subcommands:
        whole = f"{name} {each.name}".lstrip()
        found[whole] = _added(group, f"{words} {each.name}", each)
        if each.subcommands:
            found |= _add_subparsers(found[whole], whole, each)
    return found


def _added(group: "argparse._SubParsersAction[_Parser]", words: str, command: Command) -> _Parser:
    description, epilog, usage = command.description, _format_examples(command.examples), None
    if command.subcommands:
        description += f"\n\ncommands:\n{format_columns(_commands(command))}"
        epilog += f"\n\n`{words} COMMAND --help` shows details."
        usage = f"{words} [--help] [--debug] COMMAND ..."
    parser = group.add_parser(
        command.name,
        help=command.help,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    if command.argument:
        _place(parser, command.argument)
    for option in (*command.options, DEBUG):
        _add(parser, option)
    return parser


def _place(parser: _Parser, argument: Argument) -> None:
    parser.add_argument(
        argument.key,
        metavar=argument.metavar,
        help=argument.help,
        choices=argument.choices or None,
        nargs="?" if argument.optional else None,
        type=_PARAM_PARSERS.get(argument.param_type, str),
    )


def _add(parser: _Parser, option: Option) -> None:
    into = option.dest or option.key.replace("-", "_")
    if option.param_type is ParamType.FLAG:
        parser.add_argument(option.name, action="store_true", dest=into, help=option.help)
        return
    parser.add_argument(
        option.name,
        action="append" if option.multiple else "store",
        nargs="+" if option.variadic else None,
        dest=into,
        metavar=option.metavar or option.param_type.value,
        choices=option.choices or None,
        help=_with_choices(option),
        required=option.required,
        type=_PARAM_PARSERS.get(option.param_type, str),
    )


def _with_choices(option: Option) -> str:
    return option.help + (f": {', '.join(option.choices)}" if option.choices else "")


def _number(text: str) -> int:
    """Parse an issue number."""
    if not _NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'invalid issue number "{text}"; `feedpub digest status` lists them'
        )
    return int(text)


def _days(text: str) -> int:
    """Parse a number of days, at most about three years."""
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f'invalid number of days "{text}"; use 1 to {_MOST_DAYS}')
    return int(text)


def _date(text: str) -> datetime:
    """Parse a date, meaning its end, or a time; a time zone is optional."""
    try:
        if len(text) > len("2025-01-30"):
            return datetime.fromisoformat(text)
        return datetime.combine(date.fromisoformat(text), time.max)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'invalid date "{text}"; use 2025-01-30, or 2025-01-30T08:00'
        ) from None


def _port(text: str) -> int:
    """Parse a port number."""
    if not _NUMBER.fullmatch(text) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f'invalid port "{text}"; use 0 to 65535')
    return int(text)


def _pair(text: str) -> tuple[str, str]:
    """Parse KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(
            f'"{text}" is not of the form KEY=VALUE, such as email=Adresse'
        )
    return key, value


def _names(command: Command) -> list[str]:
    """Return the options of a command, as candidates for a suggestion."""
    own = (option.name for option in command.options)
    return list(dict.fromkeys(["--help", *own, DEBUG.name]))


def _format_examples(examples: Sequence[tuple[str, str]]) -> str:
    """Return the examples, each with its explanation."""
    return f"examples:\n{format_columns(examples)}"


def _commands(command: Command) -> list[tuple[str, str]]:
    return [(each.name, each.help) for each in command.subcommands]


def _nearest(word: str, known: Iterable[str]) -> str:
    from feedpub.models.text import find_close_match  # noqa: PLC0415  keeps `feedpub --help` fast

    return find_close_match(word.partition("=")[0], known)


def _format_suggestion(word: str) -> str:
    return f'; did you mean "{word}"?' if word else ""


_PARAM_PARSERS: Mapping[ParamType, Callable[[str], object]] = {
    ParamType.NUMBER: _number,
    ParamType.KEY_VALUE: _pair,
    ParamType.DAYS: _days,
    ParamType.DATE: _date,
    ParamType.PORT: _port,
}
