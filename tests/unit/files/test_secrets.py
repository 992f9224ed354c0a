"""The site's secret: from the environment, or a file that is made once."""

import errno
import pwd
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError
from feedpub.files.secrets import (
    SECRET_VARIABLE,
    _create_secret,
    describe_secret_error,
    load_secrets,
)


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """With 256 bits, in a file that only its owner reads, and nothing is left beside it."""
    folder = tmp_path / ".feedpub"
    made = load_secrets(folder, {})

    assert [64] == [len(each) for each in made]
    assert made == load_secrets(folder, {})
    assert 0o600 == stat.S_IMODE((folder / "secret").stat().st_mode)
    assert ["secret"] == [path.name for path in folder.iterdir()]


def test_sites_have_secrets_of_their_own(tmp_path: Path) -> None:
    """No two are alike."""

    assert load_secrets(tmp_path / "one", {}) != load_secrets(tmp_path / "two", {})


def test_the_newest_secret_stands_first(tmp_path: Path) -> None:
    """One on each line, or between blanks in the environment, which wins and makes no file."""
    (tmp_path / "secret").write_text("new\nold\n\n")

    assert (b"new", b"old") == load_secrets(tmp_path, {})
    assert (b"third", b"second") == load_secrets(
        tmp_path / "none", {SECRET_VARIABLE: " third  second"}
    )
    assert not (tmp_path / "none").exists()


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    """It is left as it is: somebody emptied it."""
    (tmp_path / "secret").touch()

    assert () == load_secrets(tmp_path, {})


def test_a_secret_that_is_no_text_is_one(tmp_path: Path) -> None:
    """Any octets will do."""

    assert (b"\xff\xfe",) == load_secrets(tmp_path, {SECRET_VARIABLE: "\udcff\udcfe"})


def test_all_who_come_at_once_get_the_same(tmp_path: Path) -> None:
    """Whoever is slower takes the secret of the faster one."""
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: load_secrets(tmp_path, {}), range(64)))

    assert 1 == len(found)
    assert ["secret"] == [path.name for path in tmp_path.iterdir()]


def test_a_place_taken_meanwhile_is_respected(tmp_path: Path) -> None:
    """A secret that is there when ours is ready stays."""
    (tmp_path / "secret").write_text("theirs")

    assert b"theirs" == _create_secret(tmp_path / "secret")


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """And no other secret is proposed: it would make every token that is out worthless."""
    (tmp_path / "file").touch()

    with pytest.raises(
        FeedpubError, match=r"secret: cannot be read or created \(Not a dir"
    ) as told:
        load_secrets(tmp_path / "file", {})
    assert SECRET_VARIABLE not in str(told.value)


def test_somebody_who_may_not_read_it_is_told_who_may(tmp_path: Path) -> None:
    """A mail server may run feedpub as somebody else than the site's owner."""
    owner = pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    denied = PermissionError(errno.EACCES, "Permission denied")
    told = describe_secret_error(tmp_path / "secret", denied)

    assert (
        f"secret: cannot be read or created (Permission denied): run feedpub as its owner {owner}"
        in told
    )
    assert "aliases file" in told
    assert SECRET_VARIABLE not in told
    assert "the user that publishes" in describe_secret_error(tmp_path / "a/b/secret", denied)
