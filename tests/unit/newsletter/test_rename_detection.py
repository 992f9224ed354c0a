"""Posts that moved are known again, and nobody is mailed them twice."""

from datetime import UTC, datetime, timedelta

import made
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.library.post_ids import strip_authority
from feedpub.models.content import Post
from feedpub.models.newsletter import SeenPost
from feedpub.newsletter.rename_detection import (
    RENAME_WINDOW,
    MatchedPosts,
    hash_content,
    hash_metadata,
    match_renamed,
)

NOW = datetime(2025, 2, 3, 8, tzinfo=UTC)


LONG = "The lighthouse keeper counts the ships that pass in the night, and writes each one down."


def post(path: str, title: str = "", host: str = "example.org", **changes: object) -> Post:
    """Give a post of a file; its HTML stands in the place of the digest of its file."""
    values = {
        "id": f"tag:{host},2026:{path}",
        "path": path,
        "title": title or path,
        "published": NOW,
        "body_key": "",
    }
    return made.post(**(values | changes))


def after(
    known: dict[str, SeenPost], *posts: Post, now: datetime = NOW
) -> tuple[MatchedPosts, dict[str, SeenPost]]:
    """Recognise posts, and give what is known then."""
    found = match_renamed(posts, known, lambda each: each.body_key, now)
    left = {place: each for place, each in known.items() if place not in found.removed}
    return found, {**left, **found.changed}


def names(found: MatchedPosts) -> list[str]:
    """Give the names of posts."""
    return [each.id.rpartition(":")[2] for each in found.posts]


def test_who_is_new_is_called_by_its_id() -> None:
    """And is known from then on: nothing has to be learnt again."""
    one = post("one.md")
    found, known = after({}, one)

    assert (one,) == found.posts
    assert (one.id, hash_metadata(one)) == (known["one.md"].name, known["one.md"].mark)
    assert found.changed == known
    assert ({}, ()) == (after(known, one)[0].changed, found.removed)


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
    assert ("one.md",) == found.removed

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


def test_a_post_renamed_and_retitled_is_known_by_its_text() -> None:
    """In one go; its date has stayed."""
    _, known = after({}, post("one.md", "One", body_key="<p>Short.</p>"))
    found, _ = after(known, post("two.md", "Two", body_key="<p>Short.</p>"))

    assert ["one.md"] == names(found)


def test_a_post_renamed_and_redated_is_known_by_its_text() -> None:
    """In one go; its title has stayed."""
    _, known = after({}, post("one.md", "One", body_key="<p>Short.</p>"))
    found, _ = after(
        known, post("two.md", "One", body_key="<p>Short.</p>", published=NOW + RENAME_WINDOW)
    )

    assert ["one.md"] == names(found)


def test_a_long_text_is_enough() -> None:
    """A short one is not, when title and date are others."""
    short, long = "<p>See below.</p>", f"<p>{LONG}</p>"
    _, known = after({}, post("a.md", body_key=short), post("b.md", body_key=long))
    later = NOW + timedelta(days=1)
    found, _ = after(
        known,
        post("c.md", body_key=short, published=later),
        post("d.md", body_key=long, published=later),
    )

    assert ["c.md", "b.md"] == names(found)


def test_markup_and_folders_are_no_text() -> None:
    """Words and names of files are."""
    one = hash_content('<p>Look:  <img src="pictures/cat.png?1"></p>')

    assert one == hash_content('<div>look <em><img alt="x" src="../cat.png"></em></div>')
    assert one != hash_content('<p>Look: <img src="pictures/dog.png"></p>')
    assert "" == hash_content("<hr>")


def test_a_new_post_takes_the_place_of_one_that_was_renamed() -> None:
    """Both in one go: the old one is known where it is now, and the new one is new."""
    old = {"body_key": "<p>What I wrote first.</p>"}
    _, known = after({}, post("one.md", "One", **old))
    new = post("one.md", "Another", body_key="<p>Something else.</p>")
    found, known = after(known, new, post("two.md", "One", **old))

    assert ["one.md#2", "one.md"] == names(found)
    assert () == found.removed
    assert ["one.md#2", "one.md"] == names(after(known, new, post("two.md", "One", **old))[0])


def test_a_new_post_of_the_same_title_and_date_is_new() -> None:
    """As notes of a day have; the texts tell which is which."""
    _, known = after({}, post("one.md", "Note", body_key="<p>Morning.</p>"))
    found, _ = after(
        known,
        post("one.md", "Note", body_key="<p>Evening.</p>"),
        post("two.md", "Note", body_key="<p>Morning.</p>"),
    )

    assert ["one.md#2", "one.md"] == names(found)


