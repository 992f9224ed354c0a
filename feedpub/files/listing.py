"""The output folder's own list, `.feedpub`: which files are ours, and what posts were published as.

It has a line for each file, an empty one, and then a JSON array for each post. A build that knows
nothing else takes from it what must never change: who has which address and which id.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from feedpub.model import Publication

LIST_FILE = ".feedpub"
_HEAD = "# Files that feedpub wrote here, and may remove again."


def is_built(folder: Path) -> bool:
    """Tell whether a site was ever written into a folder."""
    return (folder / LIST_FILE).is_file()


def list_owned_paths(folder: Path) -> set[str]:
    """Return the paths that may be ours."""
    return read_list(folder)[0]


def read_list(folder: Path) -> tuple[set[str], str]:
    """Return the paths that may be ours, and the lines of publications as they stand there."""
    try:
        text = (folder / LIST_FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return set(), ""
    paths, _, rest = text.partition("\n\n")
    return set(filter(_inside, paths.split("\n")[1:])), rest


def read_publications(folder: Path) -> dict[str, Publication]:
    """Return what posts were published as in an output folder, by the path of their source.

    A line that cannot be understood is nothing: its post is published as if it were new.
    """
    found = (_parsed(line) for line in read_list(folder)[1].split("\n") if line)
    return {each.path: each for each in found if each is not None}


def format_publications(publications: Mapping[str, Publication]) -> str:
    """Return publications as the list has them."""
    return "".join(f"{_line(publications[path])}\n" for path in sorted(publications))


def write_list(folder: Path, paths: Iterable[str], publications: str) -> None:
    """Write the list of the files that may be ours, and of what posts are published as."""
    lines = "\n".join([_HEAD, *sorted(paths), ""])
    data = f"{lines}\n{publications}".encode() if publications else lines.encode()
    target = folder / LIST_FILE
    if target.is_file() and target.read_bytes() == data:
        return
    part = folder / f"{LIST_FILE}.part"
    part.write_bytes(data)
    part.replace(target)


def _line(each: Publication) -> str:
    due = each.publish_date.astimezone(UTC).isoformat() if each.publish_date else None
    known = [each.path, each.location, each.requested, each.id, each.requested_id, due]
    return json.dumps([*known, each.fingerprint, *each.former_paths])


def _parsed(line: str) -> Publication | None:
    try:
        values = json.loads(line)
        path, address, asked, identity, asked_id = map(str, values[:5])
        due, more = values[5], values[6:]
        fingerprint, *former = map(str, more or [""])  # one of 0.1 has neither
        when = datetime.fromisoformat(due).astimezone(UTC) if due is not None else None
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return None
    known = (path, address, asked, identity, asked_id)
    return Publication(*known, when, fingerprint, tuple(former))


def _inside(path: str) -> bool:
    """Tell whether a path of the list stays inside the folder, whoever wrote it there."""
    if not path or path.startswith("/"):
        return False
    return ".." not in path or ".." not in path.split("/")
