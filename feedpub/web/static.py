"""The output folder → an application that serves it as a good web server does.

What is told of a file, its ETag above all, is made of its bytes, and known for as long as the
disk shows the file as it was.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from feedpub.slugs import quote
from feedpub.web.codings import SUFFIXES, accepted
from feedpub.web.conditions import Answer, Version, answer
from feedpub.web.folder import Folder, Opened
from feedpub.web.kinds import BRIEF, freshness, is_compressible, kind
from feedpub.web.paths import below
from feedpub.web.receiving import gone

Headers = tuple[tuple[bytes, bytes], ...]

_METHODS = ("GET", "HEAD")
_AT_ONCE = 1 << 20  # octets that are read in one go: most feeds, and all pages
_CHUNK = 1 << 18  # octets of what is larger that are read at once
_SECOND = 10**9  # nanoseconds
_SLACK = 2 * _SECOND  # disks that keep time in such steps show both of a pair as equally old
_NOT_FOUND = "404.html"
_CONDITIONS = frozenset(
    (
        *(b"if-match", b"if-modified-since", b"if-none-match", b"if-range"),
        *(b"if-unmodified-since", b"range"),
    )
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about one state of a file, and is told with it."""

    facts: tuple[int, ...]
    version: Version
    told: Headers  # with a 304 too
    described: Headers  # of the content itself


@dataclass(frozen=True, slots=True)
class _Reply:
    """What is to be sent: octets of an open file, or a text."""

    status: int
    headers: Headers = ()
    file: Opened | None = None
    first: int = 0
    end: int = 0
    text: bytes = b""


