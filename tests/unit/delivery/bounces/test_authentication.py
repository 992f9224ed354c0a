"""Who wrote a message, by what our own server found out, however it is forged."""

import pytest
from notices import mail

from feedpub.delivery.bounces import find_unsubscribe_sender, message
from feedpub.delivery.bounces.authentication import find_authenticated_sender

OURS = "Received: from mx.example.net (mx.example.net [192.0.2.25]) by mail.example.org with ESMTPS"
PASSED = "Authentication-Results: mail.example.org; dmarc=pass header.from=example.net"
FROM = "From: Ann <ann@example.net>"
LEAVE = "To: leave@example.org"


def sender(*fields: str, authserv_id: str = "mail.example.org") -> str:
    """Give the sender that is believed of a message with these fields."""
    found = message.parse_message(mail("\n".join(fields), "Bye."))
    assert found is not None
    return find_authenticated_sender(found.header, authserv_id)


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=pass header.from=example.net",
        "dmarc=pass (p=reject dis=none) header.from=EXAMPLE.net",
        "spf=fail smtp.mailfrom=x.example; dkim=pass header.d=example.net header.s=a",
        "dkim=pass (2048-bit key; unprotected) header.d=example.net header.i=@example.net",
        'dkim=pass header.i="@example.net"',
        "spf=pass smtp.mailfrom=ann@example.net",
        "auth=pass (x); iprev=pass policy.iprev=192.0.2.25; dmarc=pass header.from=example.net",
    ],
)
def test_what_our_server_vouches_for_is_believed(results: str) -> None:
    """By DMARC, or by a signature or an SPF record of the very domain."""
    field = f"Authentication-Results: mail.example.org; {results}"

    assert "ann@example.net" == sender(OURS, field, FROM)


@pytest.mark.parametrize(
    "results",
    [
        "none",
        "dmarc=fail header.from=example.net",
        "dmarc=pass header.from=evil.example",
        "dkim=pass header.d=evil.example",
        "dkim=pass header.d=net",
        "dkim=pass header.d=sub.example.net",
        "dkim=fail (dkim=pass header.d=example.net)",
        "spf=pass smtp.mailfrom=ann@sub.example.net",
        "spf=pass smtp.mailfrom=evil.example smtp.helo=example.net",
        "auth=pass smtp.auth=ann@example.net",
        "dkim = passing header.d=example.net",
        "(((((dmarc=pass header.from=example.net",
    ],
)
def test_anything_else_is_not(results: str) -> None:
    """Nor what stands in a comment."""
    field = f"Authentication-Results: mail.example.org; {results}"

    assert "" == sender(OURS, field, FROM)


def test_only_the_topmost_field_of_our_server_counts() -> None:
    """Those below came with the message: anybody can have written them."""
    failed = "Authentication-Results: mail.example.org; dmarc=fail header.from=example.net"
    others = "Authentication-Results: mail.evil.example; dmarc=pass header.from=example.net"

    assert "" == sender(failed, OURS, PASSED, FROM)
    assert "" == sender(OURS, others, FROM)
    assert "ann@example.net" == sender(others, PASSED, OURS, failed, FROM)
    assert "" == sender(FROM)


def test_without_a_configured_name_only_a_field_above_received_counts() -> None:
    """Our server wrote that Received, with its name, and what stands above it."""
    local = "Received: from localhost (localhost [127.0.0.1]) by mail.example.org with LMTP"

    assert "ann@example.net" == sender(PASSED, OURS, FROM, authserv_id="")
    assert "ann@example.net" == sender(local, PASSED, OURS, FROM, authserv_id="")
    assert "" == sender(OURS, PASSED, FROM, authserv_id="")
    assert "" == sender(PASSED, FROM, authserv_id="")
    assert "" == sender(PASSED, "Received: nonsense", FROM, authserv_id="")


@pytest.mark.parametrize(
    "fields",
    [
        ["From: ann@example.net", "From: bob@example.net"],
        ["From: ann@example.net, bob@example.net, eve@example.net"],
        ["From: nobody"],
        [],
    ],
)
def test_a_message_has_one_sender(fields: list[str]) -> None:
    """Programs show either of two."""
    assert "" == sender(OURS, PASSED, *fields)


def test_who_asks_a_machine_or_another_address_does_not_leave() -> None:
    """An absence is no request, and the address for leaving must be the one written to."""
    server = "mail.example.org"

    def asked(*fields: str, address: str = "leave@example.org") -> str:
        return find_unsubscribe_sender(
            mail("\n".join((OURS, PASSED, FROM, *fields)), "x"), address, server
        )

    assert "ann@example.net" == asked(LEAVE)
    assert "ann@example.net" == asked("To: <LEAVE@example.org>", "Subject: please")
    assert "" == asked(LEAVE, "Auto-Submitted: auto-replied")
    assert "" == asked("To: news@example.org")
    assert "" == asked("To: please-leave@example.org")
    assert "" == asked("To: leave@example.org.evil.example")
    assert "" == asked(LEAVE, address="")
