"""What a file is that is said to be a list of readers, and how its letters are written."""

import codecs
import re
from collections.abc import Iterable

from feedpub.roster.faults import InvalidValueError, quote_value

SAMPLE_SIZE = 4096
"""How many bytes of a file `encoding_by_mark` and `refuse_foreign` look at."""

_AS_CSV = "open it in a spreadsheet program and save it as CSV UTF-8"
_UNPACK = "unpack it, and import the CSV file that is in it"
# Bytes that a file begins with, what it is then, and what to do about it.
_FILE_SIGNATURES = (
    (rb"PK\x03\x04.*(?:xl/|\[Content_Types\]|mimetype)", f"a spreadsheet (.xlsx, .ods): {_AS_CSV}"),
    (rb"PK\x03\x04|PK\x05\x06", f"a ZIP archive: {_UNPACK}"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", f"compressed: {_UNPACK}"),
    (rb"\xd0\xcf\x11\xe0", f"a spreadsheet of an old kind (.xls): {_AS_CSV}"),
    (rb"%PDF", "a PDF: export the list again, as CSV"),
    (rb"SQLite format 3", "a database: export its readers as CSV"),
    (
        rb"\s*BEGIN:VCARD",
        "an address book (vCard): export it as CSV, with only those who asked for your mail",
    ),
    (
        rb"(?i)\s*<(?:!doctype|html|head|body|table|\?xml)",
        "a web page or XML, perhaps one that asks you to sign in: export the list again, as CSV",
    ),
    (rb"\s*(?:\{|\[\s*[\[{\]\"])", "JSON: export the list as CSV, or turn it into CSV (jq, @csv)"),
    (rb"(?i)\s*(?:insert into|create table|-- mysql|-- phpmyadmin)", "SQL: export it as CSV"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What no text in a Western language holds in cp1252: other bytes than its letters and punctuation,
# and runs of three that are not ASCII. Such are words of another script.
_NOT_WESTERN = re.compile(
    rb"[\x00-\x08\x0e-\x1f\x81\x83\x86-\x89\x8b\x8d\x8f\x90\x98\x9b\x9d\xa2\xa4-\xa6\xa8\xac\xaf"
    rb"\xb1\xb5\xb6\xb8\xb9\xbc-\xbe\xd7\xf7]|[\x80-\xff]{3}"
)


def reject_non_csv(head: bytes) -> None:
    """Raise Faulty for the beginning of a file that is no table of text, with what to do."""
    for begins, what in _FILE_SIGNATURES:
        if re.match(begins, head, re.DOTALL):
            raise InvalidValueError(f"the file is {what}")
    if detect_bom_encoding(head) is None and b"\0" in head:
        raise InvalidValueError("the file is no text: export the list as CSV UTF-8")


def detect_bom_encoding(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a file tell, None where they tell none."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:64] if len(head) % 2 == 0 or len(head) > 64 else head[:-1]  # noqa: PLR2004
    if len(sample) >= 4 and b"\0" not in sample[::2] and not any(sample[1::2]):  # noqa: PLR2004
        return "utf-16-le"
    if len(sample) >= 4 and b"\0" not in sample[1::2] and not any(sample[::2]):  # noqa: PLR2004
        return "utf-16-be"
    return None


def guess_encoding(lines: Iterable[bytes]) -> str:
    """Return the encoding of a file without a mark: UTF-8, or cp1252 where that is plausible.

    It is cp1252 where no line can only be UTF-8, and all that is not ASCII looks like letters.
    """
    found = "utf-8"
    for line in lines:
        if line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError:
            if _NOT_WESTERN.search(line):
                return "utf-8"
            found = "cp1252"
        else:
            return "utf-8"
    return found


def validate_encoding(name: str) -> str:
    """Return the name by which Python knows an encoding of text; raises Faulty for any other."""
    try:
        "".encode(name)
    except (LookupError, ValueError, UnicodeError):
        raise InvalidValueError(
            f"there is no encoding {quote_value(name)}: write one such as utf-8, utf-16 or cp1252"
        ) from None
    return name
