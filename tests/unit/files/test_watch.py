"""Watching folders: every way to write a file is noticed, by events and by sweeps alone."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Literal

import pytest
from watched import manner, wait_until, watched, watching

from feedpub.files.watch import EventSource, WatchOptions, open_event_source

FILES = 1_000
BOTH = pytest.mark.parametrize("events", [True, False], ids=["events", "sweep"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with an old file in it."""
    path = tmp_path / "content"
    path.mkdir()
    old = path / "old.md"
    old.write_text("Old.", encoding="utf-8")
    os.utime(old, (1e9, 1e9))
    return path


@BOTH
def test_a_file_that_is_written_changed_and_removed_is_told(folder: Path, *, events: bool) -> None:
    """Each is a change, in new folders too; one that is removed has no time to tell of."""
    with watched(folder, events=events) as seen:
        (folder / "a.md").write_text("One.", encoding="utf-8")
        seen.wait_for("a.md")
        (folder / "new").mkdir()
        (folder / "new" / "b.md").write_text("Two.", encoding="utf-8")
        wait_until(lambda: {"new", "b.md"} & seen.names(), "the new folder")
        before = len(seen.batches)
        (folder / "old.md").unlink()
        seen.wait_for_batch(before)


@BOTH
def test_an_editor_that_writes_beside_the_file(folder: Path, *, events: bool) -> None:
    """Vim's, Emacs', GNOME's and JetBrains' files are nothing; what is renamed in the end is."""
    with watched(folder, events=events) as seen:
        for name in (".a.md.swp", "4913", "a.md~", ".#a.md", "#a.md#", "a.md___jb_tmp___"):
            (folder / name).write_text("x", encoding="utf-8")
        (folder / ".goutputstream-1").write_text("Text.", encoding="utf-8")
        (folder / "4913").unlink()
        (folder / ".hidden").mkdir()
        (folder / ".hidden" / "x.md").write_text("x", encoding="utf-8")
        (folder / ".goutputstream-1").rename(folder / "a.md")
        seen.wait_for("a.md")
        (folder / "b.md.tmp").write_text("Text.", encoding="utf-8")
        (folder / "b.md.tmp").rename(folder / "b.md")
        seen.wait_for("b.md")

    assert {"a.md", "b.md"} == seen.names() - {"old.md"}


@BOTH
def test_a_checkout_of_a_thousand_files_is_a_few_batches(folder: Path, *, events: bool) -> None:
    """Git writes a thousand files, and removes them: neither is told a thousand times."""

    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0")
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-b", "few")
    git("add", ".")
    git("commit", "-m", "few")
    git("checkout", "-b", "many")
    for number in range(FILES):
        (folder / f"{number}.md").write_text(f"{number}", encoding="utf-8")
    git("add", ".")
    git("commit", "-m", "many")
    git("checkout", "few")
    with watched(folder, events=events) as seen:
        git("checkout", "many")
        wait_until(lambda: FILES <= len(seen.names() - {"old.md"}), "all of them")
        before = len(seen.batches)
        git("checkout", "few")
        seen.wait_for_batch(before)

    assert FILES / 10 > len(seen.batches)
    assert not [name for name in seen.names() if not name.endswith(".md")]


@BOTH
def test_a_file_that_is_being_copied_is_waited_for(folder: Path, *, events: bool) -> None:
    """Whoever writes for a while has the file open all the time; it is told once it is closed."""
    with watched(folder, events=events) as seen:
        with (folder / "large.md").open("w", encoding="utf-8") as copy:
            for _ in range(10):
                copy.write("A part of it.\n")
                copy.flush()
                time.sleep(0.05)

                assert "large.md" not in seen.names()

        seen.wait_for("large.md")


