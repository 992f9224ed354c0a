"""Commands, as they are typed, in a world made for the test."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import nobody

from feedpub import __version__
from feedpub.app import BuildRequest, Summary
from feedpub.cli.context import AppContext, NewsletterAPI, PublishAPI, WebAPI
from feedpub.cli.session import main
from feedpub.config.load import parse_config
from feedpub.errors import ConfigError, FeedpubError, OutputError
from feedpub.models.content import Problem
from feedpub.site.import_check import OldUrl

NOW = datetime(2025, 1, 30, 9, 0, tzinfo=UTC)
OUT = Problem("content/b.md", 4, 'date: "x" is not a date', left_out=True)
WARNING = Problem("content/a.md", 3, 'unknown key "tittle"')
SUMMARY = Summary(2, 2, 0, 0, 0, 3, 4, 9, 0, 0, (), "public")
CONFIG = 'site: {title: Notes, url: "https://example.org/", timezone: Europe/Berlin}\n'


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@dataclass
class Press:
    """Publishes nothing; says or raises what it was told to."""

    answer: Summary | BaseException = SUMMARY
    asked: list[tuple[str, BuildRequest]] = field(default_factory=list)

    def build(self, request: BuildRequest) -> Summary:
        """Answer, having worked for a while."""
        self.asked.append(("build", request))
        request.progress("waiting", 0, 0)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def check(self, request: BuildRequest) -> Summary:
        """Answer."""
        self.asked.append(("check", request))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def import_check(self, request: BuildRequest, _old: Path, /) -> tuple[OldUrl, ...]:
        """Answer that there are no old addresses."""
        self.asked.append(("import-check", request))
        return ()


@dataclass
class Run:
    """What came of a command."""

    status: int
    out: str
    err: str
    press: Press


def run(
    *argv: str,
    answer: Summary | BaseException = SUMMARY,
    screen: bool = False,
    one: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Type a command; on a terminal or not, with both streams in one or apart."""
    out, err = (Screen(), Screen()) if screen else (io.StringIO(), io.StringIO())
    err = out if one else err
    press = Press(answer)

    def publish() -> PublishAPI:
        return press

    def web() -> WebAPI:
        raise AssertionError

    def newsletter() -> NewsletterAPI:
        raise AssertionError

    ticks = iter(range(100))
    world = AppContext(
        stdin=io.BytesIO,
        stdout=out,
        stderr=err,
        environ=environ or {"NO_COLOR": "1"},
        now=lambda: NOW,
        monotonic=lambda: float(next(ticks)),
        terminal_width=80,
        publish=publish,
        newsletter=newsletter,
        doctor=lambda: lambda _: (),
        web=web,
        open_browser=lambda _: False,
        daemon=nobody,
        exit=nobody,
    )
    status = main(argv, world)
    return Run(status, out.getvalue(), err.getvalue(), press)


def test_version() -> None:
    """--version prints name and version."""
    actual = run("--version")

    assert (actual.status, actual.out, actual.err) == (0, f"feedpub {__version__}\n", "")


def test_help() -> None:
    """--help is an answer: on standard output, with status 0."""
    actual = run("build", "--help")

    assert (actual.status, actual.err) == (0, "")
    assert actual.out.startswith("usage: feedpub build")


def test_not_understood() -> None:
    """A slip of the fingers is told on standard error, with status 2."""
    actual = run("build\x1b")

    assert (actual.status, actual.out) == (2, "")
    assert actual.err.startswith('feedpub: unknown command "build\\x1b"; did you mean "build"?\n')


def test_request() -> None:
    """A build is asked for as it was typed."""
    typed = "build --config blog/c.yaml --output www --drafts --future --clean"
    name, request = run(*typed.split()).press.asked[0]

    assert name == "build"
    assert Path("blog/c.yaml") == request.config_path
    assert Path("www") == request.output
    assert request.drafts
    assert request.future
    assert request.clean
    assert request.now == NOW
    assert request.environ == {"NO_COLOR": "1"}


def test_plain_request() -> None:
    """What was not typed is not asked for."""
    name, request = run("check").press.asked[0]

    assert name == "check"
    assert Path("config.yaml") == request.config_path
    assert request.output is None
    assert not any((request.drafts, request.future, request.clean))


