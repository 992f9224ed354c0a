"""A title, and the post that is started with it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError
from feedpub.site.scaffold import create_post

NOW = datetime(2025, 7, 30, 9, 0, 0, 123, tzinfo=UTC)
SITE = 'site: {title: Notes, url: "https://example.org/", timezone: Europe/Berlin}\n'
SIGNED = 'site: {title: Notes, url: "https://example.org/", author: Ann "A." Lee}\n'
ONE = SITE + "authors: {ann: Ann Lee}\n"
TWO = SITE + "authors: {ann: Ann Lee, bob: Bob}\n"


def start(folder: Path, config: str, title: str, author: str = "") -> tuple[str, str]:
    """Start a post in a site; give its name and text."""
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    path = create_post(folder / "config.yaml", title, author, NOW, {})
    return path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


def test_a_draft(tmp_path: Path) -> None:
    """Title and date, in the site's zone, are filled in; it is a draft."""
    name, text = start(tmp_path, SITE, '  AT&T: a\u2028\x08 "人"  ')

    assert name == "content/at-t-a-人.md"
    assert text == (
        '---\ntitle: "AT&T: a \\"人\\""\ndate: 2025-07-30T11:00:00+02:00\n'
        "tags: []\ndraft: true\n---\n\n"
    )


@pytest.mark.parametrize(
    ("config", "author", "expected"),
    [
        (ONE, "", 'author: "ann"\n'),
        (SIGNED, "", 'author: "Ann \\"A.\\" Lee"\n'),
        (TWO, "bob", 'author: "bob"\n'),
        (TWO, "Ann Lee", 'author: "Ann Lee"\n'),
    ],
)
def test_author(tmp_path: Path, config: str, author: str, expected: str) -> None:
    """The author is who was named, or the only one there is."""
    _, text = start(tmp_path, config, "x", author)

    assert expected in text


def test_one_of_several(tmp_path: Path) -> None:
    """Where there are several authors and none is named, none is guessed."""
    _, text = start(tmp_path, TWO, "x")

    assert "author" not in text


@pytest.mark.parametrize(
    ("config", "author", "expected"),
    [
        (TWO, "anne", 'no author "anne" under authors: in the configuration; did you mean "ann"?'),
        (TWO, "xyzzy", "known authors: ann, bob"),
        (SITE, "xyzzy", "known authors: none"),
    ],
)
def test_unknown_author(tmp_path: Path, config: str, author: str, expected: str) -> None:
    """An author that nobody knows is refused."""
    with pytest.raises(FeedpubError) as caught:
        start(tmp_path, config, "x", author)

    assert expected in str(caught.value)


def test_no_title(tmp_path: Path) -> None:
    """A post needs a title."""
    with pytest.raises(FeedpubError, match="a post needs a title"):
        start(tmp_path, SITE, " \n")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "x.md").write_text("mine")
    with pytest.raises(FeedpubError, match="already exists"):
        start(tmp_path, SITE, "X")

    assert (tmp_path / "content" / "x.md").read_text() == "mine"
