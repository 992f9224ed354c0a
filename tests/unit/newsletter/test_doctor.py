"""The doctor: everything a newsletter needs, looked at, with what to do."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from mailservers import PASSWORD, USER, MailServer, certified
from nameserver import Names
from newsrooms import Newsroom

from feedpub.delivery.dkim import DkimSigner
from feedpub.delivery.dns import DnsResolver
from feedpub.errors import MailError
from feedpub.newsletter.dns_checks import Finding
from feedpub.newsletter.doctor import ExternalServices, build_services, run_checks

PLENTY = 10**12
FULL = """
  address: 1 Street
  reply_to: answers@example.net
  bounces: bounces@example.org
  unsubscribe: leave@example.org
  transport: smtp
  relays:
"""


def sound() -> Names:
    """Give a DNS where all is well."""
    return Names(
        txt={
            "example.org": ["v=spf1 mx -all"],
            "_dmarc.example.org": ["v=DMARC1; p=none"],
        },
        mx={"example.org": ["mx.example.org"], "example.net": ["mx.example.net"]},
        hosts={"mx.example.org": ["9.9.9.9"]},
        ptr={"9.9.9.9": ["mx.example.org"]},
    )


class Patient(Newsroom):
    """A site, and the world around it."""

    names: Names
    wrong = timedelta(0)
    free = PLENTY

    def __post_init__(self) -> None:
        super().__post_init__()
        self.names = sound()

    def mail(self, port: int, more: str = "", host: str = "127.0.0.1") -> None:
        """Write a configuration in which nothing is missing, with a server of that port."""
        head = (
            'site: {title: Example, url: "https://example.org/", '
            "author: {name: Ann, email: ann@example.org}}\n"
            "digests: [{name: weekly}]\n"
        )
        relay = f'    - {{host: "{host}", port: {port}, security: none}}\n'
        self.config(f"{head}mail:{FULL}{relay}{more}")

    def key(self) -> DkimSigner:
        """Put a key where the configuration can name it."""
        pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.put("key.pem", pem)
        return DkimSigner("example.org", "s1", pem)

    def visited(self) -> tuple[Finding, ...]:
        """Call the doctor."""
        world = ExternalServices(self.names, lambda: self.now + self.wrong, lambda _: self.free)
        return run_checks(self.request(), world)

    def ills(self) -> list[tuple[str, str, str]]:
        """Give what is not good: about what, how bad, and the first words."""
        return [
            (each.about, each.state, each.told) for each in self.visited() if each.state != "good"
        ]


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """Give a site with a newsletter."""
    return Patient(tmp_path)


DKIM = "  dkim: [{domain: example.org, selector: s1, key: key.pem}]\n"


def test_where_all_is_well_nothing_is_to_be_done(patient: Patient) -> None:
    """Each thing that was looked at is told."""
    signer = patient.key()
    patient.names.txt[signer.dns_name] = [signer.dns_record]
    patient.reader("bob@example.net")
    with MailServer() as server:
        patient.mail(server.port, DKIM)
        found = patient.visited()

    assert {"good"} == {each.state for each in found}
    assert {""} == {each.advice for each in found}
    assert [
        *("clock", "config", "database", "SMTP", "SPF", "DKIM", "DMARC", "alignment"),
        *("MX", "MX", "PTR", "disk"),
    ] == [each.about for each in found]
    assert "1 subscriber, 1 active" == found[2].told
    assert f"127.0.0.1:{server.port} responds, unencrypted" == found[3].told


def test_a_fresh_site_is_told_what_is_missing(patient: Patient) -> None:
    """Nobody is asked about a domain from which nothing is sent."""
    patient.names.silent = {"example.org"}
    patient.config('site: {title: Example, url: "http://example.org/"}\n')

    assert [
        ("config", "no digests are configured"),
        ("config", "http://example.org/ is not encrypted"),
        ("config", "messages carry no postal address"),
        ("config", "bounces go to the sender address"),
        ("transport", "no mail is sent: messages are written to mail/"),
    ] == [
        (about, told[: len(start)])
        for (about, _, told), start in zip(
            patient.ills(),
            (
                "no digests are configured",
                "http://example.org/ is not encrypted",
                "messages carry no postal address",
                "bounces go to the sender address",
                "no mail is sent: messages are written to mail/",
            ),
            strict=True,
        )
    ]


def test_a_configuration_that_cannot_be_used_is_told(patient: Patient) -> None:
    """Every fault of it; the clock and the disk are looked at all the same."""
    patient.config("site: {title: Example}\nmail: {transport: pigeon}\n")
    found = patient.visited()

    assert ["clock", "config", "config", "disk"] == [each.about for each in found]
    assert {"bad"} == {each.state for each in found[1:3]}
    assert all("config.yaml:" in each.told for each in found[1:3])


def test_a_database_that_cannot_be_opened_is_told(patient: Patient) -> None:
    """As anything else that stops the newsletter."""
    patient.put(".feedpub/secret", "short")

    ((about, state, told),) = patient.ills()
    assert ("config", "bad") == (about, state)
    assert "a key must have at least 16 bytes" in told


def test_nobody_to_send_is_told(patient: Patient) -> None:
    """Without an address there is no domain to look at."""
    with MailServer() as server:
        relay = f"{{host: 127.0.0.1, port: {server.port}, security: none}}"
        mail = f"mail: {{transport: smtp, address: x, bounces: b@example.org, relays: [{relay}]}}"
        patient.config(f'site: {{title: Example, url: "https://example.org/"}}\n{mail}\n')

        assert ["config", "sender"] == [about for about, _, _ in patient.ills()]


def test_a_key_that_cannot_sign_is_told(patient: Patient) -> None:
    """Or is not there."""
    patient.put("none.pem", "no key")
    with MailServer() as server:
        for key, fault in (("none.pem", "unusable private key"), ("away.pem", "No such file")):
            patient.mail(server.port, DKIM.replace("key.pem", key))
            ills = patient.ills()

            assert [("DKIM key", "bad"), ("alignment", "poor")] == [each[:2] for each in ills]
            assert f"{key}: " in ills[0][2]
            assert fault in ills[0][2]


def test_a_server_that_does_not_let_us_in_is_told(patient: Patient, tmp_path: Path) -> None:
    """It is away, nobody vouches for it, or the password is wrong; no password is shown."""
    tls, _ = certified(tmp_path)

    def trouble(port: int, security: str, login: str = "") -> str:
        patient.mail(port)
        text = (patient.root / "config.yaml").read_text()
        patient.config(text.replace("security: none", f"security: {security}{login}"))
        (found,) = [each for each in patient.visited() if each.about == "SMTP"]
        assert "bad" == found.state
        return found.told

    assert "127.0.0.1:1: connection failed" in trouble(1, "none")
    with MailServer(tls=tls) as server:
        assert "untrusted certificate" in trouble(server.port, "starttls")
    with MailServer() as server:
        told = trouble(server.port, "none", ', username: ann, password: "hunter2"')
        assert "login failed" in told
        assert "hunter2" not in told


def test_a_server_that_lets_us_in_is_told(patient: Patient) -> None:
    """With the user's name kept to itself, which may be as secret."""
    with MailServer() as server:
        patient.mail(server.port)
        login = f', username: "{USER}", password: "{PASSWORD}"'
        text = (patient.root / "config.yaml").read_text()
        patient.config(text.replace("security: none", f"security: none{login}"))
        (found,) = [each for each in patient.visited() if each.about == "SMTP"]

    assert f"127.0.0.1:{server.port} responds, unencrypted, and accepts our login" == found.told


