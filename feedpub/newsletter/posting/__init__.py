"""Deliveries that are due → messages handed to a transport, and what became of each."""

from feedpub.newsletter.posting.lines import RelayLimits, build_transport, load_relay_limits
from feedpub.newsletter.posting.postman import DeliveryRunner, RunResult
from feedpub.newsletter.posting.printing import MessageRenderer, MessageSigner, load_signer
from feedpub.newsletter.posting.recording import LeaseLostError
from feedpub.newsletter.posting.stopping import stop_on_signals
from feedpub.newsletter.posting.times import IN_DOUBT_TIMEOUT, Clock, build_clock
from feedpub.newsletter.posting.workers import is_dead

__all__ = [
    "IN_DOUBT_TIMEOUT",
    "Clock",
    "DeliveryRunner",
    "LeaseLostError",
    "MessageRenderer",
    "MessageSigner",
    "RelayLimits",
    "RunResult",
    "build_clock",
    "build_transport",
    "is_dead",
    "load_relay_limits",
    "load_signer",
    "stop_on_signals",
]
