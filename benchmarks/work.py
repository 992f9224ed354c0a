"""A built site becomes counts: that both sides of a ratio did the same work."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(rb"<(?:item|entry)[ >]")


@dataclass(frozen=True, slots=True)
class Work:
    """What a generator wrote."""

    posts: int  # pages of posts
    pages: int  # other pages
    feeds: Mapping[str, int]  # entries of each RSS or Atom document, by its path
    octets: int  # of all files

    @property
    def rss(self) -> Mapping[str, int]:
        """The RSS feeds, which every side writes at the same places."""
        return {path: entries for path, entries in self.feeds.items() if path.endswith("rss.xml")}


def done(public: Path) -> Work:
    """Count what lies in the folder."""
    files = sorted(path for path in public.rglob("*") if path.is_file())
    names = [path.relative_to(public).as_posix() for path in files]
    pages = [name for name in names if name.endswith(".html")]
    posts = sum(name.startswith("posts/") for name in pages)
    return Work(
        posts=posts,
        pages=len(pages) - posts,
        feeds={
            name: len(_ENTRY.findall(path.read_bytes()))
            for name, path in zip(names, files, strict=True)
            if name.endswith(("rss.xml", "atom.xml"))
        },
        octets=sum(path.stat().st_size for path in files),
    )


def difference(ours: Work, theirs: Work) -> str:
    """Say where the two did not do the same, or ""; RSS feeds and posts are compared."""
    if ours.posts != theirs.posts:
        return f"{ours.posts} and {theirs.posts} pages of posts"
    if ours.rss != theirs.rss:
        paths = sorted(
            path
            for path in ours.rss.keys() | theirs.rss.keys()
            if ours.rss.get(path) != theirs.rss.get(path)
        )
        path = paths[0]
        return (
            f"{len(paths)} feeds differ: {path} has {ours.rss.get(path, 'no')} and "
            f"{theirs.rss.get(path, 'no')} entries"
        )
    return ""
