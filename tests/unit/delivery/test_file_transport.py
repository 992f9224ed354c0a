"""Folders: each message one file, whole, and the same one when it is sent again."""

import mailbox
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from feedpub.delivery.file_transport import FileTransport, MaildirTransport
from feedpub.errors import MailError
from feedpub.models.newsletter import Message, SendResult

DATA = b"From: a@example.org\r\nMessage-ID: <7-42@example.org>\r\n\r\nHello\r\n"
MESSAGE = Message("return@example.org", "bob@example.com", DATA)


def names(folder: Path) -> list[str]:
    """Give the names of all files below a folder."""
    return sorted(each.name for each in folder.rglob("*") if each.is_file())


def test_a_message_becomes_a_file_that_people_can_find(tmp_path: Path) -> None:
    """It is named after its reader; mail programs open it."""
    with closing(FileTransport(tmp_path / "mail").connect()) as session:
        outcome = session.send(MESSAGE, lambda: None)

        assert session.is_open

    (name,) = names(tmp_path)
    assert name.startswith("bob@example.com-")
    assert name.endswith(".eml")
    assert SendResult("accepted", text=name, relay="folder") == outcome
    assert DATA == (tmp_path / "mail" / name).read_bytes()
    assert not session.is_open


def test_a_message_that_is_sent_again_is_the_same_file(tmp_path: Path) -> None:
    """Another message to the same reader is another file."""
    again = Message("return@example.org", "bob@example.com", DATA + b"again\r\n")
    other = Message("return@example.org", "bob@example.com", b"\r\nno Message-ID\r\n")
    with closing(FileTransport(tmp_path).connect()) as session:
        for each in (MESSAGE, again, other):
            session.send(each, lambda: None)

    assert 2 == len(names(tmp_path))


def test_doubt_is_told_before_the_file_has_its_name(tmp_path: Path) -> None:
    """What cannot be recorded is not handed over, and nothing of it is left."""

    def fails() -> None:
        assert [] == [each for each in names(tmp_path) if each.endswith(".eml")]
        raise LookupError

    with closing(FileTransport(tmp_path).connect()) as session, pytest.raises(LookupError):
        session.send(MESSAGE, fails)

    assert [] == names(tmp_path)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("../../etc/passwd@example.com", "_.._etc_passwd@example.com-"),
        ("Jo\u0308rg@bücher.example", "Jörg@bücher.example-"),
        ('"a b|c"@example.com', "_a_b_c_@example.com-"),
        ("世" * 100 + "@example.com", "世" * 60 + "-"),
        ("", "-"),
    ],
)
def test_any_address_makes_a_name_that_disks_take(
    recipient: str, expected: str, tmp_path: Path
) -> None:
    """In the folder and nowhere else."""
    with closing(FileTransport(tmp_path).connect()) as session:
        session.send(Message("", recipient, DATA), lambda: None)

    (name,) = names(tmp_path)
    assert name.startswith(expected)
    assert len(expected) + len("1f2e3d4c5b6a.eml") == len(name)


def test_a_maildir_is_one_to_other_programs(tmp_path: Path) -> None:
    """Python's `mailbox` finds the message in it, new and whole."""
    with closing(MaildirTransport(tmp_path / "box").connect()) as session:
        outcome = session.send(MESSAGE, lambda: None)

    assert ("accepted", "maildir") == (outcome.kind, outcome.relay)
    box = mailbox.Maildir(tmp_path / "box", create=False)
    assert [DATA] == [box.get_bytes(key).replace(b"\n", b"\r\n") for key in box.keys()]  # noqa: SIM118
    assert 1 == len(names(tmp_path / "box" / "new"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "mail").write_text("")
    for transport in (FileTransport(tmp_path / "mail"), MaildirTransport(tmp_path / "mail")):
        with pytest.raises(MailError, match="cannot create the mail folder"):
            transport.connect()


def test_a_disk_that_takes_no_message_is_offline(tmp_path: Path) -> None:
    """Nothing is in doubt, and it is said why."""
    with closing(FileTransport(tmp_path / "mail").connect()) as session:
        (tmp_path / "mail").rmdir()
        outcome = session.send(MESSAGE, lambda: pytest.fail("nothing can be in doubt"))

        assert not session.is_open

    assert ("offline", f"{tmp_path / 'mail'}: No such file or directory") == (
        outcome.kind,
        outcome.text,
    )


def test_a_disk_that_fails_in_the_last_moment_is_offline(tmp_path: Path) -> None:
    """The file was not given its name."""
    box = tmp_path / "box"
    with closing(MaildirTransport(box).connect()) as session:
        outcome = session.send(MESSAGE, (box / "new").rmdir)

    assert "offline" == outcome.kind
    assert os.path.isdir(box)  # noqa: PTH112 - what is left is a folder


@pytest.mark.parametrize("way", [FileTransport, MaildirTransport])
@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_nobody_else_can_read_messages(
    tmp_path: Path, way: type[FileTransport | MaildirTransport], umask: int
) -> None:
    """Addresses and personal links are in them, and addresses in their names."""
    before = os.umask(umask)
    try:
        with closing(way(tmp_path / "mail").connect()) as session:
            session.send(MESSAGE, lambda: None)
    finally:
        os.umask(before)

    (file,) = (each for each in tmp_path.rglob("*") if each.is_file())
    assert 0o600 == mode(file)
    assert 0o700 == mode(file.parent)


def test_a_folder_of_messages_is_closed(tmp_path: Path) -> None:
    """One that an older version made is closed; one with anything else in it is left alone."""
    for name, kept in (("mail", "ann@example.org-1.eml"), ("site", "config.yaml")):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
        (tmp_path / name / kept).touch()
        FileTransport(tmp_path / name).connect().close()

    assert (0o700, 0o755) == (mode(tmp_path / "mail"), mode(tmp_path / "site"))


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)
