"""DNS and SNTP queries for `feedpub doctor`; the only module that uses dnspython.

`DnsResolver` looks up records; `query_sntp_time` asks a time server (RFC 4330).
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
    """Looks up DNS records; returns () if the name or record does not exist.

    Every method raises `MailError` if no server answers or the answer is invalid.
    """

    def resolve_txt(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each as one string."""
        ...

    def resolve_mx(self, domain: str) -> tuple[str, ...]:
        """Return the mail exchangers of a domain, most preferred first."""
        ...

    def resolve_addresses(self, host: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a host."""
        ...

    def resolve_ptr(self, address: str) -> tuple[str, ...]:
        """Return the host names of an IP address (PTR)."""
        ...


class DnsResolver:
    """Asks the system's resolvers, or given ones."""

    def __init__(
        self,
        servers: Sequence[str] = (),
        port: int = 53,
        timeout: float = 10.0,
        settings: str = "/etc/resolv.conf",
    ) -> None:
        """Configure the resolver.

        Args:
            servers: IP addresses of resolvers; empty for the system's.
            port: The port of all of them.
            timeout: Seconds to wait for an answer.
            settings: The file that lists the system's; without it, localhost is asked.
        """
        try:
            self._resolver = dns.resolver.Resolver(settings, configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)
            servers = ("127.0.0.1",)
        if servers:
            self._resolver.nameservers = list(servers)
        self._resolver.port = port
        self._resolver.lifetime = timeout

    def resolve_txt(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each as one string."""
        return tuple(
            b"".join(each.strings).decode("utf-8", "replace") for each in self._resolve(name, "TXT")
        )

    def resolve_mx(self, domain: str) -> tuple[str, ...]:
        """Return the mail exchangers of a domain, most preferred first."""
        found = sorted(self._resolve(domain, "MX"), key=lambda each: int(each.preference))
        return tuple(_normalize_name(each.exchange) for each in found)

    def resolve_addresses(self, host: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a host."""
        found = (*self._resolve(host, "A"), *self._resolve(host, "AAAA"))
        return tuple(str(each.address) for each in found)

    def resolve_ptr(self, address: str) -> tuple[str, ...]:
        """Return the host names of an IP address (PTR)."""
        name = dns.reversename.from_address(address).to_text()
        return tuple(_normalize_name(each.target) for each in self._resolve(name, "PTR"))

    def _resolve(self, name: str, kind: str) -> Sequence[Any]:
        try:
            return tuple(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise MailError(f"DNS: lookup of {name} ({kind}) failed: {words}") from error


def _normalize_name(name: object) -> str:
    return str(name).rstrip(".").lower()


_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)  # NTP seconds count from here
_ERA = 2**32  # and wrap around in 2036
_LATER = 2**31  # a smaller count is after 2036 (RFC 4330 section 3)
_REQUEST = bytes((0b00_100_011,)) + bytes(47)  # version 4, from a client
_LONG, _SERVER = 48, 4


def query_sntp_time(host: str = "pool.ntp.org", port: int = 123, timeout: float = 3.0) -> datetime:
    """Return a time server's time, accurate to the duration of the query.

    Raises:
        MailError: No valid answer within `timeout` seconds.
    """
    try:
        with socket.socket(_family(host, port), socket.SOCK_DGRAM) as wire:
            wire.settimeout(timeout)
            wire.connect((host, port))
            wire.send(_REQUEST)
            answer = wire.recv(512)
    except OSError as error:
        raise MailError(f"{host}: no SNTP response ({error.strerror or error})") from error
    seconds = int.from_bytes(answer[40:44], "big")
    if len(answer) < _LONG or answer[0] & 0b111 != _SERVER or not seconds or not answer[1]:
        raise MailError(f"{host}: invalid SNTP response")
    if seconds < _LATER:
        seconds += _ERA
    return _EPOCH + timedelta(seconds=seconds + int.from_bytes(answer[44:48], "big") / _ERA)


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
