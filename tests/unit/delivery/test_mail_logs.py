"""Which messages logs and copies tell of."""

import pytest

from feedpub.delivery.mail_logs import find_sent_keys

ONE, TWO = "0123456789abcdef01234567", "f" * 24
OUT = frozenset({(ONE, "example.org")})
COMES = f"Jan 30 08:00:01 mx postfix/cleanup[71]: 4CQ0xyz: message-id=<{ONE}@example.org>"
WENT = "Jan 30 08:00:02 mx postfix/smtp[72]: 4CQ0xyz: to=<a@example.net>, status="


@pytest.mark.parametrize("status", ["sent (250 ok)", "deferred (try later)", "bounced (nobody)"])
def test_postfix_says_what_became_of_a_message(status: str) -> None:
    """It has it, whatever became of it then."""
    assert OUT == find_sent_keys([COMES, f"{WENT}{status}"])


def test_postfix_says_what_is_queued() -> None:
    """Also in the journal, by another name, and to another file each hour."""
    queued = "mx postfix-out/qmgr[9]: 4CQ0xyz: from=<a@example.org>, nrcpt=1 (queue active)"

    assert OUT == find_sent_keys([COMES.replace("postfix/", "postfix-out/"), queued])


def test_what_postfix_refused_is_not_out() -> None:
    """It names a message before it has all of it."""
    refused = "mx postfix/cleanup[71]: 4CQ0xyz: milter-reject: END-OF-MESSAGE: 5.7.1 Spam"

    assert frozenset() == find_sent_keys([COMES, refused, WENT.replace("4CQ0xyz", "4CQ1") + "sent"])


def test_other_logs_and_messages_name_what_went_out() -> None:
    """Of what somebody else wrote there is nothing to know."""
    lines = [
        f"2025-01-30 08:00:01 1abc <= a@example.org S=900 id={ONE}@example.org",
        f"Message-ID: <{ONE}@Example.Org>",
        "Message-ID: <CAF=x@mail.example.com>",
        f"In-Reply-To: {'<' * 5_000} <{TWO}@example.org>",
    ]

    assert OUT == find_sent_keys(lines)
