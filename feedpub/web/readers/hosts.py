"""Keep readers' pages on a host of their own, where `subscribers.host` names one.

On the site's host lies what authors publish. A page there shares nothing with a page of another
origin: neither what it shows, nor the links in it, which are all that opens a reader's settings.
"""

import re
from urllib.parse import quote, urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from feedpub.web.guards import get_host
from feedpub.web.readers.origins import get_origin

_TOKEN_PAGES = rb"(?:confirm|forget|preferences|resubscribe|unsubscribe)/"
_STYLES = rb"assets/[^/]{1,200}-[0-9a-f]{10}\.(?:css|svg|woff2)"
_MACHINES = re.compile(rb"/(?:hooks/|healthz(?:/|$)|metrics$)")
_LOOKING = ("GET", "HEAD")


class SubscriberHostMiddleware:
    """Send requests for readers' pages to their host, and all others there back to the site."""

    def __init__(self, app: ASGIApp, site_url: str, readers_url: str) -> None:
        """Guard an application that answers for both hosts."""
        self._app = app
        self._site, self._readers = get_origin(site_url), get_origin(readers_url)
        self._host = (urlsplit(readers_url).hostname or "").lower()
        prefix = re.escape(urlsplit(site_url).path.encode())
        self._pages = re.compile(prefix + _TOKEN_PAGES)
        self._own = re.compile(prefix + rb"(?:" + _TOKEN_PAGES + rb"|" + _STYLES + rb"$)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer where it belongs.

        What is POSTed is taken on either host: old mails have the site's in their links, and a
        mail program that unsubscribes follows no redirect (RFC 8058).
        """
        path, is_looking = scope["raw_path"], scope["method"] in _LOOKING
        elsewhere = ""
        if is_looking and not _MACHINES.match(path):
            if get_host(scope) == self._host:
                elsewhere = "" if self._own.match(path) else self._site
            elif self._pages.match(path):
                elsewhere = self._readers
        if not elsewhere:
            await self._app(scope, receive, send)
            return
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        where = elsewhere + quote(path + query, safe="/?!$&'()*+,:;=@%-._~")
        headers = {"Location": where, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        await Response(None, 307, headers)(scope, receive, send)
