"""Old addresses of a post in its front matter, told apart from the other names that it goes by.

`aliases` means addresses to Hugo and Zola, and names to Obsidian: how each is written tells which.
Jekyll's `redirect_from` and `redirect_to` always mean addresses.
"""

import re
from collections.abc import Iterator, Mapping

from feedpub.model import Reference
from feedpub.posts import keys
from feedpub.posts.frontmatter import Value
from feedpub.posts.header import FieldReader

MAX_OLD_ADDRESSES = 100
"""Old addresses that a post can have."""

_LONGEST = 1_000  # characters of an address
_ADDRESS = re.compile(
    r"\.{0,2}/|https?://"  # "/old/", "../old/", "https://example.org/old/"
    r"|[^\sA-Z]++(?<=/)$"  # "old/"
    r"|[^\sA-Z/]++/[^\sA-Z]"  # "2010/old", and not "AC/DC"
    r"|[^\s]++(?<=\.html|\.xhtm|\.aspx)$|[^\s]++(?<=\.php|\.htm|\.asp|\.jsp)$|[^\s]++(?<=\.xhtml)$"
)
_COMMAS = re.compile(r"[,，\n]")


def is_address(text: str) -> bool:
    """Tell whether an alias is written as an address, and not as a name."""
    return _ADDRESS.match(text) is not None


def parse_old_addresses(header: FieldReader) -> tuple[Reference, ...]:
    """Return the addresses that lead to a post, each once, with the lines that name them."""
    found: dict[str, int] = {}
    for key, value in header.get_values(keys.ALIASES):
        for text in _texts(value, divided=True):
            if is_address(text):
                found.setdefault(text, header.find_line(key))
    for key, value in header.get_values(keys.REDIRECT_FROM):
        for text in _texts(value, divided=False):
            # Without a slash before it, such an address begins at the root all the same.
            address = text if is_address(text) else f"/{text}"
            found.setdefault(address, header.find_line(key))
    kept = [Reference(text, line) for text, line in found.items() if len(text) <= _LONGEST]
    if len(kept) > MAX_OLD_ADDRESSES or len(kept) < len(found):
        key = header.get_values((*keys.ALIASES, *keys.REDIRECT_FROM))[0][0]
        told = f"only the first {MAX_OLD_ADDRESSES} count, of up to {_LONGEST:,} characters each"
        header.warn(key, f"{len(found):,} old addresses; {told}")
    return tuple(kept[:MAX_OLD_ADDRESSES])


def parse_redirect_target(header: FieldReader) -> tuple[Reference, ...]:
    """Return the URL that a post's page leads on to, if there is one."""
    for key, value in header.get_values(keys.REDIRECT_TO):
        for text in _texts(value, divided=False):
            return (Reference(text, header.find_line(key)),)
    return ()


def _texts(value: Value, *, divided: bool) -> Iterator[str]:
    """Yield the texts of a list, or of one text that commas may divide."""
    if isinstance(value, str):
        parts = _COMMAS.split(value) if divided else [value]
        yield from filter(None, (part.strip() for part in parts))
    elif not isinstance(value, Mapping):
        for item in value:
            if isinstance(item, str) and item.strip():
                yield item.strip()
