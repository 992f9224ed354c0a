"""Files beside the database that reveal a restored backup, and timestamps in messages for the same.

`open_newsletter` calls `RestoreGuard.check_database` before anything else is done with the
database: a restored one must not send anything, and departures since the backup must be applied.

If the whole folder was restored, these files are old, too; but messages sent since then are not.
Each carries a signed timestamp of its issue, which returns in bounces. Only the site's secret can
create one, so a stranger cannot stop a newsletter with a forged message.
"""

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedpub.errors import FeedpubError
from feedpub.files.sent_log import AppendLog, SentCounter
from feedpub.models import tokens
from feedpub.models.tokens import SigningKeys
from feedpub.storage import Store
from feedpub.storage.database import RecoveryLog
from feedpub.storage.restore_check import FORGOTTEN, DatabasePosition
from feedpub.storage.rows import hash_address

_SYNCED = 100  # the counter is synced once per so many releases
_HEADER = "# who has left, by salted hashes of addresses:"
_WAITS = (
    "nothing is sent until `feedpub digest recover` has determined what was sent: pass the mail "
    "server's log with --from, or a date with --skip-until"
)


@dataclass(frozen=True, slots=True)
class PlannedIssue:
    """The record of an issue outside the database: enough to find out later whom it reached."""

    digest: str
    slot: datetime
    created: datetime
    posts: tuple[str, ...]
    subject: str
    audience: int


