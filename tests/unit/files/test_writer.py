"""What writing outputs does to the output folder."""

import gzip
import os
import signal
import time
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.errors import OutputError, TemplateError
from feedpub.files.scanner import LIST_FILE, list_owned_paths
from feedpub.files.writer import PARTS_FOLDER, ManifestEntry, is_unchanged, write_outputs
from feedpub.models.content import BuildResult, OutputFile, StaticFile


def quiet(_done: int, _total: int) -> None:
    """Take no notice of progress."""


def output(path: str, text: str, key: str = "") -> OutputFile:
    """Make an output whose key is that of its text."""
    return OutputFile(path, key or f"key of {text}", text.encode)


def held(folder: Path) -> dict[str, str]:
    """Give every file of a folder but the list, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != LIST_FILE
    }


class Site:
    """An output folder and what is remembered of it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "public"
        self.content = root / "content"
        self.content.mkdir(exist_ok=True)
        self.ledger: dict[str, ManifestEntry] = {}
        self.codings: tuple[str, ...] = ()

    def write(
        self, *outputs: OutputFile | StaticFile, untouched: tuple[str, ...] = (), anew: bool = False
    ) -> BuildResult:
        """Write these outputs and remember them."""
        changes, self.ledger = write_outputs(
            outputs,
            self.folder,
            self.content,
            self.ledger,
            quiet,
            self.codings,
            untouched={*untouched},
            anew=anew,
        )
        return changes

    def names(self) -> list[str]:
        """Give the names of all files but the list."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(
            path.relative_to(self.folder).as_posix() for path in found if path.name != LIST_FILE
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site of which nothing is written yet."""
    return Site(tmp_path)


def test_every_output_is_written(site: Site) -> None:
    """The folder holds each output, with the folders that lead to it."""
    changes = site.write(output("index.html", "home"), output("tags/x/rss.xml", "feed"))

    assert {"index.html": "home", "tags/x/rss.xml": "feed"} == held(site.folder)
    assert BuildResult(("index.html", "tags/x/rss.xml"), (), 0) == changes


def test_a_known_key_is_not_rendered(site: Site) -> None:
    """An output whose key is the one last written is not made again."""
    site.write(output("a", "text"))

    def explode() -> bytes:
        raise AssertionError

    changes = site.write(OutputFile("a", "key of text", explode))

    assert BuildResult((), (), 1) == changes


def test_equal_bytes_are_not_touched(site: Site) -> None:
    """A file that would come out the same keeps its time, though its key is another."""
    site.write(output("a", "text"))
    before = (site.folder / "a").stat()

    changes = site.write(output("a", "text", key="another"))
    after = (site.folder / "a").stat()

    assert BuildResult((), (), 1) == changes
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_file_somebody_changed_is_written_again(site: Site) -> None:
    """A known key does not hide that the file on the disk is not what was written."""
    site.write(output("a", "text"))
    (site.folder / "a").write_text("spoilt", encoding="utf-8")

    changes = site.write(output("a", "text"))

    assert ("a",) == changes.written
    assert {"a": "text"} == held(site.folder)


def test_what_is_not_wanted_any_more_is_removed(site: Site) -> None:
    """An output of an earlier build goes, with the folders it leaves empty."""
    site.write(output("a/b/c", "old"), output("kept", "text"))

    changes = site.write(output("kept", "text"))

    assert BuildResult((), ("a/b/c",), 1) == changes
    assert not (site.folder / "a").exists()


def test_nobody_elses_file_is_removed(site: Site) -> None:
    """A file that feedpub did not write stays, in a folder that becomes empty too."""
    site.write(output("a/b", "old"), output("kept", "text"))
    (site.folder / "a" / "mine").write_text("mine", encoding="utf-8")

    site.write(output("kept", "text"))

    assert {"a/mine": "mine", "kept": "text"} == held(site.folder)


