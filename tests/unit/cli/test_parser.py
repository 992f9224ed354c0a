"""What was typed, and what was meant."""

import pytest

from feedpub.cli.commands import COMMANDS
from feedpub.cli.parser import Arguments, HelpAsked, UsageError, parse


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


def test_version() -> None:
    """--version needs no command."""
    assert parse(["--version"]).version


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
        ("build here", 'feedpub build: unexpected "here"; put a text with spaces in quotes'),
        ("build --config", "feedpub build: argument --config: expected one argument"),
        ("new", "feedpub new: the following arguments are required: TITLE"),
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
    with pytest.raises(HelpAsked) as caught:
        parse(["--help"])
    text = str(caught.value)

    assert "examples:\n  feedpub init blog " in text
    for command in COMMANDS:
        assert f"\n  {command.name:10}  {command.help}\n" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_of_a_command(command: object) -> None:
    """The help of a command tells each of its options, and shows examples."""
    (known,) = (each for each in COMMANDS if each is command)
    with pytest.raises(HelpAsked) as caught:
        parse([known.name, "--help"])
    text = str(caught.value)

    assert known.description in text
    assert all(example in text and told in text for example, told in known.examples)
    assert all(option.help in text for option in known.options)
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_can_be_typed(command: object) -> None:
    """Every example begins with, or holds, the command it is an example of."""
    (known,) = (each for each in COMMANDS if each is command)

    assert all(f"feedpub {known.name}" in example for example, _ in known.examples)
