"""What readers are told they follow, when the site cannot be read."""

import shutil
from pathlib import Path

import pytest
from newsrooms import Newsroom

from feedpub.newsletter import issues
from feedpub.newsletter.issue_builder import load_describer


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with somebody who follows a tag."""
    room = Newsroom(tmp_path)
    room.write("one.md", tags="C++")
    room.reader("bob@example.org", tags=("C++",))
    return room


def told(room: Newsroom) -> str:
    """Give the sentence for that reader."""
    with room.desk() as desk:
        (reader,) = desk.store.iter_subscribers()
        return load_describer(desk).describe(reader, "en")


def test_names_are_those_of_the_last_reading(room: Newsroom) -> None:
    """Also where the content folder is away."""
    issues.list_digests(room.request())
    shutil.rmtree(room.content)

    assert "You follow posts about C++, in every issue." == told(room)


def test_names_that_nobody_remembers_are_slugs(room: Newsroom) -> None:
    """What is remembered may be deleted at any time."""
    assert "You follow posts about cplusplus, in every issue." == told(room)


def test_words_that_cannot_be_used_are_those_of_feedpub(room: Newsroom) -> None:
    """The site's own are, as soon as they can be."""
    words = '[words]\nfollows = "{what}: {often}"'
    room.put("templates/words/en.toml", words)
    assert "posts about cplusplus: in every issue" == told(room)

    room.put("templates/words/en.toml", f"{words} =")
    assert "You follow posts about cplusplus, in every issue." == told(room)
