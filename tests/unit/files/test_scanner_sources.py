"""What is found in the content folder."""

import os
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError, PostError
from feedpub.files.scanner import RACY_WINDOW, FileEntry, compute_digest, read_source, rescan, scan
from feedpub.models.content import SourceFile


def put(folder: Path, *paths: str) -> None:
    """Write a little file at each path."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path, encoding="utf-8")


def test_every_file_is_found_in_order_of_its_path(tmp_path: Path) -> None:
    """Files are listed by path, whatever order the disk has them in."""
    put(tmp_path, "b.md", "a/z.md", "a.md", "a/b/c.png")

    assert ["a.md", "a/b/c.png", "a/z.md", "b.md"] == [each.path for each in scan(tmp_path)]


def test_hidden_folders_are_not_looked_into(tmp_path: Path) -> None:
    """What lies in `.git` or `.obsidian` is nobody's content."""
    put(tmp_path, ".git/config.md", "a.md")

    assert ["a.md"] == [each.path for each in scan(tmp_path)]


def test_a_link_inside_the_folder_is_a_file_like_any_other(tmp_path: Path) -> None:
    """A link to a file of the folder is followed."""
    put(tmp_path, "a.md")
    (tmp_path / "b.md").symlink_to("a.md")

    assert ["a.md", "b.md"] == [each.path for each in scan(tmp_path)]


def test_nothing_outside_the_folder_is_published(tmp_path: Path) -> None:
    """A link that leads out, to a folder, or nowhere, is passed over."""
    put(tmp_path, "secret.md", "content/a/a.md")
    content = tmp_path / "content"
    (content / "out.md").symlink_to(tmp_path / "secret.md")
    (content / "folder").symlink_to(content / "a")
    (content / "nowhere.md").symlink_to("missing.md")
    (content / "circle.md").symlink_to("circle.md")

    assert ["a/a.md"] == [each.path for each in scan(content) if each.exists]


