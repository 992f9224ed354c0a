"""Refusals: which mean that an address is gone, and which must never be taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.bounce_classifier import Refusal, classify, find_reply_codes, is_hard_bounce


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (
            550,
            "5.1.1",
            "<ann@example.net>: Recipient address rejected: User unknown in local table",
        ),
        (550, "5.1.1", "<ann@example.net>: User unknown in relay recipient table"),
        (550, "5.1.1", "The email account that you tried to reach does not exist. https://x/spam"),
        (550, "5.1.1", ""),
        (0, "5.1.1", "<spam-policy@blocked.example> does not live here"),
        (550, "5.1.2", "Domain not found"),
        (501, "5.1.3", "Bad recipient address syntax"),
        (551, "5.1.6", "Mailbox has moved"),
        (550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP lookup"),
        (556, "5.1.10", "Recipient address has null MX"),
        (550, "", "No such user here"),
        (550, "", "unknown user <ann@example.net>"),
        (550, "", "Mailbox not found"),
        (550, "", "sorry, no mailbox here by that name"),
        (
            554,
            "",
            "delivery error: dd This user doesn't have a example.net account (ann@b.example)",
        ),
        (550, "5.1.1", "User unknown; your email was not delivered"),
        (550, "5.1.10", "Your message to ann was not delivered: check your address book"),
        (550, "5.7.1", "No such user!"),
        (550, "5.5.0", "Invalid recipient"),
        (550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281) [x.example]"),
        (550, "5.4.1", "Recipient address rejected: Access denied"),
        (550, "5.4.4", "Host or domain name not found. Name service error: Host not found"),
        (550, "5.4.4", "Invalid domain"),
        (0, "5.4.4", ""),
        (550, "", "Unrouteable address"),
        (550, "", "User unknown: your message was not delivered"),
        (550, "5.0.0", "Your message wasn't delivered because the address couldn't be found."),
        (556, "", "Domain does not accept mail"),
        (521, "5.3.2", "System not accepting network messages"),
        (550, "5.0.0", "Benutzer unbekannt"),
        (550, "5.0.0", "Adresse destinataire invalide"),
        (550, "5.0.0", "El usuario no existe"),
        (550, "5.0.0", "该用户不存在"),
    ],
)
def test_an_address_that_is_gone(code: int, status: str, text: str) -> None:
    """A code that means nothing else, or words that do, whatever the code beside them."""

    assert is_hard_bounce(code, status, text)


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (450, "4.1.1", "User unknown"),
        (450, "5.1.1", "unverified address: User unknown"),
        (550, "4.1.1", "User unknown"),
        (421, "", "No such user, try later"),
        (552, "5.2.2", "Mailbox full"),
        (550, "5.1.1", "Recipient rejected: mailbox is over quota"),
        (550, "5.1.8", "<news@example.org>: Sender address rejected: Domain not found"),
        (550, "5.1.1", "<news@example.org>: Sender address rejected: User unknown in table"),
        (550, "5.7.1", "Unable to relay: recipient unknown"),
        (550, "5.7.1", "Message rejected as spam by policy; no such user"),
        (550, "5.7.26", "Unauthenticated mail from example.org is not accepted"),
        (554, "5.7.1", "Client host [192.0.2.1] blocked using dnsbl.example"),
        (550, "", "Requested action not taken: mailbox unavailable"),
        (550, "", "Access denied - Invalid HELO name"),
        (550, "5.7.1", "Your account has been disabled for sending"),
        (535, "", "invalid account"),
        (0, "", "user unknown"),
        (550, "5.1.11", "what no RFC has said"),
    ],
)
def test_an_address_that_may_be_alive(code: int, status: str, text: str) -> None:
    """Temporary, full, about the sender, the content or a policy; or it does not say enough."""

    assert not is_hard_bounce(code, status, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("550 5.1.1 User unknown", (550, "5.1.1")),
        ("550-5.1.1 The account\n550 5.1.1 is gone", (550, "5.1.1")),
        ("host mx.example[192.0.2.25] said: 450 4.2.0 Greylisted", (450, "4.2.0")),
        ("Remote host said: 550 no such user", (550, "")),
        ("Sorry, no mailbox here by that name. (#5.1.1)", (0, "5.1.1")),
        ("after 421 seconds: 554 5.7.1 no", (554, "5.7.1")),
        ("550 refused [5.7.1]", (550, "5.7.1")),
        ("to 550@example.net via 192.0.2.250 on port 587 with 5.1.1.9", (0, "")),
        ("550px of nothing", (0, "")),
        ("", (0, "")),
    ],
)
def test_codes_are_found_in_words(text: str, found: tuple[int, str]) -> None:
    """The first reply with both codes, or the first of either; not numbers of other kinds."""

    assert found == find_reply_codes(text)


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (550, "5.7.1", "Service unavailable; client host blocked, see the list of dnsbl.example"),
        (553, "5.1.3", "https://www.spamhaus.org/query/ip/192.0.2.1"),
        (550, "5.1.1", "Rejected by recipient preferences"),
        (550, "5.7.26", "domain's DMARC policy"),
        (550, "5.7.25", "The sending address has no PTR record"),
        (550, "5.0.0", "SPF check failed"),
        (550, "5.1.8", ""),
        (554, "5.7.0", ""),
        (552, "5.3.4", "Message too big"),
        (552, "5.2.3", "Message length exceeds administrative limit"),
        (554, "5.6.0", "Improper use of 8-bit data"),
        (530, "5.7.0", "Must issue a STARTTLS command first"),
        (550, "5.7.1", "Unable to relay"),
        (451, "4.7.1", "Greylisted, come back later"),
        (550, "5.7.1", "Die Absenderadresse ist gesperrt"),
    ],
)
def test_a_policy_is_about_the_sender(code: int, status: str, text: str) -> None:
    """Reputation, authentication, content and size: none of it counts against a reader."""
    refusal = classify(code, status, text)

    assert refusal is Refusal.POLICY
    assert refusal.is_about_sender
    assert not refusal.is_soft


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (550, "5.4.5", "Daily user sending limit exceeded."),
        (554, "5.2.0", "You have exceeded your daily sending quota"),
        (550, "5.1.90", "You have reached your daily limit for message recipients"),
        (454, "", "Throttling failure: Maximum sending rate exceeded."),
        (452, "4.5.3", "Too many messages in this session, try again later"),
        (421, "4.7.28", ""),
        (450, "4.3.2", "Connection rate limit exceeded"),
        (550, "5.1.1", "192.0.2.1 has sent to too many recipients this hour"),
    ],
)
def test_a_limit_is_about_the_sender(code: int, status: str, text: str) -> None:
    """Quota and rate of a relay: it wants less mail, and says nothing of this reader."""

    assert classify(code, status, text) is Refusal.RATE
    assert Refusal.RATE.is_about_sender


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (552, "5.2.2", "Mailbox full"),
        (552, "", "Requested mail action aborted: user has exceeded storage quota"),
        (452, "4.2.2", "The recipient's inbox is out of storage space"),
        (550, "5.1.1", "Recipient rejected: mailbox is over quota"),
        (550, "", "Mailbox is frozen"),
        (550, "5.2.1", ""),
        (550, "5.2.1", "The email account that you tried to reach is disabled."),
        (525, "5.7.13", "Disabled recipient address"),
        (550, "5.2.2", "Das Postfach ist voll"),
    ],
)
def test_a_mailbox_may_come_back(code: int, status: str, text: str) -> None:
    """Full, locked or disabled: soft, and counted."""

    assert classify(code, status, text) is Refusal.MAILBOX
    assert Refusal.MAILBOX.is_soft


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (0, "4.4.1", "Connection timed out; this message has been in the queue too long."),
        (0, "4.4.2", "lost connection with mx.example.net while performing the HELO handshake"),
        (554, "5.4.6", "Too many hops"),
        (550, "5.4.4", "The DNS records of this domain are configured in a loop"),
        (451, "4.3.0", "Temporary failure"),
    ],
)
def test_the_network_is_nobodys_fault(code: int, status: str, text: str) -> None:
    """Soft, and neither about us nor about the address."""

    assert classify(code, status, text) is Refusal.TECHNICAL


def test_a_message_that_was_seen_and_rejected_is_about_us() -> None:
    """Where the words say no more than that."""

    assert classify(550, "5.2.0", "Mail rejected.", "DATA") is Refusal.POLICY
    assert classify(550, "5.2.0", "Mail rejected.", "RCPT") is Refusal.MAILBOX
    assert classify(550, "5.2.2", "Rejected: mailbox full", "DATA") is Refusal.MAILBOX


def test_the_refused_command_tells_who_is_meant() -> None:
    """Before RCPT no server knows the reader; after the data it judges the message."""

    assert classify(550, "5.1.1", "User unknown", "MAIL") is Refusal.POLICY
    assert classify(550, "", "User unknown", "RCPT") is Refusal.INVALID
    assert not classify(550, "", "User unknown", "DATA").is_hard
    assert classify(550, "5.1.1", "User unknown", "DATA") is Refusal.INVALID
    assert not classify(550, "", "User unknown", "").is_hard
    assert classify(550, "5.1.0", "Address rejected", "") is Refusal.INVALID
    assert not classify(550, "5.1.0", "Address rejected", "DATA").is_hard


@given(st.integers(0, 499), st.sampled_from(["", "4.1.1", "4.7.0", "2.0.0"]), st.text())
def test_nothing_temporary_is_for_good(code: int, status: str, text: str) -> None:
    """Without a permanent code nobody is gone, whatever the words."""

    assert not is_hard_bounce(code, status, f"{text} user unknown")


def test_a_long_refusal_is_read_at_once() -> None:
    """A server may say a million characters: what comes after the first lines is not looked at."""

    assert is_hard_bounce(550, "5.1.1", "x" * 1_000_000)
    assert (0, "") == find_reply_codes("x" * 1_000_000 + " 550")
