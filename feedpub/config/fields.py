"""What is said of a key beside its type and default, and a value that is not to be seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Validator = Callable[[str], str]
"""Gives a value in its normal form, which it leaves as it is, or raises a ValueError.

The error's message goes on where the quoted value ends: `is not a time zone`.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """The help of a key, and what its values must be.

    Each item of a list is checked by itself; a value that equals the default is not checked.
    """

    help: str = ""  # "" where the name says it all
    validator: Validator | None = None
    minimum: int | None = None  # of a whole number
    alias: str = ""  # another name for the key
    env_variable: str = ""  # of a value nobody may see: the environment's variable meant for it
    needed_to_read: bool = False  # whether such a one is needed also where nothing is sent


class Secret(str):
    """A text that is used and never shown: what is shown is what the configuration said for it."""

    __slots__ = ("shown",)
    shown: str

    def __new__(cls, text: str, shown: str) -> Self:
        """Keep `text`; `shown` is what stands for it: "${SMTP_PASSWORD}"."""
        made = super().__new__(cls, text)
        made.shown = shown
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.shown)

    def __repr__(self) -> str:
        """Give what is shown, so that no traceback and no digest of a Config tells the text."""
        return repr(self.shown)
