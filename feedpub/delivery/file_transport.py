"""Messages → files: .eml files that people can open, or a Maildir.

A file is named after its Message-ID: a message that is handed over again is the same file.
"""

import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path

from feedpub.delivery.transport import MarkInDoubt, RefusalHandler, ignore_refusal
from feedpub.errors import MailError
from feedpub.models.newsletter import Message, SendResult

_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^<>\r\n]+)>", re.IGNORECASE | re.MULTILINE)
_UNSAFE = re.compile(r"[^\w@.+-]+")
_LONGEST = 180  # octets of an address in a name; disks allow 255 in all
_DIGITS = 12
_PRIVATE = 0o700


class FileTransport:
    """Writes each message as `address-digest.eml`, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(
        self,
        chance: float = 0.0,  # noqa: ARG002 - there is one way
        refused: RefusalHandler = ignore_refusal,  # noqa: ARG002 - and nobody who refuses
    ) -> "FileSession":
        """Make the folder where it is not there yet.

        Raises:
            MailError: it cannot be made.
        """
        _make_private_folder(self._path)
        return FileSession(self._path, self._path, "folder", b"\r\n")


class MaildirTransport:
    """Puts each message into `new/` of a Maildir (https://cr.yp.to/proto/maildir.html)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(
        self,
        chance: float = 0.0,  # noqa: ARG002 - there is one way
        refused: RefusalHandler = ignore_refusal,  # noqa: ARG002 - and nobody who refuses
    ) -> "FileSession":
        """Make the Maildir where it is not there yet.

        Raises:
            MailError: it cannot be made.
        """
        for each in ("tmp", "new", "cur"):
            _make_private_folder(self._path / each)
        # Programs that share a disk end lines with a line feed.
        return FileSession(self._path / "tmp", self._path / "new", "maildir", b"\n")


class FileSession:
    """Writes files below one folder and moves them to another of the same disk."""

    def __init__(self, parts: Path, folder: Path, relay: str, line_end: bytes) -> None:
        self.relay = relay
        self.is_open = True
        self._parts = parts
        self._folder = folder
        self._line_end = line_end

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Write a message; a disk that does not take it is told as `offline`."""
        name = _build_file_name(message)
        part = self._parts / f".{name}.{os.getpid()}.part"
        try:
            with open(part, "wb", opener=_open_private) as file:
                file.write(message.data.replace(b"\r\n", self._line_end))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            part.unlink(missing_ok=True)
            return self._offline(error)
        try:
            doubt()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        try:
            part.replace(self._folder / name)
        except OSError as error:
            return self._offline(error)
        return SendResult("accepted", text=name, relay=self.relay)

    def abort(self) -> None:
        """Do nothing: a disk answers."""

    def close(self) -> None:
        """Take no more messages."""
        self.is_open = False

    def _offline(self, error: OSError) -> SendResult:
        self.close()
        return SendResult("offline", text=f"{self._folder}: {error.strerror}", relay=self.relay)


def _build_file_name(message: Message) -> str:
    """Give `ann@example.org-1f2e3d4c5b6a.eml`: who it is for, and which message it is."""
    found = _MESSAGE_ID.search(message.data)
    digest = hashlib.sha256(found[1] if found else message.data).hexdigest()[:_DIGITS]
    address = _UNSAFE.sub("_", unicodedata.normalize("NFC", message.recipient)).strip(".")
    shown = address.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return f"{shown}-{digest}.eml"


def _open_private(path: str, flags: int) -> int:
    """Open a file that nobody else may read: addresses and personal links are in it."""
    return os.open(path, flags, 0o600)


def _make_private_folder(folder: Path) -> None:
    """Make a folder that nobody else may read, or close one that holds nothing but messages.

    Any other folder is somebody's own, whose permissions they chose.
    """
    try:
        folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
        facts = folder.stat()
        is_open = facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) & ~_PRIVATE
        if is_open and all(each.suffix in {".eml", ".part"} for each in folder.iterdir()):
            folder.chmod(_PRIVATE)
    except OSError as error:
        raise MailError(f"{folder}: no folder can be made for mail ({error.strerror})") from error
