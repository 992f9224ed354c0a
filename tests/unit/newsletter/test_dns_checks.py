"""What the DNS says of a sending domain, and what receivers make of it."""

import pytest
from nameserver import Names

from feedpub.newsletter import dns_checks

HOME = "example.org"
KEY = "v=DKIM1; k=rsa; p=MIIBIjANBg"
SELECTOR = "s1._domainkey.example.org"


def spf(*records: str, **others: str) -> tuple[str, str]:
    """Tell what is found of these records, and of those of other names."""
    txt = {HOME: ["other", *records], **{name: [record] for name, record in others.items()}}
    found = dns_checks.check_spf(Names(txt=txt), HOME)
    assert "SPF" == found.about
    return found.state, found.told


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 mx -all",
        "V=SPF1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a:mail.example.org/24 ~ALL",
        "v=spf1 redirect=friend",
        "v=spf1 include:friend include:%{i}._spf.example.net ~all",
    ],
)
def test_a_domain_says_who_sends_for_it(record: str) -> None:
    """With a word on everybody else."""

    assert ("good", f'example.org: "{record}"') == spf(record, friend="v=spf1 a -all")


@pytest.mark.parametrize(
    ("records", "state", "told"),
    [
        ([], "bad", "has no SPF record"),
        (["v=spf10 -all"], "bad", "has no SPF record"),
        (["v=spf1 a -all", "v=spf1 mx -all"], "bad", "has 2 SPF records, so none is valid"),
        (["v=spf1 a +all"], "bad", "allows any host to send"),
        (["v=spf1 a all"], "bad", "allows any host to send"),
        (["v=spf1 a ?all"], "poor", "does not restrict other senders"),
        (["v=spf1 a"], "poor", "does not restrict other senders"),
        (["v=spf1"], "poor", "does not restrict other senders"),
        (["v=spf1 include:none -all"], "bad", 'names "none", which has no valid one'),
        (["v=spf1 redirect=none"], "bad", 'names "none", which has no valid one'),
        (["v=spf1 include -all"], "bad", 'names "", which has no valid one'),
        (["v=spf1 include:loop -all"], "bad", "needs more than 10 DNS lookups"),
        (["v=spf1 " + "a:x " * 11 + "-all"], "bad", "needs more than 10 DNS lookups"),
        (["v=spf1 " + "a:x " * 10 + "=junk -all"], "good", ""),
    ],
)
def test_a_record_that_does_not_hold_is_told(records: list[str], state: str, told: str) -> None:
    """None, several, too open, too long, or one that leads nowhere."""
    found = spf(*records, loop="v=spf1 include:loop -all")

    assert state == found[0]
    assert told in found[1]


@pytest.mark.parametrize(
    ("records", "state", "told"),
    [
        ([KEY], "good", "has the key that signs here"),
        (["v=DKIM1;p=MIIB IjANBg ; s=email;"], "good", "has the key"),
        ([], "bad", "has no key"),
        ([KEY, KEY], "bad", "has 2 records"),
        (["v=DKIM1; k=rsa; p=other"], "bad", "a different key"),
        (["v=DKIM1; k=ed25519; p=MIIBIjANBg"], "bad", "a different key"),
        (["v=DKIM1"], "bad", "a different key"),
        (["v=DKIM1; p="], "bad", "a different key"),
        ([f"{KEY}; t=s:y"], "poor", "a test (t=y)"),
        ([f"{KEY}; t=s"], "good", "has the key"),
    ],
)
def test_the_key_must_be_the_one_that_signs(records: list[str], state: str, told: str) -> None:
    """What to publish is told with where."""
    found = dns_checks.check_dkim(Names(txt={SELECTOR: records}), SELECTOR, KEY)

    assert ("DKIM", state) == (found.about, found.state)
    assert told in found.told
    assert state != "bad" or f'this TXT record at {SELECTOR}: "{KEY}"' in found.advice


@pytest.mark.parametrize(
    ("name", "records", "state", "told"),
    [
        (
            "_dmarc.news.example.org",
            ["v=DMARC1; p=none"],
            "good",
            "news.example.org: p=none",
        ),
        ("_dmarc.example.org", ["x", "v=DMARC1; P=Reject"], "good", "_dmarc.example.org: p=reject"),
        ("_dmarc.org", ["v=DMARC1; p=none"], "bad", "news.example.org has no policy"),
        ("_dmarc.example.org", ["v=DMARC1; p=maybe"], "bad", 'unknown policy "maybe"'),
        ("_dmarc.example.org", ["v=DMARC1"], "bad", 'unknown policy ""'),
        ("_dmarc.example.org", ["v=DMARC1; p=none"] * 2, "bad", "has 2 records"),
    ],
)
def test_a_policy_holds_for_what_is_below(
    name: str, records: list[str], state: str, told: str
) -> None:
    """But nobody sets one for a whole country."""
    found = dns_checks.check_dmarc(Names(txt={name: records}), "news.example.org")

    assert ("DMARC", state) == (found.about, found.state)
    assert told in found.told
    assert "bad" == dns_checks.check_dmarc(Names(), "localhost").state


@pytest.mark.parametrize(
    ("path", "signers", "state"),
    [
        ("bounces.net", ["example.org"], "good"),
        ("bounces.net", ["else.net", "news.example.org"], "good"),
        ("bounces.example.org", [], "poor"),
        ("example.org", ["else.net"], "poor"),
        ("bounces.net", [], "bad"),
        ("badexample.org", ["badexample.org"], "bad"),
    ],
)
def test_somebody_related_must_vouch_for_the_sender(
    path: str, signers: list[str], state: str
) -> None:
    """By a signature, or at least by where bounces go."""

    assert state == dns_checks.check_alignment(HOME, path, signers).state


def test_a_domain_takes_mail() -> None:
    """By a record that says where; or else it says that it takes none."""
    names = Names(
        mx={HOME: ["a.example.org", "b.example.org"], "null.example": [""]},
        hosts={"bare.example": ["192.0.2.1"], "null.example": ["192.0.2.1"]},
    )
    found = [
        dns_checks.check_mx(names, each, "a reply")
        for each in (HOME, "bare.example", "null.example", "none.example")
    ]

    assert ["good", "poor", "bad", "bad"] == [each.state for each in found]
    assert "example.org: a.example.org, b.example.org" == found[0].told
    assert found[3].told.startswith("none.example accepts no mail: a reply cannot arrive")


def test_an_address_is_called_as_it_says() -> None:
    """And the name leads back; addresses within a house are nobody's business."""
    names = Names(
        hosts={
            "mail.example.org": ["9.9.9.9", "2606:4700::1", "10.0.0.1"],
            "mx.example.org": ["9.9.9.9"],
            "bare.example": ["8.8.8.8"],
        },
        ptr={"9.9.9.9": ["alias.example.org", "mx.example.org"], "2606:4700::1": ["x.example"]},
    )
    found = dns_checks.check_ptr(names, "mail.example.org")

    assert ["good", "bad"] == [each.state for each in found]
    assert "9.9.9.9 is alias.example.org, and vice versa" == found[0].told
    assert "reverse DNS of 2606:4700::1 is x.example, which has another address" == found[1].told
    (nameless,) = dns_checks.check_ptr(names, "bare.example")
    assert nameless.told.startswith("8.8.8.8 (bare.example) has no name")
    (lost,) = dns_checks.check_ptr(names, "none.example")
    assert ("bad", "none.example has no address") == (lost.state, lost.told)
