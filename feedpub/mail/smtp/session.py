"""Messages → one mail server, one after the other, over one connection."""

import re
from collections.abc import Callable
from dataclasses import replace

from feedpub.mail.smtp.relay import Relay
from feedpub.mail.smtp.replies import CLOSING, Reply, outcome
from feedpub.mail.smtp.wire import LostError, Wire
from feedpub.mail.transport import Doubt
from feedpub.mailing import Message, Outcome

_MAIL, _DATA = 1, 3  # the first and the third command
_GO_ON = 354
_VERDICTS = ("deferred", "failed")
_NOT_LOGGED_IN = (530, 535, 538)  # RFC 4954: not about the message, nor about the reader
_TOO_LARGE = 552
_OF_THE_MESSAGE = ("5.3.4", "5.6.")  # its size and its form (RFC 3463)
_UNWRITABLE = re.compile(r"[\x00-\x20\x7f<>\ud800-\udfff]")
_BARE = re.compile(rb"\r\n?|\n")
_WITHIN = bytes(each for each in range(256) if each not in b"\r\n")


class SmtpSession:
    """A connection: one transaction at a time, closed after so many messages or seconds.

    Where the server offers PIPELINING (RFC 2920), a message takes two round trips instead of four.
    """

    def __init__(self, wire: Wire, relay: Relay, clock: Callable[[], float]) -> None:
        self.relay = relay.name
        self._wire = wire
        self._relay = relay
        self._clock = clock
        self._opened = clock()
        self._begun = 0  # transactions

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent over this connection."""
        young = self._clock() - self._opened < self._relay.age
        return self._wire.is_open and young and self._begun < self._relay.messages

    def send(self, message: Message, doubt: Doubt) -> Outcome:
        """Send a message; see `transport.Session.send`.

        A connection that ends before the message was so much as named is `offline`: it was only
        too old. If that happens to the first message of a connection, or later, it is `deferred`.
        """
        if not self._wire.is_open:
            return self._local("offline", "", "the connection is closed")
        refused = self._unfit(message) or self._announce(message) or self._hand_over(message)
        if refused is not None:
            return refused
        try:
            doubt()
        except BaseException:
            self._wire.drop()  # without the dot the server forgets it (RFC 5321 section 4.1.1.4)
            raise
        return self._finish()

    def cut(self) -> None:
        """End the connection at once; see `transport.Session.cut`."""
        self._wire.cut()

    def close(self) -> None:
        """Say QUIT and close the connection."""
        self._wire.quit()

    def _unfit(self, message: Message) -> Outcome | None:
        """Refuse what this server will not take, or what would be no command of SMTP.

        What is wrong with the sender is about no reader.
        """
        limit = self._wire.parameter("size").strip()
        if _UNWRITABLE.search(message.sender):
            return self._local("offline", "5.1.7", "no sender that SMTP can write")
        if _UNWRITABLE.search(message.recipient) or not message.recipient:
            return self._local("failed", "5.1.3", "no address that SMTP can write")
        if _is_wide(message) and not self._wire.offers("smtputf8"):
            kind = "offline" if message.recipient.isascii() else "failed"  # then it is the sender's
            told = "the mail server cannot take addresses with letters beyond ASCII (no SMTPUTF8)"
            return self._local(kind, "5.6.7", told)
        if not message.data.isascii() and not self._wire.offers("8bitmime"):
            return self._local("failed", "5.6.3", "the server knows ASCII messages only")
        if limit.isdecimal() and 0 < int(limit) < len(message.data):
            sizes = f"{len(message.data):,} octets, the server takes {int(limit):,}"
            return self._local("failed", "5.3.4", f"the message is too large: {sizes}")
        return None

    def _announce(self, message: Message) -> Outcome | None:
        """Say MAIL, RCPT and DATA; give the outcome if the server does not want the message."""
        commands = (self._mail(message), b"RCPT TO:<%b>" % message.recipient.encode(), b"DATA")
        ahead = self._wire.offers("pipelining")
        renew = self._begun > 0
        self._begun += 1
        replies: list[Reply] = []
        lost = ""
        try:
            if ahead:
                self._wire.write(b"\r\n".join((*commands, b"")))
            for command in commands:
                replies.append(self._wire.read() if ahead else self._wire.ask(command))
                if not (ahead or _is_yes(len(replies), replies[-1])):
                    break
        except LostError as error:
            lost = str(error)
        for place, reply in enumerate(replies, 1):
            if not _is_yes(place, reply):
                refusal = self._refusal(reply, place, renew=renew and place == 1)
                self._forget(replies[-1])
                return refusal
        if lost:
            is_ours = self._wire.is_cut or (renew and not replies)
            return self._local("offline" if is_ours else "deferred", "", lost)
        return None

    def _hand_over(self, message: Message) -> Outcome | None:
        """Write all of the message but for the final dot; give the outcome if that fails."""
        try:
            self._wire.write(_stuffed(message.data))
        except LostError as error:
            return self._local("offline" if self._wire.is_cut else "deferred", "", str(error))
        return None

    def _finish(self) -> Outcome:
        """Write the final dot and tell what the server makes of the message."""
        try:
            if self._wire.has_news():  # it spoke before the end: the message is not taken
                reply = self._wire.read()
                self._wire.drop()
                return self._refusal(reply, _DATA, renew=False)
        except LostError as error:
            return self._local("deferred", "", str(error))
        self._wire.patient(self._relay.final_timeout)
        try:
            reply = self._wire.ask(b".")
        except LostError as error:
            return self._local("doubt", "", f"{error} after the final dot")
        self._wire.patient(self._relay.timeout)
        if reply.code == CLOSING or not reply.kind:
            self._wire.drop()
        return outcome(reply.kind or "doubt", reply, self._relay)

    def _refusal(self, reply: Reply, place: int, *, renew: bool) -> Outcome:
        """Give the outcome of a reply that is no yes; `renew` where a new connection may help.

        At the first command no reader was named yet: what is refused there is the sender.
        """
        kind = "failed" if reply.kind == "failed" else "deferred"  # nonsense is no verdict
        found = outcome(kind, reply, self._relay)
        if (
            reply.code in _NOT_LOGGED_IN
            or (reply.code == CLOSING and renew)
            or (place == _MAIL and not _is_of_the_message(found))
        ):
            found = replace(found, kind="offline")
        if found.kind == "offline" or reply.code == CLOSING or reply.kind not in _VERDICTS:
            self._wire.drop()
        return found

    def _forget(self, last: Reply) -> None:
        """End a transaction without a message, so that the next one may begin."""
        try:
            if last.code == _GO_ON:  # no reader was accepted, and yet it asks for a message
                self._wire.ask(b".")
            if not self._wire.ask(b"RSET").is_good:
                self._wire.drop()
        except LostError:
            return  # and forgotten

    def _mail(self, message: Message) -> bytes:
        parameters = ""
        if self._wire.offers("size"):
            parameters = f" SIZE={len(message.data)}"
        if not message.data.isascii():
            parameters += " BODY=8BITMIME"
        if _is_wide(message):
            parameters += " SMTPUTF8"
        return f"MAIL FROM:<{message.sender}>{parameters}".encode()

    def _local(self, kind: str, status: str, text: str) -> Outcome:
        """Give an outcome that no reply of the server stands behind."""
        return Outcome(kind, status=status, text=text, relay=self.relay)


def _is_yes(place: int, reply: Reply) -> bool:
    """Whether the server goes on after the first, the second or the third command."""
    return reply.code == _GO_ON if place == _DATA else reply.is_good


def _is_of_the_message(refusal: Outcome) -> bool:
    """Whether it was refused for its size or its form: another message may be taken."""
    return refusal.code == _TOO_LARGE or refusal.status.startswith(_OF_THE_MESSAGE)


def _is_wide(message: Message) -> bool:
    addresses = message.sender + message.recipient
    return message.smtputf8 or not addresses.isascii()


def _stuffed(data: bytes) -> bytes:
    """Give `data` as SMTP's DATA has it, without the final dot (RFC 5321 section 4.5.2).

    A line feed alone would let somebody smuggle a message in: servers differ on what ends a line.
    """
    ends = data.translate(None, _WITHIN)
    if not data.endswith(b"\r\n") or len(ends) != 2 * data.count(b"\r\n"):
        data = _BARE.sub(b"\r\n", data)
        data = data if data.endswith(b"\r\n") else data + b"\r\n"
    if data.count(b"\n."):  # counting two octets is twice as fast as looking for them
        data = data.replace(b"\n.", b"\n..")
    return b"." + data if data.startswith(b".") else data
