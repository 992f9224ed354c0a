"""HTTP requests with a total deadline; the only module that uses urllib3.

`send_request` makes one request over one connection. Redirects are not followed: the configuration
names the URL to call. A server that answers slowly or endlessly cannot delay the caller.
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
MAX_RESPONSE_SIZE = 2**16  # octets read of a response body

_AGENT = f"feedpub/{__version__}"
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_TEXT = 200  # characters of `HttpResponse.text`


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, or the reason why there is none."""

    status: int  # 0 if there was no response
    text: str  # the start of the body, or the error, on one line
    body: bytes = b""
    retry_after: str = ""  # Retry-After, as written
    is_complete: bool = True  # whether the whole body was read

    @property
    def is_success(self) -> bool:
        """Return whether the request succeeded (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def send_request(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = TIMEOUT,
    largest: int = MAX_RESPONSE_SIZE,
) -> HttpResponse:
    """POST a body to a URL, or GET the URL if there is none. Never raises.

    Certificates are verified against those that the system trusts. `seconds` limits the whole
    exchange; `largest` limits the octets read of the body.
    """
    try:
        parts = urlsplit(url)
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    except (KeyError, ValueError):
        return HttpResponse(0, "not an http or https URL")
    told = {"User-Agent": _AGENT, **(headers or {})}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    exchange = _Exchange(connection, path, body, told, largest)
    # In a thread, because socket timeouts limit neither name resolution, nor trying one address
    # after the other, nor reading a response that trickles in.
    thread = Thread(target=exchange.run, name="feedpub-ask", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        exchange.abort()
        return HttpResponse(0, f"no complete response in {seconds:g} s")
    return exchange.response


def load_trusted_certificates() -> tuple[x509.Certificate, ...]:
    """Return the root certificates that the system trusts, as used for TLS."""
    # Some old roots have the serial number 0, which `cryptography` warns about.
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
    """Return the certificates in a file by fingerprint; none if the file is unreadable."""
    found: dict[bytes, x509.Certificate] = {}
    try:
        blocks = path.read_bytes().split(_CERTIFICATE)[1:]
    except OSError:
        return found
    for block in blocks:
        with suppress(ValueError, UnsupportedAlgorithm):  # skip unsupported ones
            each = x509.load_pem_x509_certificate(_CERTIFICATE + block)
            found[each.fingerprint(SHA256())] = each
    return found


class _Exchange:
    """One request and its response, which another thread may abort."""

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
        self._sock: socket | None = (
            None  # kept: the connection drops its own before the body is read
        )
        self._has_ended = False

    def run(self) -> None:
        """Send the request and keep the response or the error."""
        connection = self._connection
        try:
            connection.connect()
            self._sock = connection.sock
            if self._has_ended:
                return  # the caller has given up and may repeat the request later
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
        """End the exchange at once, or as soon as the connection is established."""
        self._has_ended = True
        sock = self._sock or self._connection.sock
        if sock is not None:
            with suppress(OSError):  # already closed
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
