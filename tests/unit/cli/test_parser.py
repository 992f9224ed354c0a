"""What was typed, and what was meant."""

import re
import shlex

import pytest

from feedpub.cli.commands import COMMANDS, walk_commands
from feedpub.cli.parser import Arguments, HelpRequested, UsageError, parse

ALL = dict(walk_commands())


def told(*argv: str) -> str:
    """Give what is said of something that was not understood."""
    with pytest.raises(UsageError) as caught:
        parse(argv)
    return str(caught.value)


def test_nothing_but_a_command() -> None:
    """Options that are not given have their defaults."""
    actual = parse(["build"])

    assert actual.command == "build"
    assert actual.config == "config.yaml"
    assert actual.folder == "."
    assert not any((actual.drafts, actual.future, actual.strict, actual.json, actual.clean))


def test_every_option() -> None:
    """Every option can be given, in any order."""
    words = "build --clean --config c.yaml --drafts --future --json --output=www --strict --debug"
    expected = Arguments(
        command="build",
        clean=True,
        config="c.yaml",
        drafts=True,
        future=True,
        json=True,
        output="www",
        strict=True,
        debug=True,
    )
    actual = parse(words.split())

    assert expected == actual


@pytest.mark.parametrize("argv", [["--debug", "check"], ["check", "--debug"]])
def test_debug_before_and_after(argv: list[str]) -> None:
    """--debug is understood before and after the command."""
    assert parse(argv).debug


def test_arguments() -> None:
    """A title, a folder and a shell stand by themselves."""
    assert parse(["new", "A b", "--author", "ann"]).title == "A b"
    assert parse(["init", "blog"]).folder == "blog"
    assert parse(["completion", "fish"]).shell == "fish"


def test_commands_of_commands() -> None:
    """A command may have commands; what may be repeated is a list."""
    words = "--debug subscribers add a@b.org --tag go --tag vim --author ann --name Bo"
    actual = parse(words.split())

    assert actual.command_path == "subscribers add"
    assert actual.debug
    assert (actual.address, actual.name) == ("a@b.org", "Bo")
    assert (actual.tags, actual.authors, actual.columns) == (["go", "vim"], ["ann"], ())
    assert parse(["build"]).command_path == "build"


def test_values_that_are_read() -> None:
    """Numbers are numbers, and pairs are pairs."""
    columns = parse(
        ["subscribers", "import", "l.csv", "--column", "email=A=b", "--column", "city="]
    ).columns

    assert parse(["digest", "pause", "12"]).issue == 12
    assert parse(["serve", "--port", "80"]).port == 80
    assert columns == [("email", "A=b"), ("city", "")]


def test_where_mail_came_back() -> None:
    """Standard input, unless a place is named: only then a mail server heeds the exit status."""
    assert [True, True, False] == [
        parse(words.split()).is_piped for words in ("bounces", "bounces -", "bounces Maildir")
    ]
    assert not parse(["doctor"]).is_piped


