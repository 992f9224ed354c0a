"""Send messages to one relay over one connection.

`SmtpTransport.connect` returns an `SmtpSession`; delivery workers use it as a `MailSession`.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from feedpub.delivery.smtp_connection import (
    SERVICE_CLOSING,
    ConnectionLostError,
    SmtpConnection,
    SmtpRelay,
    SmtpReply,
    build_result,
)
from feedpub.delivery.transport import MarkInDoubt
from feedpub.models.newsletter import Message, SendResult

_MAIL, _DATA = 1, 3  # positions of the commands in a transaction
_START_MAIL_INPUT = 354
_VERDICTS = ("deferred", "failed")
_NOT_LOGGED_IN = (530, 535, 538)  # RFC 4954: about us, not the message
_TOO_LARGE = 552
_MESSAGE_STATUSES = ("5.3.4", "5.6.")  # message size and content (RFC 3463)
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f<>\ud800-\udfff]")
_BARE = re.compile(rb"\r\n?|\n")
_NOT_LINE_ENDS = bytes(each for each in range(256) if each not in b"\r\n")


class SmtpSession:
    """An SMTP session, limited to a number of transactions and an age.

    With PIPELINING (RFC 2920) a message takes two round trips instead of four.
    """

    def __init__(self, wire: SmtpConnection, relay: SmtpRelay, clock: Callable[[], float]) -> None:
        self.relay = relay.name
        self._wire = wire
        self._relay = relay
        self._clock = clock
        self._opened = clock()
        self._transactions = 0

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent over this connection."""
        young = self._clock() - self._opened < self._relay.max_age
        return self._wire.is_open and young and self._transactions < self._relay.max_messages

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Send a message; see `MailSession.send`.

        If a reused connection ends before MAIL is answered, the result is `offline`: it was merely
        too old. At the first message of a connection, or at a later command, it is `deferred`.
        """
        if not self._wire.is_open:
            return self._build_local_result("offline", "", "the connection is closed")
        refused = (
            self._check_message(message) or self._send_envelope(message) or self._send_data(message)
        )
        if refused is not None:
            return refused
        try:
            doubt()
        except BaseException:
            # Without the final dot the server discards the message (RFC 5321 section 4.1.1.4).
            self._wire.close()
            raise
        return self._send_final_dot()

    def abort(self) -> None:
        """End the connection at once; see `MailSession.abort`."""
        self._wire.abort()

    def close(self) -> None:
        """Send QUIT and close the connection."""
        self._wire.quit()

    def _check_message(self, message: Message) -> SendResult | None:
        """Refuse a message that the server cannot take or SMTP cannot express.

        A problem with the sender address is `offline`: it does not concern the recipient.
        """
        limit = self._wire.get_extension_parameter("size").strip()
        if _UNWRITABLE.search(message.sender):
            return self._build_local_result("offline", "5.1.7", "no sender that SMTP can write")
        if _UNWRITABLE.search(message.recipient) or not message.recipient:
            return self._build_local_result("failed", "5.1.3", "no address that SMTP can write")
        if _needs_smtputf8(message) and not self._wire.has_extension("smtputf8"):
            kind = "offline" if message.recipient.isascii() else "failed"  # else: the sender
            told = "the mail server cannot take addresses with letters beyond ASCII (no SMTPUTF8)"
            return self._build_local_result(kind, "5.6.7", told)
        if not message.data.isascii() and not self._wire.has_extension("8bitmime"):
            return self._build_local_result(
                "failed", "5.6.3", "the server knows ASCII messages only"
            )
        if limit.isdecimal() and 0 < int(limit) < len(message.data):
            sizes = f"{len(message.data):,} octets, the server takes {int(limit):,}"
            return self._build_local_result("failed", "5.3.4", f"the message is too large: {sizes}")
        return None

    def _send_envelope(self, message: Message) -> SendResult | None:
        """Send MAIL, RCPT and DATA; return the result if the server refuses."""
        commands = (
            self._build_mail_command(message),
            b"RCPT TO:<%b>" % message.recipient.encode(),
            b"DATA",
        )
        ahead = self._wire.has_extension("pipelining")
        renew = self._transactions > 0
        self._transactions += 1
        replies: list[SmtpReply] = []
        lost = ""
        try:
            if ahead:
                self._wire.write(b"\r\n".join((*commands, b"")))
            for command in commands:
                replies.append(
                    self._wire.read_reply() if ahead else self._wire.send_command(command)
                )
                if not (ahead or _is_positive(len(replies), replies[-1])):
                    break
        except ConnectionLostError as error:
            lost = str(error)
        for place, reply in enumerate(replies, 1):
            if not _is_positive(place, reply):
                refusal = self._build_refusal(reply, place, renew=renew and place == 1)
                self._reset_transaction(replies[-1])
                return refusal
        if lost:
            is_ours = self._wire.is_aborted or (renew and not replies)
            return self._build_local_result("offline" if is_ours else "deferred", "", lost)
        return None

    def _send_data(self, message: Message) -> SendResult | None:
        """Send the message except for the final dot; return the result if that fails."""
        try:
            self._wire.write(_dot_stuff(message.data))
        except ConnectionLostError as error:
            return self._build_local_result(
                "offline" if self._wire.is_aborted else "deferred", "", str(error)
            )
        return None

    def _send_final_dot(self) -> SendResult:
        """Send the final dot and return the result."""
        try:
            if self._wire.has_pending_data():  # a reply before the dot means refusal
                reply = self._wire.read_reply()
                self._wire.close()
                return self._build_refusal(reply, _DATA, renew=False)
        except ConnectionLostError as error:
            return self._build_local_result("deferred", "", str(error))
        self._wire.set_timeout(self._relay.final_timeout)
        try:
            reply = self._wire.send_command(b".")
        except ConnectionLostError as error:
            return self._build_local_result("doubt", "", f"{error} after the final dot")
        self._wire.set_timeout(self._relay.timeout)
        if reply.code == SERVICE_CLOSING or not reply.kind:
            self._wire.close()
        return build_result(reply.kind or "doubt", reply, self._relay)

    def _build_refusal(self, reply: SmtpReply, place: int, *, renew: bool) -> SendResult:
        """Return the result of a negative reply; `renew` means that a new connection may help.

        MAIL names no recipient, so a refusal there concerns the sender, unless it is about the
        message.
        """
        # A reply that makes no sense is not final.
        kind = "failed" if reply.kind == "failed" else "deferred"
        found = build_result(kind, reply, self._relay)
        if (
            reply.code in _NOT_LOGGED_IN
            or (reply.code == SERVICE_CLOSING and renew)
            or (place == _MAIL and not _is_about_message(found))
        ):
            found = replace(found, kind="offline")
        if found.kind == "offline" or reply.code == SERVICE_CLOSING or reply.kind not in _VERDICTS:
            self._wire.close()
        return found

    def _reset_transaction(self, last: SmtpReply) -> None:
        """End a transaction without a message so that the next one may begin."""
        try:
            # With pipelining a server may accept DATA although it refused the recipient.
            if last.code == _START_MAIL_INPUT:
                self._wire.send_command(b".")
            if not self._wire.send_command(b"RSET").is_success:
                self._wire.close()
        except ConnectionLostError:
            return  # a lost connection has no transaction to reset

    def _build_mail_command(self, message: Message) -> bytes:
        parameters = ""
        if self._wire.has_extension("size"):
            parameters = f" SIZE={len(message.data)}"
        if not message.data.isascii():
            parameters += " BODY=8BITMIME"
        if _needs_smtputf8(message):
            parameters += " SMTPUTF8"
        return f"MAIL FROM:<{message.sender}>{parameters}".encode()

    def _build_local_result(self, kind: str, status: str, text: str) -> SendResult:
        """Return a result that is not based on a reply."""
        return SendResult(kind, status=status, text=text, relay=self.relay)


def _is_positive(place: int, reply: SmtpReply) -> bool:
    """Return whether the reply to the first, second or third command lets us continue."""
    return reply.code == _START_MAIL_INPUT if place == _DATA else reply.is_success


def _is_about_message(refusal: SendResult) -> bool:
    """Return whether the refusal concerns the size or content, so that others may be accepted."""
    return refusal.code == _TOO_LARGE or refusal.status.startswith(_MESSAGE_STATUSES)


def _needs_smtputf8(message: Message) -> bool:
    addresses = message.sender + message.recipient
    return message.smtputf8 or not addresses.isascii()


def _dot_stuff(data: bytes) -> bytes:
    """Return `data` as sent after DATA, without the final dot (RFC 5321 section 4.5.2).

    Bare CR and LF become CRLF: servers disagree on what ends a line, which allows SMTP smuggling.
    """
    ends = data.translate(None, _NOT_LINE_ENDS)
    if not data.endswith(b"\r\n") or len(ends) != 2 * data.count(b"\r\n"):
        data = _BARE.sub(b"\r\n", data)
        data = data if data.endswith(b"\r\n") else data + b"\r\n"
    if data.count(b"\n."):  # count() is twice as fast as `in` here
        data = data.replace(b"\n.", b"\n..")
    return b"." + data if data.startswith(b".") else data
