"""Source paths → page bundles: `post/index.md`, and the files beside and below it."""

from collections.abc import Container, Iterable, Iterator


def folders(paths: Iterable[str]) -> dict[str, str]:
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


def nearest(path: str, known: Container[str]) -> str:
    """Give the innermost of the known folders that a path is in, "" where it is in none."""
    return next((folder for folder in parents(path) if folder in known), "")


def parents(path: str) -> Iterator[str]:
    """Give every folder above a path, the innermost first."""
    cut = path.rfind("/")
    while cut > 0:
        yield path[:cut]
        cut = path.rfind("/", 0, cut)
