"""What becomes of a digest when it is its turn: begun, skipped, planned or left for later."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event

import pytest
from newsrooms import DAY, WEEK, Newsroom, reasons

from feedpub.app import NewsletterContext
from feedpub.config.schema import DigestConfig
from feedpub.delivery.render import MessageRenderer
from feedpub.errors import FeedpubError
from feedpub.models.content import Post
from feedpub.newsletter import issues as newsletter_issues
from feedpub.newsletter import planning, queue_status
from feedpub.newsletter.issue_builder import IssueBuilder, IssueDraft, run_with_builder
from feedpub.newsletter.planning import Planner
from feedpub.site.describe import FilterDescriber
from feedpub.subscribers import manage

MONDAY = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a weekly digest that never went out, and a reader."""
    room = Newsroom(tmp_path)
    room.reader("bob@example.net")
    return room


def recorded(room: Newsroom) -> list[tuple[str, datetime, str]]:
    """Give what is recorded of each slot: state, slot and reason, the oldest first."""
    issues = [issue for issue, _ in newsletter_issues.list_issues(room.request())]
    return [(each.state, each.slot, each.reason) for each in reversed(issues)]


def test_starting_never_mails_the_archive(room: Newsroom) -> None:
    """What is published by then counts as mailed, and only what comes later is new."""
    room.write("old.md")
    begun = room.send()
    room.now += DAY
    room.write("new.md")
    room.send()

    assert ["it starts without mailing 1 existing post"] == reasons(begun)
    assert {"bob@example.net": ["new"]} == room.mailed()


def test_a_backlog_is_mailed_when_it_is_asked_for(room: Newsroom) -> None:
    """As far as it is not too old."""
    room.post("ancient.md", "Ancient", "2020-01-01")
    room.write("old.md")
    (sent,) = room.send(backlog=True)

    assert ("old",) == sent.posts
    assert {"bob@example.net": ["old"]} == room.mailed()
    assert ["nothing new"] == reasons(room.send(backlog=True))


def test_a_dry_run_writes_nothing(room: Newsroom) -> None:
    """It tells posts, readers and size: of the beginning, of a backlog, and of nothing."""
    room.write("one.md")
    begun = room.send(dry=True)
    (planned,) = room.send(dry=True, backlog=True)

    told = "it would start without mailing 1 existing post; --backlog mails recent ones"
    assert reasons(begun)[0].startswith(told)
    assert [] == recorded(room)
    assert [] == room.messages()
    assert (("one",), 1, None) == (planned.posts, planned.audience, planned.stats)
    room.send(backlog=True)
    (message,) = (room.root / "mail").iterdir()
    assert abs(message.stat().st_size - planned.message_size) < 50
    room.now += WEEK
    assert ["nothing new"] == reasons(room.send(dry=True, due=True))
    assert 1 == len(recorded(room))


def test_a_slot_goes_out_once(room: Newsroom) -> None:
    """It begins with the slot that was; then each has its turn, and none before its time."""
    room.now = MONDAY - DAY
    room.send(due=True)
    assert ["not due yet"] == reasons(room.send(due=True))
    room.now = MONDAY
    room.write("one.md")
    room.send(due=True)
    room.now += timedelta(minutes=1)
    room.write("two.md")

    assert ["not due yet"] == reasons(room.send(due=True))
    assert {"bob@example.net": ["one"]} == room.mailed()
    assert [("skipped", MONDAY - WEEK), ("done", MONDAY)] == [
        (state, slot) for state, slot, _ in recorded(room)
    ]


def test_many_slots_that_were_missed_are_one(room: Newsroom) -> None:
    """After a month's absence there is one mail, for the newest of them."""
    room.now = MONDAY
    room.send(due=True)
    room.now += timedelta(hours=1)
    room.write("one.md")
    room.now += 3 * WEEK
    room.write("two.md")
    room.send(due=True)
    room.send(due=True)

    assert {"bob@example.net": ["one", "two"]} == room.mailed()
    assert 1 == len(room.messages())
    assert MONDAY + 3 * WEEK == recorded(room)[-1][1]


def test_a_clock_that_ran_ahead_silences_no_digest(room: Newsroom) -> None:
    """What it sent stays sent; the next slot is the next one of the right clock."""
    years = 300 * WEEK
    room.now = MONDAY
    room.send(due=True)
    room.now += years
    room.write("one.md")
    room.send(due=True)
    room.now += WEEK - years
    room.write("two.md")
    room.send(due=True)
    assert ["not due yet"] == reasons(room.send(due=True))

    assert {"bob@example.net": ["one", "two"]} == room.mailed()
    assert MONDAY + WEEK in [slot for _, slot, _ in recorded(room)]


