"""Open files below a folder without following a symbolic link out of it.

Each name is opened relative to its parent's descriptor, so replacing a file, or a folder above
it, with a link between check and use gains nothing. Use `read_beneath` for content.
"""

import errno
import os
import stat

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK
_LINK_ERRORS = frozenset((errno.ELOOP, errno.EMLINK, errno.ENOTDIR))
"""The errors for O_NOFOLLOW on a link, by system and by position in the path."""


def open_beneath(folder: str | os.PathLike[str], path: str) -> int:
    """Open a file or a folder for reading and return its descriptor.

    Symbolic links may lead to other places below `folder`, but not out of it; `folder` itself may
    be a link. Opening a named pipe does not block.

    Raises:
        OSError: nothing can be opened there, or a link leads out of the folder.
    """
    root = os.fspath(folder)
    try:
        return _open_without_links(root, path)
    except OSError as error:
        if error.errno not in _LINK_ERRORS:
            raise
    # There may be a link: resolve it and open the result, which has no links unless files are being
    # swapped at this moment.
    root = os.path.realpath(root)
    target = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 - no Path for each of many
    if os.path.commonpath([root, target]) != root:
        raise OSError(errno.ELOOP, "a symbolic link points outside the folder", path)
    return _open_without_links(root, os.path.relpath(target, root))


def read_beneath(
    folder: str | os.PathLike[str], path: str, most: int = -1, *, follow_links: bool = False
) -> bytes:
    """Return the content of a regular file below a folder, at most `most` octets if that is not -1.

    With `follow_links`, symbolic links may lead anywhere.

    Raises:
        OSError: it cannot be read, is not a regular file, or a link leads out of the folder.
    """
    number = _open_anywhere(folder, path) if follow_links else open_beneath(folder, path)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return file.read(most)


def _open_anywhere(folder: str | os.PathLike[str], path: str) -> int:
    """Open a file, following links, without blocking on a named pipe."""
    return os.open(os.path.join(folder, path), _READ & ~os.O_NOFOLLOW)  # noqa: PTH118 - as above


def _open_without_links(root: str, path: str) -> int:
    """Open a path component by component; raise OSError if any of them is a link."""
    *folders, name = path.split("/")
    if ".." in folders or name == "..":
        raise OSError(errno.EINVAL, 'a path must not contain ".."', path)
    at = os.open(root, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        for each in folders:
            below = os.open(each or ".", _READ | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name or ".", _READ, dir_fd=at)
    except ValueError:  # a NUL in the path
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
    finally:
        os.close(at)
