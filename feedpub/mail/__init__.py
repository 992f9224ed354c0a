"""Messages → readers, and what comes back → us: the only floor that knows SMTP and IMAP.

A transport gives sessions, a session takes messages one after the other and tells what became of
each. `feedpub.mail.boxes` reads the mail that comes back.
"""

from feedpub.mail.folders import FileTransport, MaildirTransport
from feedpub.mail.smtp import SmtpRelay, SmtpTransport
from feedpub.mail.transport import (
    MailSession,
    MarkInDoubt,
    RefusalHandler,
    Transport,
    ignore_refusal,
)

__all__ = [
    "FileTransport",
    "MailSession",
    "MaildirTransport",
    "MarkInDoubt",
    "RefusalHandler",
    "SmtpRelay",
    "SmtpTransport",
    "Transport",
    "ignore_refusal",
]
