"""Find the files that belong to a post: those of a page bundle (`post/index.md` and what lies
beside and below it), and those of an asset folder (`trip.md` and `trip/`, as Hexo has it).
"""

import posixpath
from collections.abc import Container, Iterable, Iterator, Sequence
from urllib.parse import unquote

from feedpub.model import ParsedPost


def find_bundles(paths: Iterable[str]) -> dict[str, str]:
    """Find the bundles among posts: the folder of each → the path of the post it belongs to.

    Where a folder has an index in several languages, it belongs to the one that names none.
    """
    found: dict[str, str] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        first, *rest = name.casefold().split(".")
        if first == "index" and folder and (len(rest) == 1 or folder not in found):
            found[folder] = path
    return found


def find_asset_folders(manuscripts: Sequence[ParsedPost], files: Container[str]) -> dict[str, str]:
    """Find the asset folders of posts: each folder → the path of the post it belongs to.

    That is a folder of the post's own name whose files the post names as if they lay beside it,
    and which holds no other post.
    """
    found: dict[str, str] = {}
    for one in manuscripts:
        folder = posixpath.splitext(one.path)[0]
        above = posixpath.dirname(one.path)
        for name in find_bare_names(one):
            beside = posixpath.join(above, name)
            if f"{folder}/{name}" in files and beside not in files:
                found[folder] = one.path
                break
    for one in manuscripts if found else ():
        for folder in iter_parents(one.path):
            found.pop(folder, None)
    return found


def find_bare_names(one: ParsedPost) -> tuple[str, ...]:
    """Return the names of files that a post gives without a folder."""
    targets = [each.target for each in one.references]
    targets += [each.url for each in one.enclosures]
    targets += [one.image.url] if one.image else []
    return tuple(unquote(each) for each in targets if "." in each and not _NO_NAME & {*each})


_NO_NAME = frozenset("/#?{}|\\:")


def find_nearest_folder(path: str, known: Container[str]) -> str:
    """Give the innermost of the known folders that a path is in, "" where it is in none."""
    return next((folder for folder in iter_parents(path) if folder in known), "")


def iter_parents(path: str) -> Iterator[str]:
    """Give every folder above a path, the innermost first."""
    cut = path.rfind("/")
    while cut > 0:
        yield path[:cut]
        cut = path.rfind("/", 0, cut)
