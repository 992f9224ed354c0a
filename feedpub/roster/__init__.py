"""Lists of readers as CSV, whoever exported them, and what makes two addresses one.

`understand` finds out what the columns of a list hold, `read` gives its subscribers, `write`
exports them.
"""

from feedpub.roster.addresses import normalize_address
from feedpub.roster.exports import MAPPABLE
from feedpub.roster.faults import InvalidValueError
from feedpub.roster.layout import Column, TableLayout
from feedpub.roster.reading import InvalidTableError, Row, RowProblem, detect_layout, parse_rows
from feedpub.roster.sniffing import (
    SAMPLE_SIZE,
    detect_bom_encoding,
    guess_encoding,
    reject_non_csv,
    validate_encoding,
)
from feedpub.roster.writing import write_csv

__all__ = [
    "MAPPABLE",
    "SAMPLE_SIZE",
    "Column",
    "InvalidTableError",
    "InvalidValueError",
    "Row",
    "RowProblem",
    "TableLayout",
    "detect_bom_encoding",
    "detect_layout",
    "guess_encoding",
    "normalize_address",
    "parse_rows",
    "reject_non_csv",
    "validate_encoding",
    "write_csv",
]
