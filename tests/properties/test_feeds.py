"""Whatever people write, feeds are well-formed and readers find in them what was written."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from unicodedata import normalize
from zoneinfo import ZoneInfo

from folders import Site
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from readers import Entry, read, unambiguous

from feedpub.models.text import fold_case, strip_invalid_characters

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = "Asia/Kathmandu"
CONFIG = {
    "site": {"title": "A & B", "url": "https://example.org/blog/", "timezone": ZONE},
    "feeds": {"limit": 0},
}
SEPARATORS = frozenset(",，、;；")


@dataclass(frozen=True)
class Draft:
    """A post as its author means it."""

    path: str
    title: str
    date: datetime  # naive: in the site's time zone
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    updated: datetime | None = None
    id: str = ""
    language: str = ""
    body: str = ""
    draft: bool = False
    form: str = "yaml"

    @property
    def published(self) -> datetime:
        """When it appears."""
        aware = self.date if self.date.tzinfo else self.date.replace(tzinfo=ZoneInfo(ZONE))
        return aware.astimezone(UTC)

    @property
    def category(self) -> tuple[str, ...]:
        """The folder, as Pelican has it, for header lines that name no category."""
        folder = "" if self.path.endswith("/index.md") else self.path.rpartition("/")[0]
        named = self.form == "headers" and folder and folder not in map(same, self.tags)
        return (folder,) if named else ()

    def text(self) -> str:
        """Give the file as its author, or a program, writes it."""
        fields: dict[str, object] = {
            "title": self.title,
            "date": self.date.isoformat(),
            "tags": list(self.tags),
            "author": list(self.authors),
            "updated": self.updated.isoformat() if self.updated else "",
            "id": self.id,
            "language": self.language,
            "draft": self.draft,
        }
        return FORMS[self.form]({name: each for name, each in fields.items() if each}) + self.body

    def told(self, url: str) -> Entry:
        """Give what readers should find of it."""
        return Entry(
            id=self.id or f"tag:example.org,2026:{self.path}",
            url=url,
            title=shown(self.title),
            published=self.published,
            # Atom wants somebody: where nobody is named it is the site itself.
            authors=tuple(shown(each) for each in self.authors) or ("A & B",),
            tags=(*(normalize("NFC", shown(each)) for each in self.tags), *self.category),
            content="",
            enclosures=(),
        )


def in_yaml(fields: Mapping[str, object]) -> str:
    """Write front matter in YAML, of which JSON's texts and lists are a part."""
    lines = (f"{name}: {json.dumps(each, ensure_ascii=False)}\n" for name, each in fields.items())
    return f"---\n{''.join(lines)}---\n"


def in_toml(fields: Mapping[str, object]) -> str:
    """Write front matter in TOML, whose basic texts are written as JSON's."""
    lines = (f"{name} = {json.dumps(each, ensure_ascii=False)}\n" for name, each in fields.items())
    return f"+++\n{''.join(lines)}+++\n"


def in_json(fields: Mapping[str, object]) -> str:
    """Write front matter in JSON, with all but ASCII escaped."""
    return f"{json.dumps(fields, indent=2)}\n\n"


def in_headers(fields: Mapping[str, object]) -> str:
    """Write Pelican's header lines, whose values are what stands in the line."""
    lines = (
        f"{name.title()}: {', '.join(each) if isinstance(each, list) else each}\n"
        for name, each in fields.items()
    )
    return f"{''.join(lines)}\n"


FORMS = {"yaml": in_yaml, "toml": in_toml, "json": in_json, "headers": in_headers}


def shown(text: str) -> str:
    """Give a text as a line of it is shown: without what feeds cannot carry, spaces folded."""
    return " ".join(
        strip_invalid_characters(text).replace("\u2028", " ").replace("\u2029", " ").split()
    )


def plain(text: str) -> bool:
    """Tell whether a text is shown as it is written, and read as it is shown.

    HTML in titles is another test's concern. No-break spaces stay, but not beside others.
    """
    seen = shown(text)
    return bool(seen) and not ({"<", "&"} & set(seen)) and unambiguous(seen) and _spaced(text)