def test_a_clock_that_ran_ahead_delays_nobody(room: Newsroom) -> None:
    """What it planned goes out once it is right; and who wants mail weekly has it every week."""
    years = 300 * WEEK
    room.reader("cid@example.net", cadence="weekly")
    room.now = MONDAY
    room.send(due=True)
    room.write("one.md")
    room.now += years
    newsletter_issues.plan_issues(room.request())
    room.now += DAY - years
    due = queue_status.get_queue_status(room.request()).next_run

    assert due is not None
    assert due <= room.now

    newsletter_issues.deliver_issues(room.request(), Event())

    assert {"bob@example.net": ["one"], "cid@example.net": ["one"]} == room.mailed()
    assert {2025} == {parsedate_to_datetime(each["Date"]).year for each in room.messages()}

    room.write("two.md")
    room.now += WEEK
    room.send(due=True)

    assert {"bob@example.net": ["one", "two"], "cid@example.net": ["one", "two"]} == room.mailed()


def test_a_slot_with_nothing_new_is_recorded(room: Newsroom) -> None:
    """As a skip, with how many are too few; who sends by hand skips nothing."""
    room.now = MONDAY
    room.send(due=True)
    room.now += WEEK
    assert ["nothing new"] == reasons(room.send())
    assert ["nothing new"] == reasons(room.send(due=True))
    room.digests("name: weekly, min_posts: 2")
    room.now += WEEK
    room.write("one.md")
    assert ["1 new, and min_posts is 2"] == reasons(room.send(due=True))
    room.now += WEEK
    room.write("two.md")
    room.send(due=True)

    assert ["", "nothing new", "1 new, and min_posts is 2", ""] == [
        reason if number else "" for number, (_, _, reason) in enumerate(recorded(room))
    ]
    assert {"bob@example.net": ["one", "two"]} == room.mailed()


def test_each_post_has_no_slots_to_skip(room: Newsroom) -> None:
    """It looks every minute perhaps, and would record as many."""
    room.digests("name: now, schedule: each post")
    room.send(due=True)
    room.now += DAY
    assert ["nothing new"] == reasons(room.send(due=True))
    room.write("one.md")
    room.send(due=True)

    assert ["skipped", "done"] == [state for state, _, _ in recorded(room)]
    assert {"bob@example.net": ["one"]} == room.mailed()


def test_two_sendings_in_a_second_are_two(room: Newsroom) -> None:
    """A slot has one issue, so the second has the next."""
    room.send()
    room.write("one.md")
    room.send()

    assert [room.now, room.now + timedelta(seconds=1)] == [slot for _, slot, _ in recorded(room)]
    assert {"bob@example.net": ["one"]} == room.mailed()


def test_what_nobody_follows_is_an_issue_for_nobody(room: Newsroom) -> None:
    """It counts as mailed, and has no size."""
    manage.remove_subscriber(room.request(), "bob@example.net")
    room.reader("cid@example.net", tags=("x",))
    room.begin()
    room.write("one.md")
    (sent,) = room.send()

    assert "no subscriber follows the new posts" == sent.reason
    assert (0, 0) == (sent.audience, sent.message_size)
    assert sent.issue is not None
    assert ("done", "one") == (sent.issue.state, sent.issue.subject)


def test_who_moves_mails_nothing_again(room: Newsroom) -> None:
    """Another host, another file name, a folder of its own: the posts are those that went out."""
    room.begin()
    room.write("one.md")
    room.write("two.md")
    room.send()
    once = room.mailed()
    text = (room.root / "config.yaml").read_text(encoding="utf-8")
    room.config(text.replace("https://example.org/blog/", "http://127.0.0.1:8000/"))
    (room.content / "one.md").rename(room.content / "first.md")
    (room.content / "two").mkdir()
    (room.content / "two.md").rename(room.content / "two" / "index.md")
    room.now += timedelta(days=1)

    assert ["nothing new"] == reasons(room.send())

    room.write("one.md", title="Another one")
    room.now += timedelta(days=1)
    room.send()
    room.build()

    assert {"bob@example.net": ["one", "two"]} == once
    assert {"bob@example.net": ["Another one", "one", "two"]} == room.mailed()
    pages = sorted((room.public / "digests").glob("*/2*/index.html"))
    assert [["one", "two"], ["Another one"]] == [
        [title for title in ("one", "two", "Another one") if f">{title}</a>" in page.read_text()]
        for page in pages
    ]


