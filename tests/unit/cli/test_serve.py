"""What is told while a site is served."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from commands import Desk, Ran, run

from feedpub.app import BuildRequest, Summary
from feedpub.errors import ConfigError, FeedpubError, TemplateError
from feedpub.models.content import Problem
from feedpub.web.serving import ServeOptions

SUMMARY = Summary(2, 2, 0, 0, 0, 3, 4, 9, 0, 1, (Problem("content/a.md", 3, "odd"),), "public")


@dataclass
class Server:
    """Serves nothing: says that it is ready, and what it was told to say."""

    fails: FeedpubError | None = None
    asked: list[tuple[str, BuildRequest, ServeOptions]] = field(default_factory=list)

    def serve(self, request: BuildRequest, stand: ServeOptions) -> None:
        """Be ready, and end."""
        self.asked.append(("serve", request, stand))
        stand.on_ready(Path("public"), "http://127.0.0.1:8000/")

    def serve_live(
        self,
        request: BuildRequest,
        stand: ServeOptions,
        built: Callable[[Summary], None],
        failed: Callable[[FeedpubError], None],
    ) -> None:
        """Build, be ready, perhaps fail, and end."""
        self.asked.append(("live", request, stand))
        built(SUMMARY)
        stand.on_ready(Path("live"), "http://127.0.0.1:8000/")
        if self.fails:
            failed(self.fails)


def typed(words: str, server: Server, *, screen: bool = False) -> Ran:
    """Type a command."""
    return run(words, Desk(), screen=screen, server=server)


def test_serve_on_a_terminal() -> None:
    """It is told what is served where, and how to end it."""
    ran = typed("serve", Server(), screen=True)

    assert (0, "Serving public at http://127.0.0.1:8000/\n") == (ran.status, ran.out)
    assert "Press Ctrl-C to stop.\nStopped.\n" == ran.err


def test_serve_by_a_script() -> None:
    """A script is told the address, and nothing else."""
    ran = typed("serve", Server())

    assert ("Serving public at http://127.0.0.1:8000/\n", "") == (ran.out, ran.err)


def test_where_to_serve() -> None:
    """The command line wins over the configuration, where it says anything."""
    server = Server()
    typed("serve --host 0.0.0.0 --port 80 --config c.yaml", server)
    typed("serve", server)
    (how, request, first), (_, _, second) = server.asked

    assert ("serve", Path("c.yaml")) == (how, request.config_path)
    assert ("0.0.0.0", 80) == (first.host, first.port)  # noqa: S104
    assert ("", None) == (second.host, second.port)


def test_live() -> None:
    """Each build is told, and what is wrong with the posts."""
    server = Server()
    ran = typed("serve --live", server, screen=True)

    assert "live" == server.asked[0][0]
    assert (
        "Built 2 posts: 9 written, 1 removed.\nServing a live preview at http://127.0.0.1:8000/\n"
    ) == ran.out
    assert "content/a.md:3: odd\nPress Ctrl-C to stop.\nStopped.\n" == ran.err


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TemplateError("post.html:3: no"), "post.html:3: no\n"),
        (ConfigError((Problem("config.yaml", 1, "site.title: missing"),)), "config.yaml:1: site."),
    ],
)
def test_live_goes_on(error: FeedpubError, expected: str) -> None:
    """A build that cannot go on is told of, and ends nothing."""
    ran = typed("serve --live", Server(fails=error))

    assert 0 == ran.status
    assert expected in ran.err
