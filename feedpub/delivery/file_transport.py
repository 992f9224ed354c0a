"""Write messages to a folder of .eml files or to a Maildir instead of sending them.

Files are named after the Message-ID, so a message sent again overwrites its earlier copy.
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
_LONGEST = 180  # octets of the address in a file name; file systems allow 255 in all
_DIGITS = 12
_PRIVATE = 0o700


class FileTransport:
    """Writes each message atomically as `address-digest.eml`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(
        self,
        chance: float = 0.0,  # noqa: ARG002 - there is only one folder
        refused: RefusalHandler = ignore_refusal,  # noqa: ARG002 - a folder never refuses
    ) -> "FileSession":
        """Create the folder if it does not exist.

        Raises:
            MailError: It cannot be created.
        """
        _make_private_folder(self._path)
        return FileSession(self._path, self._path, "folder", b"\r\n")


class MaildirTransport:
    """Delivers each message into `new/` of a Maildir (https://cr.yp.to/proto/maildir.html)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(
        self,
        chance: float = 0.0,  # noqa: ARG002 - there is only one folder
        refused: RefusalHandler = ignore_refusal,  # noqa: ARG002 - a folder never refuses
    ) -> "FileSession":
        """Create the Maildir if it does not exist.

        Raises:
            MailError: It cannot be created.
        """
        for each in ("tmp", "new", "cur"):
            _make_private_folder(self._path / each)
        # Mail programs expect local line ends in a Maildir.
        return FileSession(self._path / "tmp", self._path / "new", "maildir", b"\n")


class FileSession:
    """Writes files in one folder and renames them into another on the same file system."""

    def __init__(self, parts: Path, folder: Path, relay: str, line_end: bytes) -> None:
        self.relay = relay
        self.is_open = True
        self._parts = parts
        self._folder = folder
        self._line_end = line_end

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Write a message; an error of the file system is an `offline` result."""
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
        """Do nothing: the file system does not block like a server."""

    def close(self) -> None:
        """Accept no more messages."""
        self.is_open = False

    def _offline(self, error: OSError) -> SendResult:
        self.close()
        return SendResult("offline", text=f"{self._folder}: {error.strerror}", relay=self.relay)


def _build_file_name(message: Message) -> str:
    """Return a file name such as `ann@example.org-1f2e3d4c5b6a.eml`."""
    found = _MESSAGE_ID.search(message.data)
    digest = hashlib.sha256(found[1] if found else message.data).hexdigest()[:_DIGITS]
    address = _UNSAFE.sub("_", unicodedata.normalize("NFC", message.recipient)).strip(".")
    shown = address.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return f"{shown}-{digest}.eml"


def _open_private(path: str, flags: int) -> int:
    """Open a file readable by its owner only: it contains addresses and personal links."""
    return os.open(path, flags, 0o600)


def _make_private_folder(folder: Path) -> None:
    """Create a folder readable by its owner only, or restrict one that holds only messages.

    Any other folder keeps the permissions that its owner chose.
    """
    try:
        folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
        facts = folder.stat()
        is_open = facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) & ~_PRIVATE
        if is_open and all(each.suffix in {".eml", ".part"} for each in folder.iterdir()):
            folder.chmod(_PRIVATE)
    except OSError as error:
        raise MailError(f"{folder}: cannot create the mail folder ({error.strerror})") from error
