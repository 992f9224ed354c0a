"""What is said of a key beside its type and default."""

from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[str], str]
"""Gives a value in its normal form, which it leaves as it is, or raises a ValueError.

The error's message goes on where the quoted value ends: `is not a time zone`.
"""


@dataclass(frozen=True, slots=True)
class Key:
    """The help of a key, and what its values must be.

    Each item of a list is checked by itself; a value that equals the default is not checked.
    """

    help: str = ""  # "" where the name says it all
    check: Check | None = None
    least: int | None = None  # of a whole number
    also: str = ""  # another name for the key
