"""A database that was restored from a backup: noticed, and settled with what went out since."""

import gzip
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from nameserver import Names
from newsrooms import DAY, WEEK, Newsroom, reasons

from feedpub.errors import FeedpubError
from feedpub.models.newsletter import SignupRequest
from feedpub.newsletter import (
    bounce_processing,
    confirmations,
    issues,
    queue_status,
    recovery,
    signup,
)
from feedpub.newsletter.doctor import ExternalServices, run_checks
from feedpub.storage.errors import StoreUnavailable
from feedpub.subscribers import manage

BOB, CID, DAN = "bob@example.net", "cid@example.net", "dan@example.net"


class Backup:
    """Copies of the database of a site, as a backup makes them and brings them back."""

    def __init__(self, room: Newsroom) -> None:
        self._place = room.root / ".feedpub" / "newsletter.sqlite"
        self._copy = room.root / "backup.sqlite"

    def take(self) -> None:
        """Copy the database as it is now."""
        copy(self._place, self._copy)

    def bring_back(self) -> None:
        """Put the copy in the place of the database."""
        for each in self._place.parent.glob("newsletter.sqlite*"):
            each.unlink()
        copy(self._copy, self._place)


def copy(source: Path, target: Path) -> None:
    """Copy a database."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site whose digest has begun, with two readers and a post that was mailed."""
    room = Newsroom(tmp_path)
    room.begin()
    room.reader(BOB)
    room.reader(CID)
    room.write("one.md")
    room.send()
    room.now += DAY
    return room


@pytest.fixture
def backup(room: Newsroom) -> Backup:
    """Give a backup of that."""
    backup = Backup(room)
    backup.take()
    return backup


def postfix(room: Newsroom, *, without: str = "") -> Path:
    """Write what Postfix logs of all messages, those to somebody aside; give the file."""
    log = room.root / "mail.log"
    log.write_text("".join(logged(room, without)), encoding="utf-8")
    return log


def logged(room: Newsroom, without: str) -> Iterator[str]:
    """Give the lines."""
    for number, each in enumerate(room.messages()):
        at, queued = "Jun  2 08:00:01 mx", f"4C{number:04X}"
        yield f"{at} postfix/cleanup[71]: {queued}: message-id={each['Message-ID']}\n"
        if each["To"] != without:
            told = f"to=<{each['To']}>, relay=mx.example.net[192.0.2.1]:25, dsn=2.0.0, status=sent"
            yield f"{at} postfix/smtp[72]: {queued}: {told} (250 ok)\n"


def recover(
    room: Newsroom, *places: Path, until: datetime | None = None
) -> recovery.RecoveryResult:
    """Settle what went out."""
    return recovery.recover(room.request(), places, until)


def test_a_database_that_is_current_is_not_taken_for_a_backup(
    room: Newsroom, backup: Backup
) -> None:
    """Also one that was brought back before anything else was sent; a new one knows nobody."""
    backup.bring_back()
    room.write("two.md")
    room.send()

    assert {BOB: ["one", "two"], CID: ["one", "two"]} == room.mailed()

    for each in (room.root / ".feedpub").glob("newsletter.sqlite*"):
        each.unlink()

    assert "it starts" in reasons(room.send())[0]


def test_nothing_is_sent_from_a_database_that_is_older(room: Newsroom, backup: Backup) -> None:
    """Not a digest, not what waits, no mail to who signs up; status and doctor tell why."""
    room.write("two.md")
    room.send()
    backup.bring_back()
    room.write("three.md")
    with room.desk() as desk:
        signup.request_signup(desk, SignupRequest("new@example.net"), b"", room.now)
    request = room.request()
    older = "database is older than the mail already sent.*feedpub digest recover"

    with pytest.raises(FeedpubError, match=older):
        room.send()
    with pytest.raises(FeedpubError, match=older):
        issues.plan_issues(request)
    with pytest.raises(FeedpubError, match=older):
        issues.deliver_issues(request, Event())
    with pytest.raises(FeedpubError, match=older):
        confirmations.send_confirmations(request)
    assert (
        "older than the mail already sent" in queue_status.get_queue_status(request).outdated_reason
    )
    world = ExternalServices(Names(), lambda: room.now, lambda _: 10**12)
    assert ["database"] == [
        each.about for each in run_checks(request, world) if each.state == "bad"
    ]
    assert {BOB: ["one", "two"], CID: ["one", "two"]} == room.mailed()
    assert {"three", "two"} == set(room.send(dry=True)[0].posts)


def test_what_the_log_of_the_server_names_is_not_sent_again(room: Newsroom, backup: Backup) -> None:
    """And what it does not name goes out: to a reader whom the message did not reach."""
    room.write("two.md")
    room.send()
    log = postfix(room, without=CID)
    backup.bring_back()
    found = recover(room, log)

    assert (2, 0, 1, 0, True) == (
        found.found,
        found.settled,
        found.issues,
        found.unknown,
        found.is_settled,
    )

    room.now += DAY
    room.send()

    assert {BOB: ["one", "two"], CID: ["one", "two", "two"]} == room.mailed()

    room.now += DAY

    assert ["nothing new"] == reasons(room.send())


