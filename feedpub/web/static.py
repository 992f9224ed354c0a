"""Serve the output folder over HTTP: Starlette's StaticFiles, with the site's own rules.

The rules are: content types of feeds, precompressed files, Cache-Control, the site's 404 page,
redirects, and nothing hidden or outside the folder. Conditional and range requests are left to
Starlette. Start at `SiteFiles`; `resolve_path` maps URL paths to files.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote as percent_encode
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from feedpub.content.library.bundles import guess_media_type
from feedpub.feeds.sitemap import REDIRECT_MAP, parse_redirect_map
from feedpub.feeds.urls import MEDIA_TYPES
from feedpub.files.output_folder import COMPRESSIBLE
from feedpub.files.safe_open import open_beneath
from feedpub.models.text import quote

# The common case: nothing to decode and nothing to refuse.
_PLAIN = re.compile(rb"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?")
_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f/\\]")
_WELL_KNOWN = b".well-known"  # RFC 8615


def resolve_path(raw: bytes, root: bytes) -> str | None:
    """Return the path below the output folder for a URL path, "" for the folder itself.

    Each segment is decoded once, after splitting, so an encoded slash cannot separate segments. A
    trailing "/" denotes a folder. Returns None for paths that leave the folder, name hidden files
    or lie outside the site.

    Args:
        raw: The path from the request, still percent-encoded.
        root: The path of the site URL: "/", or for example "/blog/".
    """
    if not raw.startswith(root):
        return None
    rest = raw[len(root) :]
    if _PLAIN.fullmatch(rest):
        return rest.decode("ascii")
    if _MALFORMED.search(rest):
        return None
    names = [unquote_to_bytes(name) for name in rest.removesuffix(b"/").split(b"/")]
    shown = names[1:] if names[0] == _WELL_KNOWN else names
    if any(map(_is_refused, shown)):
        return None
    # feedpub writes no file whose name is not UTF-8.
    path = b"/".join(names).decode(errors="replace")
    return f"{path}/" if rest.endswith(b"/") else path


def get_root_path(url: str) -> str:
    """Return the path of a site URL, decoded, as routes are matched against it."""
    return unquote(urlsplit(url).path)


def _is_refused(name: bytes) -> bool:
    """Return whether a segment is empty, hidden ("..", ".feedpub") or has a forbidden character."""
    return not name or name.startswith(b".") or _FORBIDDEN.search(name) is not None


CODING_SUFFIXES: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
"""Suffix of the precompressed file for each content coding, the smaller one first."""

_READ_AT_ONCE = 1 << 20  # bytes sent in one piece: most feeds, and all pages
_SLACK = 2 * 10**9  # nanoseconds: tolerates file systems with 2 s timestamps, such as FAT
_NOT_FOUND_PAGE = "404.html"
_LONGEST = {  # maximum characters of a header; longer ones are ignored
    b"accept-encoding": 200,
    b"if-modified-since": 200,
    b"if-none-match": 2000,
    b"if-range": 200,
    b"range": 200,
}
_RESOURCE_ERRORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO))
_CODING_ALIASES = {"x-gzip": "gzip"}
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

_FEED = re.compile(r"(?P<rss>rss\.xml)|(?P<atom>(?:atom|archive-[0-9]+)\.xml)|(?P<json>feed\.json)")
_HASHED = re.compile(r"assets/[^\0]*-[0-9a-f]{10}\.(?:css|js|svg)")
_MORE_TYPES = {
    ".css": "text/css",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".opml": "text/x-opml",
    ".otf": "font/otf",
    ".rdf": "application/rdf+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xht": "application/xhtml+xml",
    ".xhtml": "application/xhtml+xml",
    ".xsl": "application/xml",
    ".xslt": "application/xml",
}
_SHORT_CACHE = "public, max-age=60"  # may change at any time; still absorbs bursts of traffic
_DAY_CACHE = "public, max-age=86400"
_IMMUTABLE_CACHE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class ContentType:
    """Properties of a published file that follow from its path."""

    media_type: str  # with charset
    is_feed: bool
    is_compressible: bool  # may have precompressed variants
    cache_control: str


@dataclass(frozen=True, slots=True)
class _OpenFile:
    """A file or folder opened for one request."""

    descriptor: int
    stat: os.stat_result
    coding: str = ""

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)

    @property
    def etag(self) -> str:
        """A strong entity tag from inode, size and times: builds write changes to new files."""
        facts = self.stat
        told = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        return f'"{sha256(repr(told).encode()).hexdigest()[:32]}"'


class SiteFiles(StaticFiles):
    """ASGI application that serves a folder below the path of the site URL."""

    def __init__(
        self,
        folder: Path,
        url: str,
        now: Callable[[], float],
        *,
        hubs: Sequence[str] = (),
        codings: Sequence[str] = (),
    ) -> None:
        """Serve `folder` as the site at `url`.

        Args:
            folder: The output folder; it may be missing for a while.
            url: The URL of the site.
            now: Returns the time in seconds since 1970.
            hubs: WebSub hubs to advertise in the Link header of feeds.
            codings: Content codings of which precompressed files may exist.
        """
        super().__init__(directory=folder, html=True, check_dir=False)
        self._folder = os.fspath(folder)
        self._url = url
        self._root = urlsplit(url).path.encode()
        self._now = now
        self._hubs = "".join(f'<{hub}>; rel="hub", ' for hub in hubs)
        self._codings = frozenset(codings)
        self._redirects = _Redirects(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        scope = {**scope, "headers": _filter_headers(scope)}
        with ExitStack() as opened:
            try:
                response = self._response(scope, opened)
            except OSError:  # such as too many open files: does not mean that the path is missing
                response = PlainTextResponse("Try again.\n", 503, {"Retry-After": "1"})
            await response(scope, receive, send)

    def _response(self, scope: Scope, opened: ExitStack) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            allow = {"Allow": "GET, HEAD"}
            return PlainTextResponse("Method not allowed.\n", 405, allow)
        path = resolve_path(scope["raw_path"], self._root)
        response = None
        if path is not None:
            target = self._redirects.find_target(unquote(self._root.decode()) + path)
            response = _redirect(target, scope) if target else self._serve_path(path, scope, opened)
        elif scope["raw_path"] in {b"/", self._root[:-1]}:  # the site lies below this path
            response = _redirect(self._root, scope)
        return response or self._serve_not_found(scope, opened)

    def _serve_path(self, path: str, scope: Scope, opened: ExitStack) -> Response | None:
        """Return the response for a path, None if there is nothing to serve."""
        whole = f"{path}index.html" if not path or path.endswith("/") else path
        file = self._open(whole, scope, opened)
        if file is None:
            return None
        if file.is_folder:
            page = self._open_path(f"{whole}/index.html", opened)
            is_page = page is not None and not page.is_folder
            return _redirect(self._root + quote(path).encode() + b"/", scope) if is_page else None
        return self._respond(file, whole, scope)

    def _serve_not_found(self, scope: Scope, opened: ExitStack) -> Response:
        """Answer 404 with the site's own page if it has one."""
        file = self._open(_NOT_FOUND_PAGE, scope, opened)
        if file is None or file.is_folder:
            return PlainTextResponse("Not found.\n", 404)
        return self._respond(file, _NOT_FOUND_PAGE, scope, 404)

    def _open(self, path: str, scope: Scope, opened: ExitStack) -> _OpenFile | None:
        """Open a file, or the precompressed variant that the client prefers."""
        plain = self._open_path(path, opened)
        if plain is None or plain.is_folder:
            return plain
        for coding in self._wanted_codings(path, scope):
            small = self._open_path(path + CODING_SUFFIXES[coding], opened, coding)
            is_current = small and small.stat.st_mtime_ns + _SLACK >= plain.stat.st_mtime_ns
            if small and is_current and not small.is_folder:
                return small
        return plain

    def _open_path(self, path: str, opened: ExitStack, coding: str = "") -> _OpenFile | None:
        """Open a file or folder until the request is done; None if there is none."""
        try:
            descriptor = open_beneath(self._folder, path)
        except OSError as error:
            if error.errno in _RESOURCE_ERRORS:
                raise
            return None
        opened.callback(os.close, descriptor)
        file = _OpenFile(descriptor, os.fstat(descriptor), coding)
        return file if file.is_folder or stat.S_ISREG(file.stat.st_mode) else None

    def _wanted_codings(self, path: str, scope: Scope) -> Iterator[str]:
        if self._codings and guess_content_type(path).is_compressible:
            accepted = Headers(scope=scope).get("accept-encoding", "")
            yield from (each for each in negotiate_encodings(accepted) if each in self._codings)

    def _respond(self, file: _OpenFile, path: str, scope: Scope, status: int = 200) -> Response:
        """Return a response that sends the file, or 304 if the client has it."""
        kind, facts = guess_content_type(path), file.stat
        headers = {"accept-ranges": "bytes", "cache-control": kind.cache_control}
        if kind.is_compressible:
            headers["vary"] = "Accept-Encoding"
        if kind.is_feed:
            headers["link"] = f'{self._hubs}<{self._url}{quote(path)}>; rel="self"'
        if file.coding:
            headers["content-encoding"] = file.coding
        asked = Headers(scope=scope)
        if status == HTTPStatus.OK:
            headers["etag"] = file.etag
            if int(facts.st_mtime) < int(self._now()):
                headers["last-modified"] = formatdate(facts.st_mtime, usegmt=True)
            elif "if-range" in asked:
                scope["headers"], asked = [], Headers()
            # Otherwise it may change again within this second, which Last-Modified could not show.
            if self.is_not_modified(Headers(headers), asked):
                return NotModifiedResponse(Headers(headers))
        is_whole = scope["method"] == "GET" and "range" not in asked
        if is_whole and facts.st_size <= _READ_AT_ONCE:
            content = os.pread(file.descriptor, _READ_AT_ONCE, 0)
            return Response(content, status, headers, kind.media_type)
        return _OpenFileResponse(file, status, headers, kind.media_type)


