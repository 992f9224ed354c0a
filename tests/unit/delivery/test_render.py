"""Each reader's copy."""

import email
from dataclasses import replace
from pathlib import Path

import dkim
import mailings
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from postoffice import NOW, desk, folder, printer

from feedpub.config.schema import DkimConfig, MailConfig
from feedpub.errors import FeedpubError
from feedpub.models.content import Author

READER = replace(mailings.reader("bob@example.com", name="Bob"), id=7)


def test_a_copy_is_addressed(tmp_path: Path) -> None:
    """To its reader, from the sender, who also gets what cannot be delivered."""
    with desk(tmp_path, folder()) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")
        token = one.create_token("unsubscribe", READER)
    headers = email.message_from_bytes(message.data)

    assert ("news@example.org", "bob@example.com", False) == (
        message.sender,
        message.recipient,
        message.smtputf8,
    )
    assert "Bob <bob@example.com>" == headers["To"]
    assert "Ann <news@example.org>" == headers["From"]
    assert f"<https://example.org/unsubscribe/{token}>" == headers["List-Unsubscribe"]
    assert headers["Reply-To"] is None
    assert headers["DKIM-Signature"] is None


def test_addresses_have_tokens(tmp_path: Path) -> None:
    """What comes back says by its address whom it is about."""
    mail = replace(
        folder(),
        bounces="bounces@example.org",
        unsubscribe="leave@example.org",
        reply_to="ann@example.org",
    )
    with desk(tmp_path, mail) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")
        bounce = one.create_token("bounce", READER)
        leave = one.create_token("unsubscribe", READER)
    headers = email.message_from_bytes(message.data)

    assert f"bounces+{bounce}@example.org" == message.sender
    assert f"<mailto:leave+{leave}@example.org>" in headers["List-Unsubscribe"]
    assert "ann@example.org" == headers["Reply-To"]


@pytest.mark.parametrize("bounces", ["", "bounces@例え.jp"])
def test_domains_of_every_script_are_in_ascii(tmp_path: Path, bounces: str) -> None:
    """Most servers know no others: of the return path, of the sender and of all that is named."""
    mail = MailConfig(
        sender=Author("Ann", "news@例え.jp"),
        bounces=bounces,
        unsubscribe="leave@例え.jp",
        reply_to="ann@例え.jp",
    )
    with desk(tmp_path, mail) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")
        leave = one.create_token("unsubscribe", READER)
    headers = email.message_from_bytes(message.data)

    assert (True, True, False) == (
        message.data.isascii(),
        message.sender.endswith("@xn--r8jz45g.jp"),
        message.smtputf8,
    )
    assert f"<mailto:leave+{leave}@xn--r8jz45g.jp>" in headers["List-Unsubscribe"]
    assert ["Ann <news@xn--r8jz45g.jp>", "ann@xn--r8jz45g.jp", "<key@xn--r8jz45g.jp>"] == [
        headers[name] for name in ("From", "Reply-To", "Message-ID")
    ]


def test_a_sender_whose_name_is_not_ascii_is_announced(tmp_path: Path) -> None:
    """It stands in the header, and that takes SMTPUTF8 (RFC 6531)."""
    mail = replace(folder(), sender=Author("Jörg", "jörg@example.org"), bounces="b@example.org")
    with desk(tmp_path, mail) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")

    assert (True, True) == (message.sender.isascii(), message.smtputf8)


def test_copies_are_signed(tmp_path: Path) -> None:
    """With every key; dkimpy agrees."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "dkim.pem").write_bytes(pem)
    mail = replace(folder(), dkim=(DkimConfig("example.org", "a", "dkim.pem"),))
    with desk(tmp_path, mail) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")
        record = prints._signer.signers[0].dns_record

    assert dkim.verify(message.data, dnsfunc=lambda *_, **__: record.encode())


def test_a_copy_to_nobody_is_refused(tmp_path: Path) -> None:
    """An address that is none cannot be written to."""
    with desk(tmp_path, folder()) as one:
        prints = printer(one)
        letter = prints.prepare("weekly", NOW, mailings.content())

        with pytest.raises(ValueError, match="not a valid recipient address"):
            prints.render(letter, "key", replace(READER, address="nobody"), "en")


def test_digests_of_any_script_are_lists_of_their_own(tmp_path: Path) -> None:
    """Mail programs sort by List-Id, and by it people leave one and not another."""
    with desk(tmp_path, folder()) as one:
        prints = printer(one)
        lists = {
            email.message_from_bytes(prints.render(letter, "key", READER, "en").data)["List-Id"]
            for letter in (
                prints.prepare(name, NOW, mailings.content())
                for name in ("每周精选", "每月精选", "أسبوعي")
            )
        }

    labels = ("xn--zsr975cv4lqgs", "xn--7ov49hv5rqgs", "xn--igbk6aza8en")
    assert {f"Example <{each}.example.org>" for each in labels} == lists


def test_a_digest_that_was_removed_ends_what_it_began(tmp_path: Path) -> None:
    """Its title is the site's then."""
    with desk(tmp_path, folder()) as one:
        prints = printer(one)
        letter = prints.prepare("monthly", NOW, mailings.content())
        message = prints.render(letter, "key", READER, "en")

    assert "Example <monthly.example.org>" == email.message_from_bytes(message.data)["List-Id"]


def test_a_key_that_is_not_there_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    """Nothing is written without it; nor with one that cannot sign."""
    (tmp_path / "none.pem").write_text("no key", encoding="utf-8")
    for name, told in (
        (
            "away.pem",
            r"away\.pem: No such file .* create the key .* `openssl genrsa -out away\.pem 2048`",
        ),
        ("none.pem", r"none\.pem: DKIM: unusable private key"),
    ):
        mail = replace(folder(), dkim=(DkimConfig("example.org", "a", name),))
        with desk(tmp_path, mail) as one, pytest.raises(FeedpubError, match=told):
            printer(one)