def test_a_folder_of_strangers_is_refused(site: Site) -> None:
    """A folder that holds files and no list of ours is left as it is."""
    site.folder.mkdir()
    (site.folder / "thesis.txt").write_text("work of years", encoding="utf-8")

    with pytest.raises(OutputError, match=r"feedpub did not write \(such as thesis.txt\)"):
        site.write(output("index.html", "home"))

    assert {"thesis.txt": "work of years"} == held(site.folder)


def test_a_strangers_file_is_not_overwritten(site: Site) -> None:
    """Where a new output would go over somebody's file, nothing is written at all."""
    site.write(output("index.html", "home"))
    (site.folder / "CNAME").write_text("example.org", encoding="utf-8")

    with pytest.raises(OutputError, match=r"CNAME: feedpub did not write this file"):
        site.write(output("index.html", "new"), output("CNAME", "ours"))

    assert {"CNAME": "example.org", "index.html": "home"} == held(site.folder)


def test_hidden_files_do_not_make_a_folder_a_strangers(site: Site) -> None:
    """An output folder that is a git checkout may be written."""
    (site.folder / ".git").mkdir(parents=True)
    (site.folder / ".git" / "config").write_text("[core]", encoding="utf-8")

    site.write(output("index.html", "home"))

    assert (site.folder / ".git" / "config").exists()


def test_a_file_may_become_a_folder_and_back(site: Site) -> None:
    """A path that was a file can hold a folder in the next build, and the other way about."""
    site.write(output("a", "file"))

    site.write(output("a/index.html", "page"))

    assert {"a/index.html": "page"} == held(site.folder)

    site.write(output("a", "file"))

    assert {"a": "file"} == held(site.folder)


def test_a_name_in_other_letters_may_be_the_same_file(site: Site) -> None:
    """Where the disk ignores letter case, a renamed page is neither a stranger's nor removed."""
    site.write(output("A", "text"))
    (site.folder / "a").hardlink_to(site.folder / "A")  # as such a disk shows it

    site.write(output("a", "text"))

    assert "text" == (site.folder / "a").read_text(encoding="utf-8")


def test_copies_are_of_the_content_folder(site: Site) -> None:
    """A copy has the bytes of its source, and follows it when it changes."""
    (site.content / "cat.png").write_bytes(b"cat")
    site.write(StaticFile("posts/cat.png", "", "cat.png"))
    (site.content / "cat.png").write_bytes(b"dog")

    changes = site.write(StaticFile("posts/cat.png", "", "cat.png"))

    assert ("posts/cat.png",) == changes.written
    assert {"posts/cat.png": "dog"} == held(site.folder)


def test_an_untouched_folder_is_intact(site: Site) -> None:
    """What was written lies there as it was left, until somebody touches it."""
    site.write(output("a", "text"))

    assert is_unchanged(site.folder, site.ledger)

    (site.folder / "a").unlink()

    assert not is_unchanged(site.folder, site.ledger)


def test_a_folder_without_its_list_is_not_intact(site: Site) -> None:
    """Somebody who removes the list gets it back."""
    site.write(output("a", "text"))
    (site.folder / LIST_FILE).unlink()

    assert not is_unchanged(site.folder, site.ledger)


def test_everything_is_written_anew(site: Site) -> None:
    """What was there is replaced, what is not wanted is removed, what is not ours stays."""
    site.write(output("a/b", "text"), output("old", "text"))
    (site.folder / "mine").write_text("mine", encoding="utf-8")
    (site.folder / "a/b").write_text("spoilt", encoding="utf-8")
    inode = (site.folder / "a/b").stat().st_ino

    changes = site.write(output("a/b", "text"), output("new", "text"), anew=True)

    assert BuildResult(("a/b", "new"), ("old",), 0) == changes
    assert {"a/b": "text", "new": "text", "mine": "mine"} == held(site.folder)
    assert inode != (site.folder / "a/b").stat().st_ino
    assert is_unchanged(site.folder, site.ledger)
    assert BuildResult((), (), 2) == site.write(output("a/b", "text"), output("new", "text"))


