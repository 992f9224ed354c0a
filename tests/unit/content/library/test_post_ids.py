"""Every post has one id, and nothing but its file's path or its own `id` decides it."""

from dataclasses import replace
from datetime import timedelta

import made
import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

from feedpub.config.schema import Config, ContentConfig
from feedpub.content.library.post_ids import assign_ids, build_tag_uri, get_requested_id
from feedpub.models.content import ParsedPost, Problem, Publication


def config(url: str = made.SITE, authority: str = "") -> Config:
    """Give the configuration of another site."""
    whole = made.config()
    return replace(whole, site=replace(whole.site, url=url, authority=authority))


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ({}, "tag:example.org,2026:a/b.md"),
        ({"url": "https://Example.org:8080/blog/"}, "tag:example.org,2026:a/b.md"),
        ({"authority": "ann@example.net"}, "tag:ann@example.net,2026:a/b.md"),
    ],
)
def test_tag_uri(site: dict[str, str], expected: str) -> None:
    """A tag URI (RFC 4151) begins with the authority given, or else with the site's host."""
    found = build_tag_uri(config(**site), "a/b.md")

    assert expected == found


def test_tag_uri_is_ascii() -> None:
    """A path in any script is percent-encoded, in NFC."""
    found = build_tag_uri(made.config(), "über u\u0308.md")

    assert "tag:example.org,2026:%C3%BCber%20%C3%BC.md" == found


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://old.example/?p=12", "https://old.example/?p=12"),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", ...),
        ("tag:old.example,2010:x", ...),
        ("https://例え.jp/文", ...),
        ("42", "tag:example.org,2026:42"),
        ("my post", "tag:example.org,2026:my%20post"),
        ("https://example.org/a b", "tag:example.org,2026:https://example.org/a%20b"),
        ('x:"', "tag:example.org,2026:x:%22"),
        ("", "tag:example.org,2026:hello.md"),
    ],
)
def test_given(written: str, expected: object) -> None:
    """An id that Atom can hold stays as it is; another is made one."""
    found = get_requested_id(made.config(), made.manuscript(id=written))

    assert (written if expected is ... else expected) == found


@holds_for(
    st.builds(
        made.manuscript,
        stem=st.sampled_from(["hello", "人工智能"]),
        id=st.sampled_from(["", "https://old.example/1", "42"]),
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.text(),
            "slug": st.text(),
            "permalink": st.text(),
            "digest": st.text(),
            "tags": st.tuples(st.text()),
            "published": st.datetimes().map(
                lambda moment: made.PUBLISHED - (moment - moment.min) / 9
            ),
            "updated": st.just(made.UPDATED + timedelta(days=1)),
        },
    ),
    st.sampled_from(["https://example.org/", "http://example.org/", "http://example.org:80/blog/"]),
)
def test_the_id_survives_every_edit(
    before: ParsedPost, changes: dict[str, object], url: str
) -> None:
    """Neither title, slug, permalink, dates, tags nor text decide the id, nor http or https."""
    site = replace(config(url=url), content=ContentConfig(permalink="{year}/{path}/"))
    was, _ = assign_ids(made.config(), [before])
    now, _ = assign_ids(site, [replace(before, **changes)])  # type: ignore[arg-type]

    assert was == now


@holds_for(
    st.lists(
        st.builds(
            ParsedPost,
            path=st.sampled_from([f"{name}.md" for name in ("a", "b", "c", "d-2", "d")]),
            digest=st.just(""),
            title=st.just("x"),
            published=st.just(made.PUBLISHED),
            id=st.sampled_from(["", "", "a.md", "d.md", "https://x.example/", "x y", "x%20y"])
            | st.text(),
        ),
        unique_by=lambda one: one.path,
    )
)
def test_every_post_has_one_id_of_its_own(manuscripts: list[ParsedPost]) -> None:
    """Whatever ids files claim, every post has one, and no two have the same."""
    ids, problems = assign_ids(made.config(), manuscripts)

    assert [one.path for one in manuscripts] == list(ids)
    assert len(set(ids.values())) == len(ids)
    assert len(problems) == sum(
        ids[one.path] != get_requested_id(made.config(), one) for one in manuscripts
    )


def test_an_id_that_two_files_claim_stays_with_the_first() -> None:
    """The second has that of its path, and is told."""
    first = made.manuscript(stem="first", id="https://x.example/1")
    second = made.manuscript(stem="second", id="https://x.example/1")
    ids, problems = assign_ids(made.config(), [first, second])

    assert {
        "first.md": "https://x.example/1",
        "second.md": "tag:example.org,2026:second.md",
    } == ids
    assert (
        Problem(
            "second.md",
            0,
            'the id "https://x.example/1" is already used by first.md; give this post its own',
        ),
    ) == problems


def test_an_id_that_is_anothers_path() -> None:
    """A post whose own path another claims as its id has a number, and so on."""
    claims = [made.manuscript(stem="a", id="c.md"), made.manuscript(stem="b", id="c.md-2")]
    ids, problems = assign_ids(made.config(), [*claims, made.manuscript(stem="c")])

    assert "tag:example.org,2026:c.md-3" == ids["c.md"]
    assert 1 == len(problems)


def test_who_was_published_first_keeps_the_id() -> None:
    """An older post that comes to claim it has another, then and ever after."""
    old = made.manuscript(stem="old", id="https://x.example/1")
    new = made.manuscript(stem="new", id="https://x.example/1")
    known: dict[str, Publication] = {}
    ids, problems = assign_ids(made.config(), [])
    for shown in ([new], [old, new], [old, new]):
        ids, problems = assign_ids(made.config(), shown, known)
        known = {
            one.path: Publication(
                one.path,
                "",
                "",
                ids[one.path],
                get_requested_id(made.config(), one),
                made.PUBLISHED,
            )
            for one in shown
        }

    assert {"old.md": "tag:example.org,2026:old.md", "new.md": "https://x.example/1"} == ids
    assert ["old.md"] == [problem.path for problem in problems]

    alone, faults = assign_ids(made.config(), [old], {"old.md": known["old.md"]})

    assert {"old.md": "tag:example.org,2026:old.md"} == alone
    assert () == faults

    away, faults = assign_ids(made.config(), [made.manuscript(stem="x", id=new.id)], known)

    assert {"x.md": "tag:example.org,2026:x.md"} == away
    assert "new.md" in faults[0].message
