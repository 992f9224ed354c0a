"""An incremental build is invisible: its bytes are those of a clean build into the same folder.

What the folder's own list tells of posts counts: who was published first keeps address and id.

Hypothesis makes up what people do to a site between builds. Nothing here sleeps: a file that
changes within one tick of the clock is as good as any.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedpub.app import BuildRequest, Summary
from feedpub.errors import FeedpubError
from feedpub.site.build_state import BuildState
from feedpub.site.builder import build, rebuild

START = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@dataclass(slots=True)
class Site:
    """A site on the disk, and how it is built."""

    home: Path
    config: dict[str, dict[str, object]] = field(
        default_factory=lambda: {
            "site": {"title": "Site", "url": "https://example.org/blog/"},
            "markdown": {"engine": "comrak"},
        }
    )
    now: datetime = START
    drafts: bool = False
    future: bool = False
    how: str = "new"  # process for each build, or a living one that looks at "all" or at a "part"
    kept: BuildState | None = None  # by the living process
    changed: set[str] = field(default_factory=set)  # since the build that `kept` is of
    seen: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def output(self) -> Path:
        """The folder that is written."""
        return self.home / str(self.config.get("output", {}).get("folder", "public"))

    def put(self, path: str, data: bytes) -> None:
        """Write a file of the site, in place; one that stands where a folder must be wins."""
        target = self.home / path
        if target.is_dir() or any(each.is_file() for each in target.parents):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            target.unlink()
        target.write_bytes(data)
        self.changed.add(str(target))

    def configure(self) -> None:
        """Write the configuration; JSON is YAML."""
        path, text = self.home / "config.yaml", json.dumps(self.config)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            self.put("config.yaml", text.encode())

    def build(self) -> Summary | type[FeedpubError]:
        """Build the site; give what came of it."""
        request = BuildRequest(
            config_path=self.home / "config.yaml",
            output=None,
            drafts=self.drafts,
            future=self.future,
            clean=False,
            now=self.now,
            environ={},
            progress=lambda _stage, _done, _total: None,
        )
        try:
            if self.how == "new":
                return build(request)
            built = rebuild(request, self.kept, self.heard() if self.how == "part" else None)
        except FeedpubError as error:
            return type(error)
        self.kept, self.changed = built.state, set()
        self.seen = self.shown()
        return built.summary

    def heard(self) -> frozenset[str]:
        """Give what a watcher tells: what was written, and whatever else looks another way.

        Of a folder that came or went it tells nothing of what is in it.
        """
        shown = self.shown()
        paths = self.seen.keys() | shown.keys()
        differ = {path for path in paths if self.seen.get(path) != shown.get(path)}
        told = {path for path in differ if not differ & {*map(str, Path(path).parents)}}
        return frozenset(self.changed | told)

    def shown(self) -> dict[str, tuple[int, ...]]:
        """Give how the disk shows every file that people write, and every folder of them."""
        found: dict[str, tuple[int, ...]] = {}
        for path in self.home.rglob("*"):
            facts = path.lstat()
            if not {".feedpub", "public", "elsewhere"} & set(path.parts):
                own = (facts.st_ino, facts.st_ctime_ns) if not stat.S_ISDIR(facts.st_mode) else ()
                found[str(path)] = (facts.st_mode, *own)
        return found

    def published_as(self) -> bytes:
        """Give what the output folder's list tells of posts."""
        path = self.output / ".feedpub"
        return path.read_bytes().partition(b"\n\n")[2] if path.exists() else b""

    def copied(self, home: Path, published: bytes) -> "Site":
        """Give the same site in another place, where no more is known than this of its posts."""
        for name in ("content", "templates"):
            if (self.home / name).exists():
                shutil.copytree(self.home / name, home / name, symlinks=True)
        copy = replace(self, home=home, how="new", changed=set())
        copy.configure()
        if published:
            copy.output.mkdir()
            (copy.output / ".feedpub").write_bytes(b"#\n\n" + published)
        return copy

    def remembered(self, prefix: str) -> list[Path]:
        """Give the files that are kept between builds and whose names begin so."""
        found = (self.home / ".feedpub").rglob(f"{prefix}*")
        return [path for path in found if path.is_file()]

    def published(self) -> dict[str, bytes | None]:
        """Give every file of the output folder with its bytes, and every folder."""
        return {
            path.relative_to(self.output).as_posix(): None if path.is_dir() else path.read_bytes()
            for path in sorted(self.output.rglob("*"))
        }


