"""A relay → a connection that is open, encrypted and logged in, or the reason why there is none."""

import base64
import binascii
import hmac
import smtplib
import ssl

from feedpub.errors import MailError
from feedpub.mail.reasons import reason
from feedpub.mail.smtp.relay import Relay
from feedpub.mail.smtp.replies import Reply, outcome
from feedpub.mail.smtp.wire import LostError, Wire, why
from feedpub.mailing import Outcome

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_ASKS_ON = 334
_UNKNOWN = (500, 502)  # the server is from before EHLO


class GreetingError(MailError):
    """There is no connection; `outcome` is what the relay said where it refused us."""

    def __init__(self, message: str, outcome: Outcome | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome


def trust(relay: Relay) -> ssl.SSLContext:
    """Give what decides whose certificate is trusted: the name must be right, and who vouches.

    Raises:
        MailError: `ca_file` cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=relay.ca_file or None)
    except OSError as error:
        raise MailError(
            f"{relay.ca_file}: no certificates can be read from it ({error.strerror})"
        ) from error


def greet(relay: Relay, trusted: ssl.SSLContext) -> Wire:
    """Connect, say EHLO, encrypt and log in.

    Raises:
        GreetingError: any of it fails.
    """
    try:
        server = _dial(relay, trusted)
    except (OSError, UnicodeError) as error:
        fault, reply = _told(error), _reply(error)
    else:
        try:
            return _introduced(server, relay, trusted)
        except (OSError, UnicodeError, LostError, _RefusedError) as error:
            server.close()
            fault, reply = _told(error), _reply(error)
    # Raised here and from nothing: what led to it may hold what was said, a password too.
    raise GreetingError(
        f"{relay.name}: {relay.discreet(fault)}",
        outcome("offline", reply, relay) if reply else None,
    )


class _RefusedError(Exception):
    """Something went the way it is foreseen in SMTP, but not ours."""

    def __init__(self, message: str, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.reply = reply


def _dial(relay: Relay, trusted: ssl.SSLContext) -> smtplib.SMTP:
    # smtplib compares the certificate with the host its constructor was given, and no other.
    if relay.security == "tls":
        return smtplib.SMTP_SSL(
            relay.host, relay.port, relay.hello, timeout=relay.connect_timeout, context=trusted
        )
    return smtplib.SMTP(relay.host, relay.port, relay.hello, timeout=relay.connect_timeout)


def _introduced(server: smtplib.SMTP, relay: Relay, trusted: ssl.SSLContext) -> Wire:
    wire = Wire(server)
    wire.patient(relay.timeout)
    _hello(server)
    if relay.security == "starttls":
        if not wire.offers("starttls"):
            raise _RefusedError(
                "it offers no STARTTLS, so nothing can be sent in secret; is this the right port? "
                "`security: none` sends in the clear"
            )
        server.starttls(context=trusted)
        _hello(server)
    if relay.username:
        if relay.security == "none" and relay.host not in _LOOPBACK:
            raise _RefusedError("a password is not sent in the clear; set `security` to starttls")
        answer = _log_in(wire, relay)
        if not answer.is_good:
            raise _RefusedError(
                f"it does not let us in: {answer}; look at user name and password of mail.relays",
                answer,
            )
    return wire


def _hello(server: smtplib.SMTP) -> None:
    reply = Reply(*_said(server.ehlo()))
    if reply.code in _UNKNOWN:
        reply = Reply(*_said(server.helo()))
    if not reply.is_good:
        raise _RefusedError(f"it does not answer our EHLO with yes: {reply}", reply)


def _log_in(wire: Wire, relay: Relay) -> Reply:
    """Log in (RFC 4954) in the first way of ours that the server knows.

    smtplib's own way takes ASCII only, and shows the password when it is not.
    """
    user, password = (
        each.encode("utf-8", "surrogateescape") for each in (relay.username, relay.password)
    )
    offered = wire.parameter("auth").upper().split()
    if "PLAIN" in offered:
        return wire.ask(b"AUTH PLAIN " + base64.b64encode(b"\0%b\0%b" % (user, password)))
    if "LOGIN" in offered:
        return _asked(wire, b"AUTH LOGIN", base64.b64encode(user), base64.b64encode(password))
    if "CRAM-MD5" in offered:
        asked = wire.ask(b"AUTH CRAM-MD5")
        if asked.code != _ASKS_ON:
            return asked
        challenge = binascii.a2b_base64(asked.text.encode("ascii", "ignore") + b"===")
        digest = hmac.new(password, challenge, "md5").hexdigest()
        return wire.ask(base64.b64encode(b"%b %b" % (user, digest.encode())))
    known = " ".join(offered) or "none"
    raise _RefusedError(f"it offers no log-in of PLAIN, LOGIN and CRAM-MD5, but: {known}")


def _asked(wire: Wire, *answers: bytes) -> Reply:
    """Give one answer after the other, as long as the server asks on."""
    reply = Reply(_ASKS_ON)
    for answer in answers:
        if reply.code == _ASKS_ON:
            reply = wire.ask(answer)
    return reply


def _said(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], answer[1].decode("utf-8", "replace")


def _told(error: Exception) -> str:
    """Say why there is no connection, in words that help."""
    match error:
        case smtplib.SMTPServerDisconnected():
            return why(error)
        case smtplib.SMTPResponseException():
            return f"it does not want us: {_reply(error)}"
        case LostError() | _RefusedError():
            return str(error)
        case _:
            return reason(error)


def _reply(error: Exception) -> Reply | None:
    """Return the answer of a relay that refused us; None where it was none."""
    match error:
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            text = said if isinstance(said, str) else said.decode("utf-8", "replace")
            return Reply(code, text)
        case _RefusedError(reply=reply):
            return reply
        case _:
            return None
