"""The list of subscribers, as a publisher keeps it."""

import gzip
import io
import os
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsrooms import Newsroom

from feedpub.errors import FeedpubError
from feedpub.models.newsletter import Consent, SignupRequest, Subscriber, SubscriptionFilter
from feedpub.newsletter import confirmations, signup
from feedpub.storage.errors import AddressForgottenError
from feedpub.storage.imports import ImportCounts
from feedpub.subscribers import manage

PIECES = (
    *(b"email", b"name,", b"status", b"EMAIL_BLACKLISTED", b",", b";", b"\t", b"\n", b"\r\n", b'"'),
    *(b"a@example.org", b"b@example.org,", b"unsubscribed", b"yes", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"sep=;\n", b"PK\x03\x04", b"\0", "é".encode(), b"\xe9", b"25/12/2020", b'\\"', b"{", b"<"),
)
LIST = "email,name\nbob@example.org,Bob\ncid@example.org,Cid\n"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a newsletter."""
    return Newsroom(tmp_path)


def states(room: Newsroom) -> dict[str, str]:
    """Give the state of everybody."""
    return {each.address: each.state for each in manage.list_subscribers(room.request(), None)}


def imported(
    room: Newsroom, path: Path, *, dry: bool = False, skip: bool = False
) -> manage.ImportResult:
    """Import a list."""
    return manage.import_subscribers(room.request(), path, dry=dry, skip=skip)


def test_somebody_is_added_as_they_asked(room: Newsroom) -> None:
    """Active at once, since the publisher vouches for it; tags and authors become slugs."""
    added = manage.add_subscriber(
        room.request(),
        "Bob@Example.org",
        name=" Bob\r\nBee ",
        tags=("Über Uns", "b", "b"),
        authors=("Ann Lee",),
        cadence="weekly",
        language="de-AT",
    )

    follows = SubscriptionFilter(everything=False, tags=("b", "über-uns"), authors=("ann-lee",))
    assert added == manage.get_subscriber(room.request(), "bob@example.ORG")
    assert added == Subscriber(
        id=added.id,
        address="Bob@Example.org",
        consent=Consent(room.now, "command"),
        name="Bob Bee",
        state="active",
        language="de-AT",
        follows=follows,
        cadence="weekly",
        changed=room.now,
    )
    assert manage.add_subscriber(room.request(), "cid@example.org").follows.everything


@pytest.mark.parametrize(
    ("address", "cadence", "language", "told"),
    [
        ("bob", "digest", "", '"bob" is not an e-mail address'),
        ("bob@example.org", "weakly", "", 'unknown cadence "weakly"; did you mean "weekly"?'),
        ("bob@example.org", "x", "", 'unknown cadence "x"; use one of digest, each, daily'),
        ("bob@example.org", "each", "de_AT", 'the language "de_AT" is not .* mean "de-AT"'),
    ],
)
def test_what_nobody_can_be_is_refused(
    room: Newsroom, address: str, cadence: str, language: str, told: str
) -> None:
    """With what was meant."""
    with pytest.raises(FeedpubError, match=told):
        manage.add_subscriber(room.request(), address, cadence=cadence, language=language)

    assert {} == states(room)


def test_readers_are_listed_by_state(room: Newsroom) -> None:
    """And counted; a state that does not exist is told."""
    room.reader("bob@example.org")
    manage.suppress_address(room.request(), room.reader("cid@example.org").address)
    held = [each.address for each in manage.list_subscribers(room.request(), "suppressed")]

    assert ["cid@example.org"] == held
    assert {"active": 1, "suppressed": 1} == {
        state: number for state, number in manage.count_subscribers(room.request()) if number
    }
    with pytest.raises(FeedpubError, match='unknown state "actife"; did you mean "active"'):
        list(manage.list_subscribers(room.request(), "actife"))


def test_who_is_not_there_is_told(room: Newsroom) -> None:
    """Whatever is to be done with them."""
    for act in (manage.get_subscriber, manage.remove_subscriber):
        with pytest.raises(FeedpubError, match=r"x@example.org: no such subscriber"):
            act(room.request(), "x@example.org")
    for other in (
        manage.get_subscriber,
        manage.erase_subscriber,
        manage.suppress_address,
    ):
        with pytest.raises(FeedpubError, match='"x" is not an e-mail address'):
            other(room.request(), "x")


def test_who_is_removed_leaves_no_request(room: Newsroom) -> None:
    """What they asked for on the site is deleted too; a link in their mail leads nowhere."""
    with room.desk() as desk:
        signup.request_signup(desk, SignupRequest("bob@example.org"), b"net", room.now)
    confirmations.send_confirmations(room.request())
    manage.remove_subscriber(room.request(), "bob@example.org")

    with room.desk() as desk:
        assert desk.store.find_pending_confirmation("bob@example.org", desk.derive_salt()) is None


def test_who_is_removed_may_come_back(room: Newsroom) -> None:
    """As if they had never been here."""
    room.reader("bob@example.org")
    manage.remove_subscriber(room.request(), "BOB@example.org")

    assert {} == states(room)
    assert "active" == room.reader("bob@example.org").state


def test_who_is_forgotten_stays_away(room: Newsroom) -> None:
    """Added or imported; whether they ever were here or not."""
    room.reader("bob@example.org")
    manage.erase_subscriber(room.request(), "bob@example.org")
    manage.erase_subscriber(room.request(), "cid@example.org")

    with pytest.raises(AddressForgottenError, match="asked to be forgotten"):
        room.reader("Bob@example.org")
    assert ImportCounts(0, 0, 0, 2) == imported(room, room.put("list.csv", LIST)).imported
    assert {} == states(room)


def test_who_is_suppressed_is_mailed_no_more(room: Newsroom) -> None:
    """Also who is not on the list yet; no import brings them back."""
    room.reader("bob@example.org")
    manage.suppress_address(room.request(), "bob@example.org")
    manage.suppress_address(room.request(), "cid@example.org")
    again = manage.suppress_address(room.request(), "cid@example.org")

    assert "suppressed" == again.state
    assert ImportCounts(0, 0, 0, 2) == imported(room, room.put("list.csv", LIST)).imported
    assert {"suppressed"} == set(states(room).values())


def test_a_list_is_imported(room: Newsroom) -> None:
    """A dry run tells the same and writes nothing; progress is told by the size of the file."""
    path = room.put("list.csv", LIST)
    shown: list[tuple[str, int, int]] = []
    dry = imported(room, path, dry=True)

    assert {} == states(room)
    watched = replace(room.request(), progress=lambda *told: shown.append(told))
    done = manage.import_subscribers(watched, path)
    assert replace(dry, is_written=True) == done
    assert ImportCounts(2, 0, 0, 0) == dry.imported
    assert (("active", 2),) == dry.state_counts
    assert {"bob@example.org", "cid@example.org"} == set(states(room))
    assert [("reading rows", 1, 1), ("reading rows", 2, 2)] == shown


def test_a_list_with_a_fault_is_not_imported(room: Newsroom) -> None:
    """Every bad row is told by its line, with what would be; `skip` takes the others."""
    path = room.put("list.csv", f"{LIST}nobody,X\ndan@example.org,Dan\n@,Y\n")
    stopped = imported(room, path)

    assert {} == states(room)
    assert ImportCounts(3, 0, 0, 0) == stopped.imported
    assert [4, 6] == [each.line for each in stopped.row_problems]
    assert str(stopped.row_problems[0]).startswith(f'{path}:4: "nobody" is not an e-mail address')
    assert stopped == imported(room, path, dry=True)
    assert replace(stopped, is_written=True) == imported(room, path, skip=True)
    assert 3 == len(states(room))


def test_a_list_may_come_through_a_pipe(room: Newsroom) -> None:
    """It has no size, and so nobody knows how much there is."""
    pipe = room.root / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LIST,))
    writer.start()
    found = imported(room, pipe)
    writer.join()

    assert ImportCounts(2, 0, 0, 0) == found.imported


def test_a_list_that_is_not_there_is_told(room: Newsroom) -> None:
    """With the reason."""
    with pytest.raises(FeedpubError, match=r"none.csv: cannot be read \(No such file"):
        imported(room, room.root / "none.csv")


def test_a_list_that_cannot_be_used_at_all_has_no_rows_to_mend(
    room: Newsroom, tmp_path: Path
) -> None:
    """It is said which column to name, and how."""
    path = tmp_path / "list.csv"
    path.write_text("Adresse,Name\nann,Ann\n", encoding="utf-8")
    with pytest.raises(FeedpubError, match=r'list\.csv:1: .*, as in --column "email=Adresse"'):
        manage.import_subscribers(room.request(), path, skip=True)


DOUBTED = "email,Permission level\nbob@example.org,A\ncid@example.org,B\n"


def test_nobody_becomes_active_while_a_column_may_tell_who_left(room: Newsroom) -> None:
    """Unless somebody is sure, or says what the column is; who left can always be imported."""
    path = room.put("list.csv", DOUBTED)
    asked = imported(room, path)

    assert (False, {}) == (asked.is_written, states(room))
    assert ["Permission level"] == [column.label for column in asked.unclear_columns]
    assert asked == imported(room, path, dry=True) == imported(room, path, skip=True)
    said = manage.import_subscribers(
        room.request(),
        path,
        columns={"state": "Permission level"},
        states={"A": "active", "b": "unsubscribed"},
    )
    assert said.is_written
    assert {"bob@example.org": "active", "cid@example.org": "unsubscribed"} == states(room)
    left = room.put("left.csv", "email,status,Permission level\nx@example.org,unsubscribed,A\n")
    assert imported(room, left).is_written
    assert manage.import_subscribers(room.request(), path, sure=True).is_written
    assert "unsubscribed" == states(room)["cid@example.org"]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        *(("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", ""), ("utf-16-be", "")),
        *(("utf-32", ""), ("cp1252", ""), ("cp1251", "cp1251"), ("shift_jis", "shift_jis")),
    ],
)
def test_a_list_is_decoded_by_its_marks(room: Newsroom, encoding: str, said: str) -> None:
    """Of cp1252, which has none, letters are the mark; that is told. Others have to be named."""
    name = {"cp1251": "Зоя", "shift_jis": "ゾエ"}.get(encoding, "“Zoë” Müller")
    if encoding in {"utf-16-le", "utf-16-be"}:
        name = "Zoe"
    path = room.root / "list.csv"
    path.write_bytes(f"email,name\r\nzoe@example.org,{name}\r\n".encode(encoding))
    result = manage.import_subscribers(room.request(), path, encoding=said)

    assert result.is_written
    assert name == manage.get_subscriber(room.request(), "zoe@example.org").name
    is_told = not (said or encoding.startswith("utf-8"))
    assert is_told == any("--encoding" in note for note in result.notes)


@pytest.mark.parametrize("encoding", ["cp1251", "shift_jis", "gbk"])
def test_letters_of_an_encoding_that_nobody_knows_are_told(room: Newsroom, encoding: str) -> None:
    """Nobody gets a name that is none; it is said how to name the encoding."""
    name = {"cp1251": "Зоя", "shift_jis": "ゾエ", "gbk": "人工智能"}[encoding]
    path = room.root / "list.csv"
    path.write_bytes(f"email,name\nzoe@example.org,{name}\n".encode(encoding))
    result = imported(room, path)

    assert not result.is_written
    assert [(2, True)] == [
        (each.line, "--encoding" in each.message) for each in result.row_problems
    ]


def test_letters_of_two_encodings_are_told_by_line(room: Newsroom) -> None:
    """A file into which somebody pasted is not guessed at."""
    path = room.root / "list.csv"
    path.write_bytes("email,name\na@example.org,Zoë\n".encode() + b"b@example.org,Zo\xeb\n")

    assert [3] == [each.line for each in imported(room, path).row_problems]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("klingon", 'unknown encoding "klingon"'),
        ("rot13", "unknown encoding"),
        ("utf-16", "--encoding"),
    ],
)
def test_an_encoding_that_is_none_is_told(room: Newsroom, encoding: str, told: str) -> None:
    """And one that the file is not in."""
    path = room.put("list.csv", "email\na@example.org\n\n")
    with pytest.raises(FeedpubError, match=rf"list\.csv: .*{told}"):
        manage.import_subscribers(room.request(), path, encoding=encoding)


def zipped(*names: str) -> bytes:
    """Make a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), r"spreadsheet .*save it as CSV"),
        (zipped("mimetype", "content.xml"), r"spreadsheet .*save it as CSV"),
        (zipped("subscribers.csv"), "ZIP archive: unpack it"),
        (zipped(), "ZIP archive"),
        (gzip.compress(b"email\na@example.org\n", mtime=0), "compressed: unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"\(\.xls\)"),
        (b"%PDF-1.7\n", "PDF"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL:a@example.org\r\nEND:VCARD\r\n", "vCard"),
        (b'[\n {"email": "a@example.org"}]', "JSON"),
        (b'{"subscribers": []}', "JSON"),
        (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"INSERT INTO users VALUES ('a@example.org');", "SQL"),
        (b"SQLite format 3\0" + bytes(80), "database"),
        (b"\x7fELF\0\0\1a@example.org", "not text"),
    ],
)
def test_what_is_no_list_is_told_as_what_it_is(room: Newsroom, data: bytes, told: str) -> None:
    """With what to do about it."""
    path = room.root / "list.csv"
    path.write_bytes(data)
    with pytest.raises(FeedpubError, match=told) as caught:
        imported(room, path)

    assert str(caught.value).startswith(f"{path}: ")
    assert {} == states(room)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=30).map(b"".join))
def test_no_file_is_too_odd(room: Newsroom, data: bytes) -> None:
    """Whatever it holds, it is understood or told in words."""
    path = room.root / "list.csv"
    path.write_bytes(data)
    try:
        result = imported(room, path, dry=True)
    except FeedpubError as error:
        told = str(error)
    else:
        told = str(path)
        done = result.imported
        assert done.held == 0
        assert sum(dict(result.state_counts).values()) == done.added + done.updated + done.unchanged

    assert told.startswith(str(path))


def test_an_export_can_be_imported(room: Newsroom) -> None:
    """Nothing changes by it."""
    room.reader("bob@example.org", tags=("a",), cadence="monthly")
    room.reader("cid@example.org")
    manage.suppress_address(room.request(), "cid@example.org")
    path = room.put("out.csv", "".join(manage.export_subscribers(room.request())))

    assert ImportCounts(0, 0, 2, 0) == imported(room, path).imported
