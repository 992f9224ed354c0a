"""The site's secret, which signs tokens: read by `load_secrets`, created on first use."""

import os
import pwd
import tempfile
from collections.abc import Mapping
from pathlib import Path

from feedpub.errors import FeedpubError

SECRET_VARIABLE = "FEEDPUB_SECRET"  # noqa: S105 - the name of the variable
"""The environment variable that overrides the file."""

_OCTETS = 32


def load_secrets(folder: Path, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return the secrets that sign tokens, the current one first; () if the file is empty.

    They are the words of FEEDPUB_SECRET, or else of the file `secret` in `folder`, which is created
    readable by its owner only. To rotate, put a new secret first: tokens signed with the older ones
    remain valid.

    Raises:
        FeedpubError: the file cannot be read or created.
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
    """Say which user must run feedpub. Never suggest a new secret: it would break all links."""
    told = f"{path}: cannot be read or created ({error.strerror})"
    if not isinstance(error, PermissionError):
        return told
    try:
        owner = _name(path.parent.stat().st_uid)
    except OSError:
        owner = "the user that publishes the site"
    return (
        f"{told}: run feedpub as its owner {owner}, not as {_name(os.geteuid())}; Postfix "
        "runs a command as the owner of the aliases file that names it, or as nobody if that "
        "is root"
    )


def _name(number: int) -> str:
    """Return a user's name, or its number if it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _create_secret(path: Path) -> bytes:
    """Create the file with a new secret; if another process was faster, return that one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = os.urandom(_OCTETS).hex().encode() + b"\n"
    number, name = tempfile.mkstemp(prefix="secret.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)  # unlike rename, never replaces an existing file
    except FileExistsError:
        return path.read_bytes()
    finally:
        part.unlink()
    return secret
