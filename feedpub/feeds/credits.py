"""A post's or a feed's authors → the people a feed names, of whom there is always one."""

import re

from feedpub.config.schema import Config
from feedpub.model import Author

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


def get_authors(config: Config, authors: tuple[Author, ...]) -> tuple[Author, ...]:
    """Give the authors; where nobody is named the site's; where it has none the site itself.

    Atom wants an author for each entry (RFC 4287 section 4.1.1), and readers of the other
    formats are glad of one.
    """
    return authors or (config.site.author or Author(config.site.title),)


def get_valid_email(author: Author) -> str:
    """Give an author's address if it is one, or ""."""
    return author.email if _EMAIL.fullmatch(author.email) else ""


def get_valid_language(tag: str) -> str:
    """Give a language tag if it has the form of one (BCP 47), or ""."""
    return tag if _LANGUAGE.fullmatch(tag) else ""
