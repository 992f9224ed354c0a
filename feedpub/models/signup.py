"""Who asks to be mailed, how often and from where → whether a mail goes to them about it, and when.

Anybody may write anybody's address into a form. So that nobody can be pestered with it, and no
form can be used to send much to many, a request is recorded first, and answered by mail within
`Limits`: whoever asks is told the same in every case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedpub.models.newsletter import ACTIVE

SEND_MAIL, UPDATE_ONLY, DROP = "mail", "note", "drop"
"""Of a request: a mail is to be sent; only what is wanted is new; it is as if nobody had asked."""

CONFIRM, ALREADY_ACTIVE, ACTIVATE, IGNORE = "confirm", "known", "admit", "silence"
"""Of an answer: ask by mail; tell by mail that they are mailed already; take in; say nothing."""

_NEVER_MAILED = ("complained", "suppressed")  # nothing a stranger can do makes a mail go to these

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
"""Domains at which mailboxes are many people's."""


@dataclass(frozen=True, slots=True)
class SignupLimits:
    """How much mail may come of requests that anybody can make."""

    max_mails: int = 3  # to one mailbox, by whichever of its addresses, until one is confirmed
    min_interval: timedelta = timedelta(hours=1)  # between two of these
    max_per_network: int = 20  # addresses asked for from one network in the time of `apart`
    max_per_domain: int = (
        50  # addresses asked for at one domain in that time, be it no public provider
    )
    max_per_interval: int = 300  # mails in the time of `apart`, to whomever
    max_pending: int = 5_000  # requests that wait for their mail
    max_rows: int = 100_000  # mails to addresses that are counted: of more the oldest are forgotten
    max_wait: timedelta = timedelta(days=1)  # that a request waits, while no mail can be sent
    lease: timedelta = timedelta(minutes=10)  # that one process has for a mail
    confirmation_lifetime: timedelta = timedelta(days=30)  # that a mail can be answered
    retention: timedelta = timedelta(days=365)  # that mails to an address are counted


@dataclass(frozen=True, slots=True)
class SignupHistory:
    """What was asked for one address before."""

    mails_sent: int  # since it was confirmed last
    last_sent: datetime | None  # when the last one went out
    is_pending: bool  # whether one is to be sent


@dataclass(frozen=True, slots=True)
class RecentSignups:
    """What else was asked for, of late."""

    network: int = 0  # addresses, from the same network, in the time of `Limits.apart`
    pending: int = 0
    domain: int = 0  # addresses at the same domain, likewise; 0 for a public provider
    aliases: SignupHistory | None = None  # of the same mailbox by its other addresses, all together


def decide_request(
    standing: SignupHistory | None, crowd: RecentSignups, limits: SignupLimits, now: datetime
) -> str:
    """Decide what becomes of a request: MAIL, NOTE or DROP."""
    if crowd.network >= limits.max_per_network:
        return DROP
    standing = standing or SignupHistory(0, None, is_pending=False)
    aliases = crowd.aliases or SignupHistory(0, None, is_pending=False)
    if standing.is_pending:
        return UPDATE_ONLY
    if standing.mails_sent + aliases.mails_sent >= limits.max_mails:
        return DROP
    if _is_recent(standing.last_sent, limits, now):
        return UPDATE_ONLY  # the mail that is out already leads to what they want now
    if aliases.is_pending or _is_recent(aliases.last_sent, limits, now):
        return DROP  # one is on its way into the same mailbox, for another of its addresses
    return (
        DROP
        if crowd.domain >= limits.max_per_domain or crowd.pending >= limits.max_pending
        else SEND_MAIL
    )


def _is_recent(sent: datetime | None, limits: SignupLimits, now: datetime) -> bool:
    return sent is not None and now - sent < limits.min_interval


def normalize_mailbox(address: str) -> str:
    """Return what is the same for all addresses of one mailbox, given in canonical form.

    What follows "+" is a tag nearly everywhere, and Gmail reads no dots. Where that is not so, two
    people count as one: all that comes of it is fewer mails about sign-ups.
    """
    local, _, host = address.rpartition("@")
    host = _SAME_HOST.get(host, host)
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if host in _DOTLESS else local}@{host}".casefold()


def find_private_domain(address: str) -> str:
    """Return the domain of a canonical address, "" for that of a provider that anybody may use."""
    host = address.rpartition("@")[2]
    host = _SAME_HOST.get(host, host)
    return "" if host in _PROVIDERS else host


def decide_reply(state: str, *, is_forgotten: bool, double_opt_in: bool) -> str:
    """Decide how a request is answered; `state` is that of the reader, "" where there is none.

    Who left, or whose mailbox was gone, may come back by a mail that they answer; who complained,
    was suppressed or asked to be forgotten is not mailed, whoever asks. Without double opt-in
    whoever is new is taken in; who left still has to say so themselves.
    """
    if is_forgotten or state in _NEVER_MAILED:
        return IGNORE
    if state == ACTIVE:
        return ALREADY_ACTIVE
    return ACTIVATE if state in {"", "pending"} and not double_opt_in else CONFIRM