def test_compressed_files_are_written_anew_as_well(site: Site) -> None:
    """Each is as old as the file beside which it lies, or younger."""
    site.codings = ("gzip", "br")
    (site.content / "a.txt").write_text("text " * 1000, encoding="utf-8")
    first = site.write(StaticFile("a.txt", "k", "a.txt"))
    again = site.write(StaticFile("a.txt", "k", "a.txt"), anew=True)
    times = [(site.folder / f"a.txt{end}").stat().st_mtime_ns for end in ("", ".gz", ".br")]

    assert ("a.txt", "a.txt.br", "a.txt.gz") == first.written == again.written
    assert times[0] <= min(times[1:])


def test_a_folder_is_as_it_was_until_all_is_rendered_anew(site: Site) -> None:
    """One that cannot be rendered leaves the whole site alone."""

    def fail() -> bytes:
        raise TemplateError("page.html:1: no")

    site.write(output("a", "text"), output("b/c", "text"))
    before = held(site.folder)

    with pytest.raises(TemplateError, match="no"):
        site.write(output("a", "else"), OutputFile("b", "key", fail), anew=True)

    assert before == {
        path: text for path, text in held(site.folder).items() if not path.startswith(PARTS_FOLDER)
    }


@pytest.mark.parametrize("anew", [False, True])
def test_a_copy_that_cannot_be_read_is_left_out(site: Site, anew: bool) -> None:
    """One picture is not the site; what was there of it is no longer what the site says."""
    (site.content / "good.png").write_bytes(b"good")
    (site.content / "bad.png").write_bytes(b"bad")
    copies = (
        StaticFile("bad.png", "k", "bad.png"),
        StaticFile("good.png", "k", "good.png"),
        output("a", "text"),
    )
    site.write(*copies)
    (site.content / "bad.png").unlink()
    (site.content / "bad.png").mkdir()  # not to be read, by root either

    changes = site.write(*copies, anew=anew)
    ((path, fault),) = changes.unreadable

    assert "bad.png" == path
    assert "cannot be read" in fault
    assert ("bad.png",) == changes.removed
    assert {"good.png": "good", "a": "text"} == held(site.folder)

    (site.content / "bad.png").rmdir()
    (site.content / "bad.png").write_bytes(b"mended")

    assert ("bad.png",) == site.write(*copies).written


def test_a_copy_whose_source_has_gone_is_not_wanted(site: Site) -> None:
    """It vanished since the folder was listed: nobody's fault, and the next build knows it."""
    changes = site.write(StaticFile("gone.png", "k", "gone.png"), output("a", "text"))

    assert BuildResult(("a",), (), 0) == changes
    assert {"a": "text"} == held(site.folder)


def test_a_process_that_is_killed_while_it_writes_is_told(site: Site) -> None:
    """Another does its work, and nothing is missing."""
    outputs = [_deadly(site, number, times=1) for number in range(200)]
    changes = site.write(*outputs)

    assert {f"p{number}": "text" for number in range(200)} == held(site.folder)
    assert (("p150", signal.SIGKILL),) == changes.killed
    assert is_unchanged(site.folder, site.ledger)


def test_a_file_at_which_process_after_process_is_killed_is_an_error(site: Site) -> None:
    """It says which; and what is there by then is known as ours."""
    outputs = [_deadly(site, number, times=9) for number in range(200)]

    with pytest.raises(OutputError, match="p150"):
        site.write(*outputs)

    assert {
        path for path in held(site.folder) if not path.startswith(PARTS_FOLDER)
    } <= list_owned_paths(site.folder)


