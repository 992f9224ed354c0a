"""Mail that came back: read once, and again when it was not dealt with."""

import base64
import io
import mailbox
import re
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from mailservers import certified

from feedpub.delivery.file_transport import MaildirTransport
from feedpub.delivery.mailbox import (
    MAX_MESSAGE_SIZE,
    ImapAccount,
    IncomingMessage,
    read_imap,
    read_maildir,
    read_mbox,
    read_stream,
)
from feedpub.errors import MailError
from feedpub.models.newsletter import Message

BOUNCE = b"Subject: Undelivered\n\nIt did not arrive.\n"


def read(letters: Generator[IncomingMessage, None, None], *, done: bool = True) -> list[bytes]:
    """Give the bytes of each message, dealt with or not."""
    found = []
    with closing(letters):
        for letter in letters:
            found.append(letter.data)
            if done:
                letter.acknowledge()
    return found


def test_a_message_comes_in_through_a_pipe() -> None:
    """As Postfix hands it over, its own note before it or not."""

    assert [BOUNCE] == read(read_stream(io.BytesIO(BOUNCE)))
    assert [BOUNCE] == read(
        read_stream(io.BytesIO(b"From bob Thu Jan 30 08:00:00 2025\n" + BOUNCE))
    )
    assert [] == read(read_stream(io.BytesIO(b"\n")))


def test_a_message_without_end_is_read_to_the_limit() -> None:
    """The rest is taken and thrown away: a pipe that breaks would be another bounce."""
    source = io.BytesIO(b"x" * (MAX_MESSAGE_SIZE + 9))

    assert [MAX_MESSAGE_SIZE] == [len(each) for each in read(read_stream(source))]
    assert b"" == source.read()


def test_a_maildir_is_read_once(tmp_path: Path) -> None:
    """What is dealt with is moved to cur/ as read; what is not comes again."""
    with closing(MaildirTransport(tmp_path).connect()) as session:
        for number in range(2):
            data = f"Message-ID: <{number}@a.example>\r\n\r\n".encode()
            session.send(Message("", "a@b.example", data), lambda: None)

    assert 2 == len(read(read_maildir(tmp_path), done=False))
    assert 2 == len(read(read_maildir(tmp_path)))
    assert [] == read(read_maildir(tmp_path))
    assert ["S", "S"] == [each.get_flags() for each in mailbox.Maildir(tmp_path, create=False)]


