"""What every command shares: build requests, their results, and access to a site's data.

Commands describe their work as a `BuildRequest`; `load_config` reads `config.yaml`,
`resolve_paths` finds the site's folders, and `open_newsletter` opens the subscriber database
together with the signing keys.
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
"""Progress callback: (stage, items done, items in total)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and with which options."""

    config_path: Path
    output: Path | None  # overrides output.folder
    drafts: bool  # also publish drafts
    future: bool  # also publish posts dated after `now`
    clean: bool  # ignore the cache and rebuild everything
    now: datetime
    environ: Mapping[str, str]
    progress: ProgressCallback
    config: Config | None = None  # used instead of reading the file
    unfinished: frozenset[str] = frozenset()  # absolute paths of files still being written
    refuse_empty: bool = False  # treat an emptied content folder as missing, e.g. unmounted

    @property
    def state_folder(self) -> Path:
        """The folder for feedpub's own state: `.feedpub/` beside the configuration."""
        return self.config_path.parent / ".feedpub"


@dataclass(frozen=True, slots=True)
class SitePaths:
    """A site's configuration and the folders it refers to."""

    config: Config
    content: Path
    templates: Path
    output: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files, posts, feeds and pages a site has.

    files = published + drafts + scheduled + ignored + the files that were left out.
    """

    files: int  # Markdown files
    published: int
    drafts: int
    scheduled: int
    ignored: int  # files that are not posts, and posts that are private or expired
    feeds: int  # documents, in every format
    pages: int


@dataclass(frozen=True, slots=True)
class Summary(Counts):
    """The result of a build or a check."""

    written: int
    unchanged: int
    removed: int
    problems: tuple[Problem, ...]
    folder: str
    seconds: float = 0.0
    changed_feeds: tuple[str, ...] = ()  # URLs of feeds whose content changed
    # Posts without a page at the last build, newest first; () when that is unknown.
    new_posts: tuple[Post, ...] = ()
    next_change: datetime | None = None  # when the next post appears or expires
    damaged_files: tuple[str, ...] = ()  # damaged cache files that were rebuilt
    killed_workers: int = 0  # worker processes that died; others did their work


def resolve_paths(request: BuildRequest, *, sends: bool = True) -> SitePaths:
    """Load the configuration and resolve its folders; `sends` is passed on to `parse_config`.

    Raises FeedpubError if there is no configuration file, and ConfigError if it is invalid or if
    the output folder overlaps the content or template folder: output would be read as source.
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
            fault = f"the output folder {where.output} and {source} must not contain each other"
            raise ConfigError((Problem(str(path), 0, fault),))
    return where


def from_microseconds(since: int) -> datetime:
    """Convert microseconds since 1970 to a UTC time."""
    return _EPOCH + timedelta(microseconds=since)


def to_microseconds(moment: datetime) -> int:
    """Convert a time to microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NewsletterContext:
    """The services a newsletter command needs; valid only inside `open_newsletter`."""

    config: Config
    paths: SitePaths
    store: Store
    keys: SigningKeys
    restore_guard: RestoreGuard
    outdated_reason: str = ""  # why sending is blocked: the database was restored

    def require_current_database(self) -> None:
        """Raise FeedpubError if the database is older than the mail already sent."""
        if self.outdated_reason:
            raise FeedpubError(self.outdated_reason)

    def get_digest(self, name: str) -> DigestConfig:
        """Return the digest with this name. Raises FeedpubError if there is none."""
        names = [each.name for each in self.config.digests]
        for each in self.config.digests:
            if each.name == name:
                return each
        if not names:
            raise FeedpubError("there are no digests; add `digests:` to the configuration")
        meant = find_close_match(name, names)
        hint = f'did you mean "{meant}"?' if meant else f"use one of {', '.join(names)}"
        raise FeedpubError(f'unknown digest "{name}"; {hint}')

    def get_timezone(self, digest: DigestConfig) -> str:
        """Return the time zone of a digest's schedule."""
        return digest.timezone or self.config.site.timezone

    def get_sender(self) -> Author:
        """Return the From author. Raises FeedpubError if no sender address is configured."""
        author = self.config.mail.sender or self.config.site.author
        if author is None or not author.email:
            raise FeedpubError("no sender address; set mail.sender.email or site.author.email")
        return author

    def get_hostname(self) -> str:
        """Return the site's host name."""
        return urlsplit(self.config.site.url).hostname or "localhost"

    def create_token(self, purpose: str, one: Subscriber) -> str:
        """Return a subscriber's signed token for a purpose."""
        return tokens.sign_token(self.keys, purpose, one.id, one.address)

    def find_subscriber(self, owner: TokenSubject) -> Subscriber | None:
        """Return the subscriber a token was issued for.

        None if the id is unknown or now belongs to a different address.
        """
        one = self.store.get_subscriber(owner.id)
        return one if one and tokens.is_for_address(self.keys, owner, one.address) else None

    def derive_salt(self) -> bytes:
        """Return the salt for hashing the addresses of erased subscribers.

        It is derived from the site's secret, not equal to it: the database must not hold what signs
        tokens.
        """
        return self.derive_salts()[0]

    def derive_salts(self) -> tuple[bytes, ...]:
        """Return the salts of the current key and of all older keys, current first."""
        return _derive_salts(self.keys)


def get_site_timezone(request: BuildRequest) -> ZoneInfo:
    """Return the site's time zone. Raises FeedpubError if there is no usable configuration."""
    return ZoneInfo(resolve_paths(request).config.site.timezone)


@contextmanager
def open_newsletter(
    request: BuildRequest, timeout: float = storage_database.LOCK_TIMEOUT
) -> Iterator[NewsletterContext]:
    """Open a site's newsletter context, and close its database on exit.

    `timeout` is how long to wait for a locked database, as in `storage.open_store`. Digests that
    were renamed with `was` are renamed in the database first.

    Raises FeedpubError if the configuration, the database or the secret cannot be used.
    """
    where = resolve_paths(request)
    home = where.cache.parent
    keys = _build_keys(files_secrets.load_secrets(home, request.environ))
    outside = RestoreGuard(home, _derive_salts(keys))
    url = where.config.subscribers.database
    with closing(storage.open_store(url, home, timeout, outside.build_hooks())) as database:
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
            "mail already sent will then stop working"
        )
    try:
        return SigningKeys(secrets[0], secrets[1:])
    except ValueError as error:
        raise FeedpubError(
            f"the site's secret, in .feedpub/secret or {files_secrets.SECRET_VARIABLE}, cannot be "
            f"used: {error}"
        ) from None


def load_config(path: Path, environ: Mapping[str, str], *, sends: bool = True) -> Config:
    """Read a configuration file; `sends` is passed on to `parse_config`.

    Raises:
        ConfigError: the file is not UTF-8, or a value in it is invalid.
        FeedpubError: there is no such file.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FeedpubError(
            f"{path}: no such file; run `feedpub init`, or choose another file with --config"
        ) from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(str(path), line, "is not UTF-8; save it as UTF-8")
        raise ConfigError((problem,)) from None
    return load.parse_config(text, str(path), environ, sends=sends)