def test_version() -> None:
    """--version needs no command."""
    assert parse(["--version"]).version
    assert parse(["--version", "digest"]).version


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("biuld", 'feedpub: unknown command "biuld"; did you mean "build"?\nTry: feedpub --help'),
        ("--debug chekc", 'unknown command "chekc"; did you mean "check"?'),
        ("help", 'unknown command "help"; did you mean "--help"?'),
        ("version", 'unknown command "version"; did you mean "--version"?'),
        ("xyzzy", 'feedpub: unknown command "xyzzy"\nTry'),
        ("build --strct", 'feedpub build: unknown option "--strct"; did you mean "--strict"?\nTry'),
        ("build --ouput=x", 'unknown option "--ouput=x"; did you mean "--output"?'),
        ("build --strict=1", "feedpub build: argument --strict: ignored explicit argument"),
        ("build --xyzzy", 'feedpub build: unknown option "--xyzzy"\nTry'),
        ("check --strict", 'feedpub check: unknown option "--strict"\nTry'),
        ("--verison", 'feedpub: unknown option "--verison"; did you mean "--version"?'),
        ("build here", 'feedpub build: unexpected "here"; put text with spaces in quotes'),
        ("build --config", "feedpub build: argument --config: expected one argument"),
        ("new", "feedpub new: the following arguments are required: TITLE"),
        ("--config c.yaml build", "put it after the command: feedpub COMMAND --config\nTry"),
        ("--xyzzy", 'feedpub: unknown option "--xyzzy"\nTry: feedpub --help'),
        ("subscribers ad", 'feedpub subscribers: unknown command "ad"; did you mean "add"?\nTry: '),
        ("subscribers help", 'unknown command "help"; did you mean "--help"?'),
        ("subscribers xyzzy", 'feedpub subscribers: unknown command "xyzzy"\nTry: feedpub subs'),
        ("subscriber list", 'unknown command "subscriber"; did you mean "subscribers"?'),
        ("send --due", 'feedpub: unknown command "send"; did you mean "digest send"?'),
        ("digest send --du", 'feedpub digest send: unknown option "--du"; did you mean "--due"?'),
        (
            "digest --config=c.yaml list",
            'unknown option "--config=c.yaml"; put it after the command: feedpub digest COMMAND',
        ),
        ("boucnes x", 'feedpub: unknown command "boucnes"; did you mean "bounces"?'),
        ("docter", 'feedpub: unknown command "docter"; did you mean "doctor"?'),
        ("test weekly", 'feedpub: unknown command "test"; did you mean "digest test"?'),
        ("digest tset w", 'feedpub digest: unknown command "tset"; did you mean "test"?'),
        ("digest test weekly", "feedpub digest test: the following arguments are required: --to"),
        ("bounces a b", 'feedpub bounces: unexpected "b"'),
        ("digest", "usage: feedpub digest [--help] [--debug] COMMAND ..."),
        ("digest --debug", "usage: feedpub digest "),
        ("digest pause", "feedpub digest pause: the following arguments are required: ISSUE"),
        ("digest pause x", 'invalid issue number "x"; `feedpub digest status` lists them'),
        ("digest pause -1", "feedpub digest pause: "),
        ("digest pause 1234567890", 'invalid issue number "1234567890"'),
        ("subscribers list --state dead", "argument --state: invalid choice: 'dead'"),
        ("subscribers import l.csv --column email", '"email" is not of the form KEY=VALUE'),
        ("subscribers import l.csv --column =email", '"=email" is not of the form KEY=VALUE'),
        ("serve --port x", 'invalid port "x"; use 0 to 65535'),
        ("serve --port 65536", 'invalid port "65536"; use 0 to 65535'),
        ("completion tcsh", "argument SHELL: invalid choice: 'tcsh'"),
    ],
)
def test_not_understood(argv: str, expected: str) -> None:
    """What was meant is said, and where the help is."""
    assert expected in told(*argv.split())


def test_no_command() -> None:
    """Without a command the help is what is said."""
    assert told().startswith("usage: feedpub")


def test_help() -> None:
    """The help names every command, and shows examples."""
    with pytest.raises(HelpRequested) as caught:
        parse(["--help"])
    text = str(caught.value)

    assert "examples:\n  feedpub init blog " in text
    width = max(len(command.name) for command in COMMANDS)
    for command in COMMANDS:
        assert f"\n  {command.name:{width}}  {command.help}\n" in text


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command(name: str) -> None:
    """The help of a command tells its commands and options, and shows examples."""
    known = ALL[name]
    with pytest.raises(HelpRequested) as caught:
        parse([*name.split(), "--help"])
    text = str(caught.value)

    assert known.description in text
    assert all(example in text and told in text for example, told in known.examples)
    assert all(option.help in " ".join(text.split()) for option in known.options)
    assert all(f"\n  {each.name} " in text and each.help in text for each in known.subcommands)
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("name", ALL)
def test_examples_can_be_typed(name: str) -> None:
    """Every example begins with, or holds, the command it is an example of; it is understood."""
    for example, _ in ALL[name].examples:
        assert f"feedpub {name}" in example
        words = shlex.split(re.split(r"[|>)]", example.partition("feedpub ")[2])[0])
        assert parse(words).command_path.startswith(name)
