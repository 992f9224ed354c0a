"""What is read of a message, whatever its form."""

import base64

from notices import RETURNED, dsn, mail, parts

from feedpub.delivery.bounces.message import MAX_SIZE, HeaderFields, ParsedMessage, parse_message


def parsed(data: bytes) -> ParsedMessage:
    """Read a message that can be read."""
    found = parse_message(data)
    assert found is not None
    return found


def test_fields_are_found_by_name() -> None:
    """The first value of a name; all values of some; an address without its type."""
    fields = HeaderFields((("to", "a@x"), ("cc", "b@x"), ("to", "c@x"), ("r", "rfc822; <ann@x>")))

    assert "a@x" == fields.get("to")
    assert "" == fields.get("from")
    assert ["a@x", "b@x", "c@x"] == list(fields.get_all(("cc", "to")))
    assert fields.has("cc")
    assert not fields.has("bcc")
    assert "ann@x" == fields.get_address("r")
    assert "" == fields.get_address("from")


def test_the_header_is_unfolded_and_decoded() -> None:
    """Names in lower case; encoded words (RFC 2047) as text; what is broken as it is."""
    header = parsed(
        b"SUBJECT: =?utf-8?b?6YCA5L+h?=\r\nX-A: one\r\n\ttwo\r\nX-B: =?no?q?x?=\r\n"
        b"X-C: \xff\r\nX-D: \xe9\x80\x80\r\n\r\n"
    ).header

    assert "退信" == header.get("subject")
    assert "one two" == header.get("x-a")
    assert "=?no?q?x?=" == header.get("x-b")
    assert "\ufffd" == header.get("x-c")
    assert "退" == header.get("x-d")


def test_a_report_has_its_blocks_and_its_copy() -> None:
    """One block about the message, one for each recipient, and the header of what came back."""
    found = parsed(dsn())

    assert ["dns; mail.example.org", ""] == [
        each.get("reporting-mta") for each in found.status_blocks
    ]
    assert "failed" == found.status_blocks[1].get("action")
    assert "Three new posts" == found.original_header.get("subject")
    assert "This is the mail system at host mail.example.org." == found.text.strip()
    assert found.feedback_report is None
    assert not found.is_receipt


def test_a_report_of_international_mail_has_its_blocks() -> None:
    """RFC 6533 gives it another type, and addresses in UTF-8."""
    report = "Reporting-MTA: dns; mx\n\nAction: failed\n\n\n\nAction: delayed\n"
    found = parsed(
        parts(
            ("message/global-delivery-status", report),
            ("message/global-headers", RETURNED),
        ).encode()
    )

    assert ["", "failed", "delayed"] == [each.get("action") for each in found.status_blocks]
    assert "Three new posts" == found.original_header.get("subject")


def test_the_copy_may_be_a_header_alone() -> None:
    """Large messages come back as text/rfc822-headers, whatever its encoding."""
    encoded = base64.encodebytes(RETURNED.encode()).decode()
    kind = "text/rfc822-headers\nContent-Transfer-Encoding: base64"
    found = parsed(parts(("text/plain", "Sorry."), (kind, encoded)).encode())

    assert "Three new posts" == found.original_header.get("subject")


def test_the_copy_may_follow_the_words() -> None:
    """A line of dashes that says so, or a header that begins, parts the two."""
    dashes = parsed(mail("Subject: x", "No.\n\n--- Original message ---\n\nSubject: Three"))
    header = parsed(mail("Subject: x", "No.\n\nReceived: from mx\nSubject: Three"))
    neither = parsed(mail("Subject: x", "No. -- Ann"))

    assert ("No.", "Three") == (dashes.text.strip(), dashes.original_header.get("subject"))
    assert ("No.", "Three") == (header.text.strip(), header.original_header.get("subject"))
    assert ("No. -- Ann", "") == (neither.text.strip(), neither.original_header.get("subject"))


def test_html_is_read_where_there_is_no_plain_text() -> None:
    """Its tags and styles are left out; a plain part wins."""
    page = "<style>p { width: 550px }</style><p>User&nbsp;unknown</p>"
    alone = parsed(mail("Content-Type: text/html", page))
    both = parsed(parts(("text/html", page), ("text/plain", "Plain."), kind="mixed").encode())

    assert ["User", "unknown"] == alone.text.split()
    assert "Plain." == both.text.strip()


def test_any_charset_will_do() -> None:
    """An unknown one, or one that is no name at all, is read as UTF-8."""
    unknown = parsed("Content-Type: text/plain; charset=klingon\n\nnein, ä".encode())
    latin = parsed(b"Content-Type: text/plain; charset=iso-8859-1\n\nnein, \xe4")

    half = parsed(b"Content-Type: text/plain; charset=utf-7\n\n+2AA-")

    assert half.text.isascii()
    assert "nein, ä" == unknown.text
    assert "nein, ä" == latin.text


def test_a_type_that_lies_is_no_matter() -> None:
    """A multipart without parts, and a report that is none, have nothing to say."""
    empty = parsed(b"Content-Type: multipart/report; boundary=b\n\nno part at all")
    inner = parts(("text/plain", "x"), kind="mixed").replace("=_b", "=_inner")
    nested = parsed(parts(("message/global-delivery-status", inner)).encode())
    held = parsed(b"Content-Type: text/rfc822-headers\n\nSubject: Three\n")

    assert () == empty.status_blocks
    assert [""] == [block.get("action") for block in nested.status_blocks]
    assert "Three" == held.original_header.get("subject")


def test_a_receipt_is_known() -> None:
    """A disposition notification (RFC 8098) says what a reader did."""
    report = ("message/disposition-notification", "Disposition: manual-action; displayed")

    assert parsed(parts(report).encode()).is_receipt


def test_a_large_message_is_read_to_a_limit() -> None:
    """What a notice has to say stands before the copy of what it returns."""
    found = parsed(b"Subject: x\r\n\r\n" + b"a line\r\n" * MAX_SIZE)

    assert 20_000 == len(found.text)