class _Redirects:
    """The redirect map of the last build, reloaded when its file changes."""

    def __init__(self, folder: Path) -> None:
        self._file = os.fspath(folder / REDIRECT_MAP)
        self._facts: tuple[int, ...] = ()
        self._found: dict[str, bytes] = {}

    def find_target(self, path: str) -> bytes:
        """Return the URL that a decoded path redirects to, b"" if it does not."""
        try:
            found = os.stat(self._file)  # noqa: PTH116 - avoids a Path for each request
        except OSError:
            return b""
        facts = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if facts != self._facts:
            try:
                data = Path(self._file).read_bytes()
            except OSError:
                return b""
            self._found = {key: url.encode() for key, url in parse_redirect_map(data).items()}
            self._facts = facts
        return self._found.get(path, b"")


class _OpenFileResponse(FileResponse):
    """Stream an open file, or ranges of it."""

    def __init__(
        self, file: _OpenFile, status: int, headers: Mapping[str, str], media_type: str
    ) -> None:
        # By descriptor: a build may replace the file at its path before this one is sent.
        path = f"/dev/fd/{file.descriptor}"
        super().__init__(path, status, headers, media_type, stat_result=file.stat)
        for name in {"etag", "last-modified"} - headers.keys():
            del self.headers[name]


def guess_content_type(path: str) -> ContentType:
    """Return the content type of a published file by its path; feeds have fixed names."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot >= 0 else ""
    feed = _FEED.fullmatch(name)
    if feed and feed.lastgroup:
        found = MEDIA_TYPES[feed.lastgroup]
    else:
        found = _MORE_TYPES.get(suffix) or guess_media_type(f"file{suffix}")
    is_text = found.startswith("text/")
    # JSON is always UTF-8, and XML other than feeds declares its own encoding.
    charset = "; charset=utf-8" if is_text or (feed and not feed["json"]) else ""
    is_compressible = suffix in COMPRESSIBLE
    if _HASHED.fullmatch(path):  # the only names that contain a digest of the content
        fresh = _IMMUTABLE_CACHE
    else:
        fresh = _SHORT_CACHE if is_compressible or feed else _DAY_CACHE
    return ContentType(found + charset, feed is not None, is_compressible, fresh)


def negotiate_encodings(header: str) -> tuple[str, ...]:
    """Return the supported codings that an Accept-Encoding header accepts, most preferred first.

    Codings with a lower weight than identity are left out, and malformed items are ignored (RFC
    9110 section 12.5.3).
    """
    weights: dict[str, float] = {}
    for item in header[: _LONGEST[b"accept-encoding"]].lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weight = _weight(parameters)
        if weight is not None:
            weights[_CODING_ALIASES.get(name, name)] = weight
    plain, others = weights.get("identity", 0.0), weights.get("*", 0.0)
    welcome = [
        (-weight, place, coding)
        for place, coding in enumerate(CODING_SUFFIXES)
        if (weight := weights.get(coding, others)) > 0 and weight >= plain
    ]
    return tuple(coding for *_, coding in sorted(welcome))


def _weight(parameters: Sequence[str]) -> float | None:
    """Return the weight given by `q=`, 1.0 without one, None if malformed."""
    if not parameters:
        return 1.0
    name, _, value = parameters[0].partition("=")
    is_known = len(parameters) == 1 and name.strip() == "q" and _WEIGHT.fullmatch(value.strip())
    return float(value) if is_known else None


def _filter_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return only the headers that matter here, each once and within its length limit.

    A Range header is dropped unless its unit is bytes and the method GET (RFC 9110 section 14.2).
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _LONGEST:  # a list may span several lines (RFC 9110 section 5.3)
            found[name] = b"%b, %b" % (found[name], value) if name in found else value
    found = {name: value for name, value in found.items() if len(value) <= _LONGEST[name]}
    unit, equals, _ = found.get(b"range", b"").partition(b"=")
    if unit.strip().lower() != b"bytes" or not equals or scope["method"] != "GET":
        found.pop(b"range", None)
    return list(found.items())


def _redirect(where: bytes, scope: Scope) -> Response:
    """Redirect permanently to another URL, keeping the query."""
    asked = percent_encode(scope["query_string"], safe="!$&'()*+,/:;=?@%-._~").encode()
    bare, mark, fragment = where.partition(b"#")
    query = (b"&" if b"?" in bare else b"?") + asked if asked else b""
    location = (bare + query + mark + fragment).decode("latin-1")
    headers = {"Location": location, "Cache-Control": _SHORT_CACHE}
    return PlainTextResponse("Moved.\n", 301, headers)