def test_a_maildir_that_others_look_into_is_read_too(tmp_path: Path) -> None:
    """A message that was moved unread is new all the same, and keeps its flags."""
    for folder in ("new", "cur"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cur" / "1:2,F").write_bytes(BOUNCE)
    (tmp_path / "cur" / "2:2,RS").write_bytes(BOUNCE)
    (tmp_path / "new" / ".hidden").write_bytes(BOUNCE)

    assert [BOUNCE] == read(read_maildir(tmp_path))
    assert {"1:2,FS", "2:2,RS"} == {each.name for each in (tmp_path / "cur").iterdir()}


def test_a_maildir_may_have_two_readers(tmp_path: Path) -> None:
    """What the other took first is not there any more."""
    (tmp_path / "new").mkdir()
    for name in ("1", "2"):
        (tmp_path / "new" / name).write_bytes(BOUNCE)
    letters = read_maildir(tmp_path)
    first = next(letters)
    (tmp_path / "new" / "2").unlink()

    assert BOUNCE == first.data
    assert [] == read(letters)


def test_a_maildir_that_is_none_is_told(tmp_path: Path) -> None:
    """So is a message in it that cannot be read, or not moved."""
    with pytest.raises(MailError, match="not a readable Maildir"):
        read(read_maildir(tmp_path / "none"))
    with pytest.raises(MailError, match="not a readable Maildir"):
        read(read_maildir(tmp_path))
    assert [] == list(tmp_path.iterdir())
    (tmp_path / "new" / "folder").mkdir(parents=True)
    with pytest.raises(MailError, match=r"folder: cannot be read \(Is a directory\)"):
        read(read_maildir(tmp_path))
    (tmp_path / "new" / "folder").rmdir()
    (tmp_path / "new" / "1").write_bytes(BOUNCE)
    letter = next(read_maildir(tmp_path))
    (tmp_path / "cur").rmdir()
    with pytest.raises(MailError, match="1: cannot be moved to"):
        letter.acknowledge()


def filled(path: Path, count: int) -> Path:
    """Give an mbox of so many messages."""
    box = mailbox.mbox(path)
    for number in range(count):
        box.add(f"Subject: {number}\n\nFrom here\n".encode())
    box.close()
    return path


def test_an_mbox_is_read_once(tmp_path: Path) -> None:
    """What is dealt with is removed, what is not comes again."""
    path = filled(tmp_path / "mbox", 3)

    assert 3 == len(read(read_mbox(path), done=False))
    letters = read_mbox(path)
    next(letters)
    next(letters).acknowledge()
    assert 1 == len(read(letters, done=False))
    assert [b"Subject: 0\n\n>From here\n", b"Subject: 2\n\n>From here\n"] == read(read_mbox(path))
    assert [] == read(read_mbox(path))


def test_what_was_done_in_an_mbox_stays_done_when_the_rest_is_not_read(tmp_path: Path) -> None:
    """A program that stops in between does not begin anew."""
    path = filled(tmp_path / "mbox", 2)
    letters = read_mbox(path)
    next(letters).acknowledge()
    letters.close()

    assert 1 == len(read(read_mbox(path)))


def test_an_mbox_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is not there, or another program is at it."""
    with pytest.raises(MailError, match="not a readable mbox"):
        read(read_mbox(tmp_path / "none"))
    path = filled(tmp_path / "mbox", 1)
    (tmp_path / "mbox.lock").write_text("")
    with pytest.raises(MailError, match="in use by another program"):
        read(read_mbox(path))


class Imap:
    """A mailbox on a server that speaks enough of IMAP4rev1 (RFC 3501)."""

    def __init__(self, messages: list[bytes], fails: str = "") -> None:
        self.unseen = dict(enumerate(messages, 1))
        self.fails = fails
        self.secret = b""

    def answer(self, tag: str, command: str, say: Callable[[bytes], None]) -> None:
        """Answer one command."""
        ended = f"{tag} OK done\r\n".encode()
        if self.fails and self.fails in command:
            ended = f"{tag} NO [FAILED] not so, {PASSWORD}\r\n".encode()
        elif command == "CAPABILITY":
            say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        elif command.startswith("SELECT"):
            say(b"* 2 EXISTS\r\n")
        elif command == "UID SEARCH UNSEEN":
            say(f"* SEARCH {' '.join(map(str, self.unseen))}\r\n".encode())
        elif found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.\d+>\)", command):
            data = self.unseen[int(found[1])]
            say(b"* 1 FETCH (UID %b BODY[]<0> {%d}\r\n" % (found[1].encode(), len(data)) + data)
            say(b")\r\n")
        elif found := re.fullmatch(r"UID STORE (\d+) \+FLAGS.SILENT \(\\Seen\)", command):
            del self.unseen[int(found[1])]
        say(ended)

    def serve(self, connection: ssl.SSLSocket) -> None:
        """Answer until the client leaves."""
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK Hello\r\n")
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                if command == "AUTHENTICATE PLAIN":
                    connection.sendall(b"+ \r\n")
                    self.secret = base64.b64decode(lines.readline())
                if "HANG" in self.fails and self.fails.removeprefix("HANG ") in command:
                    continue
                self.answer(tag, command, connection.sendall)
                if command == "LOGOUT":
                    return


USER, PASSWORD = "ann@example.org", "pass-w€rd"


@contextmanager
def serving(box: Imap, folder: Path) -> Iterator[ImapAccount]:
    """Give the account of a mailbox on a server that answers one client."""
    tls, ca_file = certified(folder)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            box.serve(tls.wrap_socket(connection, server_side=True))
        except OSError:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    with listener:
        yield ImapAccount("localhost", USER, PASSWORD, port, 'In"box', ca_file, timeout=0.5)
        thread.join(10)


def test_an_imap_folder_is_read_once(tmp_path: Path) -> None:
    """What is dealt with counts as read there."""
    box = Imap([BOUNCE, b"second"])
    with serving(box, tmp_path) as account:
        letters = read_imap(account)
        first = next(letters)
        first.acknowledge()
        assert [b"second"] == read(letters, done=False)

    assert BOUNCE == first.data
    assert {2: b"second"} == box.unseen
    assert f"\0{USER}\0{PASSWORD}".encode() == box.secret


def test_an_imap_folder_without_anything_new(tmp_path: Path) -> None:
    """There is nothing to do."""
    with serving(Imap([]), tmp_path) as account:
        assert [] == read(read_imap(account))


@pytest.mark.parametrize(
    "fails", ["AUTHENTICATE", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"]
)
def test_an_imap_server_that_does_not_do_as_it_is_told(fails: str, tmp_path: Path) -> None:
    """Its words are told, but for the password among them."""
    told = r"localhost:\d+: .*FAILED\] not so, …"
    with (
        serving(Imap([BOUNCE], fails), tmp_path) as account,
        pytest.raises(MailError, match=told) as caught,
    ):
        read(read_imap(account))

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("fails", ["HANG SELECT", "HANG LOGOUT"])
def test_an_imap_server_that_hangs_is_left(fails: str, tmp_path: Path) -> None:
    """After the time that is set; when only its farewell is missing, nobody minds."""
    with serving(Imap([BOUNCE], fails), tmp_path) as account:
        if "LOGOUT" in fails:
            assert [BOUNCE] == read(read_imap(account))
        else:
            with pytest.raises(MailError, match=r"connection failed|no response"):
                read(read_imap(account))


def test_an_imap_server_that_cannot_be_trusted_is_not_told_a_password(tmp_path: Path) -> None:
    """Nor is one that nobody vouches for."""
    box = Imap([BOUNCE])
    with serving(box, tmp_path) as account:
        stranger = ImapAccount(account.host, USER, PASSWORD, account.port)
        with pytest.raises(MailError, match="untrusted certificate"):
            read(read_imap(stranger))

    assert b"" == box.secret


def test_what_opens_a_mailbox_is_never_shown() -> None:
    """In no traceback and no log."""
    account = ImapAccount("mx.example.org", USER, PASSWORD)

    assert USER not in repr(account)
    assert PASSWORD not in repr(account)


def test_a_mailbox_without_a_name_to_log_in_with_is_told(tmp_path: Path) -> None:
    """The server decides about that."""
    with serving(Imap([], "AUTHENTICATE"), tmp_path) as account:
        nobody = ImapAccount(account.host, "", "", account.port, ca_file=account.ca_file)
        with pytest.raises(MailError, match="not so"):
            read(read_imap(nobody))