@pytest.mark.parametrize(
    ("title", "date"), [("Mended", "2025-06-02"), ("One", "2025-06-03")], ids=["title", "date"]
)
def test_a_post_renamed_and_mended_in_one_go_mails_nothing_again(
    room: Newsroom, title: str, date: str
) -> None:
    """It is known by its text where its title or its date is another one as well."""
    room.send()
    room.now += DAY
    file = room.post("one.md", "One", "2025-06-02", "The same words before and after.")
    room.send()
    file.unlink()
    room.now += DAY
    room.post("two.md", title, date, "The same words before and after.")

    assert ["nothing new"] == reasons(room.send())
    assert {"bob@example.net": ["One"]} == room.mailed()


def test_a_new_post_under_an_old_name_is_mailed(room: Newsroom) -> None:
    """And the one that had the name, and has another now, is not mailed again."""
    room.send()
    room.now += DAY
    room.write("one.md")
    room.send()
    room.now += DAY
    (room.content / "one.md").rename(room.content / "two.md")
    room.write("one.md", title="another")
    room.send()

    assert {"bob@example.net": ["another", "one"]} == room.mailed()


def test_a_month_is_no_age(room: Newsroom) -> None:
    """A post of the first day of a month goes out on the first of the next, 31 days later."""
    room.digests('name: monthly, schedule: "monthly 1 08:00"')
    room.now = datetime(2025, 1, 1, 9, tzinfo=UTC)
    room.send(due=True)
    room.now += timedelta(hours=1)
    room.write("one.md")
    room.now = datetime(2025, 2, 1, 8, tzinfo=UTC)
    room.send(due=True)

    assert {"bob@example.net": ["one"]} == room.mailed()


def test_what_waits_for_others_waits_for_as_long_as_it_takes(room: Newsroom) -> None:
    """Three at least, and one in sixteen days; two at most, and seven a week."""
    room.digests("name: weekly, min_posts: 3", "name: short, max_posts: 2")
    room.send(due=True)
    for number in range(6):
        room.write(f"{number}.md")
        for _ in range(2):
            room.now += timedelta(days=8)
            room.send(due=True)

    assert {"bob@example.net": [str(number) for number in range(6)]} == room.mailed()


@pytest.mark.parametrize(
    "instead",
    ["", "---\ntitle: [\n---\nText.\n", "---\ntitle: x\ndate: 2025-06-01\ndraft: true\n---\n"],
)
def test_what_cannot_be_mailed_for_a_while_is_mailed_later(room: Newsroom, instead: str) -> None:
    """Posts that waited behind others were empty, broken or drafts when their turn came."""
    room.digests("name: weekly, max_posts: 1")
    room.send(due=True)
    files = {}
    for name in ("1.md", "2.md", "3.md"):
        room.now += timedelta(hours=1)
        room.write(name)
        files[name] = (room.content / name).read_text(encoding="utf-8")
    room.now += WEEK
    room.send(due=True)
    for name in ("2.md", "3.md"):
        room.put(f"content/{name}", instead)
    for _ in range(6):
        room.now += WEEK
        room.send(due=True)
    for name, text in files.items():
        room.put(f"content/{name}", text)
    for _ in range(3):
        room.now += WEEK
        room.send(due=True)

    assert {"bob@example.net": ["1", "2", "3"]} == room.mailed()


def test_a_digest_by_another_name_does_not_begin_by_itself(room: Newsroom) -> None:
    """What the old one has not mailed would never be; one that is meant to be new is begun."""
    room.begin()
    room.write("one.md")
    room.digests("name: tips")
    room.now += timedelta(days=7)

    (reason,) = reasons(room.send(due=True))
    assert 'it is new, and "weekly" is no longer configured: if it was renamed' in reason
    assert "`was:`" in reason
    assert "`feedpub digest send tips`" in reason

    room.digests("name: weekly, title: Tips")

    assert reasons(room.send(due=True)) == [""]

    room.digests("name: tips")
    assert "it starts" in reasons(room.send("tips"))[0]
    assert "it is new" not in reasons(room.send(due=True))[0]


