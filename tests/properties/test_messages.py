"""Whatever posts, readers and configuration hold, what goes out is a message of plain old mail."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import made
import mails
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.config.schema import DigestConfig
from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.delivery.mime import compose_message
from feedpub.models.content import Author, Post, Tag
from feedpub.models.newsletter import MessageContent
from feedpub.newsletter.compose import MAX_HTML_SIZE

SLOT = datetime(2025, 2, 3, 8, tzinfo=UTC)
SITE = "https://example.org/"
COMPOSER = mails.composer()
EVIL = "a\r\nBcc: eve@example.net\r\n\r\n--=_feedpub_alternative--\r\n\r\nb\u2028c\x85d\0e"
# The parts of a line that count: no text of a person's has a place between them.
FIELDS = [
    *("From", "Reply-To", "Subject", "Date", "List-Id", "List-Archive", "Auto-Submitted"),
    *("Precedence", "Content-Language", "To", "Message-ID", "List-Unsubscribe"),
    *("List-Unsubscribe-Post", "MIME-Version", "Content-Type"),
]
TEXTS = st.text() | st.sampled_from(
    [
        EVIL,
        "这是一个很长的标题，" * 20,
        "مرحبا بالعالم، هذه هي النشرة الأسبوعية " * 9,
        "👩‍👩‍👧‍👦" * 60,
        "=?utf-8?q?Eve?=",
        "Wort" * 500,
        "a very long title of many words " * 50,
    ]
)


def written(
    posts: list[Post], words: str = "Hello", language: str = "en", content: str = "excerpts"
) -> tuple[MessageContent, bytes]:
    """Give what a digest of these posts says, and the bytes of it; `words` stand in all fields."""
    digest = DigestConfig("weekly", title=words, content=content, intro="{{ digest.title }}")
    told = COMPOSER.compose_issue(
        digest, posts, SLOT, f"{SITE}issues/1/", lambda post: f"<p>{post.title}</p>" * 99, language
    )
    heading = MessageHeaders(
        sender=Author(words, "ann@example.org"),
        date=SLOT,
        list_id=f"weekly.{words}",
        list_name=words,
        reply_to=Author(words, "ask@example.org"),
        archive_url=f"{SITE}{words[:50]}",
    )
    reader = Recipient(
        key=words,
        address="bob@example.com",
        name=words,
        unsubscribe=f"{SITE}unsubscribe/{words[:50]}",
        preferences=f"{SITE}preferences/x",
        online=SITE,
        follows=f"You follow {words}.",
        mailto=f"mailto:leave+{words[:50]}@example.org",
    )
    return told, compose_message(told, heading, reader)


def judge(data: bytes) -> EmailMessage:
    """Look at the bytes of a message; give what `email` reads."""
    header, _, body = data.partition(b"\r\n\r\n")
    assert data.isascii()
    assert not set(data) & {0, *range(1, 9), 11, 12, *range(14, 32), 127}
    assert data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert FIELDS == re.findall(r"^([^\s:]+):", header.decode(), re.MULTILINE)
    for name in ("List-Unsubscribe", "List-Archive"):
        (value,) = re.findall(rf"^{name}: (.*(?:\r\n .*)*)", header.decode(), re.MULTILINE)
        assert "=?" not in value
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    parts = list(message.iter_parts())
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in parts]
    assert {"utf-8"} == {part.get_content_charset() for part in parts}
    assert "List-Unsubscribe=One-Click" == message["List-Unsubscribe-Post"]
    assert "auto-generated" == message["Auto-Submitted"]
    return message


@given(TEXTS, TEXTS)
@example(EVIL, EVIL)
def test_any_words_are_a_message(words: str, others: str) -> None:
    """In titles, names, tags, summaries, the list's name and the reader's: none ends a line."""
    tags = (Tag(others, "x"), Tag(EVIL, "y"))
    authors = (Author(others, slug="ann-lee"),)
    whole = made.post(title=others, summary=others, authors=authors, tags=tags)

    _, data = written([whole, replace(whole, slug="b", cache_key="b")], words)

    judge(data)


@pytest.mark.parametrize(
    ("language", "letter", "encoding"),
    [
        ("en", "word ", "quoted-printable"),
        ("de", "Schöne Bücher ", "quoted-printable"),
        ("zh", "字", "base64"),
        ("ar", "كلمة ", "base64"),
    ],
)
def test_text_is_encoded_as_suits_its_language(language: str, letter: str, encoding: str) -> None:
    """Legible where most letters are ASCII, short where they are not."""
    _, data = written([made.post(title=letter * 9, summary=letter * 200)], letter, language)

    text, _ = judge(data).iter_parts()
    assert encoding == text["Content-Transfer-Encoding"]
    assert letter.strip() in text.get_content()


@pytest.mark.parametrize("content", ["excerpts", "full"])
@pytest.mark.parametrize("title", ["An ordinary title", "一个普通的标题", "عنوان عادي", "👩‍👩‍👧‍👦"])
def test_500_posts(title: str, content: str) -> None:
    """Below what Gmail clips, with the number of those that are only online; the text has all."""
    posts = [
        made.post(slug=f"p{number}", cache_key=f"k{number}", title=f"{title} {number}")
        for number in range(500)
    ]

    told, data = written(posts, title, content=content)

    text, html = (part.get_content() for part in judge(data).iter_parts())
    assert MAX_HTML_SIZE - 1500 < len(told.html.encode()) <= MAX_HTML_SIZE
    assert len(html.encode()) < 102_000
    shown = html.count(">Read on<")
    assert f">{500 - shown} more posts online</a>" in html
    assert all(f"\n{post.url}\n" in text.replace("\r\n", "\n") for post in posts)
    assert f"{SITE}unsubscribe/" in text
    assert f"{SITE}unsubscribe/" in html
    assert f"{title} 0 +499" == str(message_from_bytes(data, policy=default)["Subject"])
