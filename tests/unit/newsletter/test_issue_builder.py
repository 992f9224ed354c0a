"""Issues as they are made of a site: messages in every reader's language, and examples."""

from pathlib import Path

import pytest
from newsrooms import DAY, WEEK, Newsroom

from feedpub.errors import FeedpubError
from feedpub.models.newsletter import Subscriber
from feedpub.newsletter.issue_builder import IssueBuilder, IssueDraft, run_with_builder
from feedpub.site.describe import FilterDescriber


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a newsletter that has begun."""
    room = Newsroom(tmp_path)
    room.begin()
    return room


def edition(room: Newsroom) -> IssueDraft:
    """Make the issue that would go out now."""
    with room.desk() as desk:
        digest = desk.config.digests[0]

        def work(editor: IssueBuilder, _: FilterDescriber) -> IssueDraft:
            return editor.build_draft(digest, room.now, editor.select_new_posts(digest, room.now))

        return run_with_builder(room.request(), desk, work)


def example(room: Newsroom, address: str = "") -> list[str]:
    """Give the titles of the posts that an example shows."""
    with room.desk() as desk:
        digest = desk.config.digests[0]
        reader: Subscriber | None = desk.store.find_subscriber(address) if address else None

        def work(editor: IssueBuilder, _: FilterDescriber) -> list[str]:
            return [post.title for post in editor.select_example_posts(digest, room.now, reader)]

        return run_with_builder(room.request(), desk, work)


def test_readers_are_written_to_in_their_language(room: Newsroom) -> None:
    """One message for each language that is read, and for each choice of posts."""
    readers = [
        room.reader("en@example.net", language="en"),
        room.reader("site@example.net"),
        room.reader("zh@example.net", language="zh"),
        room.reader("a@example.net", tags=("a",)),
    ]
    room.write("one.md", tags="a")
    room.write("two.md")
    made = edition(room)
    keys = dict(made.audience)

    assert [readers[0].id, readers[1].id, readers[2].id, readers[3].id] == list(keys)
    assert keys[readers[0].id] == keys[readers[1].id]
    assert 3 == len(set(keys.values())) == len(made.variants)
    assert "退订" in made.variants.get_content(keys[readers[2].id]).text
    assert ("zh", "en") == (
        made.variants.get_content(keys[readers[2].id]).language,
        made.variants.get_content(keys[readers[0].id]).language,
    )


def test_an_issue_is_called_as_its_whole(room: Newsroom) -> None:
    """Whatever the first reader gets of it; and messages lead to its page."""
    room.reader("a@example.net", tags=("a",), language="zh")
    room.write("one.md", tags="a")
    room.now += DAY / 24
    room.write("two.md")
    made = edition(room)
    (one,) = made.variants

    assert ("two +1", "one") == (made.subject, one.content.subject)
    assert "https://example.org/blog/digests/weekly/2025-06-01-1300/" in one.content.text


def test_only_who_is_active_is_in_the_audience(room: Newsroom) -> None:
    """Nobody else is written to."""
    with room.desk() as desk:
        for state in ("unsubscribed", "bounced", "complained", "suppressed"):
            one = room.reader(f"{state}@example.net")
            desk.store.change_state(one.id, state, room.now)
    room.write("one.md")

    assert () == edition(room).audience


def test_an_example_is_what_is_new(room: Newsroom) -> None:
    """For a reader, what they would get."""
    room.reader("a@example.net", tags=("a",))
    room.write("one.md", tags="a")
    room.write("two.md")

    assert ["two", "one"] == example(room)
    assert ["one"] == example(room, "a@example.net")


def test_where_nothing_is_new_the_newest_stand_in(room: Newsroom) -> None:
    """However old, but of this digest, and of what a reader follows; or there is none."""
    room.digests("name: weekly, tags: [a, b], min_posts: 9")
    room.reader("b@example.net", tags=("b",))
    room.reader("c@example.net", tags=("c",))
    for number in range(7):
        room.now += WEEK
        room.write(f"{number}.md", tags="a")
    room.write("b.md", tags="b")
    room.write("c.md", tags="c")
    room.now += 52 * WEEK

    assert ["b", "6", "5", "4", "3"] == example(room)
    assert ["b"] == example(room, "b@example.net")
    assert [] == example(room, "c@example.net")


def test_a_digest_may_have_whole_posts(room: Newsroom) -> None:
    """With addresses that lead somewhere from a mail."""
    room.digests("name: weekly, content: full")
    room.reader("bob@example.net")
    room.put("content/one.md", "---\ndate: 2025-06-01 11:00\n---\n# One\n\n[Two](/two/)\n")
    (one,) = edition(room).variants

    assert 'href="https://example.org/two/"' in one.content.html


def test_a_subject_has_no_marks(room: Newsroom) -> None:
    """Nobody in particular is named on the page of an issue."""
    room.digests("name: weekly, subject: \"For {{ mark('name', 'you') }}\"")
    room.write("one.md")

    assert "For you" == edition(room).subject


def test_an_intro_has_no_marks(room: Newsroom) -> None:
    """It is kept with the issue, for its page, and names nobody in particular either."""
    room.digests("name: weekly, intro: \"Dear {{ mark('name', 'reader') }}, **hello**.\"")
    room.reader("bob@example.net")
    room.write("one.md")
    room.send(backlog=True)
    with room.desk() as desk:
        (issue,) = desk.store.list_sent_issues()

    assert "<p>Dear reader, <strong>hello</strong>.</p>" == issue.intro.strip()


def test_a_damaged_memory_is_made_anew(room: Newsroom) -> None:
    """And the work done again."""
    room.digests("name: weekly, content: full")
    room.reader("bob@example.net")
    room.write("one.md")
    example(room)
    memory = room.root / ".feedpub" / "cache" / "bodies.sqlite"
    octets = memory.read_bytes()
    damaged = octets.replace(b"The text", b"The best")
    assert octets != damaged
    memory.write_bytes(damaged)
    (one,) = edition(room).variants

    assert "The text of one.md." in one.content.text


def test_no_issue_is_made_by_a_clock_that_is_years_behind(tmp_path: Path) -> None:
    """Nothing is mailed or recorded; once the clock is right the issue is made."""
    room = Newsroom(tmp_path)
    room.reader("bob@example.net")
    room.begin()
    room.write("new.md")
    room.build()
    right, room.now = room.now, room.now.replace(year=2019)

    with pytest.raises(FeedpubError, match=r"2019.*the clock"):
        room.send()

    assert {} == room.mailed()

    room.now = right
    room.send()

    assert {"bob@example.net": ["new"]} == room.mailed()
