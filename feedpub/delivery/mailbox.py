"""Mail that came back → its bytes, message by message, each marked once it is dealt with.

Whoever stops reading before the end closes the generator (`contextlib.closing`): it may hold a
lock or a connection.
"""

import contextlib
import hashlib
import imaplib
import mailbox
import os
import ssl
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from feedpub.delivery.transport import describe_error
from feedpub.errors import MailError

MAX_MESSAGE_SIZE = 4_000_000
"""Octets that are read of a message: what a report says stands at its beginning."""

_INFO, _SEEN = ":2,", "S"


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message that came in; it comes again next time unless `done` was called.

    `done` is called before the next message is asked for; it raises `MailError` if it fails.
    """

    data: bytes
    acknowledge: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """A mailbox on an IMAP server, by TLS from the first octet on (RFC 8314)."""

    host: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    port: int = 993
    folder: str = "INBOX"
    ca_file: str = ""  # certificates to trust; "" for those of the system
    timeout: float = 60  # seconds


def read_stream(source: BinaryIO) -> Generator[IncomingMessage, None, None]:
    """Read one message, as a mail server hands it to a program."""
    data = source.read(MAX_MESSAGE_SIZE)
    while source.read(1 << 20):
        pass  # a server that cannot hand over all of it takes that for a failure
    if data.startswith(b"From "):  # its own note, as in an mbox
        data = data.partition(b"\n")[2]
    if data.strip():
        yield IncomingMessage(data, _do_nothing)


def save_to_maildir(folder: Path, data: bytes, most: int) -> bool:
    """Put a message into a Maildir that is ours, for somebody to read; whole or not at all.

    The same message is kept once. Returns False where `most` messages wait there already.

    Raises:
        MailError: it cannot be written.
    """
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.eml"
    try:
        for each in ("", "tmp", "new", "cur"):
            (folder / each).mkdir(0o700, parents=True, exist_ok=True)
        if count_unread(folder) >= most and not (folder / "new" / name).exists():
            return False
        number, part = tempfile.mkstemp(dir=folder / "tmp")  # for its owner alone
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(folder / "new" / name)
    except OSError as error:
        raise MailError(f"{folder}: mail cannot be kept there ({error.strerror})") from error
    return True


def count_unread(folder: Path) -> int:
    """Return how many messages nobody has read yet in a Maildir; 0 where there is none."""
    try:
        return sum(1 for _ in (folder / "new").iterdir())
    except OSError:
        return 0


def read_maildir(path: Path) -> Generator[IncomingMessage, None, None]:
    """Read what is new in a Maildir, and what was moved unread; what is done counts as read.

    Raises:
        MailError: there is no Maildir, or it cannot be read.
    """
    try:
        found = [*(path / "new").iterdir()]  # first: nothing is made where there is no Maildir
        (path / "cur").mkdir(exist_ok=True)
        found += (path / "cur").iterdir()
    except OSError as error:
        raise MailError(f"{path}: no Maildir that can be read ({error.strerror})") from error
    for file in sorted(found, key=lambda each: each.name):
        name, _, flags = file.name.partition(_INFO)
        if name.startswith(".") or _SEEN in flags:
            continue
        target = path / "cur" / f"{name}{_INFO}{''.join(sorted({*flags, _SEEN}))}"
        try:
            data = read_beginning(file)
        except FileNotFoundError:
            continue  # somebody else reads it too
        except OSError as error:
            raise MailError(f"{file}: cannot be read ({error.strerror})") from error
        yield IncomingMessage(data, partial(_move, file, target))


def read_mbox(path: Path) -> Generator[IncomingMessage, None, None]:
    """Read an mbox; it stays locked until the last message, and what is done is then removed.

    Raises:
        MailError: it cannot be read, or another program has locked it or writes to it.
    """
    try:
        box = mailbox.mbox(path, create=False)
    except (OSError, mailbox.NoSuchMailboxError) as error:
        raise MailError(f"{path}: no mbox that can be read") from error
    try:
        yield from _locked(box)
    except (OSError, mailbox.Error) as error:
        raise MailError(f"{path}: another program is at it; try again later") from error


def _locked(box: mailbox.mbox) -> Generator[IncomingMessage, None, None]:
    finished: list[str] = []
    try:
        box.lock()
        for key in box.keys():  # noqa: SIM118 - it is no mapping: iteration gives messages
            yield IncomingMessage(
                box.get_bytes(key)[:MAX_MESSAGE_SIZE], partial(finished.append, key)
            )
    finally:
        for key in finished:
            box.discard(key)
        box.close()  # writes it anew where something was removed, and unlocks it


def read_imap(account: ImapAccount) -> Generator[IncomingMessage, None, None]:
    """Read what is unread in a folder; what is done counts as read.

    Raises:
        MailError: the server does not answer, let us in or do as it is told; no secret is in it.
    """
    try:
        yield from _unread(account)
    except (OSError, UnicodeError, imaplib.IMAP4.error) as error:
        fault = describe_error(error)
    else:
        return
    # Raised here and from nothing: what led to it may hold what was said, a password too.
    raise _build_error(account, fault)


def _build_error(account: ImapAccount, fault: str) -> MailError:
    for secret in (account.password, account.username):
        fault = fault.replace(secret, "…") if secret else fault
    return MailError(f"{account.host}:{account.port}: {fault}")


def _unread(account: ImapAccount) -> Generator[IncomingMessage, None, None]:
    trusted = ssl.create_default_context(cafile=account.ca_file or None)
    server = imaplib.IMAP4_SSL(
        account.host, account.port, ssl_context=trusted, timeout=account.timeout
    )
    secret = f"\0{account.username}\0{account.password}".encode("utf-8", "surrogateescape")
    folder = account.folder.replace("\\", "\\\\").replace('"', '\\"')
    try:
        # Not `login`, which takes ASCII only and shows the password when it is not.
        server.authenticate("PLAIN", lambda _: secret)
        _require_ok(server.select(f'"{folder}"'))
        (found,) = _require_ok(server.uid("SEARCH", "UNSEEN"))
        for uid in found.decode().split() if isinstance(found, bytes) else ():
            for part in _require_ok(
                server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_MESSAGE_SIZE}>)")
            ):
                if isinstance(part, tuple):
                    yield IncomingMessage(part[1], partial(_mark_seen, account, server, uid))
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        with contextlib.suppress(OSError):
            server.shutdown()


def _mark_seen(account: ImapAccount, server: imaplib.IMAP4, uid: str) -> None:
    try:
        _require_ok(server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
    except (OSError, imaplib.IMAP4.error) as error:
        raise _build_error(account, describe_error(error)) from error


def _require_ok(answer: tuple[str, list[Any]]) -> list[Any]:
    """Give what a server answered, if it did as it was told."""
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(b" ".join(data).decode("utf-8", "replace"))
    return data


def read_beginning(file: Path) -> bytes:
    """Return what is read of a message in a file. Raises OSError."""
    with file.open("rb") as opened:
        return opened.read(MAX_MESSAGE_SIZE)


def _move(file: Path, target: Path) -> None:
    try:
        file.replace(target)
    except OSError as error:
        raise MailError(f"{file}: cannot be moved to {target.parent} ({error.strerror})") from error


def _do_nothing() -> None:
    """Do nothing: a message that was handed over is gone already."""
