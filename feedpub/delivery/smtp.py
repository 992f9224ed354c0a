"""Send through SMTP relays (RFC 5321).

`SmtpTransport` connects to one of the configured relays and returns an `SmtpSession`. Connecting
includes EHLO, STARTTLS and authentication.
"""

import base64
import binascii
import hmac
import smtplib
import ssl
import time
from collections.abc import Callable, Sequence

from feedpub.delivery.smtp_connection import (
    ConnectionLostError,
    SmtpConnection,
    SmtpRelay,
    SmtpReply,
    build_result,
    describe_disconnect,
    order_relays,
)
from feedpub.delivery.smtp_session import SmtpSession
from feedpub.delivery.transport import RefusalHandler, describe_error, ignore_refusal
from feedpub.errors import MailError
from feedpub.models.newsletter import SendResult

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_CHALLENGE = 334
_UNKNOWN = (500, 502)  # the server does not know EHLO


class RelayConnectError(MailError):
    """Connecting failed; `result` holds the relay's refusal, if it sent one."""

    def __init__(self, message: str, outcome: SendResult | None = None) -> None:
        super().__init__(message)
        self.result = outcome


def create_ssl_context(relay: SmtpRelay) -> ssl.SSLContext:
    """Return a TLS context that verifies the certificate chain and the host name.

    Raises:
        MailError: `ca_file` cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=relay.ca_file or None)
    except OSError as error:
        raise MailError(f"{relay.ca_file}: cannot read certificates ({error.strerror})") from error


def open_connection(relay: SmtpRelay, trusted: ssl.SSLContext) -> SmtpConnection:
    """Connect, send EHLO, start TLS and log in.

    Raises:
        RelayConnectError: A step failed.
    """
    try:
        server = _connect(relay, trusted)
    except (OSError, UnicodeError) as error:
        fault, reply = _describe_error(error), _find_reply(error)
    else:
        try:
            return _negotiate(server, relay, trusted)
        except (OSError, UnicodeError, ConnectionLostError, _SmtpRejectedError) as error:
            server.close()
            fault, reply = _describe_error(error), _find_reply(error)
    # Raised outside the handlers, without a context: the cause may contain the password.
    raise RelayConnectError(
        f"{relay.name}: {relay.redact(fault)}",
        build_result("offline", reply, relay) if reply else None,
    )


class _SmtpRejectedError(Exception):
    """The relay answered properly but cannot be used."""

    def __init__(self, message: str, reply: SmtpReply | None = None) -> None:
        super().__init__(message)
        self.reply = reply


def _connect(relay: SmtpRelay, trusted: ssl.SSLContext) -> smtplib.SMTP:
    # smtplib checks the certificate against the host given to its constructor.
    if relay.security == "tls":
        return smtplib.SMTP_SSL(
            relay.host,
            relay.port,
            relay.ehlo_hostname,
            timeout=relay.connect_timeout,
            context=trusted,
        )
    return smtplib.SMTP(relay.host, relay.port, relay.ehlo_hostname, timeout=relay.connect_timeout)


def _negotiate(server: smtplib.SMTP, relay: SmtpRelay, trusted: ssl.SSLContext) -> SmtpConnection:
    wire = SmtpConnection(server)
    wire.set_timeout(relay.timeout)
    _send_ehlo(server)
    if relay.security == "starttls":
        if not wire.has_extension("starttls"):
            raise _SmtpRejectedError(
                "STARTTLS is not offered, so mail cannot be encrypted; is this the right port? "
                "`security: none` sends unencrypted"
            )
        server.starttls(context=trusted)
        _send_ehlo(server)
    if relay.username:
        if relay.security == "none" and relay.host not in _LOOPBACK:
            raise _SmtpRejectedError("no password is sent unencrypted; set `security` to starttls")
        answer = _log_in(wire, relay)
        if not answer.is_success:
            raise _SmtpRejectedError(
                f"login failed: {answer}; check user name and password in mail.relays",
                answer,
            )
    return wire


def _send_ehlo(server: smtplib.SMTP) -> None:
    reply = SmtpReply(*_decode_reply(server.ehlo()))
    if reply.code in _UNKNOWN:
        reply = SmtpReply(*_decode_reply(server.helo()))
    if not reply.is_success:
        raise _SmtpRejectedError(f"EHLO rejected: {reply}", reply)


def _log_in(wire: SmtpConnection, relay: SmtpRelay) -> SmtpReply:
    """Log in (RFC 4954) with PLAIN, LOGIN or CRAM-MD5, the first that the server offers.

    smtplib's own `login` takes only ASCII and puts the password into its exception otherwise.
    """
    user, password = (
        each.encode("utf-8", "surrogateescape") for each in (relay.username, relay.password)
    )
    offered = wire.get_extension_parameter("auth").upper().split()
    if "PLAIN" in offered:
        return wire.send_command(b"AUTH PLAIN " + base64.b64encode(b"\0%b\0%b" % (user, password)))
    if "LOGIN" in offered:
        return _send_answers(
            wire, b"AUTH LOGIN", base64.b64encode(user), base64.b64encode(password)
        )
    if "CRAM-MD5" in offered:
        asked = wire.send_command(b"AUTH CRAM-MD5")
        if asked.code != _CHALLENGE:
            return asked
        try:
            challenge = binascii.a2b_base64(asked.text.encode("ascii", "ignore") + b"===")
        except binascii.Error:
            raise _SmtpRejectedError("its CRAM-MD5 challenge is not base64", asked) from None
        digest = hmac.new(password, challenge, "md5").hexdigest()
        return wire.send_command(base64.b64encode(b"%b %b" % (user, digest.encode())))
    known = " ".join(offered) or "none"
    raise _SmtpRejectedError(
        f"no supported login method (PLAIN, LOGIN, CRAM-MD5); offered: {known}"
    )


def _send_answers(wire: SmtpConnection, *answers: bytes) -> SmtpReply:
    """Send the responses one by one while the server asks for more."""
    reply = SmtpReply(_CHALLENGE)
    for answer in answers:
        if reply.code == _CHALLENGE:
            reply = wire.send_command(answer)
    return reply


def _decode_reply(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], answer[1].decode("utf-8", "replace")


def _describe_error(error: Exception) -> str:
    """Describe for a person why there is no connection."""
    match error:
        case smtplib.SMTPServerDisconnected():
            return describe_disconnect(error)
        case smtplib.SMTPResponseException():
            return f"rejected by the server: {_find_reply(error)}"
        case ConnectionLostError() | _SmtpRejectedError():
            return str(error)
        case _:
            return describe_error(error)


def _find_reply(error: Exception) -> SmtpReply | None:
    """Return the relay's reply that caused the error; None if there was none."""
    match error:
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            text = said if isinstance(said, str) else said.decode("utf-8", "replace")
            return SmtpReply(code, text)
        case _SmtpRejectedError(reply=reply):
            return reply
        case _:
            return None


class SmtpTransport:
    """Sends through one of several relays, falling back to the others.

    Raises:
        MailError: The trusted certificates cannot be read.
    """

    def __init__(
        self, relays: Sequence[SmtpRelay], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.relays = tuple(relays)
        self._ssl_contexts = {each.ca_file: create_ssl_context(each) for each in relays}
        self._clock = clock

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> SmtpSession:
        """Connect to the relay that `chance` selects, or else to the first other that works.

        `refused` is called with each relay's refusal.

        Raises:
            MailError: No relay can be used; the message gives the reason for each.
        """
        faults = []
        for relay in order_relays(self.relays, chance):
            try:
                return self.connect_to(relay)
            except RelayConnectError as error:
                faults.append(str(error))
                if error.result is not None:
                    refused(error.result)
        raise MailError("; ".join(faults) or "mail.relays: no relay configured")

    def connect_to(self, relay: SmtpRelay) -> SmtpSession:
        """Connect to one relay and log in.

        Raises:
            RelayConnectError: It does not answer, refuses us or cannot be trusted.
        """
        return SmtpSession(
            open_connection(relay, self._ssl_contexts[relay.ca_file]), relay, self._clock
        )
