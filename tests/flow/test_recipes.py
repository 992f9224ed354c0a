"""The other files of deploy/ do what they say: systemd, containers, and hosts of files alone."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from daemons import command
from example import ROOT
from fronts import DEPLOY
from programs import needs

EXPOSURE = "20"  # tenths, by systemd's own measure, of at most 100


def read(name: str) -> str:
    """Give what a file of deploy/ says."""
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Give the unit, with a program that is here in place of /opt/feedpub/bin/feedpub."""
    copy = tmp_path / "feedpub.service"
    text = read("feedpub.service").replace("/opt/feedpub/bin/feedpub", sys.executable)
    copy.write_text(text, encoding="utf-8")
    return copy


def test_systemd_understands_the_unit(unit: Path) -> None:
    """No word of it is unknown, and no path wrong but the one of a feedpub that is not here."""
    done = subprocess.run(
        [needs("systemd-analyze"), "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_systemd_lets_it_do_little_else(unit: Path) -> None:
    """Whoever took it over could read little, and write its own folder."""
    done = subprocess.run(
        [needs("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE}", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize(
    ("words", "config", "status"),
    [(["run", "--nonsense"], "", 2), (["run"], "site: {titel: Oops}\n", 1)],
    ids=["typed", "configured"],
)
def test_systemd_is_told_what_there_is_no_use_in_trying_again(
    tmp_path: Path, words: list[str], config: str, status: int
) -> None:
    """What is typed wrong gives a status of its own; a configuration, one that may pass."""
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    done = subprocess.run(command(*words), cwd=tmp_path, capture_output=True, check=False)
    prevented = "RestartPreventExitStatus=2\n" in read("feedpub.service")

    assert (status, True) == (done.returncode, prevented)


@pytest.mark.parametrize("name", ["compose.yaml", "pages.yaml"])
def test_yaml_is_yaml(name: str) -> None:
    """And holds what the programs it is for look for first."""
    assert {"services", "jobs"} & yaml.safe_load(read(name)).keys()


def test_the_image_is_of_the_python_that_feedpub_needs() -> None:
    """The Dockerfile, the recipe for static hosts and pyproject.toml agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["requires-python"].removeprefix(">=")

    assert f"FROM python:{version}-slim" in read("Dockerfile")
    assert f'python-version: "{version}"' in read("pages.yaml")
