"""Messages → readers, and what comes back → us: the only floor that knows SMTP and IMAP.

A transport gives sessions, a session takes messages one after the other and tells what became of
each. `feedpub.mail.boxes` reads the mail that comes back.
"""

from feedpub.mail.folders import Folder, Maildir
from feedpub.mail.smtp import Relay, Smtp
from feedpub.mail.transport import Doubt, Refused, Session, Transport, ignore

__all__ = [
    "Doubt",
    "Folder",
    "Maildir",
    "Refused",
    "Relay",
    "Session",
    "Smtp",
    "Transport",
    "ignore",
]
