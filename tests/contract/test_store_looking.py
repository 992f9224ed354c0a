"""What digests saw in the store: the posts there are, and those that wait."""

from datetime import timedelta

from mailings import NOW

from feedpub.models.newsletter import SeenPost, Snapshot
from feedpub.storage import Store

ONE, TWO = (
    SeenPost("tag:example.org,2026:one.md", "m1"),
    SeenPost("tag:example.org,2026:two.md", "m2"),
)


def test_posts_are_known(store: Store) -> None:
    """As they were told last, and not where they are no more."""
    assert {} == store.load_seen_posts()

    store.save_seen_posts({"one.md": ONE, "two.md": TWO})
    store.save_seen_posts({"three.md": SeenPost(TWO.name, "m3")}, ["two.md"])
    gone = SeenPost(ONE.name, "m4", "title", "date", "text", "body", NOW)
    store.save_seen_posts({"one.md": gone})

    assert {
        "one.md": gone,
        "three.md": SeenPost(TWO.name, "m3"),
    } == store.load_seen_posts()


def test_many_posts_are_known(store: Store) -> None:
    """More than one statement can hold."""
    many = {f"{number}.md": SeenPost(f"{number}", "m") for number in range(2_000)}
    store.save_seen_posts(many)
    store.save_seen_posts({}, [f"{number}.md" for number in range(1, 2_000)])

    assert {"0.md": SeenPost("0", "m")} == store.load_seen_posts()


def test_each_digest_looks_for_itself(store: Store) -> None:
    """When it looked last counts, and all that it saw and has not mailed."""
    assert store.load_snapshot("weekly") is None

    store.save_snapshot("weekly", ["one", "two"], NOW)
    store.save_snapshot("daily", ["three"], NOW)
    store.save_snapshot("weekly", ["two"], NOW + timedelta(days=7))

    assert Snapshot(NOW + timedelta(days=7), frozenset({"one", "two"})) == store.load_snapshot(
        "weekly"
    )
    assert Snapshot(NOW, frozenset({"three"})) == store.load_snapshot("daily")

    store.plan_issue("weekly", NOW, ["two"], "News", [], [], NOW)
    store.save_snapshot("daily", (), NOW)
    store.save_snapshot("weekly", (), NOW)

    assert Snapshot(NOW, frozenset({"one"})) == store.load_snapshot("weekly")
    assert Snapshot(NOW, frozenset({"three"})) == store.load_snapshot("daily")


def test_issues_tell_where_their_posts_are_now(store: Store) -> None:
    """Those that went out name posts that may have moved since."""
    three = "tag:example.org,2026:three.md"
    store.plan_issue("weekly", NOW, [ONE.name, TWO.name, three], "News", [], [], NOW)
    store.save_seen_posts({"one.md": ONE, "moved.md": TWO})

    (issue,) = store.list_sent_issues()

    assert (ONE.name, "moved.md", three) == issue.posts
    assert (ONE.name, TWO.name, three) == store.list_issues()[0].posts


def test_digests_tell_their_last_slots(store: Store) -> None:
    """Those that had one of late."""
    later = NOW + timedelta(days=7)
    store.skip_slot("weekly", NOW, "", NOW)
    store.skip_slot("weekly", later, "", later)
    store.skip_slot("daily", NOW, "", NOW)

    assert {"weekly": later} == store.get_last_slots(NOW)
