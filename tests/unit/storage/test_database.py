"""What a URL means, and what cannot be one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mailings import NOW, reader
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from feedpub import storage
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreError, StoreUnavailable

WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from pathlib import Path
import feedpub.storage, feedpub.storage.errors
try:
    feedpub.storage.open_store("postgresql://localhost/news", Path())
except feedpub.storage.errors.StoreError as error:
    print(error)
"""


def test_no_url_is_a_file_in_the_folder(tmp_path: Path) -> None:
    """The folder is made; nobody else can read the file."""
    storage.open_store("", tmp_path / "a/b").close()

    file = tmp_path / "a/b/newsletter.sqlite"
    assert 0o600 == file.stat().st_mode & 0o777
    assert str(file) == Database("", tmp_path / "a/b").display_name


@pytest.mark.parametrize("name", ["news.sqlite", "/elsewhere/news.sqlite"])
def test_a_file_may_be_named(tmp_path: Path, name: str) -> None:
    """Relative to the folder, or anywhere."""
    if name.startswith("/"):
        name = f"{tmp_path}{name}"

    storage.open_store(f"sqlite:///{name}", tmp_path).close()

    assert (tmp_path / name).is_file()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("news", "subscribers.database is not a database URL"),
        ("sqlite://", 'names no file; write it like "sqlite:///news.sqlite"'),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://me:s3cret@host/news", 'unsupported database "mysql://"'),
        (
            "postgresql+asyncpg://me:s3cret@host/news",
            'unsupported database "postgresql.asyncpg://"',
        ),
        ("mysql+s3cret-x://me@host/news", "is not a database URL|unsupported database"),
        ("postgresql://me:s3cret@host:port/news", "is not a database URL"),
        ("postgresql://me:x@s3cret:y@host:5432/news", "is not a database URL"),
        ("postgresql://me:x@s3cret@host/news", "%40 for one in a password"),
        ("postgresql://me:x@s3cret/y@host/news", "%40 for one in a password"),
        ("postgresql:/me:s3cret@host/news", "is not a database URL"),
        ("me:s3cret@host/news", "is not a database URL"),
        ("host=localhost password=s3cret dbname=news", "is not a database URL"),
        ("postgresql://[::1:s3cret/news", "is not a database URL"),
        ("postgresql://me@127.0.0.1:1/news?pasword=s3cret", "cannot connect: .*pasword"),
        ("postgresql://me@127.0.0.1:1/news?s3cret", "a database URL|cannot connect|is unavailable"),
        ("postgresql://me:s3cret@127.0.0.1:1/news", "127.0.0.1"),
        ("postgresql://me@127.0.0.1:1/news?password=s3cret", "127.0.0.1"),
        ("postgresql://me:s3cret@127.0.0.1:1/s3cret", "127.0.0.1"),
        ("postgresql://me@127.0.0.1:1/news?sslmode=s3cret", "sslmode"),
        ("postgresql://me@127.0.0.1:1/news?sslpassword=s3cret&sslkey=s3cret", "127.0.0.1"),
        (
            "postgresql://me:a%2Fs3cret@127.0.0.1:1/news?port=s3cret",
            "is unavailable|cannot connect",
        ),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, url: str, expected: str) -> None:
    """With what would do, and without a password, wherever it stands."""
    with pytest.raises(StoreError, match=expected) as raised:
        storage.open_store(url, tmp_path)

    told = str(raised.value)
    assert "\n" not in told
    assert "s3cret" not in told.replace("/s3cret:", "")  # a database may be called so


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_is_named_without_its_password(scheme: str) -> None:
    """Under any of its names, and without what else the URL sets: a password may be among it."""
    url = f"{scheme}://me:secret@localhost/news?connect_timeout=1&sslpassword=secret"

    assert "postgresql://me@localhost/news" == Database(url, Path()).display_name


def test_a_driver_that_is_not_there_is_told() -> None:
    """With the command that installs it."""
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=True
    )

    expected = "PostgreSQL needs a driver that is not installed: pip install 'feedpub[postgres]'\n"
    assert expected == found.stdout


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "state").write_text("mine", encoding="utf-8")

    with pytest.raises(StoreError, match=r"state/newsletter\.sqlite: .*; the subscriber list"):
        storage.open_store("", tmp_path / "state")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """By its name, and it is left as it is."""
    file = tmp_path / "newsletter.sqlite"
    file.write_text("mine" * 1_000, encoding="utf-8")

    with pytest.raises(StoreError, match=r"newsletter\.sqlite: file is not a database; check"):
        storage.open_store("", tmp_path)

    assert "mine" * 1_000 == file.read_text(encoding="utf-8")


def test_nothing_was_sent_from_a_database_that_is_not_begun(tmp_path: Path) -> None:
    """Asked what went out, an empty file stays empty."""
    (tmp_path / "newsletter.sqlite").touch()

    assert () == storage.load_sent_issues("", tmp_path)
    assert 0 == (tmp_path / "newsletter.sqlite").stat().st_size


def test_a_bug_is_a_bug(tmp_path: Path) -> None:
    """What is neither away nor broken is no message for people."""
    database = Database("", tmp_path)

    with (
        pytest.raises(OperationalError, match="no such table"),
        database.begin_read() as connection,
    ):
        connection.execute(text("SELECT * FROM nowhere"))

    database.close()


def test_too_many_threads_are_told_to_wait(tmp_path: Path) -> None:
    """No connection free is a database that is not there for now."""
    database = Database("", tmp_path)

    with (
        pytest.raises(StoreUnavailable, match="the database is unavailable"),
        database.begin_read(),
    ):
        raise PoolTimeout("all are taken")

    database.close()


def test_who_is_forgotten_is_in_no_file(tmp_path: Path) -> None:
    """Neither in the database nor in its log is an address left, nor a name."""
    store = storage.open_store("", tmp_path)
    for each in range(300):
        store.add_subscriber(reader(f"someone{each}@example.org", name=f"Somebody {each}"), NOW)
    for each in range(300):
        store.forget_address(f"someone{each}@example.org", os.urandom(8))

    for file in tmp_path.iterdir():
        assert b"someone" not in file.read_bytes()
        assert b"Somebody" not in file.read_bytes()

    store.close()
