"""A mail server that takes our messages, and which of several to use.

Commands → replies: one connection to a mail server, by `smtplib`.

What a mail server answered → an outcome.
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

_MIN_UNIQUE_LENGTH = 8  # characters: too many to be part of a word by chance


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """How to reach a mail server; times are in seconds. What opens it is never shown."""

    host: str
    port: int = 587
    security: str = "starttls"  # starttls, tls (from the first octet on) or none
    username: str = field(default="", repr=False)  # at some providers as secret as the other
    password: str = field(default="", repr=False)
    weight: int = 1
    ehlo_hostname: str = "localhost"  # our own name, for EHLO
    ca_file: str = ""  # certificates to trust; "" for those of the system
    connect_timeout: float = 30
    timeout: float = 300  # for an answer (RFC 5321 section 4.5.3.2)
    final_timeout: float = 600  # for the answer to the final dot: until then it is in doubt
    max_messages: int = 100  # then the connection is closed and another one opened
    max_age: float = 300  # likewise
    ordinal: int = 1  # of several at one address, which differ in their log-in

    @property
    def name(self) -> str:
        """The relay as it stands in messages to people, and as no other one is called.

        A number tells two log-ins apart, since a user name may be secret.
        """
        place = f"{self.host}:{self.port}"
        return place if self.ordinal == 1 else f"{place}#{self.ordinal}"

    def redact(self, text: str) -> str:
        """Return `text` without the user name and password, in any form that SMTP sends them in.

        A short one is removed only where it stands by itself, or it would be cut out of words.
        """
        user, password = self.username, self.password
        for secret in (f"\0{user}\0{password}", password, user):
            if secret.strip("\0"):
                for form in (_base64(secret), secret):
                    text = _mask_secret(text, form)
        return text


def order_relays(relays: Sequence[SmtpRelay], chance: float) -> tuple[SmtpRelay, ...]:
    """Give all relays: first the one `chance` points to, then the others, heaviest first.

    `chance` goes from 0 up to 1; each relay has a share of that as large as its weight.
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
    """Replace a secret in a text; a short one only where no letter or digit is next to it."""
    if len(secret) >= _MIN_UNIQUE_LENGTH:
        return text.replace(secret, "…")
    return re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", "…", text)


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()


SERVICE_CLOSING = 421
"""The server ends the connection (RFC 5321 section 3.8)."""

_STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?![\d.])[ \t]*", re.MULTILINE)
_KINDS = {2: "accepted", 4: "deferred", 5: "failed"}


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply; several lines are parted by line feeds."""

    code: int
    text: str = ""

    @property
    def kind(self) -> str:
        """Of an outcome: accepted, deferred, failed; "" for what is no final answer."""
        return _KINDS.get(self.code // 100, "")

    @property
    def is_success(self) -> bool:
        """Whether it says yes."""
        return self.kind == "accepted"

    def __str__(self) -> str:
        """Give the reply in one line."""
        return f"{self.code} {clean_reply(self.text)}".strip()


def build_result(kind: str, reply: SmtpReply, relay: SmtpRelay) -> SendResult:
    """Give the outcome of this kind, with the enhanced status code (RFC 3463) told apart."""
    found = _STATUS.search(reply.text)
    text = clean_reply(relay.redact(_STATUS.sub("", reply.text)))
    return SendResult(kind, reply.code, found[1] if found else "", text, relay.name)


_QUIT_TIMEOUT = 5.0  # seconds to wait for the answer to QUIT


class ConnectionLostError(Exception):
    """The connection is gone, or as good as gone; the text says how."""


class SmtpConnection:
    """Writes and reads; every failure is a `LostError`, after which it is closed."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server
        self.is_aborted = False  # by ourselves
        # Else the final dot waits 40 ms for the other side to confirm what was before it.
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed the connection, as far as we know."""
        return self._server.sock is not None

    def has_extension(self, extension: str) -> bool:
        """Tell whether the server's EHLO named an extension."""
        return self._server.has_extn(extension)

    def get_extension_parameter(self, extension: str) -> str:
        """Give what the server's EHLO said of an extension, "" where nothing."""
        return self._server.esmtp_features.get(extension, "")

    def set_timeout(self, seconds: float) -> None:
        """Wait that long for each answer from now on."""
        self._socket().settimeout(seconds)

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._server.send(data)
        except smtplib.SMTPServerDisconnected as error:
            raise ConnectionLostError(describe_disconnect(error)) from error

    def read_reply(self) -> SmtpReply:
        """Wait for a reply."""
        try:
            code, text = self._server.getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise ConnectionLostError(describe_disconnect(error)) from error
        except smtplib.SMTPResponseException as error:  # a line without end; it is closed now
            raise ConnectionLostError(f"no reply of SMTP: {error.smtp_error!r}") from error
        if code < 0:
            self.close()
            raise ConnectionLostError(
                f"no reply of SMTP: {clean_reply(text.decode('utf-8', 'replace'))!r}"
            )
        return SmtpReply(code, text.decode("utf-8", "replace"))

    def send_command(self, command: bytes) -> SmtpReply:
        """Send one command and wait for its reply."""
        self.write(command + b"\r\n")
        return self.read_reply()

    def has_pending_data(self) -> bool:
        """Tell whether the server has said something unasked for, or hung up."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket(), selectors.EVENT_READ)
            return bool(selector.select(0))

    def abort(self) -> None:
        """End the connection at once, from another thread: whoever waits for an answer has none."""
        self.is_aborted = True
        connection = self._server.sock
        if connection is not None:
            with contextlib.suppress(OSError):  # it is gone already
                connection.shutdown(socket.SHUT_RDWR)

    def quit(self) -> None:
        """Take leave of a server that is still there."""
        with contextlib.suppress(ConnectionLostError):  # gone is what it shall be
            self.set_timeout(_QUIT_TIMEOUT)
            self.send_command(b"QUIT")
        self.close()

    def close(self) -> None:
        """Close the connection without a word."""
        self._server.close()

    def _socket(self) -> socket.socket:
        if self._server.sock is None:
            raise ConnectionLostError("the connection is closed")
        return self._server.sock


def describe_disconnect(error: smtplib.SMTPServerDisconnected) -> str:
    """Say what happened: smtplib tells only that it did, and keeps the reason behind it."""
    reason = error.__context__
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return f"connection lost: {clean_reply(reason.strerror)}"
    return "connection closed by the server"
