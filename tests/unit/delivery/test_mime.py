"""Bodies: encoded once, filled often, and always what was meant."""

import base64
import quopri
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.delivery.merge_tags import TAG_END, TAG_START
from feedpub.delivery.mime import Base64Body, QuotedPrintableBody, encode_body

LETTERS = st.text(st.sampled_from("ab .=\tF\r\n世é\x00"), max_size=200)
WORDS = st.lists(st.sampled_from(["From ", ".", " ", "  ", "\n", "=", "word", "x" * 72, "世界"]))
PIECES = st.one_of(LETTERS, WORDS.map("".join), st.text())


def decoded(body: QuotedPrintableBody | Base64Body, data: bytes) -> bytes:
    """Give what a reader's program makes of the body."""
    if body.encoding == b"base64":
        return base64.b64decode(data.replace(b"\r\n", b""), validate=True)
    return quopri.decodestring(data)


def meant(*pieces: str) -> bytes:
    """Give the octets of a text as MIME has it."""
    text = "".join(re.sub("\r\n?", "\n", each) for each in pieces)
    return text.replace("\n", "\r\n").encode("utf-8", "replace")


@given(st.lists(PIECES, min_size=1, max_size=5), st.text("ab .=<é世", max_size=120))
@example(["", "", ""], "")
@example(["a" * 75, "\n", ""], "b" * 75)
@example(["世界", "", "a", "世"], "ab")
def test_any_text_with_any_value_is_read_back(pieces: list[str], value: str) -> None:
    """Every piece and every value is there, in lines of at most 76 octets."""
    pieces = [re.sub(f"[{TAG_START}{TAG_END}]", "", each) for each in pieces]
    value = value.strip()
    body = encode_body(f"{TAG_START}name{TAG_END}".join(pieces))

    data = body.render(lambda _: value)

    whole = [pieces[0], *(part for piece in pieces[1:] for part in (value, piece))]
    assert meant(*whole) == decoded(body, data)
    assert data.isascii()
    assert 76 >= max(map(len, data.split(b"\r\n")))


@given(st.lists(PIECES, min_size=1, max_size=4), st.text("ab .F", max_size=120))
def test_a_quoted_body_gives_nobody_a_reason_to_change_it(pieces: list[str], value: str) -> None:
    """No dot and no "From " begins a line, no blank ends one or follows another."""
    body = encode_body(f"{TAG_START}name{TAG_END}".join(pieces))
    value = value.strip()

    data = body.render(lambda _: value)

    if isinstance(body, QuotedPrintableBody):
        lines = data.split(b"\r\n")
        assert not [
            each for each in lines if each.startswith((b".", b"From ")) or each[-1:] == b" "
        ]
        assert b"  " not in data
        assert b"\t" not in data
        assert not re.search(rb"[^\r]\n|\r[^\n]", data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A text in English.", QuotedPrintableBody),
        ("Ein Überblick über größere Bücher.", QuotedPrintableBody),
        ("这是一个句子。", Base64Body),
        ("مرحبا بالعالم", Base64Body),
        ("", QuotedPrintableBody),
    ],
)
def test_the_encoding_suits_the_language(text: str, expected: type) -> None:
    """What people can read as it is stays legible; what they cannot is short."""

    assert expected is type(encode_body(text))


def test_a_line_that_fits_stays_whole() -> None:
    """A text of ordinary lines is the same text encoded."""
    text = f"{'word ' * 14}end\r\n\r\nsecond".replace("\r\n", "\n")

    assert text.replace("\n", "\r\n").encode() == encode_body(text).render(str)
