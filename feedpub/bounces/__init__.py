"""Read what came to the return path: whom it is about, and whether they can still be mailed."""

import json
import re
from dataclasses import replace

from feedpub.bounces import mails, notices, recognition, ses, standard
from feedpub.bounces.arrival import find_received_time
from feedpub.bounces.authentication import find_authenticated_sender
from feedpub.bounces.mails import ParsedMessage
from feedpub.bounces.owners import find_token_subject
from feedpub.bounces.report import BounceEvent, build_event
from feedpub.bounces.values import get_text
from feedpub.tokens import SigningKeys, TokenSubject

__all__ = [
    "BounceEvent",
    "explain_message",
    "find_received_time",
    "find_unsubscribe_sender",
    "parse_bounce",
]

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
"""Where the address that a message was delivered to may stand."""


def parse_bounce(data: bytes, keys: SigningKeys) -> BounceEvent | None:
    """Read a message that came to the return path or to the address for unsubscribing.

    A bounce (RFC 3464, or in words alone) is `hard` where the address is gone for good, `soft`
    where it is not, `unknown` where nothing says; a complaint (RFC 5965) is `complaint`. A delay,
    an absence or a receipt is `auto` and changes nothing. The subscriber is told by a token: in
    the address it came to (VERP), in the report, or in the header of the returned message.

    None where it is none of these: somebody wrote it. Never raises, whatever the octets.
    """
    mail = mails.parse_message(data)
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
    """Return who wrote to the address for unsubscribing without a token; "" where nobody sure did.

    Anybody can write any sender, so that our own mail server must have found it to be genuine;
    what a machine sent is no request.

    Args:
        data: The message.
        address: The address for unsubscribing, without a token.
        authserv_id: As `authenticated_sender` takes it.
    """
    mail = mails.parse_message(data)
    if mail is None or not address or notices.parse_auto_reply(mail) is not None:
        return ""
    sent_to = " ".join(mail.header.get_all(_RECIPIENT_FIELDS)).lower()
    written = re.escape(address.lower())
    if not re.search(rf"(?<![\w.+-]){written}(?![\w.-])", sent_to):
        return ""
    return find_authenticated_sender(mail.header, authserv_id)


def explain_message(data: bytes) -> BounceEvent | None:
    """Return what a message means, without knowing anybody: as `read`, but for the subscriber.

    Who asks to be taken off the list is believed by the subject, since no token can be read.
    """
    mail = mails.parse_message(data)
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
        or standard.parse_arf(mail)
        or _parse_any_bounce(mail)
        or notices.parse_auto_reply(mail)
    )


def _parse_ses_mail(mail: ParsedMessage) -> BounceEvent | None:
    """Read what Amazon SES tells by mail, as JSON; None where the mail is nothing of the kind."""
    # Mail servers fold lines of more than 998 octets like this, in the middle of a text.
    words = mail.text.lstrip().replace("!\n ", "")
    if not words.startswith("{"):
        return None
    try:
        event, _ = json.JSONDecoder(strict=False).raw_decode(words)
    except (ValueError, RecursionError):
        return None
    delivered = get_text(event, "notificationType") == "Delivery"
    return next(
        ses.parse_ses_events(event), build_event("auto", text="Delivery") if delivered else None
    )


def _parse_any_bounce(mail: ParsedMessage) -> BounceEvent | None:
    """Read a bounce in whatever form; None where the mail is none.

    Some gateways pass a bounce on inside a notice of their own, which says less.
    """
    report = standard.parse_dsn(mail)
    if (
        report is None
        and mail.original_message is not None
        and notices.is_from_mailer_daemon(mail.original_message)
    ):
        report = standard.parse_dsn(mail.original_message) or notices.parse_non_dsn(
            mail.original_message
        )
    report = report or notices.parse_non_dsn(mail)
    if report is None and notices.is_possible_bounce(mail):
        failed = recognition.find_failed_address(mail)
        report = notices.classify_bounce(mail, failed) if failed else None
    return report


def _find_subscriber(mail: ParsedMessage, keys: SigningKeys) -> TokenSubject | None:
    """Give whom a notice is about."""
    returned = [value for _, value in mail.original_header.pairs]
    told = [value for block in mail.status_blocks for _, value in block.pairs]
    if mail.feedback_report is not None:
        told += [value for _, value in mail.feedback_report.pairs]
    found = find_token_subject(
        [*mail.header.get_all(_RECIPIENT_FIELDS), *told, *returned], keys, "bounce"
    )
    # A gateway may have put its own return path, but leaves List-Unsubscribe as it was.
    return found if found is not None else find_token_subject(returned, keys, "unsubscribe")
