"""Header fields: seven bits, short lines, and nothing that a person wrote ends a line."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery import headers
from feedpub.models.text import slugify

LINES_END = "a\r\nBcc: eve@example.net\nX: y\r\rz\u2028\x85\x0b\x0c"


def read(name: str, value: str) -> str:
    """Give what `email` understands of a field."""
    data = headers.format_field(name, value).encode() + b"\r\n"
    message = message_from_bytes(data, policy=default)
    assert [name] == message.keys()
    return str(message[name])


@pytest.mark.parametrize(
    "subject",
    [
        "Hello",
        "这是一个很长的标题" * 23,
        "مرحبا بالعالم، هذه هي النشرة الأسبوعية",
        "👩‍👩‍👧‍👦" * 20,
        "Über Bücher: ein Überblick, größer als je zuvor und doch nicht lang",
        "a long title " * 20 + "and its end",
        "https://example.org/" + "x" * 200,
        "two  blanks",
        "=?utf-8?q?not_encoded?=",
        "a=?b?=",
        "",
    ],
)
def test_a_subject_is_read_back_as_it_was_written(subject: str) -> None:
    """In any script, and of any length; also where it looks encoded."""
    value = headers.encode_text(subject, len("Subject: "))

    assert subject.strip() == read("Subject", value)
    assert 76 >= max(map(len, headers.format_field("Subject", value).split("\r\n")))


def test_a_subject_of_ascii_stays_legible() -> None:
    """It is folded at its blanks, and no word of it is encoded."""
    value = headers.encode_text("word " * 30, len("Subject: "))

    assert "\r\n word" in value
    assert "=?" not in value


def test_the_shorter_way_to_encode_is_taken() -> None:
    """Few letters beyond ASCII are quoted, many of them are base64."""

    assert "=?utf-8?q?Caf=C3=A9_culture?=" == headers.encode_text("Café culture", 9)
    assert "=?utf-8?b?5LiW55WM?=" == headers.encode_text("世界", 9)


@given(st.text())
def test_any_text_is_read_back(text: str) -> None:
    """Whatever a subject holds, its field is one field of short ASCII lines, none of them blank."""
    line = headers.format_field("Subject", headers.encode_text(text, len("Subject: ")))

    assert line.isascii()
    assert 76 >= max(map(len, line.split("\r\n")))
    lines = line.removesuffix("\r\n").split("\r\n")
    assert all(each.startswith(" ") and each.strip() for each in lines[1:])
    assert not set("\r\n") & set("".join(lines))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "ann@example.org"),
        ("Ann Lee", "Ann Lee <ann@example.org>"),
        ('Ann "A", Lee', '"Ann \\"A\\", Lee" <ann@example.org>'),
        ("Ann\\", '"Ann\\\\" <ann@example.org>'),
        ("李安", "=?utf-8?b?5p2O5a6J?= <ann@example.org>"),
        ("=?utf-8?q?Eve?=", "=?utf-8?b?PT91dGYtOD9xP0V2ZT89?= <ann@example.org>"),
    ],
)
def test_a_name_stands_before_its_address(name: str, expected: str) -> None:
    """In quotes where it holds signs, encoded where it is not ASCII or looks as if it were."""

    assert expected == headers.format_mailbox(name, "ann@example.org", len("To: "))


@pytest.mark.parametrize("name", ["n" * 60, "A name " * 9, "n" * 400, "李安" * 40])
def test_a_long_name_is_folded(name: str) -> None:
    """The address goes to the next line, and so does what is left of the name."""
    value = headers.format_mailbox(name, "ann@example.org", len("To: "))

    assert 76 >= max(map(len, headers.format_field("To", value).split("\r\n")))
    # The newer parser of `email` puts blanks between encoded words of a name (RFC 2047 forbids it).
    shown, address = parseaddr(value.replace("\r\n", ""))
    assert (name.strip(), "ann@example.org") == (str(make_header(decode_header(shown))), address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ann@Example.org", "ann@Example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("änn@bücher.example", "änn@xn--bcher-kva.example"),
        ("ann+x@[192.0.2.1]", "ann+x@[192.0.2.1]"),
        ('"a b"@example.org', '"a b"@example.org'),
        ("a b@example.org", '"a b"@example.org'),
        ("a@x>, <b@example.org", '"a@x>, <b"@example.org'),
        ("ann@exam ple.org", ""),
        ("ann@ü..example", ""),
        ("ann@", ""),
        ("@example.org", ""),
        ("ann", ""),
        ("", ""),
    ],
)
def test_an_address_is_made_routable(address: str, expected: str) -> None:
    """Its domain is ASCII; what is no domain is no address, rather than somebody else's."""

    assert expected == headers.to_ascii_address(address)


