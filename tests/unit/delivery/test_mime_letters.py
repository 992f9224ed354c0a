"""Whole messages: what the header says, and that both parts are read back as they were written."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.delivery.merge_tags import TAG_END, TAG_START, substitute_tags
from feedpub.delivery.mime import PreparedMessage, compose_message, make_message_id, prepare_message
from feedpub.models.content import Author
from feedpub.models.newsletter import MessageContent

HEADING = MessageHeaders(
    Author("Ann Lee", "ann@example.org"),
    datetime(2025, 1, 30, 8, 0, tzinfo=UTC),
    "weekly.example.org",
    "The Weekly",
    archive_url="https://example.org/digests/weekly/",
)
READER = Recipient(
    "weekly-7-42",
    "bob@example.com",
    "Bob",
    "https://example.org/unsubscribe/u1234567890123456789012345678",
    "https://example.org/preferences/p1",
    "https://example.org/digests/weekly/7/",
    mailto="mailto:leave+u123@example.org",
)
CONTENT = MessageContent("Hello", "", "<p>Hello</p>", "Hello", "en")
EVIL = "x\r\nBcc: eve@example.net\r\n\r\n--=_feedpub_alternative--\r\n"

TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["a", " ", "\n", "世界", "مرحبا", "👩‍👩‍👧", f"{TAG_START}name{TAG_END}", ".", EVIL]
    )
).map("".join)
CONTENTS = st.builds(
    MessageContent, TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from(["en", "zh-Hant", "?"])
)


def read(data: bytes) -> EmailMessage:
    """Give what Python's `email` makes of a message."""
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parts(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Give the media type and the octets of each part."""
    return tuple((each.get_content_type(), octets(each)) for each in read(data).iter_parts())


def octets(part: MIMEPart) -> bytes:
    """Give a part's octets."""
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def meant(text: str) -> bytes:
    """Give the octets of a text as MIME has it."""
    return re.sub("\r\n?|\n", "\r\n", text).encode("utf-8", "replace")


def longest(lines: Sequence[bytes]) -> int:
    """Give the length of the longest line, in octets."""
    return max(map(len, lines))


def test_a_message_has_the_header_that_mail_programs_and_servers_look_for() -> None:
    """Each field of the header, and in the form that its standard gives it."""
    message = read(compose_message(CONTENT, HEADING, READER))

    assert [
        ("From", "Ann Lee <ann@example.org>"),
        ("Subject", "Hello"),
        ("Date", "Thu, 30 Jan 2025 08:00:00 +0000"),
        ("List-Id", "The Weekly <weekly.example.org>"),
        ("List-Archive", "<https://example.org/digests/weekly/>"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("Content-Language", "en"),
        ("To", "Bob <bob@example.com>"),
        ("Message-ID", "<weekly-7-42@example.org>"),
        (
            "List-Unsubscribe",
            f"<{READER.unsubscribe}>, <{READER.mailto}>",
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'multipart/alternative; boundary="=_feedpub_alternative"'),
    ] == message.items()


def test_the_text_comes_before_the_html() -> None:
    """Programs show the last part they understand (RFC 2046 section 5.1.4)."""

    assert (("text/plain", b"Hello"), ("text/html", b"<p>Hello</p>")) == parts(
        compose_message(CONTENT, HEADING, READER)
    )


@pytest.mark.parametrize("length", [30, 84, 85, 200, 800])
def test_an_unsubscribe_url_of_any_length_is_no_encoded_word(length: int) -> None:
    """`email` would encode one from 84 characters on, and the button would be gone."""
    url = "https://example.org/".ljust(length, "u")

    data = compose_message(CONTENT, HEADING, Recipient("key", "bob@example.com", unsubscribe=url))

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in data
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in data


def test_one_click_needs_https() -> None:
    """Where the site has none, or mail is the only way out, it is not promised (RFC 8058)."""
    plain = read(
        compose_message(CONTENT, HEADING, Recipient("key", "b@c.example", unsubscribe="http://a/"))
    )
    mail = read(
        compose_message(
            CONTENT, HEADING, Recipient("key", "b@c.example", mailto="mailto:x@a.example")
        )
    )
    none = read(compose_message(CONTENT, HEADING, Recipient("key", "b@c.example")))

    assert ("<http://a/>", None) == (plain["List-Unsubscribe"], plain["List-Unsubscribe-Post"])
    assert ("<mailto:x@a.example>", None) == (
        mail["List-Unsubscribe"],
        mail["List-Unsubscribe-Post"],
    )
    assert (None, None) == (none["List-Unsubscribe"], none["List-Unsubscribe-Post"])


def test_a_chinese_subject_of_200_characters_is_read_back() -> None:
    """In encoded words on lines of at most 76 octets, none of which parts a character."""
    subject = "这是一个很长的标题，" * 20
    data = compose_message(MessageContent(subject, "", "<p>好</p>", "好", "zh"), HEADING, READER)

    assert subject == read(data)["Subject"]
    header = data.partition(b"\r\n\r\n")[0]
    assert header.isascii()
    assert 76 >= longest(header.partition(b"\r\nDate:")[0].split(b"\r\n"))
    for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", header):
        assert read(b"Subject: " + word + b"\r\n\r\n")["Subject"] in subject


def test_a_message_to_one_person_is_of_no_list() -> None:
    """It names none, and is no bulk; programs that answer by themselves leave it alone."""
    found = read(
        compose_message(CONTENT, replace(HEADING, list_id=""), Recipient("k", "bob@example.com"))
    )

    assert [None] * 4 == [
        found[name] for name in ("List-Id", "List-Archive", "List-Unsubscribe", "Precedence")
    ]
    assert "auto-generated" == found["Auto-Submitted"]


def test_a_list_may_have_no_archive() -> None:
    """Then none is named."""
    found = read(compose_message(CONTENT, replace(HEADING, archive_url=""), READER))

    assert "The Weekly <weekly.example.org>" == found["List-Id"]
    assert found["List-Archive"] is None


def test_answers_go_where_they_are_wanted() -> None:
    """Reply-To is there when it is set, and when it is an address."""
    asked = MessageHeaders(
        HEADING.sender, HEADING.date, "a.example", reply_to=Author("", "ask@a.example")
    )
    wrong = MessageHeaders(HEADING.sender, HEADING.date, "a.example", reply_to=Author("Nobody"))

    assert "ask@a.example" == read(compose_message(CONTENT, asked, READER))["Reply-To"]
    assert None is read(compose_message(CONTENT, wrong, READER))["Reply-To"]


def test_a_subject_may_name_the_reader() -> None:
    """It is then encoded for each of them."""
    letter = prepare_message(
        MessageContent(f"News for {TAG_START}name|you{TAG_END}!", "", "", "", "en"), HEADING
    )

    assert "News for Bob!" == read(letter.render_for(READER))["Subject"]
    assert (
        "News for 李安!"
        == read(letter.render_for(Recipient("k", "a@b.example", "李安")))["Subject"]
    )
    assert "News for you!" == read(letter.render_for(Recipient("k", "a@b.example")))["Subject"]


def test_a_reader_beyond_ascii_gets_a_header_beyond_ascii() -> None:
    """There is no other form of such an address (RFC 6532); the domain has one."""
    data = compose_message(CONTENT, HEADING, Recipient("key", "jörg@bücher.example"))

    assert "\r\nTo: jörg@xn--bcher-kva.example\r\n".encode() in data


def test_a_letter_without_an_address_is_not_written() -> None:
    """Neither to nobody nor from nobody; the message says which address it is."""
    with pytest.raises(ValueError, match="'nobody': not a valid recipient address"):
        compose_message(CONTENT, HEADING, Recipient("key", "nobody"))
    with pytest.raises(ValueError, match="'': not a valid sender address"):
        compose_message(CONTENT, MessageHeaders(Author("Ann"), HEADING.date, "a.example"), READER)


@pytest.mark.parametrize("key", ["a b", "a>b", "a\r\nb", "ü", "a..b", "", "k" * 201])
def test_a_key_that_is_no_message_id_becomes_one(key: str) -> None:
    """It is the same each time, and differs where the keys do."""
    made = make_message_id(key, "example.org")

    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", made)
    assert made == make_message_id(key, "example.org")
    assert made != make_message_id(f"{key}x", "example.org")


def test_copies_of_one_letter_are_what_each_alone_would_be() -> None:
    """What was encoded for one reader is not seen by the next."""
    content = MessageContent(
        "Hi", "", f"<p>{TAG_START}name{TAG_END}世</p>", f"Hi {TAG_START}name{TAG_END}", "en"
    )
    letter = prepare_message(content, HEADING)
    readers = [Recipient("1", "a@b.example", "Ann"), Recipient("2", "c@d.example", "李")]

    assert [compose_message(content, HEADING, each) for each in readers] == [
        *map(letter.render_for, readers)
    ]
    assert isinstance(letter, PreparedMessage)


def test_500_posts_are_a_message_too() -> None:
    """In four scripts, with marks between them."""
    html = "".join(f"<h2>{number} 世界 مرحبا Ünïcödé</h2> {'w' * 999}\n" for number in range(500))
    content = MessageContent("500", "", html + f"{TAG_START}unsubscribe{TAG_END}", html, "en")
    data = compose_message(content, HEADING, READER)

    filled = substitute_tags(content, READER)
    assert (("text/plain", meant(filled.text)), ("text/html", meant(filled.html))) == parts(data)
    assert 76 >= longest(data.partition(b"\r\n\r\n")[2].split(b"\r\n"))


@given(CONTENTS, TEXTS, TEXTS, st.text())
def test_any_content_is_read_back(
    content: MessageContent, name: str, list_name: str, key: str
) -> None:
    """Whatever is in it, there are the same fields, and two parts which are what was meant."""
    heading = MessageHeaders(Author(name, "ann@example.org"), HEADING.date, list_name, list_name)
    reader = Recipient(key, "bob@example.com", name, READER.unsubscribe, mailto=f"mailto:{EVIL}")

    data = compose_message(content, heading, reader)

    filled = substitute_tags(content, reader)
    assert (("text/plain", meant(filled.text)), ("text/html", meant(filled.html))) == parts(data)
    message = read(data)
    names = ["From", "Subject", "Date", "Auto-Submitted"]
    names += ["List-Id", "Precedence"] * bool(list_name)
    names += ["Content-Language"] * (content.language != "?") + ["To", "Message-ID"]
    names += ["List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"]
    assert sorted(names) == sorted(message.keys())
    assert data.isascii()
    assert 998 >= longest(data.split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
