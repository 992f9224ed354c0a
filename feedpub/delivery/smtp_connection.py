"""SMTP relays and the connection to one: commands, replies and send results.

`SmtpTransport` orders relays with `order_relays`; `SmtpSession` talks over an `SmtpConnection`,
which wraps `smtplib.SMTP`.
"""

import base64
import contextlib
import re
import selectors
import smtplib
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from feedpub.delivery.transport import clean_reply
from feedpub.models.newsletter import SendResult

_MIN_UNIQUE_LENGTH = 8  # characters; a secret this long is not part of a word by chance


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """Address, credentials and limits of a relay; times are in seconds."""

    host: str
    port: int = 587
    security: str = "starttls"  # starttls, tls (from the first octet on) or none
    username: str = field(default="", repr=False)  # as secret as the password at some providers
    password: str = field(default="", repr=False)
    weight: int = 1
    ehlo_hostname: str = "localhost"  # our own name in EHLO
    ca_file: str = ""  # trusted certificates, "" for the system's
    connect_timeout: float = 30
    timeout: float = 300  # for a reply (RFC 5321 section 4.5.3.2)
    final_timeout: float = 600  # for the reply to the final dot; until then delivery is in doubt
    max_messages: int = 100  # per connection
    max_age: float = 300  # of a connection
    ordinal: int = 1  # tells relays with the same address but different log-ins apart

    @property
    def name(self) -> str:
        """The unique name of the relay in messages and logs.

        A number tells two log-ins apart, because the user name may be secret.
        """
        place = f"{self.host}:{self.port}"
        return place if self.ordinal == 1 else f"{place}#{self.ordinal}"

    def redact(self, text: str) -> str:
        """Return `text` without the user name and password, plain or in base64 as SMTP sends them.

        A short secret is removed only where it is a word of its own.
        """
        user, password = self.username, self.password
        for secret in (f"\0{user}\0{password}", password, user):
            if secret.strip("\0"):
                for form in (_base64(secret), secret):
                    text = _mask_secret(text, form)
        return text


def order_relays(relays: Sequence[SmtpRelay], chance: float) -> tuple[SmtpRelay, ...]:
    """Return the relay that `chance` selects, then the others, heaviest first.

    `chance` is in [0, 1); each relay has a share of it proportional to its weight.
    """
    rest = sorted(relays, key=lambda relay: -relay.weight)
    point = chance * sum(each.weight for each in relays)
    for relay in relays:
        point -= relay.weight
        if point < 0:
            rest.remove(relay)
            return (relay, *rest)
    return tuple(rest)


def _mask_secret(text: str, secret: str) -> str:
    """Replace a secret in a text; a short one only if no letter or digit adjoins it."""
    if len(secret) >= _MIN_UNIQUE_LENGTH:
        return text.replace(secret, "…")
    return re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", "…", text)


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()


SERVICE_CLOSING = 421
"""The reply code of a server that ends the connection (RFC 5321 section 3.8)."""

_STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?![\d.])[ \t]*", re.MULTILINE)
_KINDS = {2: "accepted", 4: "deferred", 5: "failed"}


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply; its lines are separated by line feeds."""

    code: int
    text: str = ""

    @property
    def kind(self) -> str:
        """The result kind: accepted, deferred or failed; "" for an intermediate or invalid code."""
        return _KINDS.get(self.code // 100, "")

    @property
    def is_success(self) -> bool:
        """Whether the reply is positive (2xx)."""
        return self.kind == "accepted"

    def __str__(self) -> str:
        """Return the reply on one line."""
        return f"{self.code} {clean_reply(self.text)}".strip()


def build_result(kind: str, reply: SmtpReply, relay: SmtpRelay) -> SendResult:
    """Return the send result for a reply, with its enhanced status code (RFC 3463) split off."""
    found = _STATUS.search(reply.text)
    text = clean_reply(relay.redact(_STATUS.sub("", reply.text)))
    return SendResult(kind, reply.code, found[1] if found else "", text, relay.name)


_QUIT_TIMEOUT = 5.0  # seconds to wait for the reply to QUIT


class ConnectionLostError(Exception):
    """The connection is gone or unusable; the text says how."""


class SmtpConnection:
    """A connection for commands and replies.

    I/O failures raise `ConnectionLostError`, and the connection is closed then.
    """

    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server
        self.is_aborted = False  # by us
        # Otherwise Nagle's algorithm holds the final dot back for a delayed ACK, some 40 ms.
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_open(self) -> bool:
        """Whether the connection is open as far as we know."""
        return self._server.sock is not None

    def has_extension(self, extension: str) -> bool:
        """Return whether the server's EHLO reply listed an extension."""
        return self._server.has_extn(extension)

    def get_extension_parameter(self, extension: str) -> str:
        """Return the parameters of an extension in the EHLO reply, or ""."""
        return self._server.esmtp_features.get(extension, "")

    def set_timeout(self, seconds: float) -> None:
        """Set the timeout for each further reply."""
        self._socket().settimeout(seconds)

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._server.send(data)
        except smtplib.SMTPServerDisconnected as error:
            raise ConnectionLostError(describe_disconnect(error)) from error

    def read_reply(self) -> SmtpReply:
        """Wait for a reply and return it."""
        try:
            code, text = self._server.getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise ConnectionLostError(describe_disconnect(error)) from error
        except smtplib.SMTPResponseException as error:  # an overlong line; smtplib has closed it
            raise ConnectionLostError(f"invalid SMTP reply: {error.smtp_error!r}") from error
        if code < 0:
            self.close()
            raise ConnectionLostError(
                f"invalid SMTP reply: {clean_reply(text.decode('utf-8', 'replace'))!r}"
            )
        return SmtpReply(code, text.decode("utf-8", "replace"))

    def send_command(self, command: bytes) -> SmtpReply:
        """Send one command and return its reply."""
        self.write(command + b"\r\n")
        return self.read_reply()

    def has_pending_data(self) -> bool:
        """Return whether the server has sent something unprompted or hung up."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket(), selectors.EVENT_READ)
            return bool(selector.select(0))

    def abort(self) -> None:
        """Shut the connection down from another thread; a pending read fails at once."""
        self.is_aborted = True
        connection = self._server.sock
        if connection is not None:
            with contextlib.suppress(OSError):  # already gone
                connection.shutdown(socket.SHUT_RDWR)

    def quit(self) -> None:
        """Send QUIT and close the connection."""
        with contextlib.suppress(ConnectionLostError):  # it is to be closed anyway
            self.set_timeout(_QUIT_TIMEOUT)
            self.send_command(b"QUIT")
        self.close()

    def close(self) -> None:
        """Close the connection without QUIT."""
        self._server.close()

    def _socket(self) -> socket.socket:
        if self._server.sock is None:
            raise ConnectionLostError("the connection is closed")
        return self._server.sock


def describe_disconnect(error: smtplib.SMTPServerDisconnected) -> str:
    """Describe why the connection ended: smtplib keeps the reason in the exception's context."""
    reason = error.__context__
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return f"connection lost: {clean_reply(reason.strerror)}"
    return "connection closed by the server"
