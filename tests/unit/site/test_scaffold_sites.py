"""A folder, and the site that is made in it."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from feedpub.config.load import parse_config
from feedpub.errors import FeedpubError
from feedpub.models.content import Author
from feedpub.site.scaffold import NewSite, create_site

NOW = datetime(2025, 1, 30, 9, 0, 0, 123, tzinfo=timezone(timedelta(hours=1)))


def test_new_folder(tmp_path: Path) -> None:
    """A new folder holds a configuration that can be used, a dated post and a .gitignore."""
    folder = tmp_path / "a" / "blog"
    started = create_site(folder, NOW)
    config = parse_config((folder / "config.yaml").read_text(encoding="utf-8"), "config.yaml", {})

    assert started == NewSite(folder, ("config.yaml", "content/welcome.md", ".gitignore"), ())
    assert config.site.title == "My site"
    assert "\ndate: 2025-01-30T09:00:00+01:00\n" in (folder / "content/welcome.md").read_text()
    assert (folder / ".gitignore").read_text() == "public/\n.feedpub/\nmail/\n"


def test_the_newsletter_is_there_to_be_taken_up(tmp_path: Path) -> None:
    """Its lines can be used once they are no comment; so can those of a mail server."""
    create_site(tmp_path, NOW)
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    begun = text.index("# digests")
    lines = [line.removeprefix("# ") for line in text[begun:].splitlines()]
    config = parse_config(text[:begun] + "\n".join(lines), "config.yaml", {})
    smtp = "\n".join(lines).replace("folder  ", "smtp  ").replace("  # relays", "  relays")
    sends = parse_config(
        text[:begun] + smtp, "config.yaml", {"SMTP_USER": "u", "SMTP_PASSWORD": "p"}
    )

    assert ["weekly"] == [each.name for each in config.digests]
    assert config.subscribers.form
    assert ("folder", Author("My site", "news@example.org")) == (
        config.mail.transport,
        config.mail.sender,
    )
    assert ("smtp", "p") == (sends.mail.transport, sends.mail.relays[0].password)


def test_nothing_is_changed(tmp_path: Path) -> None:
    """What is there stays; posts that are there are the site's posts."""
    (tmp_path / ".gitignore").write_text("x\n")
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "hello.md").touch()
    started = create_site(tmp_path, NOW)

    assert started == NewSite(tmp_path, ("config.yaml",), (".gitignore", "content"))
    assert (tmp_path / ".gitignore").read_text() == "x\n"
    assert not (tmp_path / "content" / "welcome.md").exists()


def test_empty_content(tmp_path: Path) -> None:
    """An empty content folder gets the first post."""
    (tmp_path / "content").mkdir()
    started = create_site(tmp_path, NOW)

    assert "content/welcome.md" in started.created


def test_content_that_is_a_file(tmp_path: Path) -> None:
    """A file of that name stays as well."""
    (tmp_path / "content").touch()
    started = create_site(tmp_path, NOW.astimezone(UTC))

    assert started.kept == ("content",)


def test_a_site_already(tmp_path: Path) -> None:
    """Where there is a site, none is made."""
    create_site(tmp_path, NOW)
    with pytest.raises(FeedpubError, match="a site already exists here"):
        create_site(tmp_path, NOW)


def test_a_file(tmp_path: Path) -> None:
    """A file is no folder."""
    (tmp_path / "x").touch()
    with pytest.raises(FeedpubError, match="is a file; choose a folder"):
        create_site(tmp_path / "x", NOW)
