"""The posts there are → what goes out in a digest, to whom, and what it says."""

from feedpub.digests.choice import BACK, LATE, Choices, due, fresh, in_one_language, select, wanted
from feedpub.digests.compose import LARGEST, Composer, mark
from feedpub.digests.following import Following, Names
from feedpub.digests.recognition import Recognised, recognise

__all__ = [
    "BACK",
    "LARGEST",
    "LATE",
    "Choices",
    "Composer",
    "Following",
    "Names",
    "Recognised",
    "due",
    "fresh",
    "in_one_language",
    "mark",
    "recognise",
    "select",
    "wanted",
]
