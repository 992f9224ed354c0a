"""Read reports in the forms of RFC 3464 and RFC 5965."""

import re

from feedpub import refusals
from feedpub.bounces import words
from feedpub.bounces.commands import refused_command
from feedpub.bounces.mails import Fields, Mail
from feedpub.bounces.notices import looked_up, named, statement
from feedpub.bounces.report import Report, make

_FAILED = ("fail", "error")  # error: OpenSMTPD
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_WRAPPED = re.compile(r"^[^\n]{0,200}?(?:-> |[a-z] )(?=5[0-9][0-9](?:-'| :|[ -][^\n]{0,40}\b))")
"""What a relay says before it quotes the server that refused: its own name for the code."""
_OPT_OUT = ("opt-out", "opt-out-list")
_NO_COMPLAINT = ("not-spam", "auth-failure", "dmarc")  # RFC 6430, RFC 6591
_RECIPIENTS = ("original-rcpt-to", "original-recipient", "removal-recipient", "final-recipient")


def complaint(mail: Mail) -> Report | None:
    """Read a complaint report (ARF, RFC 5965); None where the mail is none.

    Microsoft's, which has no fields of its own, is known by what it puts into the copy.
    """
    if mail.feedback is None:
        recipient = mail.copy.address("x-hmxmroriginalrecipient")
        return make("complaint", recipient, text="complaint (Microsoft)") if recipient else None
    recipient = next(
        (mail.feedback.address(name) for name in _RECIPIENTS if mail.feedback.has(name)), ""
    )
    kind = mail.feedback.get("feedback-type").lower()
    source = mail.feedback.get("user-agent") or mail.header.address("from")
    text = f"{kind or 'complaint'} ({source})"
    if kind in _NO_COMPLAINT:
        return make("auto", recipient, text=text)
    return make("unsubscribe" if kind in _OPT_OUT else "complaint", recipient, text=text)


def delivery(mail: Mail) -> Report | None:
    """Read a delivery status notification (RFC 3464); None where the mail is none.

    Of several recipients it is the first that failed: a message of ours has but one.
    """
    blocks = [block for block in mail.statuses if block.has("action")]
    if not blocks:
        return None
    failed = (block for block in blocks if block.get("action").lower().startswith(_FAILED))
    block = next(failed, None)
    if block is None:  # delayed, delivered, relayed or expanded
        return make("auto", named(mail, _recipient(blocks[0])), text=blocks[0].get("action"))
    recipient = named(mail, _recipient(block))
    found = _STATUS.search(block.get("status"))
    status = found[0] if found else ""
    says_nothing = not status or status.endswith((".0.0", ".5.0"))
    told = words.excerpt(mail.words)
    said = block.get("diagnostic-code").partition(";")
    # What is written for people is about much else: it counts only where there is nothing better.
    judged = said[2].strip() or said[0] or (told if says_nothing else "")
    judged = _WRAPPED.sub("", judged, count=1)
    code, named_status = refusals.reply(judged)
    if says_nothing:
        status = named_status or status
    command = refused_command(mail.words, judged, recipient)
    if said[0].strip().lower() == "x-unix":  # what a program for local delivery said
        command = command or "RCPT"
    if not command and (looked_up(judged) or (not code and statement(mail, judged, recipient))):
        command = "RCPT"
    refusal = refusals.classify(code, status, judged, command)
    if refusal.is_hard and not said[0] and refusals.is_disabled(mail.words):
        refusal = refusals.Refusal.MAILBOX
    kind = "hard" if refusal.is_hard else "soft"
    return make(kind, recipient, status, judged or told, refusal)


def _recipient(block: Fields) -> str:
    return block.address("original-recipient") or block.address("final-recipient")
