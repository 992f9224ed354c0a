"""What was typed → Arguments, or help, or what was meant."""

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn

from feedpub.cli.commands import COMMANDS, DEBUG, VERSION, Argument, Command, Option, Takes
from feedpub.cli.terminal import columns

_DESCRIPTION = "A folder of Markdown becomes feeds and pages that every reader accepts."
_EXAMPLES = (
    ("feedpub init blog", "make a site in the new folder blog"),
    ('feedpub new "My first journey"', "start a post"),
    ("feedpub build", "write feeds and pages to public/"),
    ("feedpub check", "say what is wrong, and write nothing"),
)
_STATUS = "Status: 0 done; 1 done with problems, or not done; 2 not understood."


class Arguments(argparse.Namespace):
    """What was asked for; an option that was not given has its default."""

    command: str = ""
    config: str = "config.yaml"
    output: str = ""
    author: str = ""
    title: str = ""
    folder: str = "."
    shell: str = ""
    drafts: bool = False
    future: bool = False
    strict: bool = False
    json: bool = False
    clean: bool = False
    debug: bool = False
    version: bool = False


class HelpAsked(Exception):  # noqa: N818  it is an answer, not an error
    """Somebody asked for help; the message is the help."""


class UsageError(Exception):
    """What was typed is no command; the message says what was meant, and where help is."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that neither prints nor exits."""

    def print_help(self, file: object = None) -> NoReturn:
        """Hand the help over, whoever would print it."""
        del file
        raise HelpAsked(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Hand the message over, with the way to the help."""
        raise UsageError(f"{self.prog}: {message}\nTry: {self.prog} --help")


def parse(argv: Sequence[str]) -> Arguments:
    """Read the words after `feedpub`.

    Raises:
        HelpAsked: --help was among them.
        UsageError: they are no command.
    """
    parser, commands = _parsers()
    word = next((word for word in argv if not word.startswith("-")), "")
    if word and word not in commands:
        near = f"--{word}" if word in ("help", "version") else _nearest(word, commands)
        parser.error(f'unknown command "{word}"{_meant(near)}')
    arguments, rest = parser.parse_known_args(argv, Arguments())
    if rest:
        asked = commands.get(arguments.command, parser)
        option = next((each for each in rest if each.startswith("-")), "")
        if not option:
            asked.error(f'unexpected "{rest[0]}"; put a text with spaces in quotes')
        asked.error(f'unknown option "{option}"{_meant(_nearest(option, _names(arguments)))}')
    if not arguments.command and not arguments.version:
        raise UsageError(parser.format_help().rstrip())
    return arguments


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """Make the parser and, by name, those of the commands."""
    parser = _Parser(
        prog="feedpub",
        usage="feedpub [--help] [--version] [--debug] COMMAND ...",
        description=f"{_DESCRIPTION}\n\ncommands:\n{columns(_commands())}",
        epilog=f"{_shown(_EXAMPLES)}\n\n`feedpub COMMAND --help` tells more.\n{_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for option in (VERSION, DEBUG):
        _add(parser, option)
    # argparse would put the longest command on a line of its own.
    group = parser.add_subparsers(prog="feedpub", dest="command", help=argparse.SUPPRESS)
    return parser, {command.name: _command(group, command) for command in COMMANDS}


def _command(group: "argparse._SubParsersAction[_Parser]", command: Command) -> _Parser:
    parser = group.add_parser(
        command.name,
        help=command.help,
        description=command.description,
        epilog=_shown(command.examples),
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
    )


def _add(parser: _Parser, option: Option) -> None:
    if option.takes is Takes.NOTHING:
        parser.add_argument(option.name, action="store_true", help=option.help)
    else:
        metavar = option.metavar or option.takes.value
        parser.add_argument(option.name, metavar=metavar, help=option.help)


def _names(arguments: Arguments) -> list[str]:
    """Give every option that could have been meant."""
    own = [command.options for command in COMMANDS if command.name == arguments.command]
    return [
        "--help",
        *(option.name for options in own for option in options),
        DEBUG.name,
        VERSION.name,
    ]


def _shown(examples: Sequence[tuple[str, str]]) -> str:
    """Lay examples out, what they do behind them."""
    return f"examples:\n{columns(examples)}"


def _commands() -> list[tuple[str, str]]:
    return [(command.name, command.help) for command in COMMANDS]


def _nearest(word: str, known: Iterable[str]) -> str:
    from feedpub.text import nearest  # noqa: PLC0415  `feedpub --help` does not wait for it

    return nearest(word.partition("=")[0], known)


def _meant(word: str) -> str:
    return f'; did you mean "{word}"?' if word else ""