def _deadly(site: Site, number: int, times: int) -> OutputFile:
    """Make an output; that of number 150 kills so many of the processes that render it."""

    def render() -> bytes:
        marks = site.content / "marks"
        marks.mkdir(exist_ok=True)
        died = len([*marks.iterdir()])
        if number == 150 and died < times:
            (marks / str(died)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return b"text"

    return OutputFile(f"p{number}", "key", render)


def test_a_list_never_leads_outside(tmp_path: Path) -> None:
    """A list that names files elsewhere, whoever wrote it, names nothing of ours."""
    (tmp_path / LIST_FILE).write_text(
        "# head\n../secret\n/etc/passwd\na/../../b\nok\n", encoding="utf-8"
    )

    assert {"ok"} == list_owned_paths(tmp_path)


def test_many_outputs_are_shared_among_processes(site: Site) -> None:
    """What several processes write is what one would write, and all of it is remembered."""
    outputs = [output(f"posts/{number}/index.html", f"post {number}") for number in range(300)]

    changes = site.write(*outputs)

    assert 300 == len(changes.written)
    assert BuildResult((), (), 300) == site.write(*outputs)


LONG = "The same words again. " * 100


@pytest.fixture
def compressing(site: Site) -> Site:
    """Give a site that compresses."""
    site.codings = ("gzip", "br")
    return site


def test_compressed_beside(compressing: Site) -> None:
    """Beside a text lies the same compressed, where that is worth it, and is ours."""
    changes = compressing.write(
        output("a.html", LONG), output("b.html", "short"), output("c.png", LONG)
    )

    files = ("a.html", "a.html.br", "a.html.gz", "b.html", "c.png")
    assert BuildResult(files, (), 0) == changes
    assert set(files) == list_owned_paths(compressing.folder) == set(compressing.ledger)
    assert LONG.encode() == gzip.decompress((compressing.folder / "a.html.gz").read_bytes())
    assert LONG.encode() == brotli.decompress((compressing.folder / "a.html.br").read_bytes())


def test_compressed_is_not_made_again(compressing: Site) -> None:
    """Where the text is untouched so is what lies beside; where it was written that is younger."""
    compressing.write(output("a.html", LONG))
    before = (compressing.folder / "a.html.gz").stat()

    assert BuildResult((), (), 3) == compressing.write(output("a.html", LONG))
    assert BuildResult((), (), 3) == compressing.write(output("a.html", LONG, key="another"))
    after = (compressing.folder / "a.html.gz").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)

    (compressing.folder / "a.html").unlink()
    assert ("a.html", "a.html.br", "a.html.gz") == compressing.write(output("a.html", LONG)).written


def test_compressed_that_somebody_changed(compressing: Site) -> None:
    """What was spoilt or removed beside a text is made again, and the text is not."""
    compressing.write(output("a.html", LONG))
    (compressing.folder / "a.html.gz").write_bytes(b"spoilt")
    (compressing.folder / "a.html.br").unlink()

    assert not is_unchanged(compressing.folder, compressing.ledger)
    assert ("a.html.br", "a.html.gz") == compressing.write(output("a.html", LONG)).written
    assert is_unchanged(compressing.folder, compressing.ledger)


def test_compressed_goes_with_its_text(compressing: Site) -> None:
    """What lies beside goes when the text goes, or is not worth it, or nobody wants it."""
    compressing.write(output("a.html", LONG), output("b.html", LONG))

    assert ("a.html.br", "a.html.gz") == compressing.write(
        output("a.html", "short"), output("b.html", LONG)
    ).removed
    assert ("a.html",) == compressing.write(output("b.html", LONG)).removed
    compressing.codings = ("gzip",)
    assert ("b.html.br",) == compressing.write(output("b.html", LONG)).removed
    compressing.codings = ()
    assert BuildResult((), ("b.html.gz",), 1) == compressing.write(output("b.html", LONG))
    assert ["b.html"] == compressing.names()


def test_compressed_later(compressing: Site) -> None:
    """A site that begins to compress needs nothing of its texts written again."""
    compressing.codings = ()
    compressing.write(output("a.html", LONG))
    compressing.codings = ("gzip",)

    assert BuildResult(("a.html.gz",), (), 1) == compressing.write(output("a.html", LONG))