class Step(Protocol):
    """Something that happens to a site between two builds."""

    def happen(self, site: Site) -> None:
        """Do it."""


@dataclass(frozen=True)
class Put:
    """Somebody writes a file."""

    path: str
    text: str

    def happen(self, site: Site) -> None:
        """Write it."""
        site.put(self.path, self.text.encode())


@dataclass(frozen=True)
class Remove:
    """Somebody removes a file."""

    path: str

    def happen(self, site: Site) -> None:
        """Remove it, where there is one."""
        if (site.home / self.path).is_file():
            (site.home / self.path).unlink()


@dataclass(frozen=True)
class Rename:
    """Somebody renames a file, over another perhaps."""

    path: str
    to: str

    def happen(self, site: Site) -> None:
        """Rename it, where there is one."""
        old, new = site.home / self.path, site.home / self.to
        if old.is_file() and not any(each.is_file() for each in new.parents):
            new.parent.mkdir(parents=True, exist_ok=True)
            old.replace(new)


@dataclass(frozen=True)
class Move:
    """Somebody renames a folder."""

    path: str
    to: str

    def happen(self, site: Site) -> None:
        """Rename it, where there is one and nothing in the way; all a watcher tells is that."""
        old, new = site.home / self.path, site.home / self.to
        if old.is_dir() and not old.is_symlink() and not new.exists() and new.parent.is_dir():
            old.rename(new)
            site.changed |= {str(old), str(new)}


@dataclass(frozen=True)
class Link:
    """Somebody links to another file of the site, or to none."""

    path: str
    to: str

    def happen(self, site: Site) -> None:
        """Make the link, where nothing is in the way."""
        new = site.home / self.path
        if new.parent.is_dir() and not os.path.lexists(new):
            new.symlink_to(os.path.relpath(site.home / self.to, new.parent))


@dataclass(frozen=True)
class Date:
    """Somebody, or a tool such as git or rsync, sets a file's time."""

    path: str
    seconds: int

    def happen(self, site: Site) -> None:
        """Set it, where there is such a file."""
        if (site.home / self.path).is_file():
            os.utime(site.home / self.path, (self.seconds, self.seconds))


@dataclass(frozen=True)
class Set:
    """Somebody changes the configuration."""

    section: str
    key: str
    value: object

    def happen(self, site: Site) -> None:
        """Write it."""
        site.config = {
            **site.config,
            self.section: {**site.config.get(self.section, {}), self.key: self.value},
        }


@dataclass(frozen=True)
class Ask:
    """Somebody builds with other options."""

    drafts: bool
    future: bool

    def happen(self, site: Site) -> None:
        """Keep them for the next builds."""
        site.drafts, site.future = self.drafts, self.future


@dataclass(frozen=True)
class Wait:
    """Time goes by; where a clock is set right, backwards."""

    days: int

    def happen(self, site: Site) -> None:
        """Set the time of the next builds."""
        site.now = START + timedelta(days=self.days)


@dataclass(frozen=True)
class Forget:
    """Somebody removes what is remembered between builds, or all files of it that begin so."""

    prefix: str = ""

    def happen(self, site: Site) -> None:
        """Remove it."""
        for path in site.remembered(self.prefix):
            path.unlink()


@dataclass(frozen=True)
class Garble:
    """What is remembered between builds is damaged."""

    prefix: str
    at: int

    def happen(self, site: Site) -> None:
        """Overwrite a few octets."""
        for path in site.remembered(self.prefix):
            with path.open("r+b") as file:
                file.seek(self.at % max(1, path.stat().st_size))
                file.write(b"spoilt")


