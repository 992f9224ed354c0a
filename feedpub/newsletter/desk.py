"""A site's configuration → the desk its newsletter is run from: store, keys and settings."""

import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedpub import files, store, tokens
from feedpub.config import Config, Digest
from feedpub.errors import FeedpubError
from feedpub.mailing import Subscriber
from feedpub.model import Author
from feedpub.newsletter.outside import OutsideFiles
from feedpub.publish.request import Place, Request, place
from feedpub.store import Store
from feedpub.text import nearest
from feedpub.tokens import Keys, Owner


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is at hand while newsletter work is done; for as long as `opened` holds it."""

    config: Config
    where: Place
    store: Store
    keys: Keys
    outside: OutsideFiles
    behind: str = ""  # why nothing may be sent: the database is older than what went out

    def require_current(self) -> None:
        """Raise FeedpubError where the database is older than what went out."""
        if self.behind:
            raise FeedpubError(self.behind)

    def digest(self, name: str) -> Digest:
        """Give the digest of this name. Raises FeedpubError where there is none."""
        names = [each.name for each in self.config.digests]
        for each in self.config.digests:
            if each.name == name:
                return each
        if not names:
            raise FeedpubError("there are no digests; add `digests:` to the configuration")
        meant = nearest(name, names)
        hint = f'did you mean "{meant}"?' if meant else f"there are: {', '.join(names)}"
        raise FeedpubError(f'no digest is called "{name}"; {hint}')

    def zone(self, digest: Digest) -> str:
        """Give the time zone that a digest's schedule is in."""
        return digest.timezone or self.config.site.timezone

    def sender(self) -> Author:
        """Give whom messages are from. Raises FeedpubError where nobody has an address."""
        author = self.config.mail.sender or self.config.site.author
        if author is None or not author.email:
            raise FeedpubError(
                "nobody sends the newsletter: give mail.sender a name and an email in the "
                "configuration"
            )
        return author

    def host(self) -> str:
        """Give the site's host name."""
        return urlsplit(self.config.site.url).hostname or "localhost"

    def token(self, purpose: str, one: Subscriber) -> str:
        """Give a reader's token for a purpose."""
        return tokens.mint(self.keys, purpose, one.id, one.address)

    def reader(self, owner: Owner) -> Subscriber | None:
        """Give the reader whom a token was made for, and nobody else who has that id now."""
        one = self.store.get(owner.id)
        return one if one and tokens.is_of(self.keys, owner, one.address) else None

    def salt(self) -> bytes:
        """Give what the addresses of the forgotten are hashed with.

        It is kept in the database, so it is not the secret, which makes tokens.
        """
        return self.salts()[0]

    def salts(self) -> tuple[bytes, ...]:
        """Give that salt, and those of older keys."""
        return _salts(self.keys)


def zone(request: Request) -> ZoneInfo:
    """Give the time zone that a site tells its times in. Raises FeedpubError without a site."""
    return ZoneInfo(place(request).config.site.timezone)


@contextmanager
def opened(request: Request, patience: float = store.PATIENCE) -> Iterator[Desk]:
    """Open the desk of a site, and close it in the end; `patience` is as `store.open` takes it.

    Raises FeedpubError where the configuration, the database or the secret cannot be used.
    """
    where = place(request)
    home = where.memory.parent
    keys = _keys(files.secrets(home, request.environ))
    outside = OutsideFiles(home, _salts(keys))
    url = where.config.subscribers.database
    with closing(store.open(url, home, patience, outside.outside())) as database:
        behind = outside.compare(database, request.now)
        for each in where.config.digests:
            if each.was:
                database.rename_digest(each.was, each.name)
        yield Desk(where.config, where, database, keys, outside, behind)


def _salts(keys: Keys) -> tuple[bytes, ...]:
    return tuple(
        hmac.digest(key, b"feedpub forgotten", "sha256") for key in (keys.current, *keys.older)
    )


def _keys(secrets: tuple[bytes, ...]) -> Keys:
    if not secrets:
        raise FeedpubError(
            f"the site's secret is empty: delete .feedpub/secret, or set {files.SECRET}; links in "
            "mails that are out will then lead nowhere"
        )
    try:
        return Keys(secrets[0], secrets[1:])
    except ValueError as error:
        raise FeedpubError(
            f"the site's secret, in .feedpub/secret or {files.SECRET}, cannot be used: {error}"
        ) from None
