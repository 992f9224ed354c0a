"""A mail server that takes our messages, and which of several to use."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_MIN_UNIQUE_LENGTH = 8  # characters: too many to be part of a word by chance


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """How to reach a mail server; times are in seconds. What opens it is never shown."""

    host: str
    port: int = 587
    security: str = "starttls"  # starttls, tls (from the first octet on) or none
    username: str = field(default="", repr=False)  # at some providers as secret as the other
    password: str = field(default="", repr=False)
    weight: int = 1
    ehlo_hostname: str = "localhost"  # our own name, for EHLO
    ca_file: str = ""  # certificates to trust; "" for those of the system
    connect_timeout: float = 30
    timeout: float = 300  # for an answer (RFC 5321 section 4.5.3.2)
    final_timeout: float = 600  # for the answer to the final dot: until then it is in doubt
    max_messages: int = 100  # then the connection is closed and another one opened
    max_age: float = 300  # likewise
    ordinal: int = 1  # of several at one address, which differ in their log-in

    @property
    def name(self) -> str:
        """The relay as it stands in messages to people, and as no other one is called.

        A number tells two log-ins apart, since a user name may be secret.
        """
        place = f"{self.host}:{self.port}"
        return place if self.ordinal == 1 else f"{place}#{self.ordinal}"

    def redact(self, text: str) -> str:
        """Return `text` without the user name and password, in any form that SMTP sends them in.

        A short one is removed only where it stands by itself, or it would be cut out of words.
        """
        user, password = self.username, self.password
        for secret in (f"\0{user}\0{password}", password, user):
            if secret.strip("\0"):
                for form in (_base64(secret), secret):
                    text = _mask_secret(text, form)
        return text


def order_relays(relays: Sequence[SmtpRelay], chance: float) -> tuple[SmtpRelay, ...]:
    """Give all relays: first the one `chance` points to, then the others, heaviest first.

    `chance` goes from 0 up to 1; each relay has a share of that as large as its weight.
    """
    rest = sorted(relays, key=lambda relay: -relay.weight)
    point = chance * sum(each.weight for each in relays)
    for relay in relays:
        point -= relay.weight
        if point < 0:
            rest.remove(relay)
            return (relay, *rest)
    return tuple(rest)


def _mask_secret(text: str, secret: str) -> str:
    """Replace a secret in a text; a short one only where no letter or digit is next to it."""
    if len(secret) >= _MIN_UNIQUE_LENGTH:
        return text.replace(secret, "…")
    return re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", "…", text)


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()