def test_compressed_by_somebody_else(compressing: Site) -> None:
    """A file of the site with such a name is the site's own; one of a stranger's stops us."""
    (compressing.content / "x").write_bytes(b"own")
    compressing.write(output("a.html", LONG), StaticFile("a.html.gz", "", "x"))

    assert b"own" == (compressing.folder / "a.html.gz").read_bytes()
    assert ["a.html", "a.html.br", "a.html.gz"] == compressing.names()
    assert ("a.html.gz",) == compressing.write(output("a.html", LONG)).written

    (compressing.folder / "b.html.gz").write_bytes(b"a stranger's")
    with pytest.raises(OutputError, match=r"b.html.gz: feedpub did not write this file"):
        compressing.write(output("b.html", LONG))


def test_compressed_and_folders(compressing: Site) -> None:
    """A page below a folder of such a name has it; before and after, it is a file."""
    compressing.write(output("a.html", LONG))

    compressing.write(output("a.html", LONG), output("a.html.gz/index.html", "page"))
    assert ["a.html", "a.html.br", "a.html.gz/index.html"] == compressing.names()

    compressing.write(output("a.html", LONG))
    assert ["a.html", "a.html.br", "a.html.gz"] == compressing.names()


names = st.text("ab/", min_size=1, max_size=4).filter(
    lambda name: not name.startswith("/") and not name.endswith("/") and "//" not in name
)


def compatible(paths: list[str]) -> list[str]:
    """Leave out names that would be file and folder at once."""
    return [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]


@given(st.lists(st.dictionaries(names, st.sampled_from(["x", "y"])), max_size=4))
def test_the_folder_holds_what_the_last_build_wanted(
    tmp_path_factory: pytest.TempPathFactory, builds: list[dict[str, str]]
) -> None:
    """Whatever earlier builds wrote, the folder is what a clean build would make it."""
    site = Site(tmp_path_factory.mktemp("site"))
    wanted: dict[str, str] = {}
    for build in builds:
        wanted = {path: build[path] for path in compatible(list(build))}
        site.write(*(output(path, text) for path, text in wanted.items()))

    assert wanted == (held(site.folder) if builds else {})
    if builds:
        assert BuildResult((), (), len(wanted)) == site.write(
            *(output(path, text) for path, text in wanted.items())
        )


def test_what_is_untouched_is_not_looked_at(site: Site) -> None:
    """Who knows that nothing happened to a file need not ask the disk; others are asked about."""
    site.write(output("a", "one"), output("b", "one"))
    for path in ("a", "b"):
        (site.folder / path).write_text("spoilt", encoding="utf-8")
    site.write(output("a", "one"), output("b", "one"), untouched=("a", "never written"))

    assert {"a": "spoilt", "b": "one"} == held(site.folder)


def test_a_copy_of_a_file_that_was_new_is_looked_at_again(site: Site) -> None:
    """Of a file copied within the clock's tick nobody knows whether it is as it was."""
    (site.content / "cat.png").write_text("one", encoding="utf-8")
    site.write(StaticFile("cat.png", "", "cat.png"))
    (site.content / "cat.png").write_text("two", encoding="utf-8")
    site.write(StaticFile("cat.png", "", "cat.png"), untouched=("cat.png",))

    assert {"cat.png": "two"} == held(site.folder)


def test_a_copy_of_a_linked_file_changes_with_it(site: Site) -> None:
    """What counts is the file that a link leads to."""
    (site.content / "cat.png").write_text("one", encoding="utf-8")
    os.utime(site.content / "cat.png", ns=(1, 1))
    (site.content / "dog.png").symlink_to("cat.png")
    time.sleep(0.1)
    site.write(StaticFile("dog.png", "", "dog.png"))
    (site.content / "cat.png").write_text("two", encoding="utf-8")
    site.write(StaticFile("dog.png", "", "dog.png"))

    assert {"dog.png": "two"} == held(site.folder)
