"""Marks in a content: what is a reader's own, in its place and in its form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.headers import Recipient
from feedpub.delivery.merge_tags import TAG_END, TAG_START, resolve_tag, split_tags, substitute_tags
from feedpub.models.newsletter import MessageContent

READER = Recipient(
    "key",
    "bob@example.com",
    "Bob <b>&Co</b>",
    "https://example.org/u/1?a=1&b=2",
    "https://example.org/p/1",
    "https://example.org/d/1/",
)


def mark(name: str) -> str:
    """Give the mark of this name."""
    return f"{TAG_START}{name}{TAG_END}"


def test_fill_puts_the_readers_own_values_in_their_places() -> None:
    """A name stands in subject, preheader and text as it is, and in HTML with its signs escaped."""
    hello = f"Hello {mark('name')}, {mark('unsubscribe')}"

    filled = substitute_tags(MessageContent(hello, hello, hello, hello, "en"), READER)

    plain = "Hello Bob <b>&Co</b>, https://example.org/u/1?a=1&b=2"
    assert (plain, plain, plain) == (filled.subject, filled.preheader, filled.text)
    assert (
        "Hello Bob &lt;b&gt;&amp;Co&lt;/b&gt;, https://example.org/u/1?a=1&amp;b=2" == filled.html
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("name", "Bob <b>&Co</b>"),
        ("address", "bob@example.com"),
        ("preferences", "https://example.org/p/1"),
        ("online", "https://example.org/d/1/"),
        ("name|you", "Bob <b>&Co</b>"),
        ("key", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_a_mark_stands_for_what_its_name_says(name: str, expected: str) -> None:
    """The five names are known; any other, the delivery's key too, stands for nothing."""

    assert expected == resolve_tag(name, READER)


def test_what_follows_a_bar_stands_where_the_value_is_empty() -> None:
    """A reader without a name is greeted with the words of the template."""

    assert "dear reader" == resolve_tag("name|dear reader", Recipient("key", "bob@example.com"))


def test_what_follows_a_bar_is_escaped_once() -> None:
    """In HTML it is HTML already, as all that a template says."""

    filled = substitute_tags(
        MessageContent("", "", mark("name|Tom &amp; &quot;Jerry&quot;"), "", "en"),
        Recipient("", ""),
    )

    assert "Tom &amp; &quot;Jerry&quot;" == filled.html


def test_a_value_is_one_line() -> None:
    """Line ends of any kind and control characters in a name become one space."""

    assert "a b c d" == resolve_tag("name", Recipient("", "", "\ra\r\nb\u2028\x00c\x85d\n"))


def test_marks_that_are_not_whole_disappear() -> None:
    """A mark without its end, or an end without its mark, leaves no noncharacter behind."""

    assert (("ab", "c"), ("name",)) == split_tags(f"a{TAG_END}b{mark('name')}{TAG_START}c")


@given(st.text(), st.text())
def test_no_noncharacter_of_a_mark_is_left(text: str, name: str) -> None:
    """Whatever a content and a name hold, what is filled holds neither of the two."""
    marked = f"{text}{mark('name')}{text}{TAG_START}"

    filled = substitute_tags(
        MessageContent(marked, marked, marked, marked, "en"), Recipient("key", "a@b.example", name)
    )

    for each in (filled.subject, filled.preheader, filled.html, filled.text):
        assert not {TAG_START, TAG_END} & set(each)
