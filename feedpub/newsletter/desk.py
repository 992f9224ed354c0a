"""A site's configuration → the desk its newsletter is run from: store, keys and settings."""

import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedpub import files, store, tokens
from feedpub.config import Config, DigestConfig
from feedpub.errors import FeedpubError
from feedpub.mailing import Subscriber
from feedpub.model import Author
from feedpub.newsletter.outside import RestoreGuard
from feedpub.publish.request import BuildRequest, SitePaths, resolve_paths
from feedpub.store import Store
from feedpub.text import find_close_match
from feedpub.tokens import SigningKeys, TokenSubject


@dataclass(frozen=True, slots=True)
class NewsletterContext:
    """All that is at hand while newsletter work is done; for as long as `opened` holds it."""

    config: Config
    paths: SitePaths
    store: Store
    keys: SigningKeys
    restore_guard: RestoreGuard
    outdated_reason: str = ""  # why nothing may be sent: the database is older than what went out

    def require_current_database(self) -> None:
        """Raise FeedpubError where the database is older than what went out."""
        if self.outdated_reason:
            raise FeedpubError(self.outdated_reason)

    def get_digest(self, name: str) -> DigestConfig:
        """Give the digest of this name. Raises FeedpubError where there is none."""
        names = [each.name for each in self.config.digests]
        for each in self.config.digests:
            if each.name == name:
                return each
        if not names:
            raise FeedpubError("there are no digests; add `digests:` to the configuration")
        meant = find_close_match(name, names)
        hint = f'did you mean "{meant}"?' if meant else f"there are: {', '.join(names)}"
        raise FeedpubError(f'no digest is called "{name}"; {hint}')

    def get_timezone(self, digest: DigestConfig) -> str:
        """Give the time zone that a digest's schedule is in."""
        return digest.timezone or self.config.site.timezone

    def get_sender(self) -> Author:
        """Give whom messages are from. Raises FeedpubError where nobody has an address."""
        author = self.config.mail.sender or self.config.site.author
        if author is None or not author.email:
            raise FeedpubError(
                "nobody sends the newsletter: give mail.sender a name and an email in the "
                "configuration"
            )
        return author

    def get_hostname(self) -> str:
        """Give the site's host name."""
        return urlsplit(self.config.site.url).hostname or "localhost"

    def create_token(self, purpose: str, one: Subscriber) -> str:
        """Give a reader's token for a purpose."""
        return tokens.sign_token(self.keys, purpose, one.id, one.address)

    def find_subscriber(self, owner: TokenSubject) -> Subscriber | None:
        """Give the reader whom a token was made for, and nobody else who has that id now."""
        one = self.store.get_subscriber(owner.id)
        return one if one and tokens.is_for_address(self.keys, owner, one.address) else None

    def derive_salt(self) -> bytes:
        """Give what the addresses of the forgotten are hashed with.

        It is kept in the database, so it is not the secret, which makes tokens.
        """
        return self.derive_salts()[0]

    def derive_salts(self) -> tuple[bytes, ...]:
        """Give that salt, and those of older keys."""
        return _derive_salts(self.keys)


def get_site_timezone(request: BuildRequest) -> ZoneInfo:
    """Give the time zone that a site tells its times in. Raises FeedpubError without a site."""
    return ZoneInfo(resolve_paths(request).config.site.timezone)


@contextmanager
def open_newsletter(
    request: BuildRequest, patience: float = store.LOCK_TIMEOUT
) -> Iterator[NewsletterContext]:
    """Open the desk of a site, and close it in the end; `patience` is as `store.open` takes it.

    Raises FeedpubError where the configuration, the database or the secret cannot be used.
    """
    where = resolve_paths(request)
    home = where.cache.parent
    keys = _build_keys(files.load_secrets(home, request.environ))
    outside = RestoreGuard(home, _derive_salts(keys))
    url = where.config.subscribers.database
    with closing(store.open_store(url, home, patience, outside.build_hooks())) as database:
        behind = outside.check_database(database, request.now)
        for each in where.config.digests:
            if each.was:
                database.rename_digest(each.was, each.name)
        yield NewsletterContext(where.config, where, database, keys, outside, behind)


def _derive_salts(keys: SigningKeys) -> tuple[bytes, ...]:
    return tuple(
        hmac.digest(key, b"feedpub forgotten", "sha256") for key in (keys.current, *keys.older)
    )


def _build_keys(secrets: tuple[bytes, ...]) -> SigningKeys:
    if not secrets:
        raise FeedpubError(
            "the site's secret is empty: delete .feedpub/secret, or set "
            f"{files.SECRET_VARIABLE}; links in "
            "mails that are out will then lead nowhere"
        )
    try:
        return SigningKeys(secrets[0], secrets[1:])
    except ValueError as error:
        raise FeedpubError(
            f"the site's secret, in .feedpub/secret or {files.SECRET_VARIABLE}, cannot be "
            f"used: {error}"
        ) from None