def test_an_issue_that_reached_all_is_not_planned_again(room: Newsroom, backup: Backup) -> None:
    """Its page is there again, and its posts count as mailed."""
    room.write("two.md")
    room.send()
    log = room.root / "mail.log.1.gz"
    log.write_bytes(gzip.compress(postfix(room).read_bytes()))
    backup.bring_back()
    recover(room, log)
    room.now += DAY

    assert ["nothing new"] == reasons(room.send())
    assert [("two",), ("one",)] == [
        tuple(post.rpartition(":")[2].removesuffix(".md") for post in issue.posts)
        for issue, _ in issues.list_issues(room.request())
        if issue.posts
    ]


def test_copies_of_messages_tell_as_much(room: Newsroom, backup: Backup) -> None:
    """A folder of what was sent; of an issue that was half out when the backup was made."""
    room.write("two.md")
    issues.plan_issues(replace(room.request(), now=room.now + WEEK))
    room.now += WEEK
    backup.take()
    issues.deliver_issues(room.request(), Event())
    backup.bring_back()
    found = recover(room, room.root / "mail")

    assert (4, 2, 0, 0) == (found.found, found.settled, found.issues, found.unknown)

    issues.deliver_issues(room.request(), Event())

    assert {BOB: ["one", "two"], CID: ["one", "two"]} == room.mailed()
    issue, tally = issues.list_issues(room.request())[0]
    assert ("done", 2) == (issue.state, tally.accepted)


def test_all_up_to_a_date_can_count_as_mailed(room: Newsroom, backup: Backup) -> None:
    """Where there is no log: issues end, and posts until then are mailed to nobody."""
    room.write("two.md")
    room.now += WEEK
    issues.plan_issues(room.request())
    backup.take()
    issues.deliver_issues(room.request(), Event())
    room.write("three.md")
    room.send()
    backup.bring_back()
    found = recover(room, until=room.now)
    room.now += DAY
    room.write("four.md")
    room.send()

    assert (1, 1, True) == (found.skipped, found.cancelled, found.is_settled)
    assert {BOB: ["four", "one", "three", "two"]} == {BOB: room.mailed()[BOB]}


def test_what_cannot_be_told_apart_is_not_sent(room: Newsroom, backup: Backup) -> None:
    """A log that names issues which nothing is known of; none that names nobody is enough."""
    room.write("two.md")
    room.send()
    log = postfix(room)
    (room.root / ".feedpub" / "issues").unlink()
    backup.bring_back()

    with pytest.raises(FeedpubError, match="specify what was already sent"):
        recover(room)
    with pytest.raises(FeedpubError, match=r"contains no message that feedpub sent from example"):
        recover(room, room.root / "config.yaml")
    with pytest.raises(FeedpubError, match="cannot be read"):
        recover(room, room.root / "no.log")
    found = recover(room, log)
    assert (2, False) == (found.unknown, found.is_settled)
    with pytest.raises(FeedpubError, match="is older"):
        room.send()

    assert recover(room, log, until=room.now).is_settled
    assert ["nothing new"] == reasons(room.send())


def test_a_backup_that_is_brought_back_twice_is_noticed_twice(
    room: Newsroom, backup: Backup
) -> None:
    """To settle it once settles it for the database that was there then."""
    room.write("two.md")
    room.send()
    for _ in range(2):
        backup.bring_back()
        with pytest.raises(FeedpubError, match="is older"):
            room.send()
        recover(room, postfix(room))

    room.now += DAY
    room.write("three.md")
    room.send()

    assert {BOB: ["one", "three", "two"], CID: ["one", "three", "two"]} == room.mailed()


def test_a_backup_of_an_older_feedpub_is_noticed(room: Newsroom, backup: Backup) -> None:
    """It has another nonce, or none; a site that begins has one as well."""
    backup.bring_back()
    with closing(sqlite3.connect(room.root / ".feedpub" / "newsletter.sqlite")) as database:
        database.execute("UPDATE identity SET nonce = 'another'")
        database.commit()
    with pytest.raises(FeedpubError, match="not the one that mail was last sent from"):
        room.send()
    recover(room, postfix(room))

    assert ["nothing new"] == reasons(room.send())


