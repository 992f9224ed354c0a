"""A folder in which posts of every hostile kind lie beside good ones."""

import json
import os
import subprocess
import time
from pathlib import Path

import hostile
import pytest
from daemons import command, started
from folders import CONFIG, POST

GOOD = 10
NESTED = 1_000  # folders in one another
PATIENT = 120.0  # seconds; a minute on two processors that do nothing else


@pytest.fixture(params=["markdown", "comrak"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A site of good posts and bad ones."""
    settings = f"web: {{port: 0}}\nmarkdown: {{engine: {request.param}}}\n"
    (tmp_path / "config.yaml").write_text(CONFIG + settings, encoding="utf-8")
    content = tmp_path / "content"
    content.mkdir()
    for number in range(GOOD):
        text = POST.format(title=f"Good {number}", date=f"2025-01-{number + 1:02}", body="Text.")
        (content / f"good-{number}.md").write_text(text, encoding="utf-8")
    hostile.write(content, large=100_000_000)
    deep = content
    for _ in range(NESTED):
        deep /= "d"
    os.makedirs(deep)  # noqa: PTH103 - Path.mkdir calls itself for each folder above
    text = POST.format(title="Deep", date="2025-01-30", body="Text.")
    (deep / "deep.md").write_text(text, encoding="utf-8")
    return tmp_path


def published(home: Path) -> set[str]:
    """Return the good posts that have a page."""
    return {path.parent.name for path in home.glob("public/posts/good-*/index.html")}


GOOD_POSTS = {f"good-{number}" for number in range(GOOD)}


@pytest.mark.timeout(600)
def test_build_publishes_the_good_posts_and_tells_of_the_others(home: Path) -> None:
    """Each bad one costs itself at most, with path and reason, and no traceback."""
    began = time.monotonic()
    build = subprocess.run(
        command("build", "--json"), cwd=home, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    summary = json.loads(build.stdout)
    left_out = {each["path"] for each in summary["problems"] if each["left_out"]}

    assert 1 == build.returncode
    assert "Traceback" not in build.stderr
    assert GOOD_POSTS == published(home)
    assert {
        "content/bad-large.md",
        "content/bad-aliases.md",
        "content/bad-quotations.md",
    } <= left_out
    assert [] == [path for path in left_out if "good" in path]
    assert any(path.startswith("content/d/d/") for path in left_out)
    assert all(each["message"] for each in summary["problems"])
    assert seconds < PATIENT

    began = time.monotonic()
    again = subprocess.run(
        command("build", "--json"), cwd=home, capture_output=True, text=True, check=False
    )

    assert 0 == json.loads(again.stdout)["written"]
    assert time.monotonic() - began < seconds  # what cannot be read is not tried again


@pytest.mark.timeout(600)
def test_run_publishes_the_good_posts_too(home: Path) -> None:
    """The daemon is up, and hears a SIGTERM, while such posts come and stay."""
    with started(home) as daemon:
        daemon.wait("built")

        assert GOOD_POSTS == published(home)

        text = POST.format(title="Good", date="2025-02-01", body="Text.")
        (home / "content/good-new.md").write_text(text, encoding="utf-8")
        daemon.wait("built", count=2)

        assert {*GOOD_POSTS, "good-new"} == published(home)
        assert "Traceback" not in daemon.text()
