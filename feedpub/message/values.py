"""What a message's header says: once for the whole issue, and once for each reader."""

from dataclasses import dataclass
from datetime import datetime

from feedpub.model import Author


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """What stands in the header of every message of an issue."""

    sender: Author  # name and email
    date: datetime  # the issue's own, so that a message sent again is the same message
    list_id: str  # as a host name: "weekly.example.org" (RFC 2919); "" where it is to one person
    list_name: str = ""  # what people call the list
    reply_to: Author | None = None
    archive_url: str = ""  # URL of the page that lists what was sent (RFC 2369)
    stamp: str = ""  # shows, where the message comes back, when its issue was made


@dataclass(frozen=True, slots=True)
class Recipient:
    """What one reader's message has of its own; the names of the marks are fields of this."""

    key: str  # of the delivery: makes the Message-ID
    address: str
    name: str = ""
    unsubscribe: str = ""  # URL; https for one click (RFC 8058)
    preferences: str = ""  # URL
    online: str = ""  # URL
    follows: str = ""  # what they asked for, in a sentence
    mailto: str = ""  # "mailto:leave+token@example.org", where that is understood too
