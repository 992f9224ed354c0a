"""What everybody is told, and what one reader's copy has of its own → the bytes of a message.

Signing is in `feedpub.message.dkim`, apart, since only those who sign need `cryptography`.
"""

from feedpub.message.headers import label, routable
from feedpub.message.letters import Letter, compose, message_id, prepare
from feedpub.message.marks import fill
from feedpub.message.traces import sent_keys
from feedpub.message.values import Heading, Reader

__all__ = [
    "Heading",
    "Letter",
    "Reader",
    "compose",
    "fill",
    "label",
    "message_id",
    "prepare",
    "routable",
    "sent_keys",
]
