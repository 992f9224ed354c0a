"""A folder in which posts of every hostile kind lie beside good ones."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hostile
import pytest
from daemons import Process, command, started
from folders import CONFIG, POST

GOOD = 10
NESTED = 1_000  # folders in one another
PATIENT = 60.0  # seconds, on two processors that do nothing else; tests run beside others


@pytest.fixture(params=["markdown", "comrak"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
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
        deep.mkdir()
    text = POST.format(title="Deep", date="2025-01-30", body="Text.")
    (deep / "deep.md").write_text(text, encoding="utf-8")
    yield tmp_path
    subprocess.run(["rm", "-rf", content / "d"], check=True)  # too deep for shutil.rmtree


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
    assert seconds < 3 * PATIENT

    began = time.monotonic()
    again = subprocess.run(
        command("build", "--json"), cwd=home, capture_output=True, text=True, check=False
    )

    assert 0 == json.loads(again.stdout)["written"]
    assert time.monotonic() - began < seconds  # what cannot be read is not tried again


def _wait(daemon: Process, name: str, count: int) -> None:
    """Wait longer than others: each post that is ended costs its two seconds first."""
    end = time.monotonic() + 3 * PATIENT
    while len(daemon.events(name)) < count:
        assert time.monotonic() < end, daemon.text()
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_run_publishes_the_good_posts_too(home: Path) -> None:
    """The daemon is up, and hears a SIGTERM, while such posts come and stay."""
    with started(home) as daemon:
        _wait(daemon, "built", 1)

        assert GOOD_POSTS == published(home)

        text = POST.format(title="Good", date="2025-02-01", body="Text.")
        (home / "content/good-new.md").write_text(text, encoding="utf-8")
        _wait(daemon, "built", 2)

        assert {*GOOD_POSTS, "good-new"} == published(home)
        assert "Traceback" not in daemon.text()