def test_a_digest_goes_on_under_another_name(room: Newsroom) -> None:
    """Where it says what it was: nothing is mailed again, and nothing is lost."""
    room.begin()
    room.write("one.md")
    room.send(due=True)
    room.now += timedelta(hours=1)
    room.write("two.md")
    room.digests("name: tips, was: weekly")
    room.now += WEEK
    room.send(due=True)

    assert {"bob@example.net": ["one", "two"]} == room.mailed()
    assert {"tips"} == {issue.digest for issue, _ in newsletter_issues.list_issues(room.request())}


@pytest.mark.parametrize("renamed", [("name: tips, was: weekly",), ("name: other",), ()])
def test_an_issue_that_is_half_out_ends_as_it_would_have(
    room: Newsroom, renamed: tuple[str, ...]
) -> None:
    """Its digest has another name, or is gone: the rest of the messages are like the first."""
    room.reader("cid@example.net")
    room.digests("name: weekly, title: The Weekly")
    room.begin()
    room.write("one.md")
    room.now += WEEK
    room.build()
    newsletter_issues.plan_issues(room.request())
    with room.desk() as desk:
        (number,) = (each.id for each in desk.store.list_issues() if each.state == "sending")
        (one,) = desk.store.claim_deliveries("w", 1, WEEK, room.now)
        key = one.key
        desk.store.release_deliveries("w")
    room.digests(*renamed)
    told = room.send()

    (ended,) = (each for each in told if each.issue and each.issue.id == number)
    assert ended.issue is not None
    assert ("done", "was" not in "".join(renamed)) == (ended.issue.state, bool(ended.note))
    assert {"bob@example.net": ["one"], "cid@example.net": ["one"]} == room.mailed()
    assert {"The Weekly <weekly.example.org>"} == {each["List-Id"] for each in room.messages()}
    assert f"<{key}@example.org>" in {each["Message-ID"] for each in room.messages()}
    if "was" in "".join(renamed):
        room.build()
        page = room.public / "digests" / "weekly" / f"{ended.issue.slot:%Y-%m-%d-%H%M}"
        assert (page / "index.html").is_file()
        assert "digests/weekly/" in (room.public / "digests" / "tips" / "index.html").read_text()


def test_a_renamed_digest_has_its_pages_before_anything_is_mailed(room: Newsroom) -> None:
    """A build that comes first knows what it was called as well."""
    room.begin()
    room.write("one.md")
    room.send()
    room.digests("name: tips, was: weekly")
    room.build()

    assert 1 == len([*(room.public / "digests" / "weekly").glob("2*/index.html")])


class Meddler(IssueBuilder):
    """An editor who is overtaken: so many times somebody else plans the same posts first."""

    def __init__(self, editor: IssueBuilder, desk: NewsletterContext, times: int) -> None:
        self.editor = editor
        self.desk = desk
        self.times = times

    def remember_posts(self) -> None:
        """Remember the posts there are."""
        self.editor.remember_posts()

    def find_pending_posts(self, digest: DigestConfig, now: datetime) -> tuple[Post, ...]:
        """Give what is new."""
        return self.editor.find_pending_posts(digest, now)

    def build_draft(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...]
    ) -> IssueDraft:
        """Choose, while the other one plans."""
        edition = self.editor.build_draft(digest, slot, posts)
        if self.times:
            self.times -= 1
            before = slot - timedelta(hours=self.times + 1)
            self.desk.store.plan_issue(digest.name, before, [posts[0].id], "", [], [], before)
        return edition


@pytest.mark.parametrize(("times", "left"), [(1, ("two", "one")), (2, ("one",)), (3, None)])
def test_who_is_overtaken_chooses_again(
    room: Newsroom, times: int, left: tuple[str, ...] | None
) -> None:
    """A few times; nothing that the other planned is planned again."""
    room.begin()
    for name in ("one.md", "two.md", "three.md"):
        room.write(name)
        room.now += timedelta(minutes=1)
    with room.desk() as desk:
        digest = desk.get_digest("weekly")

        def work(editor: IssueBuilder, following: FilterDescriber) -> planning.DigestResult:
            meddler = Meddler(editor, desk, times)
            planner = Planner(desk, meddler, MessageRenderer(desk, following), room.now)
            return planner.plan_issue(digest, due=False, dry=False, backlog=False)

        if left is None:
            with pytest.raises(FeedpubError, match="weekly: another process is planning issues"):
                run_with_builder(room.request(), desk, work)
        else:
            assert left == run_with_builder(room.request(), desk, work).posts
