"""Every kind of page, judged by axe in Chromium: at phone and desktop width, light and dark."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsers import Look, Page, Step, visit
from daemons import Process, started
from folders import Site
from signups import link
from webs import free_port

CONFIG = """
site:
  title: Example & Co
  url: {home}
  author: {{name: Ann, email: ann@example.org}}
  language: {language}
digests: [{{name: weekly}}]
subscribers: {{form: true}}
web: {{port: {port}}}
"""
POST = """---
title: {title}
date: 2025-01-30
tags: [C++, 中文]
---
Text, a [link](/), `code` and a table:

| a | b |
|---|--:|
| 1 | 2 |

> Somebody said so.[^1]

[^1]: Not everybody.
"""
PATHS = ("", "posts/a/", "tags/", "tags/cplusplus/", "authors/", "archive/", "subscribe/")
LOOKS = (Look(320, "light"), Look(1200, "dark"))


@dataclass(frozen=True, slots=True)
class Open:
    """A site that answers."""

    home: str
    folder: Path
    daemon: Process


@contextmanager
def opened(folder: Path, language: str) -> Iterator[Open]:
    """Run a site with a few posts."""
    port = free_port()
    home = f"http://127.0.0.1:{port}/"
    site = Site(folder)
    site.config(CONFIG.format(home=home, language=language, port=port))
    for name in ("a", "b"):
        site.put(f"content/{name}.md", POST.format(title=f"Post {name}"))
    with started(site.root) as daemon:
        daemon.wait("digest skipped")
        yield Open(home, site.root, daemon)


@pytest.fixture(scope="module", params=["en", "zh", "ar"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Give a site in a language that readers are spoken to in."""
    with opened(tmp_path_factory.mktemp("site"), request.param) as found:
        yield found


def judged(pages: list[Page], look: Look) -> None:
    """Hold pages against what axe finds serious, and against the width of the screen."""
    assert [] == [(each.url, each.faults) for each in pages if each.faults]
    assert [] == [each.url for each in pages if each.wide > look.width]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.width}-{look.scheme}")
def test_the_pages_of_a_site(site: Open, look: Look) -> None:
    """Home, posts, tags, archive, subscribing, newsletters, and where nothing is."""
    paths = (*PATHS, "digests/weekly/", "nothing/")
    pages = visit([Step("go", site.home + path) for path in paths], look, judged=True)

    assert len(paths) == len(pages)
    judged(pages, look)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.width}-{look.scheme}")
def test_the_pages_of_a_reader(site: Open, look: Look) -> None:
    """Signing up, wrongly and rightly, confirming, choosing, leaving, coming back."""
    address = f"r{look.width}{look.scheme}@example.net"
    first = visit(
        [
            Step("go", f"{site.home}subscribe/"),
            Step("fill", "#address", "nobody"),
            Step("click", "form.form button[type=submit]"),
            Step("fill", "#address", address),
            Step("click", "form.form button[type=submit]"),
        ],
        look,
        judged=True,
    )
    site.daemon.wait("sign-ups answered")
    (mail,) = (site.folder / "mail").glob(f"{address}-*.eml")
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    confirm = f"{site.home}{link(message, 'confirm')}"
    rest = visit(
        [Step("go", confirm), Step("click", "main form button"), Step("go", confirm)],
        look,
        judged=True,
    )

    assert 6 == len(first) + len(rest)
    judged([*first, *rest], look)
