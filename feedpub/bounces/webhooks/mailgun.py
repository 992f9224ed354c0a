"""What Mailgun tells → reports.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

import hmac
from datetime import datetime

from feedpub import refusals
from feedpub.bounces.providers import weigh
from feedpub.bounces.report import Report, make
from feedpub.bounces.values import text
from feedpub.bounces.webhooks.values import Notice, NoticeError, Posted, dated, owned, parsed
from feedpub.refusals import Refusal
from feedpub.tokens import Keys

_PERMANENT = ("550", "551", "553", "554", "556")
_REFUSALS = {"espblock": Refusal.POLICY, "old": Refusal.TECHNICAL}
_SUPPRESSED = {
    "suppress-bounce": "hard",
    "suppress-complaint": "complaint",
    "suppress-unsubscribe": "unsubscribe",
}
_DIGITS = 10  # of a time in seconds since 1970, from 2001 to 2286


class Mailgun:
    """Reads what Mailgun tells."""

    def __init__(self, key: str, keys: Keys) -> None:
        """Believe what is signed with the webhook signing key."""
        self._key = key.encode()
        self._keys = keys

    def __call__(self, posted: Posted, now: datetime) -> Notice:
        """Give what was told. Raises NoticeError.

        The signature is of a time and of a token alone, and not of what is told: whoever has seen
        one could tell anything with it. So the two count once, and not for long; since they are
        signed without anything between them, where the time ends has to be certain.
        """
        told = parsed(posted.body)
        when, token = text(told, "signature", "timestamp"), text(told, "signature", "token")
        mark = hmac.digest(self._key, (when + token).encode("utf-8", "replace"), "sha256").hex()
        given = text(told, "signature", "signature").encode("utf-8", "replace")
        if not hmac.compare_digest(given, mark.encode()):
            raise NoticeError("its signature is wrong")
        if len(when) != _DIGITS or not (when.isascii() and when.isdigit()):
            raise NoticeError("it has no time")
        dated(when, now)
        event = told.get("event-data") if isinstance(told, dict) else None
        report = _report(event)
        return Notice(f"{when} {token}", (owned(report, event, self._keys),) if report else ())


def _report(event: object) -> Report | None:
    recipient, kind = text(event, "recipient"), text(event, "event")
    if kind in {"complained", "unsubscribed"}:
        how = "complaint" if kind == "complained" else "unsubscribe"
        return make(how, recipient, text=f"{kind} (Mailgun)")
    if kind != "failed" or text(event, "severity") != "permanent":
        return None  # what failed for now, Mailgun tries again by itself
    said = text(event, "delivery-status", "message")
    said = said or text(event, "delivery-status", "description")
    how = _SUPPRESSED.get(text(event, "reason"), "")
    if how:
        return make(how, recipient, text=said)
    status = text(event, "delivery-status", "enhanced-code")
    code = text(event, "delivery-status", "code")
    if code in _PERMANENT and refusals.reply(said) == (0, ""):
        said = f"{code} {said}"
    permanent = code in _PERMANENT or not code
    how = "hard" if permanent and _is_sure(event, status, said) else "soft"
    return weigh(how, recipient, status, said, refusal=_REFUSALS.get(text(event, "reason")))


def _is_sure(event: object, status: str, said: str) -> bool:
    """Tell whether Mailgun, or the server's words, call the address invalid."""
    is_hard = text(event, "delivery-status", "bounce-type") == "hard"
    code, named = refusals.reply(said)
    return is_hard or refusals.is_gone(code or 550, status or named, said)
