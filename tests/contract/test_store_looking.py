"""What digests saw in the store: the posts there are, and those that wait."""

from datetime import timedelta

from mailings import NOW

from feedpub.mailing import Known, Look
from feedpub.store import Store

ONE, TWO = Known("tag:example.org,2026:one.md", "m1"), Known("tag:example.org,2026:two.md", "m2")


def test_posts_are_known(store: Store) -> None:
    """As they were told last, and not where they are no more."""
    assert {} == store.known()

    store.know({"one.md": ONE, "two.md": TWO})
    store.know({"three.md": Known(TWO.name, "m3")}, ["two.md"])
    gone = Known(ONE.name, "m4", "title", "date", "text", "body", NOW)
    store.know({"one.md": gone})

    assert {
        "one.md": gone,
        "three.md": Known(TWO.name, "m3"),
    } == store.known()


def test_many_posts_are_known(store: Store) -> None:
    """More than one statement can hold."""
    many = {f"{number}.md": Known(f"{number}", "m") for number in range(2_000)}
    store.know(many)
    store.know({}, [f"{number}.md" for number in range(1, 2_000)])

    assert {"0.md": Known("0", "m")} == store.known()


def test_each_digest_looks_for_itself(store: Store) -> None:
    """When it looked last counts, and all that it saw and has not mailed."""
    assert store.look("weekly") is None

    store.looked("weekly", ["one", "two"], NOW)
    store.looked("daily", ["three"], NOW)
    store.looked("weekly", ["two"], NOW + timedelta(days=7))

    assert Look(NOW + timedelta(days=7), frozenset({"one", "two"})) == store.look("weekly")
    assert Look(NOW, frozenset({"three"})) == store.look("daily")

    store.plan("weekly", NOW, ["two"], "News", [], [], NOW)
    store.looked("daily", (), NOW)
    store.looked("weekly", (), NOW)

    assert Look(NOW, frozenset({"one"})) == store.look("weekly")
    assert Look(NOW, frozenset({"three"})) == store.look("daily")


def test_issues_tell_where_their_posts_are_now(store: Store) -> None:
    """Those that went out name posts that may have moved since."""
    three = "tag:example.org,2026:three.md"
    store.plan("weekly", NOW, [ONE.name, TWO.name, three], "News", [], [], NOW)
    store.know({"one.md": ONE, "moved.md": TWO})

    (issue,) = store.sent()

    assert (ONE.name, "moved.md", three) == issue.posts
    assert (ONE.name, TWO.name, three) == store.issues()[0].posts


def test_digests_tell_their_last_slots(store: Store) -> None:
    """Those that had one of late."""
    later = NOW + timedelta(days=7)
    store.skip("weekly", NOW, "", NOW)
    store.skip("weekly", later, "", later)
    store.skip("daily", NOW, "", NOW)

    assert {"weekly": later} == store.last_slots(NOW)