def test_a_server_elsewhere_should_be_asked_in_secret(patient: Patient) -> None:
    """And it is the one whose name is looked at."""
    names = patient.names
    names.hosts["127.0.0.2"] = ["8.8.8.8"]
    with MailServer() as server:
        patient.mail(server.port, host="LOCALHOST")
        ills = patient.ills()

    assert ("SMTP", "poor") == ills[0][:2]
    assert ills[0][2].endswith("accepts our mail, but the connection is not encrypted")
    assert ("PTR", "bad", "LOCALHOST has no address") == ills[-1]


def test_a_dns_that_does_not_answer_is_told(patient: Patient) -> None:
    """Once for each question; all the others are asked."""
    patient.names.silent = {"example.org", "_dmarc.example.org"}
    with MailServer() as server:
        patient.mail(server.port)
        states: Sequence[tuple[str, str]] = [each[:2] for each in patient.ills()]

    assert [("DNS", "poor"), ("DNS", "poor"), ("alignment", "poor"), ("DNS", "poor")] == states


def test_a_signing_domain_is_the_same_in_capitals(patient: Patient) -> None:
    """What is from it is signed by it."""
    patient.key()
    with MailServer() as server:
        patient.mail(server.port, DKIM.replace("example.org", "Example.org"))
        told = [each.told for each in patient.visited() if each.about == "alignment"]

    assert ["example.org signs its own mail"] == told


