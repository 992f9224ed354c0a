"""A site and a socket → answers to readers. Only this package knows Starlette and uvicorn."""

from feedpub.web.changing import Changing
from feedpub.web.seen import Seen
from feedpub.web.server import Server, address, answer, listen, run, server
from feedpub.web.serving import live, serve
from feedpub.web.site import Routes, app

__all__ = [
    "Changing",
    "Routes",
    "Seen",
    "Server",
    "address",
    "answer",
    "app",
    "listen",
    "live",
    "run",
    "serve",
    "server",
]