@BOTH
def test_nothing_waits_for_a_file_that_is_being_written(folder: Path, *, events: bool) -> None:
    """However long it takes; what is beside it is told at once, and it itself in the end."""
    with watching([folder], manner(events=events, patience=0.2)) as seen:
        with (folder / "film.mp4").open("w", encoding="utf-8") as copy:
            copy.write("Half of it.\n")
            copy.flush()
            seen.wait_for_note(lambda now: now.slow_files == (str(folder / "film.mp4"),))
            (folder / "a.md").write_text("Text.", encoding="utf-8")
            copy.write("More of it.\n")
            copy.flush()
            seen.wait_for("a.md")

            assert {str(folder / "film.mp4")} == seen.notes[-1].files_in_progress
            assert "film.mp4" not in seen.names()

        seen.wait_for("film.mp4")
        seen.wait_for_note(lambda now: not now.files_in_progress and not now.slow_files)


@BOTH
def test_a_file_that_grows_is_told_when_it_has_rested(folder: Path, *, events: bool) -> None:
    """Though whoever writes it opens it anew for every part."""
    with watched(folder, events=events) as seen:
        for _ in range(20):
            with (folder / "a.md").open("a", encoding="utf-8") as file:
                file.write("A part of it.\n")
            time.sleep(0.1)

            assert "a.md" not in seen.names()

        seen.wait_for("a.md")
        number = len([each for each in seen.batches if str(folder / "a.md") in each.paths])

    assert 1 == number


def test_a_file_that_goes_while_it_is_written_is_told(folder: Path) -> None:
    """There is nothing left to wait for."""
    with watched(folder, events=True) as seen, (folder / "a.md").open("w") as file:
        file.write("x")
        file.flush()
        seen.wait_for_note(lambda now: now.files_in_progress)
        (folder / "a.md").unlink()
        seen.wait_for("a.md")


