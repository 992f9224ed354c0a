"""Replies: a code, perhaps an enhanced one, and words."""

import pytest

from feedpub.delivery.smtp_connection import SmtpRelay, SmtpReply, build_result
from feedpub.models.newsletter import SendResult

RELAY = SmtpRelay("mx.example.org", 25, username="ann@example.org", password="secret")  # noqa: S106 - opens nothing


@pytest.mark.parametrize(
    ("reply", "status", "text"),
    [
        (SmtpReply(550, "5.1.1 No such user"), "5.1.1", "No such user"),
        (SmtpReply(550, "5.1.1 No such user\n5.1.1 here"), "5.1.1", "No such user here"),
        (SmtpReply(550, "No 5.1.1 such user"), "", "No 5.1.1 such user"),
        (SmtpReply(550, "5.1.1.1 is an address"), "", "5.1.1.1 is an address"),
        (SmtpReply(250, "2.0.0"), "2.0.0", ""),
        (SmtpReply(421), "", ""),
        (SmtpReply(535, "secret\x1b[0m is\twrong, ann@example.org"), "", "… [0m is wrong, …"),
        (SmtpReply(554, "x" * 400), "", "x" * 300),
    ],
)
def test_a_reply_is_told_apart(reply: SmtpReply, status: str, text: str) -> None:
    """The words are one line, of a length that can be kept, without what opens the relay."""

    assert SendResult("failed", reply.code, status, text, "mx.example.org:25") == build_result(
        "failed", reply, RELAY
    )


@pytest.mark.parametrize(
    ("code", "kind"), [(250, "accepted"), (450, "deferred"), (550, "failed"), (354, ""), (25, "")]
)
def test_the_first_digit_says_what_became_of_it(code: int, kind: str) -> None:
    """Everything else says nothing."""

    assert (kind, kind == "accepted") == (SmtpReply(code).kind, SmtpReply(code).is_success)


def test_a_reply_is_shown_in_one_line() -> None:
    """With its code, as people know it from their logs."""

    assert "550 5.1.1 No such user" == str(SmtpReply(550, "5.1.1 No\nsuch user"))
    assert "421" == str(SmtpReply(421))
