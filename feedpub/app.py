"""What a publisher asks for, where it lies on the disk, and what came of it.

A site's configuration → the desk its newsletter is run from: store, keys and settings.

A configuration file → Config.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedpub import storage
from feedpub.config import load
from feedpub.config.schema import Config, DigestConfig
from feedpub.errors import ConfigError, FeedpubError
from feedpub.files import secrets as files_secrets
from feedpub.models import tokens
from feedpub.models.content import Author, Post, Problem
from feedpub.models.newsletter import Subscriber
from feedpub.models.text import find_close_match
from feedpub.models.tokens import SigningKeys, TokenSubject
from feedpub.storage import Store
from feedpub.storage import database as storage_database
from feedpub.storage.sent_files import RestoreGuard

ProgressCallback = Callable[[str, int, int], None]
"""Told of work as it goes on: which stage, how many are done, of how many."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and how."""

    config_path: Path
    output: Path | None  # in place of the config's
    drafts: bool  # publish drafts too
    future: bool  # publish what is dated after `now` too
    clean: bool  # start from nothing
    now: datetime
    environ: Mapping[str, str]
    progress: ProgressCallback
    config: Config | None = None  # in place of what the file says now
    unfinished: frozenset[str] = frozenset()  # whole paths of files that somebody is writing
    refuse_empty: bool = False  # a content folder that has become empty is one that is away

    @property
    def state_folder(self) -> Path:
        """The folder where what is remembered of the site lies."""
        return self.config_path.parent / ".feedpub"


@dataclass(frozen=True, slots=True)
class SitePaths:
    """Where a site lies on the disk, and the settings it is built with."""

    config: Config
    content: Path
    templates: Path
    output: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What a site consists of.

    files = published + drafts + scheduled + ignored + the files that were left out.
    """

    files: int  # Markdown files
    published: int
    drafts: int
    scheduled: int
    ignored: int  # names that are no posts, and posts that are private or have expired
    feeds: int  # documents, in every format
    pages: int


@dataclass(frozen=True, slots=True)
class Summary(Counts):
    """What came of a build or a check."""

    written: int
    unchanged: int
    removed: int
    problems: tuple[Problem, ...]
    folder: str
    seconds: float = 0.0
    changed_feeds: tuple[str, ...] = ()  # URLs of the feeds that say something else than before
    # Whose pages were not there at the last build, newest first; () where that is not known.
    new_posts: tuple[Post, ...] = ()
    next_change: datetime | None = None  # then the next post appears or goes
    damaged_files: tuple[str, ...] = ()  # parts of the cache that were, and have been made anew
    killed_workers: int = 0  # processes of the build, whose work others did


def resolve_paths(request: BuildRequest, *, sends: bool = True) -> SitePaths:
    """Read the config and find the folders it names; `sends` is as `config.load` has it.

    Raises FeedpubError where there is no config, and ConfigError where it cannot be used, or
    where what is written would become what is read.
    """
    path = request.config_path
    config = request.config or load_config(path, request.environ, sends=sends)
    home = path.parent
    where = SitePaths(
        config=config,
        content=home / config.content.folder,
        templates=home / config.pages.templates,
        output=request.output or home / config.output.folder,
        cache=request.state_folder / "cache",
    )
    output = where.output.resolve()
    for source in (where.content.resolve(), where.templates.resolve()):
        if output.is_relative_to(source) or source.is_relative_to(output):
            fault = f"the output folder {where.output} and {source} must not hold one another"
            raise ConfigError((Problem(str(path), 0, fault),))
    return where


def from_microseconds(since: int) -> datetime:
    """Give the time so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=since)


def to_microseconds(moment: datetime) -> int:
    """Give a time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


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
    request: BuildRequest, patience: float = storage_database.LOCK_TIMEOUT
) -> Iterator[NewsletterContext]:
    """Open the desk of a site, and close it in the end; `patience` is as `store.open` takes it.

    Raises FeedpubError where the configuration, the database or the secret cannot be used.
    """
    where = resolve_paths(request)
    home = where.cache.parent
    keys = _build_keys(files_secrets.load_secrets(home, request.environ))
    outside = RestoreGuard(home, _derive_salts(keys))
    url = where.config.subscribers.database
    with closing(storage.open_store(url, home, patience, outside.build_hooks())) as database:
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
            f"{files_secrets.SECRET_VARIABLE}; links in "
            "mails that are out will then lead nowhere"
        )
    try:
        return SigningKeys(secrets[0], secrets[1:])
    except ValueError as error:
        raise FeedpubError(
            f"the site's secret, in .feedpub/secret or {files_secrets.SECRET_VARIABLE}, cannot be "
            f"used: {error}"
        ) from None


def load_config(path: Path, environ: Mapping[str, str], *, sends: bool = True) -> Config:
    """Read a configuration file; `sends` is as `config.load` has it.

    Raises:
        ConfigError: it is not UTF-8, or says what it must not.
        FeedpubError: there is no such file.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FeedpubError(
            f"{path}: no such file; `feedpub init` makes a site, --config names another file"
        ) from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(str(path), line, "is not in UTF-8; save it in that encoding")
        raise ConfigError((problem,)) from None
    return load.parse_config(text, str(path), environ, sends=sends)
