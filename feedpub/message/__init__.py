"""What everybody is told, and what one reader's copy has of its own → the bytes of a message.

Signing is in `feedpub.message.dkim`, apart, since only those who sign need `cryptography`.
"""

from feedpub.message.headers import encode_list_label, to_ascii_address
from feedpub.message.letters import (
    PreparedMessage,
    compose_message,
    make_message_id,
    prepare_message,
)
from feedpub.message.marks import substitute_tags
from feedpub.message.traces import find_sent_keys
from feedpub.message.values import MessageHeaders, Recipient

__all__ = [
    "MessageHeaders",
    "PreparedMessage",
    "Recipient",
    "compose_message",
    "encode_list_label",
    "find_sent_keys",
    "make_message_id",
    "prepare_message",
    "substitute_tags",
    "to_ascii_address",
]
