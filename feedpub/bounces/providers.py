"""Weigh what a mail service says of a bounce against the words of the server that refused."""

from feedpub import refusals
from feedpub.bounces.report import BounceEvent, build_event
from feedpub.refusals import Refusal

_PERMANENT = 550


def classify_provider_bounce(
    kind: str,
    recipient: str,
    status: str,
    said: str,
    category: str = "",
    refusal: Refusal | None = None,
) -> BounceEvent:
    """Return the report of a bounce that a service called hard, soft or unknown.

    A service may call permanent what is a policy, or a full mailbox; so its word counts only
    where the server's words do not say otherwise. What it calls soft is never hard.

    Args:
        kind: What the service calls it.
        recipient: The address.
        status: The enhanced status code, "" where none is known.
        said: The server's words, "" where the service does not repeat them.
        category: What the service says where the server's words are missing.
        refusal: What the service's category says it is about, where that is known.
    """
    code, named = refusals.find_reply_codes(said)
    found = refusals.classify(code or _PERMANENT, status or named, said) if said or status else None
    if found is None or found is Refusal.UNCLASSIFIED or (refusal and not found.is_about_sender):
        found = refusal or (Refusal.INVALID if kind == "hard" else Refusal.UNCLASSIFIED)
    how = kind
    if kind == "hard" and not found.is_hard:
        how = "soft"
    if found.is_hard and kind != "hard":
        found = Refusal.UNCLASSIFIED
    return build_event(how, recipient, status or named, said or category, found)
