"""Names → what the Domain Name System tells of them: the only module that knows dnspython.

A time server → what time it is there (SNTP: RFC 4330).
"""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import dns.exception
import dns.resolver
import dns.reversename

from feedpub.errors import MailError


class Resolver(Protocol):
    """Answers questions about names; () where there is no such name or record.

    Every method raises `MailError` where nobody answers, or the answer makes no sense.
    """

    def resolve_txt(self, name: str) -> tuple[str, ...]:
        """Give the TXT records of a name, each as one text."""
        ...

    def resolve_mx(self, domain: str) -> tuple[str, ...]:
        """Give the hosts that take mail for a domain (MX), the preferred first."""
        ...

    def resolve_addresses(self, host: str) -> tuple[str, ...]:
        """Give the IP addresses of a host, of both kinds."""
        ...

    def resolve_ptr(self, address: str) -> tuple[str, ...]:
        """Give the names that an IP address is said to have (PTR)."""
        ...


class DnsResolver:
    """Asks the resolvers of the system, or those it is told."""

    def __init__(
        self,
        servers: Sequence[str] = (),
        port: int = 53,
        patience: float = 10.0,
        settings: str = "/etc/resolv.conf",
    ) -> None:
        """Ask nobody yet.

        Args:
            servers: IP addresses; none for those of the system.
            port: Of all of them.
            patience: Seconds for one answer.
            settings: The file that names those of the system; without it, it is this machine.
        """
        try:
            self._resolver = dns.resolver.Resolver(settings, configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)
            servers = ("127.0.0.1",)
        if servers:
            self._resolver.nameservers = list(servers)
        self._resolver.port = port
        self._resolver.lifetime = patience

    def resolve_txt(self, name: str) -> tuple[str, ...]:
        """Give the TXT records of a name, each as one text."""
        return tuple(
            b"".join(each.strings).decode("utf-8", "replace") for each in self._resolve(name, "TXT")
        )

    def resolve_mx(self, domain: str) -> tuple[str, ...]:
        """Give the hosts that take mail for a domain (MX), the preferred first."""
        found = sorted(self._resolve(domain, "MX"), key=lambda each: int(each.preference))
        return tuple(_normalize_name(each.exchange) for each in found)

    def resolve_addresses(self, host: str) -> tuple[str, ...]:
        """Give the IP addresses of a host, of both kinds."""
        found = (*self._resolve(host, "A"), *self._resolve(host, "AAAA"))
        return tuple(str(each.address) for each in found)

    def resolve_ptr(self, address: str) -> tuple[str, ...]:
        """Give the names that an IP address is said to have (PTR)."""
        name = dns.reversename.from_address(address).to_text()
        return tuple(_normalize_name(each.target) for each in self._resolve(name, "PTR"))

    def _resolve(self, name: str, kind: str) -> Sequence[Any]:
        try:
            return tuple(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise MailError(f"DNS: no answer about {name} ({kind}): {words}") from error


def _normalize_name(name: object) -> str:
    return str(name).rstrip(".").lower()


_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)  # its seconds count from here …
_ERA = 2**32  # … and begin anew in 2036
_LATER = 2**31  # a count below that is of the era from 2036 on (RFC 4330 section 3)
_REQUEST = bytes((0b00_100_011,)) + bytes(47)  # version 4, from a client
_LONG, _SERVER = 48, 4


def query_sntp_time(host: str = "pool.ntp.org", port: int = 123, patience: float = 3.0) -> datetime:
    """Ask a server for the time; right to within the seconds it takes to answer.

    Raises:
        MailError: it does not answer within `patience` seconds, or not with a time.
    """
    try:
        with socket.socket(_family(host, port), socket.SOCK_DGRAM) as wire:
            wire.settimeout(patience)
            wire.connect((host, port))
            wire.send(_REQUEST)
            answer = wire.recv(512)
    except OSError as error:
        raise MailError(f"{host}: tells no time ({error.strerror or error})") from error
    seconds = int.from_bytes(answer[40:44], "big")
    if len(answer) < _LONG or answer[0] & 0b111 != _SERVER or not seconds or not answer[1]:
        raise MailError(f"{host}: tells no time, but something else")
    if seconds < _LATER:
        seconds += _ERA
    return _EPOCH + timedelta(seconds=seconds + int.from_bytes(answer[44:48], "big") / _ERA)


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