@pytest.mark.parametrize(
    ("argv", "problems", "expected"),
    [
        ("build", (), 0),
        ("build", (WARNING,), 0),
        ("build", (OUT,), 1),
        ("build --strict", (), 0),
        ("build --strict", (WARNING,), 1),
        ("check", (), 0),
        ("check", (WARNING,), 1),
        ("check", (OUT,), 1),
    ],
)
def test_status(argv: str, problems: tuple[Problem, ...], expected: int) -> None:
    """Status 1 says that something was left out, or that a check or --strict found anything."""
    actual = run(*argv.split(), answer=replace(SUMMARY, problems=problems))

    assert expected == actual.status


def test_quiet_in_a_pipe() -> None:
    """Where nobody looks, only problems are told, on standard error."""
    actual = run("build", answer=replace(SUMMARY, problems=(OUT, WARNING)))

    assert actual.out == ""
    assert actual.err == (
        'content/a.md:3: unknown key "tittle"\ncontent/b.md:4: date: "x" is not a date [left out]\n'
    )


def test_on_a_terminal() -> None:
    """The first line says what happened, the last what to do next; progress leaves nothing."""
    actual = run("build", answer=replace(SUMMARY, problems=(OUT,)), screen=True)

    assert actual.out == (
        "Published 2 posts as 3 feeds and 4 pages in public, in 2.0 s.\n"
        "  9 written, 0 unchanged, 0 removed\n"
    )
    assert actual.err == (
        "\rwaiting\r       \r"
        'content/b.md:4: date: "x" is not a date [left out]\n'
        "1 file left out: fix what is listed, then run `feedpub build` again.\n"
    )


def test_check_on_a_terminal() -> None:
    """A check without a problem says what it looked at."""
    actual = run("check", screen=True)

    assert actual.out.startswith("Checked 2 files and 3 feeds, in ")
    assert actual.err == ""


@pytest.mark.parametrize(("command", "told"), [("check", "Checked 2"), ("build", "Published 2")])
def test_what_is_wrong_is_told_before_what_was_done(command: str, told: str) -> None:
    """Nobody takes it for well who sees the end of it first."""
    shown = run(command, answer=replace(SUMMARY, problems=(OUT,)), screen=True, one=True).out

    assert 0 <= shown.index("content/b.md:4:") < shown.index(told) < shown.index("1 file left out")


def test_what_keeps_all_from_being_done_is_red() -> None:
    """A warning is yellow."""
    fault = Problem("config.yaml", 3, 'unknown key "x"')
    red = run("build", answer=ConfigError((fault,)), screen=True, environ={"TERM": "xterm"}).err
    yellow = replace(SUMMARY, problems=(fault,))

    assert "\x1b[31mconfig.yaml:3:" in red
    assert "\x1b[33mconfig.yaml:3:" in (
        run("build", answer=yellow, screen=True, environ={"TERM": "xterm"}).err
    )


@pytest.mark.parametrize("command", ["build", "check"])
def test_json(command: str) -> None:
    """--json prints one object, on a terminal too."""
    actual = run(command, "--json", answer=replace(SUMMARY, problems=(OUT,)), screen=True)
    told = json.loads(actual.out)

    assert actual.status == 1
    assert told["published"] == 2
    assert told["seconds"] > 0
    assert told["problems"][0]["left_out"] is True


def test_what_stops_a_command() -> None:
    """What stops a command is told on standard error, in colour, with status 1."""
    actual = run("build", answer=OutputError("public: is not ours"), screen=True, environ={"A": ""})

    assert (actual.status, actual.out) == (1, "")
    assert actual.err.endswith("\r\x1b[31mpublic: is not ours\x1b[0m\n")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "Permission denied", "public/x"), "public/x: Permission denied\n"),
        (OSError(28, "No space left on device"), "No space left on device\n"),
        (OSError("odd"), "odd\n"),
    ],
)
def test_what_the_disk_says(error: OSError, expected: str) -> None:
    """What the disk refuses is told without a traceback."""
    actual = run("build", answer=error)

    assert (actual.status, actual.err) == (1, expected)


FAULTS = ConfigError((Problem("c.yaml", 4, "b"), Problem("c.yaml", 3, "a")))