class Static:
    """Serves a folder below the path of the site's address; an ASGI application."""

    def __init__(
        self,
        folder: Path,
        url: str,
        now: Callable[[], float],
        *,
        hubs: Sequence[str] = (),
        codings: Sequence[str] = (),
        room: int = 8192,
    ) -> None:
        """Serve `folder` as the site at `url`.

        Args:
            folder: Where the site was written.
            url: Its address, of which the path counts.
            now: Gives the time in seconds since 1970.
            hubs: What its feeds name as their WebSub hubs.
            codings: In which files may lie beside others, compressed.
            room: How many files are kept in mind.
        """
        self._room = room
        self._folder = Folder(folder)
        self._codings = frozenset(codings)
        self._url = url
        self._hubs = "".join(f'<{hub}>; rel="hub", ' for hub in hubs)
        self._root = urlsplit(url).path.encode()
        self._now = now
        # By the file and what it is served for: one that is compressed may be asked for by name.
        self._known: dict[tuple[str, str], _Known] = {}
        self._learning: dict[tuple[str, str, tuple[int, ...]], asyncio.Task[_Known | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in _METHODS:
            allow = ((b"allow", ", ".join(_METHODS).encode()),)
            await _send(_said(405, "Method not allowed.", allow), scope, receive, send)
            return
        with ExitStack() as opened:
            reply = await self._reply(scope, opened)
            await _send(reply, scope, receive, send)

    async def _reply(self, scope: Scope, opened: ExitStack) -> _Reply:
        """Find out what the answer is; what is opened for it goes on that stack."""
        asked: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _READ:  # a list may be told in several lines (RFC 9110 section 5.3)
                told = value.decode("latin-1")
                asked[name] = f"{asked[name]}, {told}" if name in asked else told
        codings = asked.pop(b"accept-encoding", "")
        path = below(scope["raw_path"], self._root)
        if path is not None:
            reply = await self._at(path, asked, codings, scope, opened)
        elif scope["raw_path"] in (b"/", self._root[:-1]):  # of a site that lies below a path
            reply = _moved(self._root, scope)
        else:
            reply = None
        return reply or await self._missing(codings, opened)

    async def _at(
        self,
        path: str,
        asked: Mapping[bytes, str],
        codings: str,
        scope: Scope,
        opened: ExitStack,
    ) -> _Reply | None:
        """Give what lies at a path, None where that is nothing."""
        whole = f"{path}index.html" if not path or path.endswith("/") else path
        file = self._open(whole, codings, opened)
        if file is None:
            return None
        if file.is_folder:
            has_page = self._folder.modified(f"{path}/index.html") is not None
            return _moved(self._root + quote(path).encode() + b"/", scope) if has_page else None
        known = await self._learned(file, whole)
        if known is None:
            return None
        given = answer(asked, known.version, ranges=scope["method"] == "GET")
        return self._fitted(given, known, file)

    def _open(self, path: str, codings: str, opened: ExitStack) -> Opened | None:
        """Open a file, or the compressed one beside it that a client wants."""
        for coding in self._welcome(path, codings):
            file = self._folder.open(path + SUFFIXES[coding])
            if file is None:
                continue
            opened.enter_context(file)
            plain = self._folder.modified(path)
            if not file.is_folder and plain is not None and file.modified + _SLACK >= plain:
                return file
        file = self._folder.open(path)
        return opened.enter_context(file) if file else None

    def _welcome(self, path: str, codings: str) -> Iterator[str]:
        """Give the codings that a client wants a file in, of those that it may be there in."""
        if codings and self._codings and is_compressible(path):
            yield from (each for each in accepted(codings) if each in self._codings)

    async def _missing(self, codings: str, opened: ExitStack) -> _Reply:
        """Answer that there is no such page, as the site says it."""
        file = self._open(_NOT_FOUND, codings, opened)
        known = await self._learned(file, _NOT_FOUND) if file and not file.is_folder else None
        if file is None or known is None:
            return _said(404, "Not found.")
        return _Reply(404, (*known.described, _BRIEFLY, _VARIED), file, 0, file.size)

    async def _learned(self, file: Opened, path: str) -> _Known | None:
        """Give what is known of a file that is served for a path; None where it must not be."""
        known = self._known.get((file.path, path))
        if known is not None and known.facts == file.facts:
            return known
        key = (file.path, path, file.facts)
        learning = self._learning.get(key)
        if learning is None:  # else who has asked first is finding it out, with a file of its own
            learning = self._learning[key] = asyncio.create_task(self._learn(file, path))
            learning.add_done_callback(lambda _: self._learning.pop(key))
        return await learning

    async def _learn(self, file: Opened, path: str) -> _Known | None:
        """Find out what is to be known of a file."""
        digest = await asyncio.to_thread(self._folder.digest, file)
        if digest is None:
            return None
        known = self._describe(file, path, digest)
        self._known.pop((file.path, path), None)  # so that it counts as new
        if len(self._known) >= self._room:
            del self._known[next(iter(self._known))]
        self._known[file.path, path] = known
        return known

    def _describe(self, file: Opened, path: str, digest: str) -> _Known:
        """Write down what is told of a file."""
        of = kind(path)
        version = Version(f'"{digest[:32]}"', file.modified // _SECOND, file.size)
        told = {
            "etag": version.tag,
            "last-modified": formatdate(version.modified, usegmt=True),
            "cache-control": freshness(path, of, digest),
        }
        if of.compressible:
            told["vary"] = "Accept-Encoding"
        if of.is_feed:
            told["link"] = f'{self._hubs}<{self._url}{quote(path)}>; rel="self"'
        described = {"content-type": of.media_type, "accept-ranges": "bytes"}
        if file.path != path:
            described["content-encoding"] = _CODINGS[file.path.removeprefix(path)]
        return _Known(file.facts, version, _encoded(told), _encoded(described))

    def _fitted(self, given: Answer, known: _Known, file: Opened) -> _Reply:
        """Give the reply of an answer."""
        told = known.told
        if known.version.modified >= int(self._now()):
            # It may change again and keep its date: then a date alone would hide the change.
            told = tuple(each for each in told if each[0] != b"last-modified")
        size = known.version.size
        if given.status == HTTPStatus.NOT_MODIFIED:
            return _Reply(given.status, told)
        if given.status == HTTPStatus.PRECONDITION_FAILED:
            return _said(given.status, "It has changed.")
        if given.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            span = (b"content-range", f"bytes */{size}".encode())
            return _said(given.status, "It has no such part.", (span,))
        headers = told + known.described
        if given.status == HTTPStatus.PARTIAL_CONTENT:
            span = (b"content-range", f"bytes {given.first}-{given.end - 1}/{size}".encode())
            headers = (*headers, span)
        return _Reply(given.status, headers, file, given.first, given.end)


def _encoded(headers: Mapping[str, str]) -> Headers:
    return tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items())


def _said(status: int, text: str, headers: Headers = ()) -> _Reply:
    """Say something in a line of text."""
    kind = (b"content-type", b"text/plain; charset=utf-8")
    return _Reply(status, (kind, *headers), text=f"{text}\n".encode())


def _moved(where: bytes, scope: Scope) -> _Reply:
    """Say where the page is, what was asked of it along with it."""
    query = percent_encode(scope["query_string"], safe="!$&'()*+,/:;=?@%-._~").encode()
    to = where + b"?" + query if query else where
    return _said(301, "It is elsewhere.", ((b"location", to), _BRIEFLY))


async def _send(reply: _Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a reply, its octets as they are read."""
    length = len(reply.text) or reply.end - reply.first
    headers = list(reply.headers)
    if reply.status != HTTPStatus.NOT_MODIFIED:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.file is None or scope["method"] == "HEAD":
        body = b"" if scope["method"] == "HEAD" else reply.text
        await send({"type": "http.response.body", "body": body})
    elif length <= _AT_ONCE:
        data = reply.file.read(reply.first, reply.end)
        await send({"type": "http.response.body", "body": data})
    else:
        await _stream(reply.file, reply.first, reply.end, receive, send)


async def _stream(file: Opened, first: int, end: int, receive: Receive, send: Send) -> None:
    """Send a large file piece by piece, for as long as somebody takes it."""
    leaving = asyncio.create_task(gone(receive))
    try:
        while first < end and not leaving.done():
            data = await asyncio.to_thread(file.read, first, min(first + _CHUNK, end))
            if not data:
                return  # it was cut off meanwhile: the connection has to end without the rest
            first += len(data)
            await send({"type": "http.response.body", "body": data, "more_body": first < end})
    finally:
        leaving.cancel()


_READ = _CONDITIONS | {b"accept-encoding"}
_CODINGS: Mapping[str, str] = {suffix: coding for coding, suffix in SUFFIXES.items()}
_BRIEFLY = (b"cache-control", BRIEF.encode())
_VARIED = (b"vary", b"Accept-Encoding")
