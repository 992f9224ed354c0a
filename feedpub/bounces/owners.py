"""What a notice says, wherever in it → the subscriber that a token of ours in it is for."""

import re
from collections.abc import Iterable

from feedpub import tokens
from feedpub.tokens import Keys

_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{20,32}(?![A-Za-z0-9])")
_TRIED = 200  # words that look like tokens, in one message


def owner(values: Iterable[str], keys: Keys, purpose: str) -> int | None:
    """Give the subscriber of the first token for a purpose that stands in any of the values."""
    tried = 0
    for value in values:
        for found in _TOKEN.finditer(value):
            tried += 1
            subscriber = tokens.read(keys, purpose, found[0])
            if subscriber is not None or tried == _TRIED:
                return subscriber
    return None
