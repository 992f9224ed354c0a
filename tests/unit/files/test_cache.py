"""What is remembered between runs."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.files.cache import (
    BuildCache,
    BuildRecord,
    CacheCorruptError,
    CacheRow,
    ReadResult,
    RenderCache,
    pack,
    unpack,
)
from feedpub.files.pool import CHUNK_SIZE, map_parallel
from feedpub.files.writer import ManifestEntry
from feedpub.models.content import Author, Enclosure, Image, ParsedPost, Problem, Reference
from feedpub.models.newsletter import Issue

WHOLE = made.manuscript(
    published=datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    updated=datetime(2025, 2, 1, tzinfo=UTC),
    expires=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    authors=(Author("Ann", "ann@example.org"), Author("Bob")),
    image=Image("cat.png", "a cat"),
    enclosures=(Enclosure("song.mp3", "audio/mpeg", 3, "A song", 60),),
    references=(Reference("cat.png", 3),),
    problems=(Problem("hello.md", 2, "a warning"),),
)
BUILD = BuildRecord(
    stamp="stamp",
    valid_from=1,
    valid_until=2,
    counts=(1, 2, 3, 4, 5, 6, 7),
    problems=(Problem("a.md", 1, "no date", left_out=True),),
    authority="example.org",
    manifest={"a": ManifestEntry("key", (1, 2, 3, 4))},
)

HELLO = ReadResult("hello.md", (), WHOLE)


def keep(memory: BuildCache, *readings: ReadResult) -> None:
    """Remember these, each with its HTML."""
    with closing(memory.open_bodies()) as bodies:
        bodies.add(CacheRow(each.path, bytes(each), each.path, "<p>x</p>") for each in readings)


def body(digest: str, html: str) -> CacheRow:
    """Give the HTML of some file."""
    return CacheRow(digest, bytes(ReadResult(digest, (), None)), digest, html)


times = st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside it


@pytest.mark.parametrize("one", [WHOLE, made.manuscript()])
def test_a_manuscript_survives_packing(one: ParsedPost) -> None:
    """What is unpacked is what was packed, with every field set or none."""
    assert one == unpack(pack(one))


@given(times, st.one_of(st.none(), times), st.text())
def test_any_time_and_title_survives_packing(
    published: datetime, updated: datetime | None, title: str
) -> None:
    """Times keep their microseconds, and titles every character."""
    one = made.manuscript(published=published, updated=updated, title=title)

    assert one == unpack(pack(one))


def test_readings_are_remembered(tmp_path: Path) -> None:
    """Manuscripts and problems come back as they were."""
    readings = {
        "hello.md": ReadResult("hello.md", (1, 2, 3, 4), WHOLE),
        "bad.md": ReadResult("bad.md", (), None, Problem("bad.md", 1, "no date", left_out=True)),
    }
    keep(BuildCache(tmp_path, "v1"), *readings.values())

    assert readings == BuildCache(tmp_path, "v1").load_read_results()


def test_a_build_is_remembered_for_its_folder(tmp_path: Path) -> None:
    """Each output folder has a last build of its own."""
    BuildCache(tmp_path, "v1").save_build(Path("public"), BUILD)

    assert BUILD == BuildCache(tmp_path, "v1").load_build(Path("public"))
    assert BuildCache(tmp_path, "v1").load_build(Path("elsewhere")) is None


def test_issues_are_remembered(tmp_path: Path) -> None:
    """Whole, to the microsecond; none is not the same as never any."""
    when = datetime(2025, 1, 30, 8, 0, 0, 1, tzinfo=UTC)
    issues = (
        Issue(1, "weekly", when, when, "sending", ("one", "two"), "News", "waits", "<p>Hi</p>"),
    )
    memory = BuildCache(tmp_path, "v1")

    assert memory.load_issues() is None
    memory.save_issues(issues)
    assert issues == BuildCache(tmp_path, "v1").load_issues()
    memory.save_issues(())
    assert () == memory.load_issues()
    assert BuildCache(tmp_path, "v2").load_issues() is None


def test_names_are_remembered_by_every_version(tmp_path: Path) -> None:
    """Mail may go out after an upgrade and before the site is read again."""
    assert ({}, {}) == BuildCache(tmp_path, "v1").load_names()
    BuildCache(tmp_path, "v1").save_names({"cplusplus": "C++"}, {"ann": "Ann"})

    assert ({"cplusplus": "C++"}, {"ann": "Ann"}) == BuildCache(tmp_path, "v2").load_names()


def test_another_version_remembers_nothing(tmp_path: Path) -> None:
    """What another version of the program, or other settings, left is as good as not there."""
    memory = BuildCache(tmp_path, "v1")
    keep(memory, HELLO)
    memory.save_build(Path("public"), BUILD)

    assert {} == BuildCache(tmp_path, "v2").load_read_results()
    assert BuildCache(tmp_path, "v2").load_build(Path("public")) is None


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_a_spoilt_memory_is_no_memory(tmp_path: Path, cut: int) -> None:
    """A file that is not whole is passed over, without a word."""
    memory = BuildCache(tmp_path, "v1")
    memory.save_build(Path("public"), BUILD)
    (path,) = tmp_path.glob("build-*")
    path.write_bytes(path.read_bytes()[:cut])

    assert memory.load_build(Path("public")) is None


def test_a_spoilt_reading_is_no_reading(tmp_path: Path) -> None:
    """A row that is not whole is passed over, without a word; the others stay."""
    memory = BuildCache(tmp_path, "v1")
    keep(memory, HELLO, ReadResult("other.md", (), WHOLE))
    with closing(sqlite3.connect(tmp_path / "bodies.sqlite")) as store, store:
        store.execute("UPDATE reading SET data = ? WHERE path = ?", (b"spoilt", "hello.md"))

    assert ["other.md"] == list(memory.load_read_results())


def test_readings_go_with_their_bodies(tmp_path: Path) -> None:
    """A manuscript is of no use where its HTML is gone."""
    memory = BuildCache(tmp_path, "v1")
    keep(memory, HELLO)
    (tmp_path / "bodies.sqlite").unlink()

    assert {} == memory.load_read_results()


def test_readings_of_files_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    """Those of other files stay."""
    memory = BuildCache(tmp_path, "v1")
    keep(memory, HELLO, ReadResult("gone.md", (), WHOLE))
    with closing(memory.open_bodies()) as bodies:
        bodies.prune([HELLO], ["gone.md"])

    assert ["hello.md"] == list(memory.load_read_results())


def test_bodies_alone_may_be_added(tmp_path: Path) -> None:
    """Somebody who only looks needs the HTML, and leaves the readings as they are."""
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.add([body("a", "<p>a</p>")], keep=False)

    assert "<p>a</p>" == bodies("a")
    assert [] == list(bodies.load_read_results())

    bodies.close()


def test_a_closed_store_opens_itself_again(tmp_path: Path) -> None:
    """A living process keeps the store, and leaves its file alone between builds."""
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.close()
    bodies.add([body("a", "<p>a</p>")])
    bodies.close()

    assert "<p>a</p>" == bodies("a")

    bodies.close()


def test_a_build_that_is_remembered_leaves_a_mark(tmp_path: Path) -> None:
    """By it a living process sees that another has built in its place."""
    memory = BuildCache(tmp_path, "v1")
    before = memory.get_validity_stamp(Path("public"))
    memory.save_build(Path("public"), BUILD)
    after = memory.get_validity_stamp(Path("public"))

    assert (
        before
        != after
        == memory.get_validity_stamp(Path("public"))
        != memory.get_validity_stamp(Path("elsewhere"))
    )


def test_bodies_are_given_by_digest(tmp_path: Path) -> None:
    """The store gives the HTML that was last added for a digest."""
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.add([body("a", "<p>old</p>"), body("b", "<p>b</p>")])
    bodies.add([body("a", "<p>new</p>")])
    bodies.close()
    again = RenderCache(tmp_path / "bodies", "v1")

    assert ["<p>new</p>", "<p>b</p>"] == [again("a"), again("b")]

    again.close()


def test_a_broken_store_is_begun_anew(tmp_path: Path) -> None:
    """A store that is no database costs the time of rendering, and nothing else."""
    (tmp_path / "bodies").write_bytes(b"this is no database" * 1000)
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.add([body("a", "<p>a</p>")])

    assert "<p>a</p>" == bodies("a")

    bodies.close()


def test_bodies_are_given_to_children(tmp_path: Path) -> None:
    """A process that inherited the store reads the same."""
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.add([body("a", "<p>a</p>")])

    def work(_: int) -> str:
        return bodies("a")

    found = {
        html for each in map_parallel(range(10 * CHUNK_SIZE), work, 2) for _, html in each.results
    }
    bodies.close()

    assert {"<p>a</p>"} == found


def test_a_body_that_is_not_there_is_told(tmp_path: Path) -> None:
    """What was never added, or is gone with its table, cannot be relied on."""
    bodies = RenderCache(tmp_path / "bodies", "v1")

    with pytest.raises(CacheCorruptError, match="is damaged; delete it"):
        bodies("a")

    bodies._get_connection().execute("DROP TABLE body")

    with pytest.raises(CacheCorruptError, match="no such table"):
        bodies("a")

    bodies.close()


def test_bodies_nobody_wants_are_forgotten_in_time(tmp_path: Path) -> None:
    """The store does not grow for ever: once most of it is old, the old goes."""
    bodies = RenderCache(tmp_path / "bodies", "v1")
    bodies.add([body(str(number), "x") for number in range(1100)])
    wanted = ReadResult("1", (), made.manuscript(digest="1"))
    bodies.prune([wanted])
    count = "SELECT count(*) FROM body"

    assert (1,) == bodies._get_connection().execute(count).fetchone()

    bodies.add([body("2", "y")])
    bodies.prune([wanted])

    assert (2,) == bodies._get_connection().execute(count).fetchone()

    bodies.close()
