"""Field metadata for the schema (help, validator, limits), and the Secret type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Validator = Callable[[str], str]
"""Return a value in normal form, or raise ValueError. Must be idempotent.

The error message continues after the quoted value: `is not a time zone`.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """The help text of a key and the constraints on its values.

    Each item of a list is validated separately; a value equal to the default is not validated.
    """

    help: str = ""  # "" if the name says enough
    validator: Validator | None = None
    minimum: int | None = None  # for integers
    alias: str = ""  # another name for the key
    env_variable: str = ""  # for a secret: the environment variable that should supply it
    needed_to_read: bool = False  # whether the secret is required even if nothing is sent


class Secret(str):
    """A secret string. Its repr is the text of the configuration, such as "${SMTP_PASSWORD}"."""

    __slots__ = ("shown",)
    shown: str

    def __new__(cls, text: str, shown: str) -> Self:
        """Hold `text`; `shown` is printed in its place."""
        made = super().__new__(cls, text)
        made.shown = shown
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.shown)

    def __repr__(self) -> str:
        """Return `shown`, so that no traceback and no digest of a Config contains the secret."""
        return repr(self.shown)
