"""Who gets which posts: what they follow, at their cadence, and each post once."""

from datetime import timedelta
from pathlib import Path

import pytest
from newsrooms import DAY, WEEK, Newsroom

from feedpub.models.newsletter import SubscriptionFilter
from feedpub.newsletter import issues


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a newsletter that has begun."""
    room = Newsroom(tmp_path)
    room.digests("name: daily, schedule: daily 08:00")
    room.begin()
    return room


def days(room: Newsroom, number: int) -> None:
    """Let days pass, with a post and a digest each."""
    for _ in range(number):
        room.write(f"{room.now:%m-%d}.md")
        room.send("daily")
        room.now += DAY


def test_each_reader_gets_what_they_follow(room: Newsroom) -> None:
    """Who follows nothing of what is new gets no mail."""
    room.reader("all@example.net")
    room.reader("a@example.net", tags=("a",))
    room.reader("b@example.net", tags=("b",))
    room.write("one.md", tags="a")
    room.write("two.md", tags="c")
    room.send()

    assert {"all@example.net": ["one", "two"], "a@example.net": ["one"]} == room.mailed()


def test_nobody_gets_a_post_twice(room: Newsroom) -> None:
    """Whichever digests it falls into; who did not follow the first gets it by the second."""
    room.digests("name: daily, tags: [a]", "name: whole")
    room.begin()
    room.reader("all@example.net")
    room.reader("b@example.net", tags=("b",))
    room.write("one.md", tags="a, b")
    room.write("two.md", tags="b")
    room.send("daily")
    room.reader("late@example.net")
    room.send("whole")

    assert {
        "all@example.net": ["one", "two"],
        "b@example.net": ["one", "two"],
        "late@example.net": ["one", "two"],
    } == room.mailed()
    assert 2 + 3 == len(room.messages())


def test_who_wants_mail_weekly_misses_nothing(room: Newsroom) -> None:
    """All that went out on other days is in it, each once."""
    room.reader("weekly@example.net", cadence="weekly")
    room.reader("daily@example.net", cadence="daily")
    days(room, 15)
    titles = [f"{room.now - each * DAY:%m-%d}" for each in range(15, 0, -1)]

    assert {"weekly@example.net": titles, "daily@example.net": titles} == room.mailed()
    assert 3 + 15 == len(room.messages())


def test_who_wants_mail_monthly_misses_nothing(room: Newsroom) -> None:
    """From the first of June to the first of July, and those of a month are one mail."""
    room.reader("monthly@example.net", cadence="monthly")
    days(room, 31)

    assert 31 == len(room.mailed()["monthly@example.net"])
    assert 2 == len(room.messages())


@pytest.mark.parametrize("cadence", ["digest", "each"])
def test_who_wants_mail_sooner_misses_nothing(room: Newsroom, cadence: str) -> None:
    """What waited for their day comes with the next issue, and then only what is new."""
    one = room.reader("ann@example.net", tags=("a",), cadence="weekly")
    room.write("before.md", tags="a")
    room.send("daily")
    for day in range(3):
        room.now += DAY
        room.write(f"{day}.md", tags="a" if day < 2 else "b")
        room.send("daily")
    room.now += DAY / 2
    room.prefer(one, one.follows, cadence)
    room.now += DAY / 2
    room.write("next.md", tags="c")
    room.send("daily")

    assert {"ann@example.net": ["0", "1", "before"]} == room.mailed()

    room.prefer(one, SubscriptionFilter(), cadence)
    room.now += DAY
    room.write("last.md")
    room.send("daily")

    assert {"ann@example.net": ["0", "1", "before", "last"]} == room.mailed()
    assert 3 == len(room.messages())


def test_who_wanted_mail_sooner_once_gets_what_is_new(room: Newsroom) -> None:
    """An issue that had nothing for them is the end of waiting: what they follow later is later."""
    one = room.reader("ann@example.net", tags=("a",), cadence="weekly")
    days(room, 2)
    room.prefer(one, one.follows, "each")
    days(room, 2)
    room.prefer(one, SubscriptionFilter(), "each")
    days(room, 1)

    assert {"ann@example.net": ["06-05"]} == room.mailed()


def test_a_wish_may_take_a_while_to_be_written_down(room: Newsroom) -> None:
    """An issue that was chosen meanwhile did not know of it."""
    one = room.reader("ann@example.net", cadence="weekly")
    days(room, 2)
    room.now -= DAY + timedelta(minutes=1)  # before the last issue
    room.prefer(one, SubscriptionFilter(), "digest")
    room.now += DAY
    days(room, 1)

    assert ["06-01", "06-02"] == room.mailed()["ann@example.net"][:2]


def test_what_waits_does_so_however_long_nothing_goes_out(room: Newsroom) -> None:
    """Three posts in the first days of the month, and the next one in the middle of another."""
    room.reader("monthly@example.net", cadence="monthly")
    days(room, 3)
    room.now += 40 * DAY
    days(room, 1)

    assert {"monthly@example.net": ["06-01", "06-02", "06-03", "07-14"]} == room.mailed()


def test_another_digest_is_no_reason_to_wait(room: Newsroom) -> None:
    """What one brought does not make the other late, or leave out what waits in it."""
    room.digests("name: daily", "name: other, tags: [b]")
    room.begin()
    room.reader("weekly@example.net", cadence="weekly")
    room.write("one.md")
    room.send("daily")
    room.now += DAY
    room.write("two.md", tags="b")
    room.write("three.md")
    room.send("other")
    room.send("daily")  # two is in it, but was received; three waits
    room.now += WEEK - DAY
    room.write("four.md")
    room.send("daily")

    assert {"weekly@example.net": ["four", "one", "three", "two"]} == room.mailed()


def test_what_was_cancelled_is_not_sent_later(room: Newsroom) -> None:
    """Nor what its author keeps from mail by now, or took back."""
    room.reader("weekly@example.net", cadence="weekly")
    room.reader("bob@example.net")
    days(room, 1)
    room.digests("name: daily", mail="transport: smtp, relays: [{host: 127.0.0.1, port: 1}]")
    room.write("stopped.md")
    (sent,) = room.send("daily")
    assert sent.issue is not None
    issues.cancel_issue(room.request(), sent.issue.id)
    room.digests("name: daily")
    room.now += DAY
    for name in ("gone.md", "private.md", "kept.md"):
        room.write(name)
    room.send("daily")
    (room.content / "gone.md").unlink()
    private = room.content / "private.md"
    private.write_text(private.read_text().replace("---\n", "---\ndigest: false\n", 1))
    room.now += WEEK
    room.write("last.md")
    room.send("daily")

    assert ["06-01", "kept", "last"] == room.mailed()["weekly@example.net"]


def test_who_came_later_does_not_get_what_was_before(room: Newsroom) -> None:
    """Posts wait from the day on that somebody agreed."""
    days(room, 2)
    room.now += timedelta(hours=1)
    room.reader("weekly@example.net", cadence="weekly")
    days(room, 1)

    assert {"weekly@example.net": ["06-03"]} == room.mailed()


def translated(room: Newsroom, name: str, *languages: str) -> None:
    """Write a post in English and in other languages; titles are those of the files."""
    for language in ("", *(f".{each}" for each in languages)):
        room.write(f"{name}{language}.md")


def test_each_reader_gets_a_post_in_one_language(room: Newsroom) -> None:
    """In theirs or the nearest; who has not said, or speaks none of them, gets the original."""
    for language in ("", "en", "fr", "fr-CA", "de", "ja"):
        room.reader(f"{language or 'any'}@example.net", language=language)
    translated(room, "one", "fr", "de")
    room.write("two.md")
    room.send("daily")

    assert {
        "any@example.net": ["one", "two"],
        "en@example.net": ["one", "two"],
        "fr@example.net": ["one.fr", "two"],
        "fr-CA@example.net": ["one.fr", "two"],
        "de@example.net": ["one.de", "two"],
        "ja@example.net": ["one", "two"],
    } == room.mailed()


def test_a_translation_that_comes_later_mails_nobody_again(room: Newsroom) -> None:
    """Nor does the original that comes after its translation."""
    room.reader("en@example.net", language="en")
    room.reader("fr@example.net", language="fr")
    room.write("one.md")
    room.write("two.fr.md")
    room.send("daily")
    room.now += DAY
    room.write("one.fr.md")
    room.write("two.md")
    room.write("three.md")
    room.send("daily")

    assert {
        "en@example.net": ["one", "three", "two.fr"],
        "fr@example.net": ["one", "three", "two.fr"],
    } == room.mailed()


def test_two_digests_mail_a_post_in_one_language(room: Newsroom) -> None:
    """Who had it by one in English does not get it by the other in French."""
    room.digests("name: daily, languages: [en]", "name: french, languages: [fr]")
    room.begin()
    room.reader("en@example.net", language="en")
    translated(room, "one", "fr")
    room.send("daily")
    room.reader("late@example.net", language="fr")
    room.send("french")

    assert {"en@example.net": ["one"], "late@example.net": ["one.fr"]} == room.mailed()


def test_who_follows_one_language_of_a_post_gets_it_in_theirs(room: Newsroom) -> None:
    """The tags of a translation may be other words."""
    room.reader("fr@example.net", language="fr", tags=("snake",))
    room.write("one.md", tags="snake")
    room.write("one.fr.md", tags="serpent")
    room.send("daily")

    assert {"fr@example.net": ["one.fr"]} == room.mailed()


def test_who_wants_mail_seldom_gets_one_language_too(room: Newsroom) -> None:
    """Of what went out meanwhile."""
    room.reader("fr@example.net", language="fr", cadence="weekly")
    for number in range(8):
        translated(room, f"day{number}", "fr")
        room.send("daily")
        room.now += DAY

    titles = room.mailed()["fr@example.net"]
    assert titles
    assert all(each.endswith(".fr") for each in titles)
    assert len(set(titles)) == len(titles)


def test_translations_count_as_one_post(room: Newsroom) -> None:
    """Two languages are not yet two posts, and they are never parted by `max_posts`."""
    room.digests("name: daily, min_posts: 2, max_posts: 2")
    room.begin()
    room.reader("fr@example.net", language="fr")
    translated(room, "one", "fr", "de")
    (sent,) = room.send("daily")
    assert "1 new, and min_posts is 2" in sent.reason

    translated(room, "two", "fr")
    translated(room, "three", "fr")
    room.send("daily")
    assert 2 == len(room.mailed()["fr@example.net"])
    assert all(each.endswith(".fr") for each in room.mailed()["fr@example.net"])
