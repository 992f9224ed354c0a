"""Signatures, judged by another implementation: dkimpy."""

from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.dkim import DkimSigner
from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.delivery.mime import compose_message
from feedpub.errors import MailError
from feedpub.models.content import Author
from feedpub.models.newsletter import MessageContent

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pem(key: PrivateKey, password: bytes = b"") -> bytes:
    """Give a private key as a file holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


RSA = pem(rsa.generate_private_key(65537, 2048))
SIGNERS = {
    "rsa": DkimSigner("example.org", "s1", RSA),
    "ed25519": DkimSigner("example.org", "s2", pem(ed25519.Ed25519PrivateKey.generate())),
}
RECORDS = {f"{each.dns_name}.".encode(): each.dns_record.encode() for each in SIGNERS.values()}
HEADING = MessageHeaders(
    Author("Ann", "ann@example.org"), datetime(2025, 1, 30, tzinfo=UTC), "a.example.org"
)
READER = Recipient(
    "key", "bob@example.com", "Bob", "https://example.org/u/1", mailto="mailto:x@a.example"
)
CONTENT = MessageContent("Hello 世界", "", "<p>Hello  there</p>", "Hello", "en")
MESSAGE = compose_message(CONTENT, HEADING, READER)


def look_up(name: bytes, timeout: int = 5) -> bytes:
    """Answer as DNS would."""
    assert timeout
    return RECORDS[name]


def verified(data: bytes, index: int = 0) -> bool:
    """Give dkimpy's verdict on one of the signatures."""
    try:
        return bool(dkim.DKIM(data).verify(idx=index, dnsfunc=look_up))
    except dkim.ValidationError:
        return False


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_a_message_is_verified_by_the_other_side(algorithm: str) -> None:
    """With either algorithm, whether its body is tidied first or not."""
    signer = SIGNERS[algorithm]

    assert verified(signer.sign(MESSAGE))
    assert verified(signer.sign(MESSAGE, tidy=True))
    assert signer.sign(MESSAGE) == signer.sign(MESSAGE, tidy=True)


def test_both_algorithms_sign_one_message() -> None:
    """Servers that do not know Ed25519 look at the other signature (RFC 8463 section 5)."""
    data = SIGNERS["rsa"].sign(SIGNERS["ed25519"].sign(MESSAGE))

    assert (True, True) == (verified(data), verified(data, 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: ", b"Subject: Win "),
        (b"To: Bob", b"To: Eve"),
        (b"https://example.org/u/1", b"https://example.net/u/1"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"From: Ann", b"From: Eve <eve@example.net>\r\nFrom: Ann"),
        (b"Subject: ", b"Subject: Another\r\nSubject: "),
        (b"=_feedpub_alternative--", b"=_feedpub_alternative"),
        (b"<p>", b"<b>"),
    ],
)
def test_what_was_changed_on_the_way_is_seen(before: bytes, after: bytes) -> None:
    """Both ways out, sender and subject among them: nothing can be changed, and no other added."""
    signed = SIGNERS["rsa"].sign(MESSAGE)
    assert before in signed

    assert not verified(signed.replace(before, after, 1))


@pytest.mark.parametrize(
    "name",
    [
        *("From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "MIME-Version"),
        *("Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"),
    ],
)
@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_no_field_can_be_added(name: str, algorithm: str) -> None:
    """Neither another one, above or below those that there are, nor one that there was not."""
    signed = SIGNERS[algorithm].sign(MESSAGE)
    more = f"{name}: x@example.net\r\n".encode()

    assert not verified(more + signed)
    assert not verified(signed.replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n", 1))


def test_the_header_of_a_signature_is_short_and_tells_no_time() -> None:
    """A message that is sent again has the same signature."""
    signed = SIGNERS["rsa"].sign(MESSAGE)

    assert signed == SIGNERS["rsa"].sign(MESSAGE)
    assert signed.endswith(b"\r\n" + MESSAGE)
    assert 78 >= max(map(len, signed.removesuffix(MESSAGE).split(b"\r\n")))
    assert b"t=" not in signed.removesuffix(MESSAGE).replace(b"\r\n\t ", b"").partition(b"bh=")[0]


@given(
    st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b".", b"\r\n\r\n", b"=\xe4"])).map(
        b"".join
    )
)
def test_any_body_is_verified(body: bytes) -> None:
    """Its blanks and its last lines may change on the way, and it still is."""
    header = b"From: a@example.org\r\nSubject: \t x \r\n\ty\r\nTo:  b@c.example\r\n"

    # SMTP ends the last line of any message.
    assert verified(SIGNERS["ed25519"].sign(header + b"\r\n" + body) + b"\r\n")


def test_a_message_may_have_a_field_twice() -> None:
    """Each of them is signed, and each only once."""
    data = (
        b"From: a@example.org\r\nTo: b@c.example\r\nTo: d@e.example\r\nSubject: x\r\n\r\nHello\r\n"
    )

    assert verified(SIGNERS["rsa"].sign(data))


def test_dns_is_told_what_to_say() -> None:
    """Under the selector's name there is the public key."""
    signer = SIGNERS["ed25519"]

    assert "s2._domainkey.example.org" == signer.dns_name
    assert signer.dns_record.startswith("v=DKIM1; k=ed25519; p=")
    assert SIGNERS["rsa"].dns_record.startswith("v=DKIM1; k=rsa; p=MII")
    assert "s._domainkey.xn--bcher-kva.example" == DkimSigner("bücher.example", "s", RSA).dns_name


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(65537, 2048), b"password"),
    ],
)
def test_a_key_that_cannot_sign_is_told_without_showing_it(key: bytes) -> None:
    """The message says what would do."""
    with pytest.raises(MailError, match="RSA of at least 1024 bits") as caught:
        DkimSigner("example.org", "s", key)

    assert "secret" not in str(caught.value)
    assert None is caught.value.__context__


def test_a_signature_needs_a_domain_and_a_selector() -> None:
    """Neither may be made of what DNS does not know."""
    with pytest.raises(MailError, match="'a b' is not a valid domain"):
        DkimSigner("a b", "s", RSA)
    with pytest.raises(MailError, match="invalid selector 's;'"):
        DkimSigner("example.org", "s;", RSA)


@given(st.text(), st.text(st.sampled_from("a .\n\t世\ufdd2\ufdd3nme"), max_size=300))
def test_our_own_bodies_are_tidy(text: str, html: str) -> None:
    """Whatever is in them, so that signing need not look."""
    data = compose_message(MessageContent("", "", html, text, "en"), HEADING, READER)

    assert SIGNERS["ed25519"].sign(data) == SIGNERS["ed25519"].sign(data, tidy=True)
