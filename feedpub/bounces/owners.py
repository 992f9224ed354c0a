"""What a notice says, wherever in it → whom a token of ours in it was made for."""

import re
from collections.abc import Iterable

from feedpub import tokens
from feedpub.tokens import SigningKeys, TokenSubject

_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{26,39}(?![A-Za-z0-9])")
_TRIED = 200  # words that look like tokens, in one message


def find_token_subject(
    values: Iterable[str], keys: SigningKeys, purpose: str
) -> TokenSubject | None:
    """Give the owner of the first token for a purpose that stands in any of the values."""
    tried = 0
    for value in values:
        for found in _TOKEN.finditer(value):
            tried += 1
            made_for = tokens.verify_token(keys, purpose, found[0])
            if made_for is not None or tried == _TRIED:
                return made_for
    return None