def test_nothing_is_written_to_an_address_that_fits_in_no_line() -> None:
    """There is no field for it."""

    assert headers.format_mailbox("Ann", "a" * 901 + "@example.org", 4) == ""


@given(st.text(), st.text())
def test_a_name_and_an_address_inject_nothing(name: str, address: str) -> None:
    """Whatever they hold, they make one field, of lines below 998 octets, with one address."""
    value = headers.format_mailbox(
        name + LINES_END, f"{address}{LINES_END}@example.org", len("To: ")
    )
    line = headers.format_field("To", value).encode("utf-8", "replace")

    message = message_from_bytes(line + b"\r\n", policy=default)
    assert ["To"] == message.keys()
    assert 998 >= max(map(len, line.split(b"\r\n")))
    assert b"\r\n" not in line.replace(b"\r\n ", b"").removesuffix(b"\r\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/" + "u" * 200, "<https://example.org/" + "u" * 200 + ">"),
        ("https://example.org/ü?a=b&c=%20", "<https://example.org/%C3%BC?a=b&c=%20>"),
        ("mailto:leave+x@example.org?subject=a", "<mailto:leave+x@example.org?subject=a>"),
        ("https://example.org/=?utf-8?q?a?=", "<https://example.org/%3D?utf-8?q?a?=>"),
        ("https://example.org/>\r\nBcc: a", "<https://example.org/%3E%0D%0ABcc:%20a>"),
    ],
)
def test_a_url_is_never_encoded_as_a_word(url: str, expected: str) -> None:
    """However long it is: mail programs look for it as it is (RFC 2369)."""

    assert expected == headers.format_url(url)


def test_a_url_beyond_any_line_is_refused() -> None:
    """No header could carry it."""
    with pytest.raises(ValueError, match="too long for a header"):
        headers.format_url("https://example.org/" + "u" * 900)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("weekly", "weekly"),
        ("每周精选", "xn--zsr975cv4lqgs"),
        ("café", "xn--caf-dma"),
        ("week_é", "x-34ba1d6670f91bc9"),
        ("ｗｅｅｋｌｙ", "x-6eb310f3836285e7"),
    ],
)
def test_a_label_is_what_the_dns_would_make_of_it(name: str, expected: str) -> None:
    """Or a digest, where it would make nothing of it, or the same as of another."""

    assert expected == headers.encode_list_label(name)


@given(st.lists(st.text().map(slugify), unique=True))
def test_no_two_names_have_one_label(names: list[str]) -> None:
    """Mail programs sort by it; and it may stand in a List-Id (RFC 2919)."""
    labels = [headers.encode_list_label(each) for each in names]

    assert len(labels) == len(set(labels))
    assert all(re.fullmatch("[a-z0-9_-]+", each) for each in labels)


@pytest.mark.parametrize(
    ("name", "list_id", "expected"),
    [
        ("", "weekly.example.org", "<weekly.example.org>"),
        ("Weekly, the", "weekly.example.org", '"Weekly, the" <weekly.example.org>'),
        ("每周", "my list>\r\n.example.org", "=?utf-8?b?5q+P5ZGo?= <my-list-.example.org>"),
    ],
)
def test_a_list_is_named(name: str, list_id: str, expected: str) -> None:
    """By what people call it, and by what never changes (RFC 2919)."""

    assert expected == headers.format_list_id(name, list_id, len("List-Id: "))
