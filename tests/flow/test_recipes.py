"""The other files of deploy/ do what they say: systemd, containers, and hosts of files alone."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import postgres
import psycopg
import pytest
import webs
import yaml
from daemons import command
from example import ROOT
from fronts import DEPLOY
from programs import needs
from psycopg import sql
from starlette.routing import Router

from feedpub.web.health import build_health_routes

BAD = "---\ntitle: Oops\ndate: 2024-02-30\n---\nText.\n"
EXPOSURE = "20"  # tenths, by systemd's own measure, of at most 100
GOOD = "---\ntitle: Quite new\ndate: 2025-06-20\n---\nText.\n"
AWKWARD = "p@ss/w:rd #1"


def read(name: str) -> str:
    """Give what a file of deploy/ says."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def shell(command: list[str], folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run what a recipe says, where the command `feedpub` is that of these tests."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Give the example, with a digest of each post, a reader, and a post that is wrong."""
    home = tmp_path / "site"
    shutil.copytree(ROOT / "content", home / "content")
    config = (ROOT / "config.yaml").read_text(encoding="utf-8")
    config = config.replace("weekly mon 08:00", "each post")
    (home / "config.yaml").write_text(config, encoding="utf-8")
    (home / "content/oops.md").write_text(BAD, encoding="utf-8")
    return home


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

    assert re.search(rf"(?m)^FROM python:{version}(\.\d+)?-slim@", read("Dockerfile"))
    assert f'python-version: "{version}"' in read("pages.yaml")


def normalized(requirement: str) -> str:
    """Return the name of a required package as lists of packages have it (PEP 503)."""
    name = re.split(r"[<>=!~;\[ ]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_images_actions_and_packages_are_pinned() -> None:
    """By digest, by commit and by version: nobody else decides what is deployed tomorrow."""
    images = [
        *re.findall(r"(?m)^FROM (\S+)", read("Dockerfile")),
        *re.findall(r"(?m)^\s+image: (\S+)", read("compose.yaml")),
    ]
    actions = re.findall(r"uses: (\S+)", read("pages.yaml"))
    pins = [each for each in read("constraints.txt").split("\n") if not each.startswith("#")]
    names = {each.partition("==")[0] for each in pins if each}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
    ]

    assert (4, 4) == (len(images), len(actions))
    assert all(re.fullmatch(r"\w+:[\w.-]+@sha256:[0-9a-f]{64}", each) for each in images)
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in actions)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", each) for each in pins if each)
    assert {normalized(each) for each in needed} <= names
    for recipe in ("Dockerfile", "pages.yaml", "feedpub.service"):
        assert "constraints.txt" in read(recipe)


def test_a_container_is_sick_when_feedpub_does_not_answer() -> None:
    """The check of the Dockerfile asks as any Python can, of nobody but its own machine."""
    lines = read("Dockerfile").replace("\\\n", "").split("\n")
    (check,) = [each for each in lines if each.startswith("HEALTHCHECK")]
    program = json.loads(check.partition(" CMD ")[2])[2]

    def status(port: int) -> int:
        words = [sys.executable, "-c", program.replace("8000", str(port))]
        proxy = {"http_proxy": "http://127.0.0.1:9"}
        return subprocess.run(words, env=proxy, capture_output=True, check=False).returncode

    with (
        webs.serving(Router(build_health_routes(lambda: "", None))) as well,
        webs.serving(Router()) as ill,
    ):
        statuses = [status(each) for each in (well, ill, webs.free_port())]

    assert [0, 1, 1] == statuses


def test_no_image_is_made_of_what_is_somebody_s() -> None:
    """What git does not keep, the built site and its readers first, does not get into it either."""
    (ignored, kept) = (
        (ROOT / name).read_text(encoding="utf-8").split("\n")
        for name in (".dockerignore", ".gitignore")
    )

    assert {each.strip("/") for each in kept if each.startswith("/")} <= set(ignored)


def test_caddy_gets_nothing_but_what_is_published() -> None:
    """The secret and the readers lie beside it."""
    services = yaml.safe_load(read("compose.yaml"))["services"]
    mounts = [each for each in services["caddy"]["volumes"] if each.startswith("${SITE")]

    assert ["${SITE:?}/public:/srv/blog/public:ro"] == mounts


@pytest.fixture
def guarded() -> Iterator[postgres.Server]:
    """Give a PostgreSQL that lets `feedpub` in by a password alone, as that of the image does."""
    with postgres.started() as server:
        server.run(
            sql.SQL("CREATE ROLE feedpub SUPERUSER LOGIN PASSWORD {}").format(sql.Literal(AWKWARD))
        )
        with psycopg.connect(server.url("postgres")) as connection:
            (found,) = connection.execute("SHOW hba_file").fetchall()
        rules = Path(found[0])
        rules.write_text(f"local all feedpub scram-sha-256\n{rules.read_text()}")
        server.run(sql.SQL("SELECT pg_reload_conf()").format())
        server.create("feedpub")
        yield server


def test_a_database_s_password_may_have_any_character(
    guarded: postgres.Server, tmp_path: Path
) -> None:
    """Compose hands it on beside the URL, in which @ and / would mean something."""
    said = yaml.safe_load(read("compose.yaml"))["services"]["feedpub"]["environment"]
    with psycopg.connect(guarded.url("postgres")) as connection:
        place = quote_plus(connection.info.host)
    url = said["DATABASE_URL"].replace("@database/feedpub", f"@/feedpub?host={place}")
    (tmp_path / "content").mkdir()
    (tmp_path / "config.yaml").write_text(
        'site: {title: A, url: "https://example.org/", author: {name: A, email: a@example.org}}\n'
        'digests: [{name: weekly}]\nsubscribers: {database: "${DATABASE_URL}"}\n'
    )

    def added(password: str) -> tuple[int, bool]:
        words = command("subscribers", "add", "ann@example.org")
        done = shell(words, tmp_path, DATABASE_URL=url, PGPASSWORD=password)
        return done.returncode, "password authentication failed" in done.stderr

    assert said["PGPASSWORD"] == "${POSTGRES_PASSWORD:?}"
    assert [(1, True), (0, False)] == [added("wrong"), added(AWKWARD)]


def pages(folder: Path) -> list[int]:
    """Do what the recipe for GitHub does before it publishes, and after; give the statuses."""
    steps = yaml.safe_load(read("pages.yaml"))["jobs"]["publish"]["steps"]
    typed = [each["run"] for each in steps if each.get("run", "").startswith(("feedpub", "cp"))]
    return [shell(["bash", "-e", "-c", each], folder).returncode for each in typed]


def test_github_publishes_all_but_a_bad_post(site: Path) -> None:
    """Nothing of feedpub's own goes with it; in the end the workflow is red."""
    statuses = pages(site)
    published = {path.name for path in (site / "site").iterdir()}

    assert [0, 0, 1] == statuses
    assert {"index.html", "atom.xml", "404.html"} <= published
    assert [] == [name for name in published if name.startswith(".")]


