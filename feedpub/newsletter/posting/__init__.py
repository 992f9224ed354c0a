"""Deliveries that are due → messages handed to a transport, and what became of each."""

from feedpub.newsletter.posting.lines import Gate, gates, transport
from feedpub.newsletter.posting.postman import Posted, Postman
from feedpub.newsletter.posting.printing import Press, Printer, signer
from feedpub.newsletter.posting.recording import NotOursError
from feedpub.newsletter.posting.stopping import stopped_by_signals
from feedpub.newsletter.posting.times import ANSWERED, Clock, clock
from feedpub.newsletter.posting.workers import is_gone

__all__ = [
    "ANSWERED",
    "Clock",
    "Gate",
    "NotOursError",
    "Posted",
    "Postman",
    "Press",
    "Printer",
    "clock",
    "gates",
    "is_gone",
    "signer",
    "stopped_by_signals",
    "transport",
]