def test_addresses_in_every_script_have_a_domain(patient: Patient) -> None:
    """As the DNS knows it."""
    patient.names.mx["xn--bcher-kva.example"] = ["mx.example"]
    with MailServer() as server:
        patient.mail(server.port)
        text = (patient.root / "config.yaml").read_text()
        patient.config(text.replace("answers@example.net", "ann@bücher.example"))
        told = [each.told for each in patient.visited() if each.about == "MX"]

    assert "xn--bcher-kva.example: mx.example" in told


@pytest.mark.parametrize(
    ("wrong", "state"), [(-20, "good"), (40, "poor"), (-200, "poor"), (86_400, "bad")]
)
def test_a_clock_that_is_wrong_is_told(patient: Patient, wrong: int, state: str) -> None:
    """By how much; a little does no harm."""
    patient.wrong = timedelta(seconds=wrong)
    found = patient.visited()[0]

    assert ("clock", state) == (found.about, found.state)
    assert state == "good" or f"off by {abs(wrong):,} seconds" in found.told


def test_a_clock_without_another_is_told(patient: Patient) -> None:
    """No time server may be in reach."""

    def away() -> None:
        raise MailError("pool.ntp.org: no SNTP response (timed out)")

    found = run_checks(patient.request(), ExternalServices(Names(), away, lambda _: PLENTY))[0]  # type: ignore[arg-type]

    assert ("clock", "unknown") == (found.about, found.state)
    assert "nothing to compare it with: pool.ntp.org" in found.told


@pytest.mark.parametrize(("free", "state"), [(PLENTY, "good"), (5 * 10**8, "poor"), (1, "bad")])
def test_a_disk_that_is_full_is_told(patient: Patient, free: int, state: str) -> None:
    """Before it is."""
    patient.free = free
    found = patient.visited()[-1]

    assert ("disk", state) == (found.about, found.state)


def test_a_folder_that_is_not_there_has_no_disk(tmp_path: Path) -> None:
    """The real disk is asked, and nobody else."""
    patient = Patient(tmp_path / "site")
    world = ExternalServices(Names(), lambda: patient.now, build_services().get_free_space)
    assert "good" == run_checks(patient.request(), world)[-1].state
    patient.root.rename(tmp_path / "away")

    assert ("bad", "disk") == (
        (found := run_checks(patient.request(), world)[-1]).state,
        found.about,
    )


def test_the_world_is_the_systems_own() -> None:
    """Its resolver is made, and not asked."""

    assert isinstance(build_services().resolver, DnsResolver)


def test_who_refuses_us_is_told(patient: Patient) -> None:
    """In the server's words, for as long as it is news."""
    with patient.desk() as desk:
        desk.store.record_refusal(1, "example.net", "550 5.7.26 DMARC", patient.now)
    (found,) = (each for each in patient.visited() if each.about == "refusals")

    assert "poor" == found.state
    assert "example.net rejected our mail 1 time: 550 5.7.26 DMARC" == found.told
    patient.now += timedelta(days=4)
    assert "refusals" not in [each.about for each in patient.visited()]
