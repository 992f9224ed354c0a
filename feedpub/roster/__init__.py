"""Lists of readers as CSV, whoever exported them, and what makes two addresses one.

`understand` finds out what the columns of a list hold, `read` gives its subscribers, `write`
exports them.
"""

from feedpub.roster.addresses import canonical
from feedpub.roster.exports import MAPPABLE
from feedpub.roster.faults import Faulty
from feedpub.roster.layout import Column, Layout
from feedpub.roster.reading import Row, RowFault, UnusableError, read, understand
from feedpub.roster.sniffing import (
    HEAD,
    encoding_by_letters,
    encoding_by_mark,
    known_encoding,
    refuse_foreign,
)
from feedpub.roster.writing import write

__all__ = [
    "HEAD",
    "MAPPABLE",
    "Column",
    "Faulty",
    "Layout",
    "Row",
    "RowFault",
    "UnusableError",
    "canonical",
    "encoding_by_letters",
    "encoding_by_mark",
    "known_encoding",
    "read",
    "refuse_foreign",
    "understand",
    "write",
]