def test_who_left_since_the_backup_stays_out(room: Newsroom, backup: Backup) -> None:
    """Whatever they did; who came back since is mailed, and nothing need be settled for it."""
    people = {name: f"{name}@example.net" for name in ("left", "gone", "dead", "back", "bad")}
    for each in people.values():
        room.reader(each)
    backup.take()
    with room.desk() as desk:
        ids = {
            name: manage.get_subscriber(room.request(), each).id for name, each in people.items()
        }
        desk.store.change_state(ids["left"], "unsubscribed", room.now)
        desk.store.change_state(ids["back"], "unsubscribed", room.now)
        desk.store.undo_unsubscribe(ids["back"], room.now - DAY, room.now + DAY)
        desk.store.record_bounce(ids["dead"], hard=True, limit=3, now=room.now)
    manage.remove_subscriber(room.request(), people["gone"])
    manage.erase_subscriber(room.request(), people["bad"])
    backup.bring_back()
    room.write("two.md")
    room.send()

    assert {BOB, CID, people["back"]} == {
        address for address, titles in room.mailed().items() if "two" in titles
    }
    with pytest.raises(FeedpubError, match="asked to be forgotten"):
        room.reader(people["bad"])
    states = {each.address: each.state for each in manage.list_subscribers(room.request(), None)}
    assert ("unsubscribed", "bounced") == (states[people["left"]], states[people["dead"]])
    log = (room.root / ".feedpub" / "departures").read_text(encoding="utf-8")
    assert "@" not in log


def test_who_left_before_the_log_was_begun_stays_out(room: Newsroom, backup: Backup) -> None:
    """A site that was there before feedpub kept one has it begun with all who had left by then."""
    manage.suppress_address(room.request(), CID)
    manage.erase_subscriber(room.request(), DAN)
    (room.root / ".feedpub" / "departures").unlink()
    manage.count_subscribers(room.request())
    backup.bring_back()
    room.write("two.md")
    room.send()

    assert {BOB: ["one", "two"], CID: ["one"]} == room.mailed()
    with pytest.raises(FeedpubError, match="asked to be forgotten"):
        room.reader(DAN)


def test_what_cannot_be_written_down_does_not_happen(room: Newsroom) -> None:
    """Nobody leaves, and nothing is planned, that a backup would not know of."""
    home = room.root / ".feedpub"
    (home / "issues").rename(home / "issues.old")
    (home / "issues").mkdir()
    room.write("two.md")
    with pytest.raises(FeedpubError, match="issues: Is a directory; issue not planned"):
        room.send()
    (home / "issues").rmdir()
    with room.desk() as desk:
        (home / "departures").rename(home / "departures.old")
        (home / "departures").mkdir()
        with pytest.raises(StoreUnavailable, match="departures: Is a directory"):
            desk.store.change_state(1, "unsubscribed", room.now)
        (home / "departures").rmdir()
        (home / "departures.old").rename(home / "departures")
        (home / "sent").unlink()
        (home / "sent").mkdir()
    with pytest.raises(FeedpubError, match="sent: Is a directory"):
        room.send()
    (home / "sent").rmdir()

    assert "active" == manage.get_subscriber(room.request(), BOB).state
    assert ("two",) == room.send()[0].posts


def bounced(room: Newsroom, message: bytes) -> bounce_processing.BounceSummary:
    """Let a message come back to the site, as one that nobody takes."""
    place = room.root / "came-back.mbox"
    report = (
        b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\nFrom: MAILER-DAEMON@mx.example\n"
        b"Subject: Undelivered\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\n\nIt could not be delivered.\n--b\nContent-Type: message/rfc822\n\n"
    )
    place.write_bytes(report + message.replace(b"\r\n", b"\n").split(b"\n\n")[0] + b"\n\n--b--\n")
    return bounce_processing.process_bounces(room.request(), place)


def newest_message(room: Newsroom) -> bytes:
    """Give the message that was written last."""
    paths = (room.root / "mail").glob("*.eml")
    return max(paths, key=lambda each: each.stat().st_mtime_ns).read_bytes()


def test_a_whole_folder_that_was_restored_is_told_by_what_comes_back(
    room: Newsroom, tmp_path: Path
) -> None:
    """Nothing beside the database knows better, but a message of a newer issue does."""
    state, backup = room.root / ".feedpub", tmp_path / "backup"
    shutil.copytree(state, backup)
    known = newest_message(room)
    room.write("two.md")
    room.send()
    unknown = newest_message(room)
    shutil.rmtree(state)
    shutil.copytree(backup, state)

    assert "" == bounced(room, known).behind
    assert (
        "" == bounced(room, unknown.replace(b"X-Feedpub-Issued: 6", b"X-Feedpub-Issued: 7")).behind
    )
    with room.desk() as desk:
        assert "" == desk.outdated_reason

    told = bounced(room, unknown).behind

    assert "digest recover" in told
    with pytest.raises(FeedpubError, match="digest recover"):
        room.send()
    assert told == bounced(room, unknown).behind

    room.now += DAY
    recovery.recover(room.request(), [], room.now)
    room.write("three.md")
    room.send()

    assert "" == bounced(room, unknown).behind
    assert {BOB: ["one", "three", "two"], CID: ["one", "three", "two"]} == room.mailed()
