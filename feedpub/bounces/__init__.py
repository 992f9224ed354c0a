"""Read what came to the return path: whom it is about, and whether they can still be mailed."""

import json
import re
from dataclasses import replace

from feedpub.bounces import mails, notices, recognition, ses, standard
from feedpub.bounces.arrival import arrived
from feedpub.bounces.authentication import authenticated_sender
from feedpub.bounces.mails import Mail
from feedpub.bounces.owners import owner
from feedpub.bounces.report import Report, make
from feedpub.bounces.values import text
from feedpub.tokens import Keys, Owner

__all__ = ["Report", "arrived", "explain", "leaving_sender", "read"]

_LEAVES = re.compile(
    r"(?:re: ?)?(?:unsubscribe|remove(?: me)?|abmelden|d[ée]sabonner)", re.IGNORECASE
)

_ADDRESSED = (
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


def read(data: bytes, keys: Keys) -> Report | None:
    """Read a message that came to the return path or to the address for unsubscribing.

    A bounce (RFC 3464, or in words alone) is `hard` where the address is gone for good, `soft`
    where it is not, `unknown` where nothing says; a complaint (RFC 5965) is `complaint`. A delay,
    an absence or a receipt is `auto` and changes nothing. The subscriber is told by a token: in
    the address it came to (VERP), in the report, or in the header of the returned message.

    None where it is none of these: somebody wrote it. Never raises, whatever the octets.
    """
    mail = mails.parse(data)
    if mail is None:
        return None
    leaving = (*mail.header.values(_ADDRESSED), mail.header.get("subject"))
    subscriber = owner(leaving, keys, "unsubscribe")
    if subscriber is not None:
        left = make("unsubscribe", mail.header.address("from"), text="by mail")
        return replace(left, subscriber=subscriber)
    report = _understood(mail)
    return report and replace(report, subscriber=_subscriber(mail, keys))


def leaving_sender(data: bytes, address: str, authserv_id: str = "") -> str:
    """Return who wrote to the address for unsubscribing without a token; "" where nobody sure did.

    Anybody can write any sender, so that our own mail server must have found it to be genuine;
    what a machine sent is no request.

    Args:
        data: The message.
        address: The address for unsubscribing, without a token.
        authserv_id: As `authenticated_sender` takes it.
    """
    mail = mails.parse(data)
    if mail is None or not address or notices.answer(mail) is not None:
        return ""
    sent_to = " ".join(mail.header.values(_ADDRESSED)).lower()
    written = re.escape(address.lower())
    if not re.search(rf"(?<![\w.+-]){written}(?![\w.-])", sent_to):
        return ""
    return authenticated_sender(mail.header, authserv_id)


def explain(data: bytes) -> Report | None:
    """Return what a message means, without knowing anybody: as `read`, but for the subscriber.

    Who asks to be taken off the list is believed by the subject, since no token can be read.
    """
    mail = mails.parse(data)
    if mail is None:
        return None
    report = _understood(mail)
    if report is None and _LEAVES.fullmatch(mail.header.get("subject")):
        return make("unsubscribe", mail.header.address("from"), text=mail.header.get("subject"))
    return report


def _understood(mail: Mail) -> Report | None:
    return _told_by_ses(mail) or standard.complaint(mail) or _bounce(mail) or notices.answer(mail)


def _told_by_ses(mail: Mail) -> Report | None:
    """Read what Amazon SES tells by mail, as JSON; None where the mail is nothing of the kind."""
    # Mail servers fold lines of more than 998 octets like this, in the middle of a text.
    words = mail.words.lstrip().replace("!\n ", "")
    if not words.startswith("{"):
        return None
    try:
        event, _ = json.JSONDecoder(strict=False).raw_decode(words)
    except (ValueError, RecursionError):
        return None
    delivered = text(event, "notificationType") == "Delivery"
    return next(ses.reports(event), make("auto", text="Delivery") if delivered else None)


def _bounce(mail: Mail) -> Report | None:
    """Read a bounce in whatever form; None where the mail is none.

    Some gateways pass a bounce on inside a notice of their own, which says less.
    """
    report = standard.delivery(mail)
    if report is None and mail.inner is not None and notices.is_from_daemon(mail.inner):
        report = standard.delivery(mail.inner) or notices.bounce(mail.inner)
    report = report or notices.bounce(mail)
    if report is None and notices.may_be_bounce(mail):
        failed = recognition.failed_address(mail)
        report = notices.weighed(mail, failed) if failed else None
    return report


def _subscriber(mail: Mail, keys: Keys) -> Owner | None:
    """Give whom a notice is about."""
    returned = [value for _, value in mail.copy.all]
    told = [value for block in mail.statuses for _, value in block.all]
    if mail.feedback is not None:
        told += [value for _, value in mail.feedback.all]
    found = owner([*mail.header.values(_ADDRESSED), *told, *returned], keys, "bounce")
    # A gateway may have put its own return path, but leaves List-Unsubscribe as it was.
    return found if found is not None else owner(returned, keys, "unsubscribe")
