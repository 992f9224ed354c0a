"""Completion, as shells would use it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from feedpub.cli.commands import walk_commands
from feedpub.cli.commands.site import SHELLS
from feedpub.cli.completion import render_completion

DIGESTS = [name.partition(" ")[2] for name, _ in walk_commands() if name.startswith("digest ")]


def completed(folder: Path, *words: str) -> list[str]:
    """Give what bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    ask = f"""
{render_completion("bash")}
COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
_feedpub
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    result = subprocess.run(
        ["bash", "--norc"], input=ask, text=True, capture_output=True, check=True, cwd=folder
    )
    return sorted(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("b", ["bounces", "build"]),
        ("c", ["check", "completion", "config"]),
        ("--", ["--debug", "--help", "--version"]),
        ("build --dr", ["--drafts"]),
        ("--debug build --st", ["--strict"]),
        ("check --json --", ["--config", "--debug", "--help", "--json"]),
        ("completion ", ["--debug", "--help", "bash", "fish", "zsh"]),
        ("completion z", ["zsh"]),
        ("build --config co", ["config.yaml", "content"]),
        ("build --output co", ["content"]),
        ("init co", ["content"]),
        ("init --d", ["--debug"]),
        ("new --author ", []),
        ("d", ["digest", "doctor"]),
        ("bounces co", ["config.yaml", "content"]),
        ("doctor --", ["--config", "--debug", "--help", "--json"]),
        ("digest test --to ", []),
        ("digest p", ["pause", "preview"]),
        ("digest ", [*DIGESTS, "--debug", "--help"]),
        ("--debug digest --debug st", ["status"]),
        ("digest send --d", ["--debug", "--dry-run", "--due"]),
        ("digest preview --to co", ["content"]),
        ("digest preview --for ", []),
        ("subscribers add a@b.org --cadence we", ["weekly"]),
        ("subscribers list --state b", ["bounced"]),
        ("subscribers import co", ["config.yaml", "content"]),
        ("subscribers import --config co", ["config.yaml", "content"]),
        ("subscribers xyzzy ", []),
        ("xyzzy ", []),
    ],
)
def test_bash(tmp_path: Path, words: str, expected: list[str]) -> None:
    """Bash offers commands, options, files and folders where they belong."""
    (tmp_path / "config.yaml").touch()
    (tmp_path / "content").mkdir()
    actual = completed(tmp_path, "feedpub", *words.split(" "))

    assert sorted(expected) == actual


@pytest.mark.parametrize("shell", SHELLS)
def test_every_option(shell: str) -> None:
    """Every command and each of its options is in every script, with what it does."""
    text = render_completion(shell)

    for _, command in walk_commands():
        assert command.name in text
        for option in command.options:
            assert option.name in text or f"-l {option.key} " in text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_understands_it(shell: str) -> None:
    """The shell, where it is installed, finds nothing wrong with the script."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    result = subprocess.run(
        [program, "-n"], input=render_completion(shell), text=True, capture_output=True, check=False
    )

    assert (0, "") == (result.returncode, result.stderr)


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("zsh", "'--output[write to this folder instead of the configured one]:folder:_files -/'"),
        ("zsh", "'--config[configuration file (default\\: config.yaml)]:file:_files'"),
        ("zsh", "'1::DIR:_files -/'"),
        ("zsh", "'1:SHELL:(bash zsh fish)'"),
        ("zsh", "'1:TITLE: '"),
        ("zsh", "'--state[only subscribers in this state]:STATE:(pending active unsubscribed bou"),
        ("zsh", "'*--tag[tag to follow; may be repeated]:TAG: '"),
        ("zsh", "'1:FILE:_files'"),
        ("zsh", "        digest) _feedpub_digest ;;"),
        ("zsh", "_feedpub_subscribers() {"),
        ("fish", "'__fish_seen_subcommand_from digest; and not __fish_seen_subcommand_from list "),
        ("fish", "from subscribers; and __fish_seen_subcommand_from import' -F"),
        ("fish", "-l cadence -x -a 'digest each daily weekly monthly' -d"),
        ("fish", "-l output -x -a '(__fish_complete_directories)' -d"),
        ("fish", "-l config -r -F -d 'configuration file"),
        ("fish", "'__fish_seen_subcommand_from completion' -a 'bash zsh fish'"),
        ("fish", "'__fish_seen_subcommand_from init' -a '(__fish_complete_directories)'"),
    ],
)
def test_files_and_folders(shell: str, expected: str) -> None:
    """Files, folders and choices are completed as such."""
    assert expected in render_completion(shell)
