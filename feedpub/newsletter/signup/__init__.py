"""People who sign up, confirm, choose and leave → readers, and the mails that ask them first.

A request is only recorded (`ask`); what comes of it is decided, and mailed, by `confirmations`.
The others take the token of a mail, or the reader whose it is.
"""

from feedpub.admission import SignupLimits
from feedpub.newsletter.signup.answering import (
    ConfirmationResult,
    process_signups,
    send_confirmations,
)
from feedpub.newsletter.signup.networks import NetworkHasher
from feedpub.newsletter.signup.scene import PageContext, load_page_context
from feedpub.newsletter.signup.ways import (
    SubscriptionOffer,
    confirm_signup,
    create_token,
    erase_by_token,
    find_offer,
    find_subscriber,
    is_valid_token,
    request_signup,
    resubscribe,
    unsubscribe,
    update_preferences,
)

__all__ = [
    "ConfirmationResult",
    "NetworkHasher",
    "PageContext",
    "SignupLimits",
    "SubscriptionOffer",
    "confirm_signup",
    "create_token",
    "erase_by_token",
    "find_offer",
    "find_subscriber",
    "is_valid_token",
    "load_page_context",
    "process_signups",
    "request_signup",
    "resubscribe",
    "send_confirmations",
    "unsubscribe",
    "update_preferences",
]