@BOTH
def test_a_folder_that_goes_and_comes_again(folder: Path, *, events: bool) -> None:
    """It is told to be away, and watched anew where another stands in its place."""
    with watched(folder, events=events) as seen:
        before = len(seen.batches)
        folder.rename(folder.with_name("elsewhere"))
        seen.wait_for_note(lambda now: now.missing_folders == (str(folder),))
        seen.wait_for_batch(before)
        shutil.copytree(folder.with_name("elsewhere"), folder)
        seen.wait_for_note(lambda now: not now.missing_folders)
        (folder / "a.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("a.md")
        (folder.with_name("elsewhere") / "b.md").write_text("Text.", encoding="utf-8")
        (folder / "c.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("c.md")

    assert "b.md" not in seen.names()


def test_what_events_miss_is_found_by_the_next_sweep(folder: Path) -> None:
    """As on a network disk: nobody tells of anything, and still it is found."""

    class Blind(_Eyes):
        """Never sees anything."""

    with watching(
        [folder], WatchOptions(use_events=True, sweep_interval=0.1), lambda _: Blind()
    ) as seen:
        assert "events" == seen.notes[0].mode

        (folder / "a.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("a.md")

    assert {"sweep"} == {each.source for each in seen.batches}


def test_what_events_told_is_not_told_again_by_a_sweep(folder: Path) -> None:
    """Files that are new, in a new folder, and gone."""
    with watching([folder], WatchOptions(use_events=True, sweep_interval=0.1)) as seen:
        (folder / "gone.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("gone.md")
        (folder / "new").mkdir()
        for path in (folder / "a.md", folder / "new" / "b.md"):
            path.write_text("New.", encoding="utf-8")
        (folder / "new" / ".b.md.swp").write_text("x", encoding="utf-8")
        seen.wait_for("a.md")
        wait_until(lambda: {"new", "b.md"} & seen.names(), "the new folder")
        before = len(seen.batches)
        (folder / "gone.md").unlink()
        seen.wait_for_batch(before)
        sweeps = seen.notes[-1].sweeps
        seen.wait_for_note(lambda now: now.sweeps > sweeps + 3)
        told = [each.paths for each in seen.batches if each.source == "sweep"]

    assert not {"a.md", "b.md", "gone.md"} & {Path(path).name for paths in told for path in paths}


def test_where_the_kernel_has_no_watch_left_sweeps_are_enough(folder: Path) -> None:
    """It says why, finds what changes all the same, and tries again after a while."""
    tries: list[Sequence[str]] = []

    def full(folders: Sequence[str]) -> EventSource:
        tries.append(folders)
        if len(tries) == 1:
            raise OSError('OS file watch limit reached. about ["/x"] (Error { … })')
        if len(tries) == 2:
            raise RuntimeError("Error creating recommended watcher: Too many open files")
        return open_event_source(folders)

    with watching(
        [folder], WatchOptions(use_events=True, sweep_interval=0.1, retry_events_after=0.5), full
    ) as seen:
        assert "sweep" == seen.notes[0].mode
        assert "OS file watch limit reached" == seen.notes[0].no_events_reason

        (folder / "a.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("a.md")
        seen.wait_for_note(lambda now: now.mode == "events")
        (folder / "b.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("b.md")

    assert "" == seen.notes[-1].no_events_reason


def test_events_that_break_down_are_begun_anew(folder: Path) -> None:
    """The kernel's queue may be lost; what happened meanwhile is found by a sweep."""
    tries: list[Sequence[str]] = []

    class Broken(_Eyes):
        """Breaks down at the second look."""

        def watch(
            self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /
        ) -> set[tuple[int, str]] | Literal["signal", "stop", "timeout"]:
            del debounce_ms, step_ms, timeout_ms, stop_event
            raise RuntimeError("the queue is lost")

    def once(folders: Sequence[str]) -> EventSource:
        tries.append(folders)
        return Broken() if len(tries) == 1 else open_event_source(folders)

    with watching([folder], manner(), once) as seen:
        wait_until(lambda: len(tries) == 2, "a second try")
        (folder / "a.md").write_text("Text.", encoding="utf-8")
        seen.wait_for("a.md")


def test_events_of_passing_files_are_none(folder: Path) -> None:
    """A batch of nothing else is not told; a folder that is named itself is."""

    class Told(_Eyes):
        """Tells of a passing file, and then of the folder."""

        def __init__(self) -> None:
            self.left = [str(folder), f"{folder}/a.md~"]

        def watch(
            self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /
        ) -> set[tuple[int, str]] | Literal["signal", "stop", "timeout"]:
            if self.left:
                return {(1, self.left.pop())}
            return super().watch(debounce_ms, step_ms, timeout_ms, stop_event)

    with watching([folder], manner(), lambda _: Told()) as seen:
        seen.wait_for("content")

    assert ["events"] == [each.source for each in seen.batches[1:]]


def test_several_folders_and_one_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    """A folder that comes later is watched from then on."""
    templates = tmp_path / "templates"
    with watching([folder, templates], manner()) as seen:
        assert (str(templates),) == seen.notes[0].missing_folders

        templates.mkdir()
        seen.wait_for_note(lambda now: not now.missing_folders)
        (templates / "base.html").write_text("x", encoding="utf-8")
        seen.wait_for("base.html")


def test_a_sweep_rests_for_as_long_as_it_took_two_hundred_times(folder: Path) -> None:
    """However many files there are, looking at them takes half a hundredth of the time."""
    with watching([folder], WatchOptions(use_events=False, sweep_interval=0.001)) as seen:
        seen.wait_for_note(lambda now: now.sweeps > 3)
        note = seen.notes[-1]

    assert note.sweep_seconds * 200 == pytest.approx(note.sweep_interval)


def test_it_stops_while_it_waits_for_a_file(folder: Path) -> None:
    """Who is told to end does not wait for others."""
    with (folder / "open.md").open("w", encoding="utf-8") as file:
        file.write("x")
        file.flush()
        with watched(folder, events=True) as seen:
            seen.wait_for_note(lambda now: now.files_in_progress)

    assert "open.md" not in seen.names()


class _Eyes:
    """Sees nothing."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /
    ) -> set[tuple[int, str]] | Literal["signal", "stop", "timeout"]:
        """Wait a little."""
        del debounce_ms, step_ms, timeout_ms
        return "stop" if stop_event.wait(0.05) else "timeout"

    def close(self) -> None:
        """Do nothing."""