class RestoreGuard:
    """The files beside one site's database."""

    def __init__(self, folder: Path, salts: Sequence[bytes]) -> None:
        """Use the files in a folder. Addresses are hashed with `salts`, newest first."""
        self.sent_counter = SentCounter(folder)
        self._departures = AppendLog(folder / "departures")
        self._issues = AppendLog(folder / "issues")
        self._salts = tuple(salts)
        self._nonce = ""
        self._released = 0

    def build_hooks(self) -> RecoveryLog:
        """Return the hooks that the database calls before commits and before sending."""
        return RecoveryLog(self._record_sent, self._record_departures)

    def check_database(self, store: Store, now: datetime) -> str:
        """Apply departures since a backup; return why nothing may be sent, or "" if all is well.

        Raises:
            FeedpubError: The files cannot be read.
            StoreError: The database cannot be used.
        """
        position = store.get_position()
        self._nonce = position.nonce
        try:
            self._replay(store, position, now)
            return self._describe_outdated(position)
        except OSError as error:
            raise FeedpubError(
                f"{error.filename}: {error.strerror}; this file shows whether the "
                "database was restored from a backup"
            ) from error

    def record_issue(self, issue: PlannedIssue) -> None:
        """Log an issue before it is planned. Raises FeedpubError if that fails."""
        line = json.dumps(
            {
                "digest": issue.digest,
                "slot": issue.slot.isoformat(),
                "created": issue.created.isoformat(),
                "posts": issue.posts,
                "subject": issue.subject,
                "audience": issue.audience,
            }
        )
        try:
            self._issues.append([line])
        except OSError as error:
            raise FeedpubError(
                f"{self._issues.path}: {error.strerror}; issue not planned, because it could "
                "not be recovered if the database were restored from a backup"
            ) from error

    def load_issues(self) -> Iterable[PlannedIssue]:
        """Yield the logged issues, oldest first, skipping damaged lines.

        Raises OSError.
        """
        for line in self._issues.read_lines():
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(line)
                yield PlannedIssue(
                    told["digest"],
                    datetime.fromisoformat(told["slot"]),
                    datetime.fromisoformat(told["created"]),
                    tuple(told["posts"]),
                    told["subject"],
                    told["audience"],
                )

    def mark_restored(self, store: Store) -> str:
        """Record that mail of an issue newer than the database came back; return what to do.

        Raises FeedpubError if the file cannot be written, and StoreError.
        """
        position = store.get_position()
        if not self._describe_outdated(position):
            try:
                # A random nonce matches no database, so no process still sending accepts it.
                self.sent_counter.write(
                    secrets.token_hex(len(position.nonce) // 2), position.sent_batches
                )
            except OSError as error:
                raise FeedpubError(
                    f"{error.filename}: {error.strerror}; bounces belong to issues that are "
                    "not in the newsletter database: it was restored from a backup"
                ) from error
        return self._describe_outdated(position)

    def resync(self, store: Store, now: datetime) -> None:
        """Bring the database and the files back in step. Raises OSError and StoreError."""
        position = store.get_position()
        nonce, number = self.sent_counter.read() or (position.nonce, position.sent_batches)
        store.advance_position(number, nonce, now)
        self.sent_counter.write(nonce, max(number, position.sent_batches))

    def _describe_outdated(self, position: DatabasePosition) -> str:
        """Return why the database is older than the mail sent; "" if it is not."""
        told = self.sent_counter.read()
        if told is None or (told[0] != position.nonce and not position.has_issues):
            with suppress(OSError):  # if it persists, releasing messages reports it
                self.sent_counter.write(position.nonce, position.sent_batches)
            return ""
        nonce, number = told
        if nonce != position.nonce:
            return (
                "the newsletter database is not the one that mail was last sent from, or is older "
                f"(restored from a backup?); {_WAITS}"
            )
        if number > position.sent_batches:
            return (
                "the newsletter database is older than the mail already sent (messages released "
                f"{number:,} times, {position.sent_batches:,} of them recorded) and was restored "
                f"from a backup; {_WAITS}"
            )
        if number < position.sent_batches:
            with suppress(OSError):
                self.sent_counter.advance_to(position.nonce, position.sent_batches)
        return ""

    def _replay(self, store: Store, position: DatabasePosition, now: datetime) -> None:
        """Apply departures that the database lacks."""
        length = self._departures.get_length()
        if not length:  # the log is new, or was lost
            log = f"{_HEADER} {secrets.token_hex(8)}"
            left = [
                *self._lines(store.list_suppressed()),
                *_forgotten(store.list_forgotten_hashes()),
            ]
            with suppress(OSError):  # if it persists, the next departure reports it
                store.reset_log(log, self._departures.append([log, *left]))
            return
        log = next(iter(self._departures.read_lines()), "")
        start = position.log_offset if position.log == log else 0
        if length <= start:
            return
        states: dict[bytes, str] = {}
        for line in self._departures.read_lines(start):
            digest, _, state = line.partition(" ")
            with suppress(ValueError):
                states[bytes.fromhex(digest)] = state
        store.replay_log(states, self._hashes, self._salts[0], log, length, now)

    def _record_sent(self, number: int) -> None:
        self.sent_counter.advance_to(self._nonce, number)
        if self._released % _SYNCED == 0:
            self.sent_counter.sync()
        self._released += 1

    def _record_departures(self, departed: Sequence[tuple[str, str]]) -> int:
        return self._departures.append(self._lines(departed))

    def _lines(self, departed: Iterable[tuple[str, str]]) -> list[str]:
        return [f"{hash_address(key, self._salts[0]).hex()} {state}" for key, state in departed]

    def _hashes(self, key: str) -> list[bytes]:
        return [hash_address(key, salt) for salt in self._salts]


def _forgotten(hashes: Iterable[bytes]) -> list[str]:
    return [f"{each.hex()} {FORGOTTEN}" for each in hashes]


_PURPOSE = "issued"
_STAMP = re.compile(
    rb"^X-Feedpub-Issued:[ \t]{1,9}([0-9a-f]{8,10})\.([a-z2-7]{16})\b", re.MULTILINE | re.IGNORECASE
)
_MOST = 16  # timestamps examined per message; a bounce contains one


def create_stamp(keys: SigningKeys, created: datetime) -> str:
    """Return the signed timestamp of an issue."""
    moment = f"{int(created.timestamp()):08x}"
    return f"{moment}.{tokens.sign_form(keys, _PURPOSE, moment)}"


def find_newest_stamp(keys: SigningKeys, data: bytes) -> datetime | None:
    """Return the newest valid timestamp found in a message, None if there is none."""
    found = None
    for _, each in zip(range(_MOST), _STAMP.finditer(data), strict=False):
        moment, seal = each[1].decode().lower(), each[2].decode()
        if tokens.verify_form(keys, _PURPOSE, moment, seal):
            created = datetime.fromtimestamp(int(moment, 16), UTC)
            found = max(found, created) if found else created
    return found
