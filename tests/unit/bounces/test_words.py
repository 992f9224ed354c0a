"""The words of a bounce: whom it names and what was said."""

import pytest

from feedpub.bounces.words import excerpt, recipient


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Sorry:\n\n<ann@example.net>:\nno", "ann@example.net"),
        ("Failed:\n\n   ann@example.net\n", "ann@example.net"),
        ("I could not reach ann@example.net today", ""),
    ],
)
def test_the_address_has_a_line_to_itself(words: str, found: str) -> None:
    """As qmail and Exim write it; an address in a sentence may be anybody's."""

    assert found == recipient(words)


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

    assert said == excerpt(words)
