"""Parse delivery status notifications (RFC 3464) and feedback reports (ARF, RFC 5965)."""

import re

from feedpub.delivery import bounce_classifier
from feedpub.delivery.bounces import heuristics
from feedpub.delivery.bounces.event import BounceEvent, build_event
from feedpub.delivery.bounces.heuristics import (
    find_unknown_address_line,
    identify_recipient,
    is_local_lookup,
)
from feedpub.delivery.bounces.message import HeaderFields, ParsedMessage
from feedpub.delivery.bounces.smtp_commands import find_refused_command

_FAILED = ("fail", "error")  # OpenSMTPD writes "error"
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_WRAPPED = re.compile(r"^[^\n]{0,200}?(?:-> |[a-z] )(?=5[0-9][0-9](?:-'| :|[ -][^\n]{0,40}\b))")
"""The text that a relay puts before the refusing server's reply, including its own code."""
_OPT_OUT = ("opt-out", "opt-out-list")
_NO_COMPLAINT = ("not-spam", "auth-failure", "dmarc")  # RFC 6430, RFC 6591
_RECIPIENTS = ("original-rcpt-to", "original-recipient", "removal-recipient", "final-recipient")


def parse_arf(mail: ParsedMessage) -> BounceEvent | None:
    """Parse a complaint (ARF, RFC 5965); None for other mail.

    Microsoft's reports have no ARF part and are recognised by a header field of the copy.
    """
    if mail.feedback_report is None:
        recipient = mail.original_header.get_address("x-hmxmroriginalrecipient")
        return (
            build_event("complaint", recipient, text="complaint (Microsoft)") if recipient else None
        )
    recipient = next(
        (
            mail.feedback_report.get_address(name)
            for name in _RECIPIENTS
            if mail.feedback_report.has(name)
        ),
        "",
    )
    kind = mail.feedback_report.get("feedback-type").lower()
    source = mail.feedback_report.get("user-agent") or mail.header.get_address("from")
    text = f"{kind or 'complaint'} ({source})"
    if kind in _NO_COMPLAINT:
        return build_event("auto", recipient, text=text)
    return build_event("unsubscribe" if kind in _OPT_OUT else "complaint", recipient, text=text)


def parse_dsn(mail: ParsedMessage) -> BounceEvent | None:
    """Parse a delivery status notification (RFC 3464); None for other mail.

    Only the first failed recipient counts: our messages have only one.
    """
    blocks = [block for block in mail.status_blocks if block.has("action")]
    if not blocks:
        return None
    failed = (block for block in blocks if block.get("action").lower().startswith(_FAILED))
    block = next(failed, None)
    if block is None:  # delayed, delivered, relayed or expanded
        return build_event(
            "auto",
            identify_recipient(mail, _find_recipient(blocks[0])),
            text=blocks[0].get("action"),
        )
    recipient = identify_recipient(mail, _find_recipient(block))
    found = _STATUS.search(block.get("status"))
    status = found[0] if found else ""
    says_nothing = not status or status.endswith((".0.0", ".5.0"))
    told = heuristics.extract_reply(mail.text)
    said = block.get("diagnostic-code").partition(";")
    # The text for people covers much else, so it counts only if the fields say nothing.
    judged = said[2].strip() or said[0] or (told if says_nothing else "")
    judged = _WRAPPED.sub("", judged, count=1)
    code, named_status = bounce_classifier.find_reply_codes(judged)
    if says_nothing:
        status = named_status or status
    command = find_refused_command(mail.text, judged, recipient)
    if said[0].strip().lower() == "x-unix":  # the output of a local delivery program
        command = command or "RCPT"
    if not command and (
        is_local_lookup(judged) or (not code and find_unknown_address_line(mail, judged, recipient))
    ):
        command = "RCPT"
    refusal = bounce_classifier.classify(code, status, judged, command)
    if refusal.is_hard and not said[0] and bounce_classifier.is_mailbox_disabled(mail.text):
        refusal = bounce_classifier.Refusal.MAILBOX
    kind = "hard" if refusal.is_hard else "soft"
    return build_event(kind, recipient, status, judged or told, refusal)


def _find_recipient(block: HeaderFields) -> str:
    return block.get_address("original-recipient") or block.get_address("final-recipient")
