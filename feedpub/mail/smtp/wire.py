"""Commands → replies: one connection to a mail server, by `smtplib`."""

import contextlib
import selectors
import smtplib
import socket

from feedpub.mail.reasons import clean_reply
from feedpub.mail.smtp.replies import SmtpReply

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