def _spaced(text: str) -> bool:
    return not any(
        each.isspace() and each not in " \t\n\r\u2028\u2029"
        for each in strip_invalid_characters(text)
    )


PIECES = st.sampled_from(
    [
        "C++",
        "人工智能",
        "مرحبا",
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\u202e",
        "\x08",
        "\x00",
        "\ufdd0",
        "\r\n",
        '"',
        "'",
        "\\",
        ": #",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="<&"), min_size=1, max_size=30),
    st.lists(st.one_of(PIECES, st.text(max_size=5)), min_size=1, max_size=6).map("".join),
).filter(plain)
NAMES = (
    st.text(st.characters(categories=("L", "M", "N"), include_characters=" -"), max_size=20)
    .map("Ann ".__add__)
    .filter(plain)
)
MARKUP = st.sampled_from(
    [
        "# Heading",
        "<script>alert(1)</script>",
        "<b><i>wrong</b></i>",
        "<div><table><tr>",
        "]]>",
        "<![CDATA[",
        "&nbsp;&copy;&#8;&bogus;",
        '<a href="javascript:x">x</a>',
        '<img src=x onerror="x">',
        "<!-- more -->",
        "```\n\t<code>\n```",
        "[^1]\n\n[^1]: note",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "{{< figure >}} {% include x %}",
        "---",
        "+++",
        "\ufdd0x\ufdd1",
    ]
)
BODIES = st.lists(st.one_of(MARKUP, PIECES, st.text()), max_size=6).map("\n\n".join)
TIMES = st.datetimes(datetime(1970, 1, 3), datetime(2027, 1, 1)).map(  # noqa: DTZ001 - as written
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.none() | st.integers(-23 * 60, 23 * 60).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
IDS = st.just("") | st.uuids().map(lambda each: f"urn:uuid:{each}")
PATHS = st.sampled_from([f"{name}.md" for name in ("a", "b", "c/d", "e/index", "f.g", "A", "x-1")])
# Files that are no posts, and what they count as.
OTHERS = st.dictionaries(
    st.sampled_from(["README.md", "_part.md", "notes/_x.markdown"]), st.binary(), max_size=2
)
BAD = st.dictionaries(
    st.sampled_from(["bad/1.md", "bad/2.mdx", "bad/3.MARKDOWN"]),
    st.sampled_from(
        [
            b"",
            b"\xff\xfe",
            b"Only text, and no front matter.",
            b"---\ntitle: No date\n---\n",
            b"---\ntitle: Bad date\ndate: 2024-02-30\n---\n",
            b'---\ntitle: "open\ndate: 2024-02-01\n---\n',
            b"+++\ndate = 2024-13-01\n+++\n",
            b'{"date": "2024-01-01"',
        ]
    ),
    max_size=2,
)


def same(name: str) -> str:
    """Give what two names of one tag, or of one person, have in common."""
    return fold_case(shown(name))


def part_of(names: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Choose some of these, in any order."""
    ordered = st.permutations(names)
    return st.integers(0, len(names)).flatmap(
        lambda count: ordered.map(lambda order: tuple(order[:count]))
    )


@st.composite
def drafts(draw: st.DrawFn) -> list[Draft]:
    """Make up to six posts that share their tags and authors."""
    labels = TEXTS.filter(lambda tag: not shown(tag).startswith("#"))
    tags = draw(st.lists(labels, max_size=4, unique_by=same))
    people = draw(st.lists(NAMES, max_size=3, unique_by=same))
    return [
        _possible(
            Draft(
                path=path,
                title=draw(TEXTS),
                date=draw(TIMES).replace(tzinfo=draw(ZONES)),
                tags=draw(part_of(tags)),
                authors=draw(part_of(people)),
                updated=draw(st.none() | TIMES),
                id=identity,
                language=draw(st.sampled_from(["", "ar", "zh-Hant"])),
                body=draw(BODIES),
                draft=draw(st.integers(0, 5)) == 0,
                form=draw(st.sampled_from(sorted(FORMS))),
            )
        )
        for path, identity in zip(
            draw(st.lists(PATHS, max_size=6, unique=True)),
            draw(st.lists(IDS, min_size=6, max_size=6)),
            strict=False,
        )
    ]


def _possible(draft: Draft) -> Draft:
    """Choose YAML where a post says what cannot be said in header lines, but by chance."""
    listed = "".join((*draft.tags, *draft.authors))
    simple = shown(draft.title) == draft.title and not SEPARATORS & set(listed)
    simple = simple and all(shown(each) == each for each in (*draft.tags, *draft.authors))
    return draft if simple or draft.form != "headers" else replace(draft, form="yaml")


@settings(max_examples=max(10, settings().max_examples // 5))
@given(drafts(), OTHERS, BAD)
@example([Draft("a.md", "AT&T: a < b", NOW, ("C", "C++", "C#", "人工智能"))], {}, {})
def test_readers_find_what_was_written(
    drafts: list[Draft], others: dict[str, bytes], bad: dict[str, bytes]
) -> None:
    """Feeds are well-formed, and say the same of each post in every format and every feed.

    No file is lost count of, and a second build touches nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site", NOW)
        site.config(json.dumps(CONFIG))
        for draft in drafts:
            site.put(f"content/{draft.path}", draft.text())
        for path, data in {**others, **bad}.items():
            site.put(f"content/{path}", data)
        summary = site.build()
        left_out = {each.path for each in summary.problems if each.left_out}

        assert {f"content/{path}" for path in bad} == left_out
        assert len(drafts) + len(others) + len(bad) == summary.files
        assert sum(draft.draft for draft in drafts) == summary.drafts
        assert len(others) == summary.ignored
        assert summary.files - len(left_out) == (
            summary.published + summary.drafts + summary.scheduled + summary.ignored
        )

        _check_form(site.public)
        _check_entries(site.public, drafts)

        before = _times(site.public)
        again = site.build()

        assert (0, 0) == (again.written, again.removed)
        assert summary.problems == again.problems
        assert before == _times(site.public)


def _check_form(public: Path) -> None:
    """Check that every document is well-formed."""
    for path in (*public.rglob("*.xml"), *public.rglob("*.opml")):
        etree.fromstring(path.read_bytes())
    for path in public.rglob("*.json"):
        json.loads(path.read_bytes())


def _check_entries(public: Path, drafts: Iterable[Draft]) -> None:
    """Check that readers find in each feed the posts that belong there, newest first."""
    due = [draft for draft in drafts if not draft.draft and draft.published <= NOW]
    rss, atom, data = (read(public, form).entries for form in ("rss", "atom", "json"))
    urls = {entry.title: entry.url for entry in data}

    assert rss == atom == data
    assert sorted((each.published for each in data), reverse=True) == [
        each.published for each in data
    ]
    assert _bare(draft.told("") for draft in due) == _bare(replace(each, url="") for each in data)
    assert len(due) == len({each.url for each in data})

    for kind in ("tags", "authors"):
        names = {same(name) for draft in due for name in getattr(draft, kind)}
        names |= {same(name) for draft in due for name in draft.category if kind == "tags"}
        found = set()
        for feed in (public / kind).glob("*/rss.xml"):
            entries = [read(feed.parent, form).entries for form in ("rss", "atom", "json")]
            (name,) = names & _shared(entries[0], kind, read(feed.parent, "json").title)
            found.add(name)
            held = [each for each in data if name in {same(one) for one in getattr(each, kind)}]

            assert [tuple(held)] * 3 == entries
        assert names == found
    assert urls.keys() == {shown(draft.title) for draft in due}


def _shared(entries: Iterable[Entry], kind: str, title: str) -> set[str]:
    """Give the names that a feed of them can be of: those that its title ends in."""
    return {
        same(name)
        for entry in entries
        for name in getattr(entry, kind)
        if title == f"A & B: {name}"
    }


def _bare(entries: Iterable[Entry]) -> list[Entry]:
    """Give entries without their content, in order of their ids."""
    return sorted((replace(each, content="") for each in entries), key=lambda each: each.id)


def _times(public: Path) -> dict[Path, int]:
    """Give when each file was last written, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in public.rglob("*") if path.is_file()}