@dataclass(frozen=True)
class Spoil:
    """Something happens to a published file."""

    index: int
    data: bytes | None  # in its place, or None where it is gone

    def happen(self, site: Site) -> None:
        """Do it to one of those that are there."""
        files = [path for path in sorted(site.output.rglob("*")) if path.is_file()]
        files = [path for path in files if path.name != ".feedpub"]
        if files:
            path = files[self.index % len(files)]
            site.changed.add(str(path))
            path.unlink()
            if self.data is not None:
                path.write_bytes(self.data)


POSTS = (
    "a.md",
    "b.md",
    "a.fr.md",
    "fr/b.md",
    "A.MD",
    "2025-01-02-d.md",
    "notes/c.md",
    "notes/2025-01-02-d.markdown",
    "trip/index.md",
    "trip/index.de.md",
    "trip/day.md",
    "_drafts/e.md",
    "_hidden.md",
)
FILES = (
    "cat.png",
    "trip/cat.png",
    "bell.mp3",
    "trip/bell.mp3",
    "posts/a/cat.png",
    "posts/a",
    "code.py",
    "b.md~",
    "robots.txt",
    "rss.xml",
    "rss.xml.gz",
)
REFERENCES = (
    "plain",
    "## A heading",
    "[a](a.md) [d](2025-01-02-d.md#part)",
    "[c]({filename}/notes/c.md) ![cat]({static}cat.png)",
    "{% post_url 2025-01-02-d %} [d]({% post_url 2025-01-02-d %})",
    '[c]({{< ref "c.md" >}}) <img srcset="cat.png 1x, trip/cat.png 2x">',
    "![cat](cat.png) ![cat](../cat.png)",
    "[code](/code.py)",
    "before\n\n<!-- more -->\n\nafter",
    "```python\nprint(1)\n```",
    "a \x08 b",
)
FIELDS: Mapping[str, tuple[object, ...]] = {
    "title": ("One", "Two", "C & C++", "一"),
    "date": ("2025-01-01", "2025-01-02", "2025-12-31T23:59:59Z", "2026-02-01", "2024-02-30"),
    "updated": ("2025-06-01", "2026-03-01"),
    "expires": ("2026-01-15", "2026-02-15"),
    "tags": (["C", "C++"], ["c"], ["Web feeds", "C"], ["web feeds"], ["人工智能", "c"]),
    "categories": (["News"],),
    "author": ("ann", "Bob", ["Bob", "Ann Lee"], {"name": "Bob", "url": "https://bob.example/"}),
    "slug": ("a", "same", "tags"),
    "permalink": ("/about/", "/posts/a/", "https://elsewhere.example/{slug}/", "/a.html"),
    "id": ("urn:x:1", "urn:x:2"),
    "summary": ("In short.", "At length."),
    "language": ("ar", "zh-Hant", "fr"),
    "translation_key": ("one", "two"),
    "translation_of": ("a", "fr/b.md"),
    "image": ("cat.png", "https://example.net/dog.png"),
    "enclosure": ("bell.mp3", "trip/bell.mp3", "https://example.net/bell.mp3"),
    "draft": (True, False),
    "unlisted": (True, False),
    "private": (True, False),
}
SETTINGS: Mapping[tuple[str, str], tuple[object, ...]] = {
    ("site", "title"): ("Site", "Else"),
    ("site", "url"): ("https://example.org/blog/", "http://example.org/"),
    ("site", "language"): ("en", "ar"),
    ("site", "timezone"): ("UTC", "Asia/Kathmandu"),
    ("site", "author"): ("Bob", {"name": "Editor", "email": "e@example.org"}),
    ("content", "permalink"): ("posts/{slug}/", "{year}/{path}.html", "https://e.example/{slug}/"),
    ("content", "languages"): ("names", "folders", "none"),
    ("content", "translations"): ("{language}/{permalink}", "{permalink}{language}/"),
    ("content", "ignore"): ([], ["trip/", "b.md"]),
    ("content", "publish"): ([], ["posts/a", "code.py"]),
    ("authors", "ann"): ("Ann Lee", {"name": "Ann", "bio": "She writes."}),
    ("markdown", "engine"): ("comrak", "markdown"),
    ("feeds", "limit"): (20, 1, 0),
    ("feeds", "formats"): (["rss", "atom", "json"], ["atom"]),
    ("feeds", "kinds"): (["site", "tags", "authors"], ["site", "languages", "categories"]),
    ("feeds", "content"): ("full", "summary"),
    ("feeds", "archive"): (True, False),
    ("feeds", "min_posts"): (1, 2),
    ("feeds", "extra"): ([], [{"name": "c", "tags": ["C"]}]),
    ("pages", "enabled"): (True, False),
    ("pages", "per_page"): (20, 1),
    ("output", "folder"): ("public", "elsewhere"),
    ("output", "compress"): ([], ["gzip", "br"]),
}
OVERRIDES: Mapping[str, tuple[str, ...]] = {
    "post.html": (
        "<p>{{ post.title }}</p>{{ body(post) }}",
        "{{ page.newer.summary if page.newer }}{{ page.older.tags if page.older }}",
        "{% for feed in page.feeds %}{{ feed.updated, feed.total, feed.posts }}{% endfor %}",
        "{{ nothing }}",
    ),
    "tags.html": ("{% for feed in page.listing %}{{ newest(feed) }}{% endfor %}",),
    "parts.html": ((TEMPLATES / "parts.html").read_text(encoding="utf-8").replace("h2", "h4"),),
    "style.css": ("p { color: red }", "p { color: tan }"),
    "words/en.toml": ('[words]\nfollow = "Keep up with"', "oops = 1"),
    "sign.svg": ("<svg/>", "<SVG/>"),
}