def test_what_is_no_regular_file_is_passed_over(tmp_path: Path) -> None:
    """A pipe in the folder does not stop a build."""
    put(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")

    assert ["a.md"] == [each.path for each in scan(tmp_path)]


def test_a_missing_folder_is_told_by_name(tmp_path: Path) -> None:
    """A content folder that is not there stops the build, and says what to do."""
    with pytest.raises(FeedpubError, match=r"nowhere: no such folder; create it"):
        scan(tmp_path / "nowhere")


def test_a_second_look_may_be_at_a_part(tmp_path: Path) -> None:
    """What came, changed or went at the paths named is found, and all else is as it was."""
    put(tmp_path, "a.md", "b.md", "c.md", "untold.md")
    known = scan(tmp_path)
    put(tmp_path, "new.md", "untold/d.md")
    (tmp_path / "a.md").unlink()
    (tmp_path / "b.md").write_text("longer", encoding="utf-8")
    (tmp_path / "untold.md").unlink()

    found = rescan(tmp_path, known, {"a.md", "b.md", "new.md", "nowhere/x.md", "c.md/x.md"})

    assert ["b.md", "c.md", "new.md", "untold.md"] == [each.path for each in found]
    assert len("longer") == found[0].size
    assert known[2] is found[1]
    assert scan(tmp_path) == rescan(tmp_path, known, {""})


def test_a_second_look_at_a_folder_is_at_all_that_is_in_it(tmp_path: Path) -> None:
    """A folder that was moved is looked at in both places, and names beside it stay."""
    put(tmp_path, "a/x.md", "a/b/y.md", "a-b.md", "a.md", "a0.md")
    known = scan(tmp_path)
    (tmp_path / "a").rename(tmp_path / "z")

    assert scan(tmp_path) == rescan(tmp_path, known, {"a", "z"})


def test_a_second_look_sees_no_more_than_the_first(tmp_path: Path) -> None:
    """Hidden folders, links that lead out, what is behind a linked folder, and pipes stay out."""
    put(tmp_path, "secret.md", "content/a/a.md", "content/.git/b.md")
    content = tmp_path / "content"
    (content / "out.md").symlink_to(tmp_path / "secret.md")
    (content / "in.md").symlink_to("a/a.md")
    (content / "folder").symlink_to(content / "a")
    os.mkfifo(content / "pipe.md")
    named = ("a", ".git", ".git/b.md", "out.md", "in.md", "folder", "folder/a.md", "pipe.md")

    found = rescan(content, (), set(named))

    assert ["a/a.md", "in.md"] == [each.path for each in found if each.exists]
    assert ["folder", "out.md"] == [each.path for each in found if not each.exists]


def test_a_second_look_follows_links_of_which_nothing_is_told(tmp_path: Path) -> None:
    """Who watches a folder hears of the file that a link leads to, and not of the link."""
    put(tmp_path, "a.md")
    (tmp_path / "b.md").symlink_to("a.md")
    known = scan(tmp_path)
    (tmp_path / "a.md").write_text("longer", encoding="utf-8")

    assert scan(tmp_path) == rescan(tmp_path, known, {"a.md"})


def test_a_second_look_sees_that_a_link_leads_somewhere_now(tmp_path: Path) -> None:
    """A link may be there before what it leads to."""
    (tmp_path / "b.md").symlink_to("a.md")
    known = scan(tmp_path)
    put(tmp_path, "a.md")
    found = rescan(tmp_path, known, {"a.md"})

    assert scan(tmp_path) == found
    assert found[1].exists


def test_a_file_changed_just_now_is_not_settled() -> None:
    """Within the clock's tick a file could change again and look the same."""
    entry = FileEntry("a.md", 1, modified=1_000, changed=2_000, inode=1)

    assert not entry.is_stable(scanned=2_000 + RACY_WINDOW)
    assert entry.is_stable(scanned=2_001 + RACY_WINDOW)


@pytest.mark.parametrize(
    ("changed", "seconds"), [(5_000_000_000, 2), (5_000_000_001, 0), (5_500_000_000, 0)]
)
def test_on_a_disk_of_whole_seconds_a_file_settles_later(changed: int, seconds: int) -> None:
    """Two saves within one of its seconds have one time: until it is over nothing is sure."""
    entry = FileEntry("a.md", 1, modified=4_000_000_000, changed=changed, inode=1)
    end = changed + seconds * 1_000_000_000 + RACY_WINDOW

    assert not entry.is_stable(scanned=end)
    assert entry.is_stable(scanned=end + 1)


def test_reading_gives_bytes_and_their_digest(tmp_path: Path) -> None:
    """A source is the file's bytes as they are."""
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfa\r\n")

    assert SourceFile(
        "a.md", b"\xef\xbb\xbfa\r\n", compute_digest(b"\xef\xbb\xbfa\r\n")
    ) == read_source(tmp_path, "a.md", 6)


def test_no_more_is_read_than_a_post_may_have(tmp_path: Path) -> None:
    """A file of gigabytes is not taken into memory to find out that it is too large."""
    (tmp_path / "a.md").write_bytes(b"1234567")

    with pytest.raises(PostError) as raised:
        read_source(tmp_path, "a.md", 6)

    problem = raised.value.problem

    assert ("a.md", True) == (problem.path, problem.left_out)
    assert "content.largest" in problem.message


def test_folders_in_one_another_are_bounded(tmp_path: Path) -> None:
    """What lies too deep is told, and nothing of it is looked at; the rest is listed."""
    put(tmp_path, "a.md", "d/" * 100 + "ok.md", "d/" * 101 + "no.md")
    found = scan(tmp_path)

    assert ["a.md", "d/" * 100 + "ok.md"] == [each.path for each in found if each.exists]
    assert ["d/" * 101 + "no.md"] == [each.path for each in found if each.fault]
    assert found == rescan(tmp_path, (), {"a.md", "d"})


def test_paths_are_bounded(tmp_path: Path) -> None:
    """So that the output folder, which lies deeper, can have them too."""
    name = "é" * 120
    put(tmp_path, f"{'/'.join([name] * 5)}.md", "a.md")
    found = scan(tmp_path)

    assert ["a.md"] == [each.path for each in found if each.exists]
    assert [True] == ["bytes" in each.fault for each in found if each.fault]
    assert found == rescan(tmp_path, found, {name})
