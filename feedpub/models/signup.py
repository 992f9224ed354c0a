"""Decide whether a sign-up request is answered by mail, and how.

Anyone can enter anyone's address in a form. So that the form can be used neither to harass one
person nor to send mail in bulk, a request is recorded first and answered by mail only within
`SignupLimits`; the visitor sees the same reply in every case. Enter at `decide_request` when a
request arrives, and at `decide_reply` when it is about to be answered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedpub.models.newsletter import ACTIVE

SEND_MAIL, UPDATE_ONLY, DROP = "mail", "note", "drop"
"""Outcomes of a request: send a message, only update the stored request, or ignore it."""

CONFIRM, ALREADY_ACTIVE, ACTIVATE, IGNORE = "confirm", "known", "admit", "silence"
"""Replies: ask for confirmation, say that they are subscribed, activate at once, or stay silent."""

_NEVER_MAILED = ("complained", "suppressed")  # never mailed because of a form

_SAME_HOST = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me", "pm.me": "proton.me"}
_DOTLESS = frozenset(("gmail.com", "proton.me"))
_PROVIDERS = frozenset(
    (
        *("126.com", "163.com", "aol.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at"),
        *("gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk"),
        *("hotmail.com", "hotmail.fr", "icloud.com", "laposte.net", "libero.it", "live.com"),
        *("mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com"),
        *("orange.fr", "outlook.com", "posteo.de", "proton.me", "qq.com", "t-online.de"),
        *("tutanota.com", "web.de", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.fr"),
        *("yandex.ru", "ymail.com", "zoho.com"),
    )
)
"""Public mail providers: their domains are shared by unrelated people."""


@dataclass(frozen=True, slots=True)
class SignupLimits:
    """Limits on the mail that sign-up requests can cause."""

    max_mails: int = 3  # to one mailbox, under any of its addresses, until one is confirmed
    min_interval: timedelta = timedelta(hours=1)  # between two of these
    max_per_network: int = 20  # addresses requested from one network per `min_interval`
    # Addresses requested at one domain per `min_interval`; public providers are exempt.
    max_per_domain: int = 50
    max_per_interval: int = 300  # messages per `min_interval`, in total
    max_pending: int = 5_000  # requests waiting for their message
    max_rows: int = 100_000  # addresses with counted messages; the oldest are dropped
    max_wait: timedelta = timedelta(days=1)  # how long a request may wait to be answered
    lease: timedelta = timedelta(minutes=10)  # for one process to send one message
    confirmation_lifetime: timedelta = timedelta(days=30)  # validity of a confirmation message
    retention: timedelta = timedelta(days=365)  # how long messages to an address are counted


@dataclass(frozen=True, slots=True)
class SignupHistory:
    """Earlier requests for one address."""

    mails_sent: int  # since the last confirmation
    last_sent: datetime | None  # when the latest one was sent
    is_pending: bool  # whether a message is waiting to be sent


@dataclass(frozen=True, slots=True)
class RecentSignups:
    """Other recent requests."""

    network: int = 0  # addresses from the same network, per `SignupLimits.min_interval`
    pending: int = 0
    domain: int = 0  # addresses at the same domain, in that time; 0 for a public provider
    aliases: SignupHistory | None = None  # the other addresses of the same mailbox, combined


def decide_request(
    status: SignupHistory | None, recent: RecentSignups, limits: SignupLimits, now: datetime
) -> str:
    """Decide what to do with a request: SEND_MAIL, UPDATE_ONLY or DROP."""
    if recent.network >= limits.max_per_network:
        return DROP
    status = status or SignupHistory(0, None, is_pending=False)
    aliases = recent.aliases or SignupHistory(0, None, is_pending=False)
    if status.is_pending:
        return UPDATE_ONLY
    if status.mails_sent + aliases.mails_sent >= limits.max_mails:
        return DROP
    if _is_recent(status.last_sent, limits, now):
        return UPDATE_ONLY  # the link already sent applies the updated request
    if aliases.is_pending or _is_recent(aliases.last_sent, limits, now):
        return DROP  # the same mailbox just got, or gets, one for another of its addresses
    return (
        DROP
        if recent.domain >= limits.max_per_domain or recent.pending >= limits.max_pending
        else SEND_MAIL
    )


def _is_recent(sent: datetime | None, limits: SignupLimits, now: datetime) -> bool:
    return sent is not None and now - sent < limits.min_interval


def normalize_mailbox(address: str) -> str:
    """Return a key shared by all addresses of one mailbox; `address` is in canonical form.

    A "+suffix" is a tag at nearly every provider, and Gmail ignores dots. Where that is not so, two
    people share a key, and the only effect is fewer sign-up messages.
    """
    local, _, host = address.rpartition("@")
    host = _SAME_HOST.get(host, host)
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if host in _DOTLESS else local}@{host}".casefold()


def find_private_domain(address: str) -> str:
    """Return the domain of a canonical address; "" for a public provider."""
    host = address.rpartition("@")[2]
    host = _SAME_HOST.get(host, host)
    return "" if host in _PROVIDERS else host


def decide_reply(state: str, *, is_forgotten: bool, double_opt_in: bool) -> str:
    """Decide how to answer a request; `state` is the subscriber's, "" if there is none.

    Someone who unsubscribed or bounced may return by answering a confirmation message. Someone who
    complained, was suppressed or asked to be erased is never mailed. Without double opt-in, new
    subscribers are activated at once; those who left must still confirm.
    """
    if is_forgotten or state in _NEVER_MAILED:
        return IGNORE
    if state == ACTIVE:
        return ALREADY_ACTIVE
    return ACTIVATE if state in {"", "pending"} and not double_opt_in else CONFIRM
