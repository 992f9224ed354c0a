"""A post has one id, for ever and everywhere: nobody sees a post twice."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from folders import Site
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import FORMATS, read

OWN = "urn:x:own"


@dataclass(frozen=True)
class Version:
    """A post and its site as they are at one time."""

    scheme: str
    pattern: str
    engine: str
    values: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def publish(self, site: Site, path: str, identity: str) -> None:
        """Build the site with the post at this path as it is in this version."""
        settings = {
            "site": {"title": "Example", "url": f"{self.scheme}://example.org/blog/"},
            "content": {"permalink": self.pattern},
            "markdown": {"engine": self.engine},
            "feeds": {"kinds": ["site", "tags", "authors", "languages", "categories"]},
        }
        site.config(json.dumps(settings))
        values = {**self.values, **({"id": identity} if identity else {})}
        header = "".join(
            f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()
        )
        site.put(f"content/{path}", f"---\n{header}---\n{self.body}\n")
        site.build()


LETTERS = st.characters(categories=["L"])
WORDS = st.builds(
    str.__add__,
    LETTERS,
    st.text(st.characters(categories=("L", "N"), include_characters=" +#-"), max_size=12),
)
DATES = st.dates(date(1970, 1, 2), date(2025, 1, 1)).map(str)
VERSIONS = st.builds(
    Version,
    scheme=st.sampled_from(["http", "https"]),
    pattern=st.sampled_from(
        ["posts/{slug}/", "{year}/{month}/{slug}.html", "{path}/", "https://e.example/{slug}/"]
    ),
    engine=st.sampled_from(["comrak", "markdown"]),
    values=st.fixed_dictionaries(
        {
            "title": WORDS,
            "date": DATES,
            "tags": WORDS,
            "categories": WORDS,
            "author": WORDS,
        },
        optional={
            "slug": WORDS,
            "permalink": st.sampled_from(["/about/", "/tags/", "https://e.example/x"]),
            "updated": st.just("2025-01-01"),
            "language": st.sampled_from(["ar", "en"]),
        },
    ),
    body=WORDS,
)
PATHS = st.sampled_from(["a.md", "2024-01-01-a.md", "c/é ü.md", "trip/index.md", "人工智能.md"])


def ids(site: Site) -> set[str]:
    """Give the ids in every feed of the site, whatever its format and kind."""
    feeds = list(site.public.rglob("rss.xml"))

    assert {"tags", "authors", "languages", "categories"} <= {
        path.relative_to(site.public).parts[0] for path in feeds
    }

    return {
        entry.id for path in feeds for form in FORMATS for entry in read(path.parent, form).entries
    }


@settings(max_examples=max(10, settings().max_examples // 8))
@given(PATHS, st.sampled_from(["", OWN]), st.lists(VERSIONS, min_size=2, max_size=3))
def test_the_id_survives_every_edit(path: str, own: str, versions: list[Version]) -> None:
    """Title, slug, permalink, date, engine, tags and http or https change; the id does not.

    It is the same in RSS, Atom and JSON, and in the feed of every tag, author, language and
    category.
    """
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        seen = set()
        for version in versions:
            version.publish(site, path, own)
            seen |= ids(site)

    assert 1 == len(seen)
    assert not own or {own} == seen


@given(st.lists(PATHS, min_size=2, unique=True), VERSIONS)
@settings(max_examples=max(6, settings().max_examples // 12))
def test_posts_have_ids_of_their_own(paths: list[str], version: Version) -> None:
    """Posts that say the same, the same id too, are told apart nevertheless."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        for path in paths:
            version.publish(site, path, OWN)

        assert len(paths) == len(ids(site))
