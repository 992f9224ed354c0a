"""Interpret messages sent to the return path or to the address for unsubscribing.

`parse_bounce` returns what a message means for which subscriber. `find_unsubscribe_sender` handles
unsubscribe requests without a token, and `explain_message` works without the signing keys.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from feedpub.delivery.bounces import dsn, heuristics, message, provider_bounces
from feedpub.delivery.bounces.authentication import find_authenticated_sender
from feedpub.delivery.bounces.event import BounceEvent, build_event
from feedpub.delivery.bounces.message import ParsedMessage, truncate_message
from feedpub.delivery.bounces.provider_bounces import get_text
from feedpub.models import tokens
from feedpub.models.tokens import SigningKeys, TokenSubject

_LONGEST = 200  # characters of a date


def find_received_time(data: bytes, now: datetime) -> datetime:
    """Return when a message arrived; `now` if it does not say or the time is in the future.

    The first Received field was written by the server that accepted the message; Date, the
    fallback, is the sender's claim. Never raises.
    """
    header = BytesHeaderParser().parsebytes(truncate_message(data))
    for value in (str(header.get("received", "")).rpartition(";")[2], header.get("date", "")):
        try:
            at = parsedate_to_datetime(str(value)[:_LONGEST])
            known = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return min(known, now)
    return now


_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{26,39}(?![A-Za-z0-9])")
_TRIED = 200  # token-like words that are verified per message


def find_token_subject(
    values: Iterable[str], keys: SigningKeys, purpose: str
) -> TokenSubject | None:
    """Return the subject of the first valid token for `purpose` in any of the values."""
    tried = 0
    for value in values:
        for found in _TOKEN.finditer(value):
            tried += 1
            made_for = tokens.verify_token(keys, purpose, found[0])
            if made_for is not None or tried == _TRIED:
                return made_for
    return None


_UNSUBSCRIBE_SUBJECT = re.compile(
    r"(?:re: ?)?(?:unsubscribe|remove(?: me)?|abmelden|d[ée]sabonner)", re.IGNORECASE
)

_RECIPIENT_FIELDS = (
    "to",
    "cc",
    "delivered-to",
    "x-delivered-to",
    "x-original-to",
    "x-envelope-to",
    "envelope-to",
    "x-real-to",
    "x-rcpt-to",
    "apparently-to",
    "resent-to",
    "return-path",
)
"""The header fields that may contain the address that a message was delivered to."""


def parse_bounce(data: bytes, keys: SigningKeys) -> BounceEvent | None:
    """Parse a message sent to the return path or to the address for unsubscribing.

    A bounce (RFC 3464, or free text) is `hard` if the address is permanently invalid, `soft` if it
    is not, `unknown` if the message does not say; a feedback report (RFC 5965) is `complaint`. A
    delay, an auto-reply or a receipt is `auto` and changes nothing. The subscriber is identified by
    a token in the address that the message was sent to (VERP), the report or the returned header.

    Returns None for a message written by a person. Never raises.
    """
    mail = message.parse_message(data)
    if mail is None:
        return None
    leaving = (*mail.header.get_all(_RECIPIENT_FIELDS), mail.header.get("subject"))
    subscriber = find_token_subject(leaving, keys, "unsubscribe")
    if subscriber is not None:
        left = build_event("unsubscribe", mail.header.get_address("from"), text="by mail")
        return replace(left, subscriber=subscriber)
    report = _classify(mail)
    return report and replace(report, subscriber=_find_subscriber(mail, keys))


def find_unsubscribe_sender(data: bytes, address: str, authserv_id: str = "") -> str:
    """Return the sender of an unsubscribe request without a token, or "" if it is none.

    Senders are easily forged, so our own mail server must have authenticated this one. Auto-replies
    are no requests.

    Args:
        data: The message.
        address: The address for unsubscribing, without a token.
        authserv_id: See `find_authenticated_sender`.
    """
    mail = message.parse_message(data)
    if mail is None or not address or heuristics.parse_auto_reply(mail) is not None:
        return ""
    sent_to = " ".join(mail.header.get_all(_RECIPIENT_FIELDS)).lower()
    written = re.escape(address.lower())
    if not re.search(rf"(?<![\w.+-]){written}(?![\w.-])", sent_to):
        return ""
    return find_authenticated_sender(mail.header, authserv_id)


def explain_message(data: bytes) -> BounceEvent | None:
    """Return what a message means, as `parse_bounce` does, but without the subscriber.

    No token can be verified here, so an unsubscribe request is recognised by its subject.
    """
    mail = message.parse_message(data)
    if mail is None:
        return None
    report = _classify(mail)
    if report is None and _UNSUBSCRIBE_SUBJECT.fullmatch(mail.header.get("subject")):
        return build_event(
            "unsubscribe", mail.header.get_address("from"), text=mail.header.get("subject")
        )
    return report


def _classify(mail: ParsedMessage) -> BounceEvent | None:
    return (
        _parse_ses_mail(mail)
        or dsn.parse_arf(mail)
        or _parse_any_bounce(mail)
        or heuristics.parse_auto_reply(mail)
    )


def _parse_ses_mail(mail: ParsedMessage) -> BounceEvent | None:
    """Parse a JSON notification that Amazon SES sent by mail; None for other mail."""
    # Some mail servers break lines of more than 998 octets with "!", even inside a string.
    words = mail.text.lstrip().replace("!\n ", "")
    if not words.startswith("{"):
        return None
    try:
        event, _ = json.JSONDecoder(strict=False).raw_decode(words)
    except (ValueError, RecursionError):
        return None
    delivered = get_text(event, "notificationType") == "Delivery"
    return next(
        provider_bounces.parse_ses_events(event),
        build_event("auto", text="Delivery") if delivered else None,
    )


def _parse_any_bounce(mail: ParsedMessage) -> BounceEvent | None:
    """Parse a bounce in any form; None for other mail.

    Some gateways wrap a bounce in a notice of their own that says less.
    """
    report = dsn.parse_dsn(mail)
    if (
        report is None
        and mail.original_message is not None
        and heuristics.is_from_mailer_daemon(mail.original_message)
    ):
        report = dsn.parse_dsn(mail.original_message) or heuristics.parse_non_dsn(
            mail.original_message
        )
    report = report or heuristics.parse_non_dsn(mail)
    if report is None and heuristics.is_possible_bounce(mail):
        failed = message.find_failed_address(mail)
        report = heuristics.classify_bounce(mail, failed) if failed else None
    return report


def _find_subscriber(mail: ParsedMessage, keys: SigningKeys) -> TokenSubject | None:
    """Return the subscriber that a notice is about."""
    returned = [value for _, value in mail.original_header.pairs]
    told = [value for block in mail.status_blocks for _, value in block.pairs]
    if mail.feedback_report is not None:
        told += [value for _, value in mail.feedback_report.pairs]
    found = find_token_subject(
        [*mail.header.get_all(_RECIPIENT_FIELDS), *told, *returned], keys, "bounce"
    )
    # A gateway may replace the return path, but keeps List-Unsubscribe.
    return found if found is not None else find_token_subject(returned, keys, "unsubscribe")
