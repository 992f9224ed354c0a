"""Posts that moved are known again, and nobody is mailed them twice."""

from datetime import UTC, datetime, timedelta

import made
from hypothesis import given
from hypothesis import strategies as st

from feedpub.digests.recognition import Recognised, mark, recognise
from feedpub.library.identity import specific
from feedpub.mailing import Known
from feedpub.model import Post

NOW = datetime(2025, 2, 3, 8, tzinfo=UTC)


def post(path: str, title: str = "", host: str = "example.org", **changes: object) -> Post:
    """Give a post of a file."""
    values = {"id": f"tag:{host},2026:{path}", "title": title or path, "published": NOW}
    return made.post(**(values | changes))


def after(known: dict[str, Known], *posts: Post) -> tuple[Recognised, dict[str, Known]]:
    """Recognise posts, and give what is known then."""
    found = recognise(posts, known)
    left = {place: each for place, each in known.items() if place not in found.forgotten}
    return found, {**left, **found.learnt}


def names(found: Recognised) -> list[str]:
    """Give the names of posts."""
    return [each.id.rpartition(":")[2] for each in found.posts]


def test_who_is_new_is_called_by_its_id() -> None:
    """And is known from then on: nothing has to be learnt again."""
    one = post("one.md")
    found, known = after({}, one)

    assert (one,) == found.posts
    assert {"one.md": Known(one.id, mark(one))} == found.learnt == known
    assert ({}, ()) == (after(known, one)[0].learnt, found.forgotten)


def test_another_host_is_the_same_site() -> None:
    """Every post is what it was; ids that people gave never change with it."""
    mine = post("x", id="urn:uuid:1")
    _, known = after({}, post("one.md"), mine)
    found, _ = after(known, post("one.md", title="Another title", host="www.example.net"), mine)

    assert [post("one.md").id, "urn:uuid:1"] == [each.id for each in found.posts]


def test_a_renamed_file_is_the_same_post() -> None:
    """By its title and date; and stays so when these change later on."""
    _, known = after({}, post("one.md", title="One"))
    found, known = after(known, post("two.md", title="One"))

    assert ["one.md"] == names(found)
    assert ("one.md",) == found.forgotten

    found, known = after(known, post("two.md", title="Mended", published=NOW + timedelta(days=1)))

    assert ["one.md"] == names(found)

    found, _ = after(known, post("three.md", title="Mended", published=NOW + timedelta(days=1)))

    assert ["one.md"] == names(found)


def test_two_that_are_there_are_two() -> None:
    """Though they have one title and one date, as notes of a day have."""
    _, known = after({}, post("one.md", title="Note"))
    found, known = after(known, post("one.md", title="Note"), post("two.md", title="Note"))

    assert ["one.md", "two.md"] == names(found)

    found, _ = after(known, post("a.md", title="Note"), post("b.md", title="Note"))

    assert ["one.md", "two.md"] == sorted(names(found))


def test_a_new_post_in_an_old_place_is_new() -> None:
    """Where a file was before that has another name now."""
    _, known = after({}, post("one.md", title="One"))
    _, known = after(known, post("two.md", title="One"))
    found, known = after(known, post("one.md", title="Another"), post("two.md", title="One"))

    assert ["one.md#2", "one.md"] == names(found)

    found, _ = after(known, post("one.md", title="Mended"), post("two.md", title="One"))

    assert ["one.md#2", "one.md"] == names(found)


FILES = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c.md", "d/e.md"]), st.sampled_from(["One", "Two", "Three"])
)


@given(st.lists(FILES, min_size=1, max_size=6))
def test_names_are_never_shared(history: list[dict[str, str]]) -> None:
    """Whatever becomes of files, no two posts have one name; what stays where it is keeps its."""
    known: dict[str, Known] = {}
    before: dict[str, str] = {}
    for files in history:
        found, known = after(known, *(post(path, title) for path, title in files.items()))
        now = dict(zip(files, (each.id for each in found.posts), strict=True))

        assert len(files) == len(set(now.values()))
        assert all(now[path] == before[path] for path in before if path in now)

        before = now
    assert len(known) == len({each.name for each in known.values()})
    assert all(specific(specific(place)) == place for place in known)
