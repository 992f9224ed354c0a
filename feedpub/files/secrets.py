"""The folder `.feedpub/` and the environment → the site's secret, made once."""

import os
import pwd
import tempfile
from collections.abc import Mapping
from pathlib import Path

from feedpub.errors import FeedpubError

SECRET_VARIABLE = "FEEDPUB_SECRET"  # noqa: S105 - the name of the variable
"""The variable that holds the secrets, where the file is not to."""

_OCTETS = 32


def load_secrets(folder: Path, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Give the secrets that tokens are made of, the one in use first; () where the file is empty.

    They are the words of FEEDPUB_SECRET, or else the lines of the file `secret` in `folder`,
    which is made, for its owner's eyes alone, where it is not there. To rotate is to put a new
    one first; tokens of the others still count.

    Raises:
        FeedpubError: the file cannot be read or made.
    """
    words = environ.get(SECRET_VARIABLE, "").split()
    if words:
        return tuple(word.encode("utf-8", "surrogateescape") for word in words)
    path = folder / "secret"
    try:
        try:
            return tuple(path.read_bytes().split())
        except FileNotFoundError:
            return tuple(_create_secret(path).split())
    except OSError as error:
        raise FeedpubError(describe_secret_error(path, error)) from error


def describe_secret_error(path: Path, error: OSError) -> str:
    """Say who has to run feedpub, and never to make another secret: no link would work any more."""
    told = f"{path}: cannot be read or made ({error.strerror})"
    if not isinstance(error, PermissionError):
        return told
    try:
        owner = _name(path.parent.stat().st_uid)
    except OSError:
        owner = "the user that publishes the site"
    return (
        f"{told}: run feedpub as {owner}, whose it is, and not as {_name(os.geteuid())}; Postfix "
        "runs a command as the owner of the aliases file that names it, and as nobody where that "
        "is root"
    )


def _name(number: int) -> str:
    """Return what a user is called; the number where it has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _create_secret(path: Path) -> bytes:
    """Make the file with a new secret; where another process was faster, take that one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = os.urandom(_OCTETS).hex().encode() + b"\n"
    number, name = tempfile.mkstemp(prefix="secret.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)  # unlike a rename it never takes another's place
    except FileExistsError:
        return path.read_bytes()
    finally:
        part.unlink()
    return secret
