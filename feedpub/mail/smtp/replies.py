"""What a mail server answered → an outcome."""

import re
from dataclasses import dataclass

from feedpub.mail.reasons import clean_reply
from feedpub.mail.smtp.relay import SmtpRelay
from feedpub.mailing import SendResult

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