def test_github_publishes_nothing_that_could_not_be_built(site: Path) -> None:
    """A configuration, or a template, that is wrong."""
    (site / "templates").mkdir()
    (site / "templates/home.html").write_text("{% oops %}")
    statuses = pages(site)

    assert 1 == statuses[0]


def test_cron_publishes_mails_and_publishes_what_was_mailed(site: Path) -> None:
    """A bad post stops nothing, and what cannot be built stops all."""
    www = site.parent / "www"
    cron = [str(DEPLOY / "cron.sh"), "cp", "-rT", "public", str(www)]
    shell(["feedpub", "subscribers", "add", "ann@example.org"], site)
    first = shell(cron, site)
    (site / "content/new.md").write_text(GOOD, encoding="utf-8")
    second = shell(cron, site)
    mailed = list((site / "mail").glob("*.eml"))
    issues = list(www.glob("digests/weekly/*/index.html"))
    (site / "config.yaml").write_text("site: {titel: Oops}\n")
    shutil.rmtree(www)
    third = shell(cron, site)

    assert [0, 0] == [first.returncode, second.returncode], first.stderr + second.stderr
    assert "content/oops.md:3:" in first.stderr
    assert [1, 1] == [len(mailed), len(issues)]
    assert (1, False) == (third.returncode, www.exists())
