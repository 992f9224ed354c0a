"""Public names of the web package, the only one that imports Starlette and uvicorn."""

from feedpub.web.app import Routes, SwappableApp, create_app
from feedpub.web.middleware import AccessRecord
from feedpub.web.server import (
    Server,
    create_server,
    get_socket_url,
    open_socket,
    run_server,
    run_until_set,
)
from feedpub.web.serving import serve, serve_live

__all__ = [
    "AccessRecord",
    "Routes",
    "Server",
    "SwappableApp",
    "create_app",
    "create_server",
    "get_socket_url",
    "open_socket",
    "run_server",
    "run_until_set",
    "serve",
    "serve_live",
]