@st.composite
def posts(draw: st.DrawFn) -> Put:
    """Make somebody write a post."""
    chosen = draw(
        st.fixed_dictionaries(
            {name: st.sampled_from(FIELDS[name]) for name in ("title", "date", "tags")},
            optional={
                name: st.sampled_from(values)
                for name, values in FIELDS.items()
                if name not in ("title", "date", "tags")
            },
        )
    )
    header = "".join(f"{name}: {json.dumps(value)}\n" for name, value in chosen.items())
    body = "\n\n".join(draw(st.lists(st.sampled_from(REFERENCES), max_size=4)))
    return Put(f"content/{draw(st.sampled_from(POSTS))}", f"---\n{header}---\n{body}\n")


FOLDERS = (("trip", "notes"), ("notes", "trip"), ("trip", "notes/trip"), ("notes/trip", ".trip"))
PATHS = st.sampled_from([f"content/{path}" for path in (*POSTS, *FILES)])
STEPS: st.SearchStrategy[Step] = st.one_of(
    posts(),
    posts(),
    st.builds(Put, PATHS, st.sampled_from(["one", "two", "three"])),
    st.builds(Remove, PATHS),
    st.builds(Rename, PATHS, PATHS),
    st.sampled_from([Move(f"content/{a}", f"content/{b}") for a, b in FOLDERS]),
    st.builds(Link, PATHS, PATHS),
    st.builds(Date, PATHS, st.sampled_from([0, 1_700_000_000])),
    st.sampled_from([Set(*key, value) for key, values in SETTINGS.items() for value in values]),
    st.sampled_from(
        [Put(f"templates/{name}", text) for name, texts in OVERRIDES.items() for text in texts]
    ),
    st.sampled_from([Remove(f"templates/{name}") for name in OVERRIDES]),
    st.builds(Ask, st.booleans(), st.booleans()),
    st.builds(Wait, st.integers(-10, 100)),
    st.builds(Forget, st.sampled_from(["", "readings", "bodies", "build-"])),
    st.builds(Garble, st.sampled_from(["readings", "build-"]), st.integers(0, 10**5)),
    st.just(Garble("bodies", 0)),
    st.builds(Spoil, st.integers(0, 10**3), st.sampled_from([None, b"", b"spoilt"])),
)


