"""The words of a bounce: whom it names and what was said."""

import pytest

from feedpub.delivery.bounces.heuristics import extract_reply, find_recipient


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Sorry:\n\n<ann@example.net>:\nno", "ann@example.net"),
        ("Failed:\n\n   ann@example.net\n", "ann@example.net"),
        ("Ask support@example.com.\n\nann@example.net\n", "ann@example.net"),
        ("ann@example.net: 550 no\n", "ann@example.net"),
        ("ann@example.net on 1 June\n  Not found", "ann@example.net"),
        (">>> RCPT TO:<ann@example.net>\n<<< 550 no", "ann@example.net"),
        ("Unknown user: ann@example.net", "ann@example.net"),
        ("I could not reach ann@example.net today", "ann@example.net"),
        ("From news@example.org, ask postmaster@example.net", ""),
        ("no address at all @ home", ""),
    ],
)
def test_the_address_is_found_where_it_is_surest(words: str, found: str) -> None:
    """On a line by itself before any other place; never the notice's own, or a postmaster's."""

    assert found == find_recipient(words, ["news@example.org"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Hello.\n\nIt said:\n550 no\nsuch user\n\nBye.", "It said:\n550 no\nsuch user"),
        ("550 no such user", "550 no such user"),
        ("Your message to\n\n<ann@example.net>:\nUser unknown.\n", "User unknown."),
        ("We are sorry.", "We are sorry."),
    ],
)
def test_what_the_server_said_is_cut_out(words: str, said: str) -> None:
    """The reply and its paragraph, or what follows the address, or all there is."""

    assert said == extract_reply(words)
