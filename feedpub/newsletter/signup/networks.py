"""The network a request comes from → a mark that tells it again today, and nobody which it is."""

import hmac
import secrets
from datetime import date, datetime
from ipaddress import IPv6Address, ip_address, ip_network

_IPV4, _IPV6 = 24, 48  # what one household or office has, and its neighbours
_OCTETS = 16


class NetworkHasher:
    """Marks networks with a salt that is in memory alone, and another one every day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._salt = b""

    def hash_network(self, address: str, now: datetime) -> bytes:
        """Return the mark of the network that an IP address is in.

        An address that is not of the internet may be a proxy's that the configuration does not
        name: all whom it speaks for count as one, as do all whose address is unknown. For one
        thread at a time.
        """
        if self._day != now.date():
            self._day, self._salt = now.date(), secrets.token_bytes(_OCTETS)
        return hmac.digest(self._salt, _network(address).encode(), "sha256")[:_OCTETS]


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    bits = _IPV4
    if isinstance(parsed, IPv6Address):
        bits = _IPV4 if parsed.ipv4_mapped else _IPV6
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((int(parsed), bits), strict=False))