def test_files_that_change_places_are_the_posts_they_were() -> None:
    """As numbered ones do when another comes before them."""
    one, two = {"body_key": "<p>First words.</p>"}, {"body_key": "<p>Second words.</p>"}
    _, known = after({}, post("1.md", "One", **one), post("2.md", "Two", **two))
    found, known = after(
        known,
        post("1.md", "New", body_key="<p>New words.</p>"),
        post("2.md", "One", **one),
        post("3.md", "Two", **two),
    )

    assert ["1.md#2", "1.md", "2.md"] == names(found)

    found, _ = after(known, post("2.md", "Two", **two), post("3.md", "One", **one))

    assert ["2.md", "1.md"] == names(found)


def test_an_edited_post_is_the_same_one() -> None:
    """Also where everything of it is other words now."""
    _, known = after({}, post("one.md", "One", body_key="<p>First.</p>"))
    found, _ = after(
        known, post("one.md", "Two", body_key="<p>2nd.</p>", published=NOW + RENAME_WINDOW)
    )

    assert ["one.md"] == names(found)


def test_an_id_that_its_author_gave_stays() -> None:
    """Whatever other posts look like."""
    old = {"body_key": f"<p>{LONG}</p>"}
    _, known = after({}, post("one.md", "One", id="urn:uuid:1", **old))
    found, _ = after(known, post("one.md", "Two", id="urn:uuid:1"), post("two.md", "One", **old))

    assert ["1", "two.md"] == names(found)


def test_a_repeat_is_new() -> None:
    """What was deleted long ago and comes again under another name with another date."""
    _, known = after({}, post("2025.md", "Opening hours", body_key=f"<p>{LONG}</p>"))
    _, known = after(known, now=NOW + timedelta(days=20))
    again = post(
        "2026.md", "Opening hours", body_key=f"<p>{LONG}</p>", published=NOW + 12 * RENAME_WINDOW
    )

    assert ["2025.md"] == names(after(known, again, now=NOW + RENAME_WINDOW)[0])
    assert ["2026.md"] == names(after(known, again, now=NOW + 12 * RENAME_WINDOW)[0])


def test_a_post_that_was_away_for_a_while_is_the_same_one() -> None:
    """As one that was broken or a draft; one that shares nothing with it is new."""
    _, known = after({}, post("one.md", "One", body_key="<p>First.</p>"))
    _, known = after(known)

    assert NOW == known["one.md"].gone

    for back in (
        post("one.md", "One", body_key="<p>Mended.</p>", published=NOW + RENAME_WINDOW),
        post("one.md", "Two", body_key="<p>Mended.</p>"),
        post("one.md", "Two", body_key="<p>First.</p>", published=NOW + RENAME_WINDOW),
    ):
        found, again = after(known, back)

        assert ["one.md"] == names(found)
        assert again["one.md"].gone is None

    other = post("one.md", "Two", body_key="<p>Other.</p>", published=NOW + RENAME_WINDOW)

    assert ["one.md#2"] == names(after(known, other)[0])


def test_what_an_older_feedpub_saw_is_known_by_title_and_date() -> None:
    """It kept nothing else."""
    one = post("one.md", "One", body_key="<p>First.</p>")
    old = {"one.md": SeenPost(one.id, hash_metadata(one)), "two.md": SeenPost("two", "x")}

    found, _ = after(old, post("new.md", "One", body_key="<p>First.</p>"), post("two.md", "Mended"))

    assert [one.id, "two"] == [each.id for each in found.posts]


def test_only_what_has_changed_is_read() -> None:
    """The HTML of a large site takes its time."""
    one, two = post("one.md", body_key="<p>First.</p>"), post("two.md", body_key="<p>Second.</p>")
    _, known = after({}, one, two)
    asked = []

    def html(each: Post) -> str:
        asked.append(each.path)
        return each.body_key

    match_renamed((one, post("two.md", body_key="<p>Mended.</p>")), known, html, NOW)

    assert ["two.md"] == asked


FILES = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c.md", "d/e.md"]),
    st.tuples(st.sampled_from(["One", "Two", "Three"]), st.sampled_from(["", "x", LONG])),
)


@given(st.lists(FILES, min_size=1, max_size=6))
def test_names_are_never_shared(history: list[dict[str, tuple[str, str]]]) -> None:
    """Whatever becomes of files, no two posts have one name; what stays as it is keeps its."""
    known: dict[str, SeenPost] = {}
    before: dict[str, tuple[tuple[str, str], str]] = {}
    for files in history:
        posts = (post(path, title, body_key=text) for path, (title, text) in files.items())
        found, known = after(known, *posts)
        ids = [each.id for each in found.posts]
        now = {path: (said, name) for (path, said), name in zip(files.items(), ids, strict=True)}

        assert len(files) == len(set(ids))
        assert all(now[path] == old for path, old in before.items() if files.get(path) == old[0])

        before = now
    assert len(known) == len({each.name for each in known.values()})
    assert all(strip_authority(strip_authority(place)) == place for place in known)
