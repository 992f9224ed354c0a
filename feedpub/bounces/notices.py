"""Bounces in no standard form (qmail, Exim, old gateways), and answers of machines → a report."""

import re

from feedpub import refusals
from feedpub.bounces import words
from feedpub.bounces.mails import Mail
from feedpub.bounces.report import Report, make

_DAEMON = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|mdaemon|postmaster|microsoftexchange[^@]*|mail[-.]?delivery"
    r"[^@]*)(?:@|$)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:failed|failure|status|notification|report|problem)|returned mail"
    r"|failure notice|mail (?:system )?error|non[- ]?deliver|unzustellbar|nicht zustellbar"
    r"|rebotado|échec de|non remis|退信|配信不能",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\s*(?:hi\. this is the|this message was created automatically by mail delivery software"
    r"|this is the mail (?:system|delivery agent|delivery system) at)",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"\bdelay|\bwarning\b|still being retried", re.IGNORECASE)
_RETRIES = re.compile(
    r"still being retried|will (?:be )?(?:retr|keep trying)|not yet been delivered"
    r"|attempts? will continue|no action is required",
    re.IGNORECASE,
)
_SIGNS = 2  # of a daemon: one alone may be chance

_ANSWERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-auto-response-suppress",
)
_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
_AWAY = re.compile(
    r"out[- ]of[- ](?:the[- ])?office|auto[- ]?(?:matic(?:ally)? )?(?:reply|response)|vacation"
    r"|abwesen|automatische antwort|réponse automatique|respuesta automática|risposta automatica"
    r"|автоответ|自动回复|自動回覆|自動返信",
    re.IGNORECASE,
)
"""How the subject of an absence begins; programs that mark it by nothing else still do that."""


def bounce(mail: Mail) -> Report | None:
    """Read a bounce in words alone; None where the mail is none."""
    if _AWAY.match(mail.header.get("subject")):
        return None
    failed = mail.header.address("x-failed-recipients").partition(",")[0]
    if not failed and not _OPENING.match(mail.words) and _signs(mail) < _SIGNS:
        return None
    recipient = failed or words.recipient(mail.words)
    if _DELAYED.search(mail.header.get("subject")) or _RETRIES.search(mail.words):
        return make("auto", recipient, text=mail.header.get("subject"))
    said = words.excerpt(mail.words)
    code, status = refusals.reply(said)
    if refusals.is_gone(code or 550, status, said):
        return make("hard", recipient, status, said)
    return make("soft" if code or status else "unknown", recipient, status, said)


def _signs(mail: Mail) -> int:
    """Count what tells a mail daemon; a reader's own program may show one of these."""
    return (
        bool(_DAEMON.match(mail.header.address("from")))
        + bool(_SUBJECT.search(mail.header.get("subject")))
        + (mail.header.get("return-path") == "<>")
    )


def answer(mail: Mail) -> Report | None:
    """Read the answer of a machine: absences, receipts (RFC 3834, RFC 8098); None for others."""
    header = mail.header
    submitted = header.get("auto-submitted").lower()
    subject = header.get("subject")
    automatic = (
        mail.is_receipt
        or (submitted and not submitted.startswith("no"))
        or any(header.has(name) for name in _ANSWERS)
        or header.get("precedence").lower() in _PRECEDENCE
        or _AWAY.match(subject)
    )
    return make("auto", header.address("from"), text=subject) if automatic else None
