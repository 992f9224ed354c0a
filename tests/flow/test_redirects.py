"""Old addresses lead to posts: as pages, for static hosts, and as real redirects of servers."""

from pathlib import Path

import pytest
from folders import Site
from fronts import Answer, caddy, nginx
from webs import call, free_port, static

SERVERS = {"nginx": nginx, "caddy": caddy}
CONFIG = 'site: {title: "Site", url: "https://example.org/"}\n'
POST = """\
---
title: One
date: 2024-05-01
aliases: [/old/one/, /2010/one.html, /old.php, "/über uns/", "/{a}/"]
redirect_from: [posts/first, "/it's;$here/"]
---
Words.
"""
AWAY = "---\ntitle: Away\ndate: 2024-05-02\nredirect_to: https://example.com/new/?a=1#b\n---\nx\n"
LEADS = {
    "old/one/": "/posts/a/",
    "old/one": "/posts/a/",
    "2010/one.html": "/posts/a/",
    "old.php": "/posts/a/",
    "%C3%BCber%20uns/": "/posts/a/",
    "posts/first/": "/posts/a/",
    "posts/away/": "https://example.com/new/?a=1#b",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Give a site with old addresses, built."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.config(CONFIG)
    site.put("content/a.md", POST)
    site.put("content/away.md", AWAY)
    site.build()
    return site


@pytest.mark.parametrize("name", SERVERS)
def test_servers_redirect_as_the_map_says(
    site: Site, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the configurations of deploy/ an old address is answered with 301, once."""
    folder: Path = tmp_path_factory.mktemp(name)
    with SERVERS[name](site.public, folder, free_port()) as port:
        for path, target in LEADS.items():
            answer = Answer(port, path)
            found = answer.headers.get("location", "").removeprefix(f"http://127.0.0.1:{port}")
            found = found.removeprefix("http://example.org")
            assert (301, target) == (answer.status, found), path
        assert Answer(port, "posts/a/").status == 200
        assert Answer(port, "posts/b/").status == 404


def test_feedpub_redirects_as_the_map_says(site: Site) -> None:
    """`feedpub run` and `feedpub serve` answer with 301, and take the query along."""
    for path, target in LEADS.items():
        reply = call(static(site.public), f"/{path}")
        assert (301, target) == (reply.status, reply.headers["location"]), path
    reply = call(static(site.public), "/old/one/", query=b"b=2")
    assert reply.headers["location"] == "/posts/a/?b=2"
    reply = call(static(site.public), "/posts/away/", query=b"b=2")
    assert reply.headers["location"] == "https://example.com/new/?a=1&b=2#b"
    assert call(static(site.public), "/posts/a/").status == 200


def test_what_no_map_can_hold_is_a_page(site: Site) -> None:
    """Characters that mean something to one of the servers are in none of the lines."""
    written = site.read("redirects.map")

    assert "{" not in written
    assert "$" not in written
    assert (site.public / "{a}/index.html").is_file()
    assert (site.public / "it's;$here/index.html").is_file()


def test_a_map_written_anew_is_read_anew(tmp_path: Path) -> None:
    """A living server follows the builds of another process."""
    app = static(tmp_path)
    (tmp_path / "index.html").write_bytes(b"home")
    assert call(app, "/old/").status == 404
    (tmp_path / "redirects.map").write_text('"/old/" "/new/" ;\n"/bad/" "javascript:x" ;\n')
    assert call(app, "/old/").headers["location"] == "/new/"
    assert call(app, "/bad/").status == 404
    (tmp_path / "redirects.map").write_text('"/old/" "/newer/" ;\n')
    assert call(app, "/old/").headers["location"] == "/newer/"
    (tmp_path / "redirects.map").unlink()
    assert call(app, "/old/").status == 404
