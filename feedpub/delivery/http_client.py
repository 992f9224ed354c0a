"""A URL and what to send there → what was answered: one request, over one connection.

The only module that knows urllib3. Redirects are not followed: where somebody else is to be told,
the configuration says so. Nor does a server that answers slowly, or without end, keep anybody.
"""

import ssl
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.utils import CryptographyDeprecationWarning
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from feedpub import __version__

TIMEOUT = 20.0  # from the first packet to the last
MAX_RESPONSE_SIZE = 2**16  # octets of an answer that are read

_AGENT = f"feedpub/{__version__}"
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_TEXT = 200  # characters of what is told of an answer


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server said."""

    status: int  # 0 where there was no answer
    text: str  # its first words, or why there was none; one line
    body: bytes = b""
    retry_after: str = ""  # Retry-After, as written
    is_complete: bool = True  # the body is no longer than what was read

    @property
    def is_success(self) -> bool:
        """Tell whether it was taken (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def send_request(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = TIMEOUT,
    largest: int = MAX_RESPONSE_SIZE,
) -> HttpResponse:
    """POST a body to a URL, or GET it where there is none; never raises, whatever is there.

    A certificate is held against those that the system trusts.
    """
    try:
        parts = urlsplit(url)
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    except (KeyError, ValueError):
        return HttpResponse(0, "no http or https URL")
    told = {"User-Agent": _AGENT, **(headers or {})}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    exchange = _Exchange(connection, path, body, told, largest)
    # In a thread: neither finding a name, nor trying one address after the other, nor reading
    # what drips ends by a time-out of its own.
    thread = Thread(target=exchange.run, name="feedpub-ask", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        exchange.abort()
        return HttpResponse(0, f"no whole answer in {seconds:g} s")
    return exchange.response


def load_trusted_certificates() -> tuple[x509.Certificate, ...]:
    """Return the root certificates that the system trusts, which TLS is held against too."""
    # Some roots of old have the serial number 0, of which the library warns.
    warnings.filterwarnings("ignore", "Parsed a serial number", CryptographyDeprecationWarning)
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath or paths.openssl_capath)
    bundles = [Path(each) for each in (paths.cafile, folder / "ca-certificates.crt") if each]
    found: dict[bytes, x509.Certificate] = {}
    for path in bundles:
        found.update(_load_certificates(path))
    if not found and folder.is_dir():
        for path in sorted(folder.iterdir()):
            found.update(_load_certificates(path))
    return tuple(found.values())


def _load_certificates(path: Path) -> dict[bytes, x509.Certificate]:
    """Return the certificates in a file by their fingerprints; none where it holds none."""
    found: dict[bytes, x509.Certificate] = {}
    try:
        blocks = path.read_bytes().split(_CERTIFICATE)[1:]
    except OSError:
        return found
    for block in blocks:
        with suppress(ValueError, UnsupportedAlgorithm):  # of an old kind: the others count
            each = x509.load_pem_x509_certificate(_CERTIFICATE + block)
            found[each.fingerprint(SHA256())] = each
    return found


class _Exchange:
    """A request and its answer, which may be ended under the hands of whoever waits for it."""

    def __init__(
        self,
        connection: HTTPConnection,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        largest: int,
    ) -> None:
        self.response = HttpResponse(0, "no answer")
        self._connection = connection
        self._path = path
        self._body = body
        self._headers = headers
        self._largest = largest
        self._sock: socket | None = None  # the connection itself lets go of it before the end
        self._has_ended = False

    def run(self) -> None:
        """Ask, and keep the answer, or why there is none."""
        connection = self._connection
        try:
            connection.connect()
            self._sock = connection.sock
            if self._has_ended:
                return  # nobody waits any more: what is not told now is told another time
            connection.request(
                "GET" if self._body is None else "POST",
                self._path,
                body=self._body,
                headers=self._headers,
                preload_content=False,
                decode_content=False,
            )
            self.response = _read_response(connection.getresponse(), self._largest)
        except (HTTPError, OSError, ValueError) as error:
            self.response = HttpResponse(0, _line(str(error)) or type(error).__name__)
        finally:
            connection.close()

    def abort(self) -> None:
        """Let it end at once, or as soon as there is a connection."""
        self._has_ended = True
        sock = self._sock or self._connection.sock
        if sock is not None:
            with suppress(OSError):  # it has ended by itself
                sock.shutdown(SHUT_RDWR)


def _read_response(response: BaseHTTPResponse, largest: int) -> HttpResponse:
    body = response.read(largest + 1)
    return HttpResponse(
        status=response.status,
        text=_line(body[: _TEXT * 4].decode("utf-8", "replace")),
        body=body[:largest],
        retry_after=response.headers.get("Retry-After", ""),
        is_complete=len(body) <= largest,
    )


def _line(text: str) -> str:
    folded = " ".join(text.split())
    return "".join(each for each in folded if each.isprintable())[:_TEXT]
