"""A value → a cell of our own export that no spreadsheet takes for a formula, and back."""

import re

# Excel, LibreOffice and Google Sheets run a cell that begins like this (OWASP, CSV injection), the
# wide forms where the system writes Chinese or Japanese. A quotation mark before it makes it text;
# one is put before those that begin so already, too, so that taking one away gives back the value.
_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
_NEEDS_ESCAPE = re.compile(f"'*{_FORMULA}")
_ESCAPED = re.compile(f"'+{_FORMULA}")


def escape_formula(value: str) -> str:
    """Give the cell for a value: itself, or with a "'" before what would be a formula."""
    return f"'{value}" if _NEEDS_ESCAPE.match(value) else value


def unescape_formula(cell: str) -> str:
    """Give the value that `tame` made this cell of; a name such as 't Hooft stays as it is."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell
