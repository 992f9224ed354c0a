"""The network a request comes from → a mark that tells it again today, and nobody which it is."""

import hmac
import secrets
from datetime import date, datetime
from ipaddress import IPv6Address, ip_address, ip_network

_IPV4, _IPV6 = 24, 48  # what one household or office has, and its neighbours
_OCTETS = 16


class Networks:
    """Marks networks with a salt that is in memory alone, and another one every day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._salt = b""

    def mark(self, address: str, now: datetime) -> bytes:
        """Give the mark of the network that an IP address is in, b"" for one not of the internet.

        Behind the latter, as that of a proxy, there may be anybody. For one thread at a time.
        """
        network = _network(address)
        if not network:
            return b""
        if self._day != now.date():
            self._day, self._salt = now.date(), secrets.token_bytes(_OCTETS)
        return hmac.digest(self._salt, network.encode(), "sha256")[:_OCTETS]


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    bits = _IPV4
    if isinstance(parsed, IPv6Address):
        bits = _IPV4 if parsed.ipv4_mapped else _IPV6
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((int(parsed), bits), strict=False)) if parsed.is_global else ""
