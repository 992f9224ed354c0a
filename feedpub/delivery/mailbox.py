"""Read incoming mail from a stream, a Maildir, an mbox or an IMAP folder.

The `read_*` generators yield `IncomingMessage`s, which bounce processing acknowledges one by one. A
caller that stops early closes the generator (`contextlib.closing`): it may hold a lock or a
connection.
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
"""Octets read of a message; a bounce says what it has to say at its beginning."""

_INFO, _SEEN = ":2,", "S"


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A received message, which is read again next time unless `acknowledge` is called.

    Call `acknowledge` before requesting the next message; it raises `MailError` if it fails.
    """

    data: bytes
    acknowledge: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """A folder on an IMAP server, reached over implicit TLS (RFC 8314)."""

    host: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    port: int = 993
    folder: str = "INBOX"
    ca_file: str = ""  # trusted certificates, "" for the system's
    timeout: float = 60  # seconds


def read_stream(source: BinaryIO) -> Generator[IncomingMessage, None, None]:
    """Read one message, as a mail server pipes it to a program."""
    data = source.read(MAX_MESSAGE_SIZE)
    while source.read(1 << 20):
        pass  # drain it: a mail server treats a broken pipe as a failed delivery
    if data.startswith(b"From "):  # the separator line of an mbox
        data = data.partition(b"\n")[2]
    if data.strip():
        yield IncomingMessage(data, _do_nothing)


def save_to_maildir(folder: Path, data: bytes, most: int) -> bool:
    """Save a message atomically to a Maildir of ours for the operator to read.

    A message is stored only once. Return False if `most` unread messages are there already.

    Raises:
        MailError: It cannot be written.
    """
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.eml"
    try:
        for each in ("", "tmp", "new", "cur"):
            (folder / each).mkdir(0o700, parents=True, exist_ok=True)
        if count_unread(folder) >= most and not (folder / "new" / name).exists():
            return False
        number, part = tempfile.mkstemp(dir=folder / "tmp")  # readable by the owner only
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(folder / "new" / name)
    except OSError as error:
        raise MailError(f"{folder}: cannot store mail ({error.strerror})") from error
    return True


def count_unread(folder: Path) -> int:
    """Return the number of unread messages in a Maildir; 0 if it does not exist."""
    try:
        return sum(1 for _ in (folder / "new").iterdir())
    except OSError:
        return 0


def read_maildir(path: Path) -> Generator[IncomingMessage, None, None]:
    """Read the unread messages of a Maildir, in `new` and `cur`; `acknowledge` marks them as seen.

    Raises:
        MailError: The Maildir is missing or unreadable.
    """
    try:
        found = [*(path / "new").iterdir()]  # before mkdir, which must not create one
        (path / "cur").mkdir(exist_ok=True)
        found += (path / "cur").iterdir()
    except OSError as error:
        raise MailError(f"{path}: not a readable Maildir ({error.strerror})") from error
    for file in sorted(found, key=lambda each: each.name):
        name, _, flags = file.name.partition(_INFO)
        if name.startswith(".") or _SEEN in flags:
            continue
        target = path / "cur" / f"{name}{_INFO}{''.join(sorted({*flags, _SEEN}))}"
        try:
            data = read_beginning(file)
        except FileNotFoundError:
            continue  # another program has moved it
        except OSError as error:
            raise MailError(f"{file}: cannot be read ({error.strerror})") from error
        yield IncomingMessage(data, partial(_move, file, target))


def read_mbox(path: Path) -> Generator[IncomingMessage, None, None]:
    """Read an mbox, locked until the generator ends; acknowledged messages are removed then.

    Raises:
        MailError: It is unreadable, or another program has locked it or writes to it.
    """
    try:
        box = mailbox.mbox(path, create=False)
    except (OSError, mailbox.NoSuchMailboxError) as error:
        raise MailError(f"{path}: not a readable mbox") from error
    try:
        yield from _locked(box)
    except (OSError, mailbox.Error) as error:
        raise MailError(f"{path}: in use by another program; try again later") from error


def _locked(box: mailbox.mbox) -> Generator[IncomingMessage, None, None]:
    finished: list[str] = []
    try:
        box.lock()
        for key in box.keys():  # noqa: SIM118 - iterating yields messages
            yield IncomingMessage(
                box.get_bytes(key)[:MAX_MESSAGE_SIZE], partial(finished.append, key)
            )
    finally:
        for key in finished:
            box.discard(key)
        box.close()  # rewrites the file if messages were removed, then unlocks it


def read_imap(account: ImapAccount) -> Generator[IncomingMessage, None, None]:
    """Read the unread messages of a folder; `acknowledge` marks them as seen.

    Raises:
        MailError: The server is unreachable or refuses; the message contains no secret.
    """
    try:
        yield from _unread(account)
    except (OSError, UnicodeError, imaplib.IMAP4.error) as error:
        fault = describe_error(error)
    else:
        return
    # Raised outside the handler, without a context: the cause may contain the password.
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
        # imaplib's `login` takes only ASCII and puts the password into its exception otherwise.
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
    """Return the data of a response; raise IMAP4.error unless it is OK."""
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(b" ".join(data).decode("utf-8", "replace"))
    return data


def read_beginning(file: Path) -> bytes:
    """Return the part of a message file that is read. Raises OSError."""
    with file.open("rb") as opened:
        return opened.read(MAX_MESSAGE_SIZE)


def _move(file: Path, target: Path) -> None:
    try:
        file.replace(target)
    except OSError as error:
        raise MailError(f"{file}: cannot be moved to {target.parent} ({error.strerror})") from error


def _do_nothing() -> None:
    """Do nothing: a message from a stream needs no acknowledgement."""
