"""Refusals: which mean that an address is gone, and which must never be taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.refusals import is_gone, reply


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
        (550, "5.2.1", "The email account that you tried to reach is disabled."),
        (550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281) [x.example]"),
    ],
)
def test_an_address_that_is_gone(code: int, status: str, text: str) -> None:
    """A code that means nothing else, or words that do, whatever the code beside them."""

    assert is_gone(code, status, text)


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
        (550, "", "User unknown: your message was not delivered"),
        (535, "", "invalid account"),
        (550, "5.4.1", "Recipient address rejected: Access denied"),
        (550, "5.4.4", "Host or domain name not found. Name service error: Host not found"),
        (0, "", "user unknown"),
        (550, "5.1.11", "what no RFC has said"),
    ],
)
def test_an_address_that_may_be_alive(code: int, status: str, text: str) -> None:
    """Temporary, full, about the sender, the content or a policy; or it does not say enough."""

    assert not is_gone(code, status, text)


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

    assert found == reply(text)


@given(st.integers(0, 499), st.sampled_from(["", "4.1.1", "4.7.0", "2.0.0"]), st.text())
def test_nothing_temporary_is_for_good(code: int, status: str, text: str) -> None:
    """Without a permanent code nobody is gone, whatever the words."""

    assert not is_gone(code, status, f"{text} user unknown")


def test_a_long_refusal_is_read_at_once() -> None:
    """A server may say a million characters: what comes after the first lines is not looked at."""

    assert is_gone(550, "5.1.1", "x" * 1_000_000)
    assert (0, "") == reply("x" * 1_000_000 + " 550")