def test_faults_of_the_configuration() -> None:
    """Every fault of a configuration is told as compilers do."""
    actual = run("build", answer=FAULTS)

    assert (actual.status, actual.out, actual.err) == (1, "", "c.yaml:3: a\nc.yaml:4: b\n")


def test_faults_of_the_configuration_on_a_terminal() -> None:
    """The last line says what to do."""
    actual = run("check", answer=FAULTS, screen=True)

    assert actual.err.endswith("Nothing was done: fix 2 errors in the configuration first.\n")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FAULTS, [("c.yaml", 3, "a"), ("c.yaml", 4, "b")]),
        (FeedpubError("public: no"), [("", 0, "public: no")]),
    ],
)
def test_json_where_nothing_was_done(
    error: FeedpubError, expected: list[tuple[str, int, str]]
) -> None:
    """Scripts get one object even where the command could not go on."""
    actual = run("build", "--json", answer=error)
    told = json.loads(actual.out)

    assert actual.status == 1
    assert told["files"] == 0
    assert expected == [(each["path"], each["line"], each["message"]) for each in told["problems"]]


def test_debug() -> None:
    """--debug shows where an error came from."""
    with pytest.raises(OutputError, match="no"):
        run("build", "--debug", answer=OutputError("no"))


def test_a_bug_is_not_hidden() -> None:
    """What nobody foresaw ends in a traceback."""
    with pytest.raises(ZeroDivisionError):
        run("build", answer=ZeroDivisionError())


def test_nobody_reads_any_more() -> None:
    """A reader that went away is no error to tell of."""
    with pytest.raises(BrokenPipeError):
        run("build", answer=BrokenPipeError())


@pytest.mark.parametrize(
    ("screen", "expected"), [(True, "\rwaiting\r       \rStopped.\n"), (False, "")]
)
def test_interrupted(screen: bool, expected: str) -> None:
    """Ctrl-C ends a command with status 130 and without a traceback."""
    actual = run("build", answer=KeyboardInterrupt(), screen=screen)

    assert (actual.status, actual.err) == (130, expected)


def test_init(tmp_path: Path) -> None:
    """A new site is made, and what to do next is said."""
    folder = str(tmp_path / "my blog")
    actual = run("init", folder, screen=True)

    assert actual.status == 0
    assert (tmp_path / "my blog" / "config.yaml").is_file()
    assert actual.out == (
        f"Created a site in {folder}:\n"
        "  config.yaml         title, URL and settings of the site\n"
        "  content/welcome.md  the first post\n"
        "  .gitignore          keeps build output out of git\n"
        f"Next: cd '{folder}', set title and url in config.yaml; `feedpub serve --live` shows it.\n"
    )


def test_init_in_a_pipe(tmp_path: Path) -> None:
    """Nothing is said where nobody looks."""
    (tmp_path / ".gitignore").touch()
    actual = run("init", str(tmp_path))

    assert (actual.status, actual.out, actual.err) == (0, "", "")


def test_init_twice(tmp_path: Path) -> None:
    """A site is not made where there is one."""
    run("init", str(tmp_path))
    actual = run("init", str(tmp_path))

    assert actual.status == 1
    assert actual.err.endswith("config.yaml: a site already exists here; choose a new folder\n")


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """Give the configuration of a site."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


def test_new(settings: str, tmp_path: Path) -> None:
    """A post is started; its path is printed for scripts, what to do for people."""
    actual = run("new", "AT&T", "--config", settings, screen=True)

    assert actual.status == 0
    assert actual.out == f"{tmp_path / 'content' / 'at-t.md'}\n"
    assert actual.err.startswith("This is a draft: ")


def test_new_in_a_pipe(settings: str) -> None:
    """Scripts get the path and nothing else."""
    actual = run("new", "AT&T", "--config", settings)

    assert (actual.status, actual.err) == (0, "")


def test_config(settings: str) -> None:
    """The whole configuration is printed."""
    actual = run("config", "--config", settings)

    assert actual.status == 0
    assert parse_config(CONFIG, "c.yaml", {}) == parse_config(actual.out, "c.yaml", {})


def test_completion() -> None:
    """The script for a shell is printed."""
    actual = run("completion", "bash")

    assert actual.status == 0
    assert actual.out.endswith("complete -F _feedpub feedpub\n")
