"""The desk: what a site's configuration, secret and database make of it."""

from pathlib import Path

import pytest
from newsrooms import Newsroom

from feedpub import app
from feedpub.errors import FeedpubError

SECRET = "s" * 32


def test_a_digest_is_found_by_its_name(tmp_path: Path) -> None:
    """And what was probably meant is told, or all there are."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", "name: daily, timezone: Asia/Tokyo")
    with room.desk() as desk:
        assert "daily" == desk.get_digest("daily").name
        with pytest.raises(FeedpubError, match='unknown digest "weakly"; did you mean "week'):
            desk.get_digest("weakly")
        with pytest.raises(FeedpubError, match='unknown digest "x"; use one of weekly, daily'):
            desk.get_digest("x")


def test_a_site_without_digests_has_none(tmp_path: Path) -> None:
    """It is told where to name one."""
    room = Newsroom(tmp_path)
    room.digests()
    with room.desk() as desk, pytest.raises(FeedpubError, match="there are no digests; add `dig"):
        desk.get_digest("weekly")


def test_a_site_tells_times_in_its_zone(tmp_path: Path) -> None:
    """As the configuration says."""
    room = Newsroom(tmp_path)
    room.config(
        "site: {title: A, url: 'https://example.org/', timezone: Asia/Tokyo}\ndigests: []\n"
    )

    assert "Asia/Tokyo" == app.get_site_timezone(room.request()).key


def test_a_digest_is_due_by_its_own_clocks(tmp_path: Path) -> None:
    """Or by those of the site."""
    room = Newsroom(tmp_path)
    room.digests("name: one", "name: two, timezone: Asia/Tokyo")
    with room.desk() as desk:
        assert ["UTC", "Asia/Tokyo"] == [desk.get_timezone(each) for each in desk.config.digests]
        assert "example.org" == desk.get_hostname()


def test_messages_are_from_somebody(tmp_path: Path) -> None:
    """mail.sender, or else the author of the site; who has no address sends nothing."""
    room = Newsroom(tmp_path)
    with room.desk() as desk:
        assert "Ann" == desk.get_sender().name
    room.digests(mail="sender: {name: News, email: news@example.org}")
    with room.desk() as desk:
        assert "news@example.org" == desk.get_sender().email
    for author in ("", ", author: Ann"):
        room.config(f'site: {{title: Example, url: "https://example.org/"{author}}}\n')
        with room.desk() as desk, pytest.raises(FeedpubError, match="no sender address"):
            desk.get_sender()


def test_a_secret_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """One that is too short, or none."""
    room = Newsroom(tmp_path, environ={"FEEDPUB_SECRET": "short"})
    with (
        pytest.raises(FeedpubError, match="cannot be used: a key must have at least 16 bytes"),
        room.desk(),
    ):
        pass
    room.environ = {}
    room.put(".feedpub/secret", "\n")
    with pytest.raises(FeedpubError, match="the site's secret is empty: delete"), room.desk():
        pass


def test_the_secret_is_not_in_the_database(tmp_path: Path) -> None:
    """What the addresses of the forgotten are hashed with is kept there, and is made of it."""
    room = Newsroom(tmp_path, environ={"FEEDPUB_SECRET": SECRET})
    with room.desk() as desk:
        salt = desk.derive_salt()
        assert desk.keys.current != salt
    room.environ = {"FEEDPUB_SECRET": f"{'t' * 32} {SECRET}"}
    with room.desk() as desk:
        assert (desk.derive_salt(), salt) == desk.derive_salts()
        assert 32 == len(salt)
