"""People who sign up, confirm, choose and leave → readers, and the mails that ask them first.

A request is only recorded (`ask`); what comes of it is decided, and mailed, by `confirmations`.
The others take the token of a mail, or the reader whose it is.
"""

from feedpub.admission import Limits
from feedpub.newsletter.signup.answering import Answered, answer, confirmations
from feedpub.newsletter.signup.networks import Networks
from feedpub.newsletter.signup.scene import Scene, scene
from feedpub.newsletter.signup.ways import (
    Offer,
    ask,
    come_back,
    confirm,
    forget,
    is_ours,
    leave,
    offered,
    prefer,
    token,
    whose,
)

__all__ = [
    "Answered",
    "Limits",
    "Networks",
    "Offer",
    "Scene",
    "answer",
    "ask",
    "come_back",
    "confirm",
    "confirmations",
    "forget",
    "is_ours",
    "leave",
    "offered",
    "prefer",
    "scene",
    "token",
    "whose",
]
