"""Tables of readers, whoever exported them ⇄ subscribers; and what makes two addresses one."""

from feedpub.roster.addresses import canonical
from feedpub.roster.exports import MAPPABLE
from feedpub.roster.faults import Faulty
from feedpub.roster.reading import Row, RowFault, read
from feedpub.roster.writing import write

__all__ = ["MAPPABLE", "Faulty", "Row", "RowFault", "canonical", "read", "write"]
