"""What README.md and ARCHITECTURE.md say is so: sessions, settings, keys, commands and paths."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import feedpub
from feedpub.cli.commands import COMMANDS, walk_commands
from feedpub.cli.commands.spec import DEBUG, VERSION
from feedpub.config import load
from feedpub.content import keys

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGE = Path(feedpub.__file__).parent
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
END = "-- end of the output --"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a session, and what it prints: `...` stands for anything."""

    line: str
    output: tuple[str, ...]

    def prints(self, lines: list[str]) -> bool:
        """Tell whether these lines are what the session shows."""
        whole = "".join(f"{line}\n" for line in self.output)
        pattern = re.escape(whole).replace(re.escape("...\n"), r"(?:.*\n)*")
        pattern = pattern.replace(re.escape("..."), ".*")
        return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def blocks(language: str) -> list[str]:
    """Give the fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def session() -> list[Command]:
    """Give every command of the README's sessions, in order."""
    commands: list[Command] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:], ()))
        else:
            last = commands.pop()
            commands.append(Command(last.line, (*last.output, line)))
    return commands


def clone(folder: Path) -> dict[str, str]:
    """Make a clone in which everything is installed; give the environment to work in."""
    for name in ("config.yaml", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("content", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in {"python": "", "feedpub": " -m feedpub"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".venv" / ".build").touch()  # the stamp by which make knows that it is
    # `make test` hands its own flags to every make below it.
    outside = {name: each for name, each in os.environ.items() if not name.startswith("MAKE")}
    return {**outside, "LC_ALL": "C.UTF-8", "PATH": f"{programs}:{os.environ['PATH']}"}


def test_sessions(tmp_path: Path) -> None:
    """Every command of the README, typed in order in one shell, prints what is shown."""
    commands = session()
    typed = "".join(f"{each.line}\necho; echo '{END}'\n" for each in commands)
    done = subprocess.run(
        ["bash"],
        input=f"exec 2>&1\n{typed}",
        cwd=tmp_path,
        env=clone(tmp_path),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    printed = [each.strip("\n").splitlines() for each in done.stdout.split(END)]

    assert len(commands) > 5
    assert len(commands) + 1 == len(printed)
    for command, lines in zip(commands, printed, strict=False):
        assert command.prints(lines), f"$ {command.line}\n" + "\n".join(lines)


SECRETS = {"SMTP_USER": "ann", "SMTP_PASSWORD": "secret"}


def test_configuration() -> None:
    """The configuration that the README shows can be used as it stands."""
    (text,) = blocks("yaml")

    assert "Example & Co" == load.parse_config(text, "README.md", SECRETS).site.title


def test_every_key_is_known() -> None:
    """Each front matter key in the README's table is one that feedpub knows."""
    table = README.partition("## Front matter")[2].partition("\n## ")[0]
    cells = "".join(re.findall(r"^\|(.*?\|.*?)\|", table, re.MULTILINE))
    named = [name.partition(":")[0].strip("[]") for name in re.findall(r"`([^`]+)`", cells)]

    assert len(named) > 30
    read = {
        name
        for constant, names in vars(keys).items()
        if constant.isupper() and isinstance(names, tuple)
        for name in names
    }
    assert [] == [name for name in named if keys.normalize_key(name) not in read]


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_is_told(command: str) -> None:
    """What `feedpub --help` lists is in the README."""
    assert f"`feedpub {command}" in README


def test_no_option_is_made_up() -> None:
    """Every option that the README names exists."""
    options = {each.name for _, command in walk_commands() for each in command.options}

    assert set() == set(re.findall(r"(?<=`)--[a-z]+(?:-[a-z]+)*", README)) - options - {
        DEBUG.name,
        VERSION.name,
    }


def test_no_target_is_made_up() -> None:
    """Every `make` target that the README names exists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:`|\$ )make ([a-z]+)", README))

    assert {"build", "test"} <= targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_every_path_is_there() -> None:
    """The files that README and ARCHITECTURE name exist, and so do those they link to."""
    text = README + ARCHITECTURE
    linked = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text))
    named = set(re.findall(r"`((?:feedpub|tests|benchmarks|templates|\.ci)/[^` ]*)`", text))

    modules = set(re.findall(r"`((?!feedpub/|tests/)[a-z_/]+\.py)`", ARCHITECTURE))
    # feedpub itself may be installed, with no checkout around it.
    homes = {"feedpub": PACKAGE.parent}

    assert named
    assert len(modules) > 30
    assert [] == [each for each in sorted(modules) if not (PACKAGE / each).exists()]
    assert [] == [
        path
        for path in sorted(linked | named)
        if not (homes.get(path.split("/")[0], ROOT) / path).exists()
    ]