def check(site: Site, root: Path) -> None:
    """Build the site; compare it with a clean build, and with what comes of building again."""
    site.configure()
    before = site.published_as()
    done = site.build()
    with tempfile.TemporaryDirectory(dir=root) as elsewhere:
        clean = site.copied(Path(elsewhere), before)
        expected = clean.build()

        if not isinstance(expected, Summary) or not isinstance(done, Summary):
            assert expected == done
            return
        assert clean.published() == site.published()
    assert told(expected) == told(done)

    again = site.build()
    assert isinstance(again, Summary), again
    assert (0, 0) == (again.written, again.removed)
    assert told(expected) == told(again)


def told(summary: Summary) -> tuple[object, ...]:
    """Give what a summary says of the site, and not of the work."""
    bare = replace(summary, written=0, unchanged=0, removed=0, folder="", seconds=0.0)
    return astuple(replace(bare, changed_feeds=(), new_posts=(), damaged_files=()))


def post(**fields: object) -> str:
    """Give the text of a post."""
    whole = {"title": "One", "date": "2025-01-01", "tags": ["C"], **fields}
    return "".join(["---\n", *(f"{name}: {json.dumps(whole[name])}\n" for name in whole), "---\n"])


@pytest.mark.parametrize("how", ["new", "all", "part"])
@settings(max_examples=max(6, settings().max_examples // 15))
@given(st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=8))
@example([[Put("content/a.md", post())], [Put("content/a.md", post(title="Two"))]])
@example(
    [
        [Put("content/a.md", post(updated="2026-03-01"))],
        [Put("content/a.md", post(updated="2026-03-01", date="2025-01-02"))],
    ]
)
@example([[Link("content/a.md", "content/b.md")], [Put("content/b.md", post())]])
@example(
    [
        [Put("content/trip/index.md", post()), Put("content/trip/cat.png", "one")],
        [Move("content/trip", "content/notes")],
        [Move("content/notes", "content/.trip")],
    ]
)
@example(
    [
        [Set("output", "compress", ["gzip", "br"]), Put("content/a.md", post(summary="A " * 999))],
        [Put("content/rss.xml.gz", "one"), Date("content/rss.xml.gz", 0)],
        [Remove("content/rss.xml.gz")],
        [Spoil(index, b"spoilt") for index in range(0, 99, 2)],
        [Put("content/b.md", post(title="Two"))],
    ]
)
@example(
    [
        [Put("content/a.md", post(slug="same", date="2025-01-02"))],
        [Put("content/b.md", post(slug="same", id="urn:x:1"))],
        [Put("content/a.md", "no post")],
        [Put("content/A.MD", post(slug="same", id="urn:x:1", date="2025-01-01"))],
        [Put("content/a.md", post(slug="same", draft=True))],
        [Remove("content/a.md"), Put("content/notes/c.md", post(slug="same"))],
    ]
)
@example(
    [
        [Put("content/a.md", post()), Put("content/trip/index.de.md", post(title="Two"))],
        [Put("content/a.fr.md", post(title="Two")), Put("content/trip/index.md", post())],
        [Put("content/a.md", post(draft=True)), Put("content/fr/b.md", post(language="fr"))],
        [
            Put("content/b.md", post(translation_of="fr/b.md")),
            Set("content", "languages", "folders"),
        ],
        [Put("content/a.md", post(title="C & C++", tags=["c"])), Remove("content/trip/index.md")],
        [Rename("content/a.fr.md", "content/b.md"), Set("site", "language", "ar")],
    ]
)
def test_any_history_gives_the_bytes_of_a_clean_build(how: str, history: list[list[Step]]) -> None:
    """After any edits, renames, losses and changes of mind, a build equals a clean one.

    What is told of the site is the same too, and the build after it writes nothing. It is all one
    whether a new process builds each time, or a living one that keeps what it found out and looks
    at everything again, or only at what a watcher told it of.
    """
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site", how=how)
        (site.home / "content").mkdir(parents=True)
        for steps in history:
            for step in steps:
                step.happen(site)
            check(site, Path(folder))
