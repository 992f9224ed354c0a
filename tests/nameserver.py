"""A name server on loopback, and a resolver without any, for tests.

with served({("example.org", "MX"): ["10 mx.example.org."]}) as port:
    Dns(["127.0.0.1"], port).exchangers("example.org")
"""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from feedpub.errors import MailError


@contextmanager
def served(zone: Mapping[tuple[str, str], Sequence[str]], rcode: str = "") -> Iterator[int]:
    """Give the port of a server that knows these records, and no other name.

    With `rcode` that is its answer to everything.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(0.05)
        end = threading.Event()

        def serve() -> None:
            while not end.is_set():
                try:
                    data, peer = wire.recvfrom(4096)
                except TimeoutError:
                    continue
                wire.sendto(_answer(data, zone, rcode), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield wire.getsockname()[1]
        finally:
            end.set()
            thread.join(10)


def _answer(data: bytes, zone: Mapping[tuple[str, str], Sequence[str]], rcode: str) -> bytes:
    query = dns.message.from_wire(data)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    (question,) = query.question
    name = question.name.to_text().rstrip(".")
    records = zone.get((name, dns.rdatatype.to_text(question.rdtype)))
    if rcode:
        response.set_rcode(dns.rcode.from_text(rcode))
    elif records:
        response.answer.append(
            dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, records)
        )
    elif not any(known == name for known, _ in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@dataclass
class Names:
    """A resolver that knows what it is told; about names in `silent` nobody answers."""

    txt: dict[str, list[str]] = field(default_factory=dict)
    mx: dict[str, list[str]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    ptr: dict[str, list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def resolve_txt(self, name: str) -> tuple[str, ...]:
        """Give TXT records."""
        return self._known(self.txt, name)

    def resolve_mx(self, domain: str) -> tuple[str, ...]:
        """Give MX records."""
        return self._known(self.mx, domain)

    def resolve_addresses(self, host: str) -> tuple[str, ...]:
        """Give addresses."""
        return self._known(self.hosts, host)

    def resolve_ptr(self, address: str) -> tuple[str, ...]:
        """Give PTR records."""
        return self._known(self.ptr, address)

    def _known(self, records: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
        if name in self.silent:
            raise MailError(f"DNS: lookup of {name} failed")
        return tuple(records.get(name, ()))
