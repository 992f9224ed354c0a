"""Names, as a name server on loopback tells of them."""

from pathlib import Path

import pytest
from nameserver import served

from feedpub.delivery.dns import DnsResolver
from feedpub.errors import MailError

LOCAL = ["127.0.0.1"]
ZONE = {
    ("example.org", "TXT"): ['"v=spf1 " "mx -all"', '"Grüße"'.encode().decode("latin-1")],
    ("example.org", "MX"): ["20 b.example.org.", "10 A.Example.org."],
    ("a.example.org", "A"): ["192.0.2.1"],
    ("a.example.org", "AAAA"): ["2001:db8::1"],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["a.example.org."],
    ("nobody.example.org", "MX"): ["0 ."],
}


def test_names_are_looked_up() -> None:
    """Texts are put together, hosts stand in order and without their last dot."""
    with served(ZONE) as port:
        names = DnsResolver(LOCAL, port)
        assert "v=spf1 mx -all" in names.resolve_txt("example.org")
        assert ("a.example.org", "b.example.org") == names.resolve_mx("example.org")
        assert ("",) == names.resolve_mx("nobody.example.org")
        assert ("192.0.2.1", "2001:db8::1") == names.resolve_addresses("a.example.org")
        assert ("a.example.org",) == names.resolve_ptr("192.0.2.1")


def test_what_is_not_there_is_nothing() -> None:
    """A name without such a record, and no such name."""
    with served(ZONE) as port:
        names = DnsResolver(LOCAL, port)
        assert () == names.resolve_txt("a.example.org")
        assert () == names.resolve_mx("none.example.org")
        assert () == names.resolve_ptr("2001:db8::2")


def test_who_does_not_answer_is_told() -> None:
    """A server that cannot, or none at all; and a name that is none."""
    with served(ZONE, "SERVFAIL") as port:
        with pytest.raises(
            MailError, match=r"DNS: lookup of example.org \(MX\) failed: .*SERVFAIL"
        ):
            DnsResolver(LOCAL, port).resolve_mx("example.org")
        with pytest.raises(MailError, match=r"DNS: lookup of a\.\.b"):
            DnsResolver(LOCAL, port).resolve_txt("a..b")
    with served({}) as port:
        pass
    with pytest.raises(MailError, match=r"DNS: lookup of example.org \(TXT\)"):
        DnsResolver(LOCAL, port, 0.2).resolve_txt("example.org")


def test_the_system_names_its_resolver(tmp_path: Path) -> None:
    """Where it names none, it is this machine, as for every other program."""
    settings = tmp_path / "resolv.conf"
    settings.write_text("nameserver 127.0.0.1\n")
    with served({}) as port:
        pass
    for path in (settings, tmp_path / "none"):
        with pytest.raises(MailError, match=r"lookup of example.org .*127.0.0.1"):
            DnsResolver(timeout=0.2, settings=str(path), port=port).resolve_txt("example.org")
