"""`feedpub subscribers`, as people and scripts type it."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from commands import ANN, IMPORTED, NOW, Desk, bad, run

from feedpub.cli.output import measure_width
from feedpub.models.newsletter import (
    Consent,
    DeliveryStatus,
    SendResult,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.storage.imports import ImportCounts
from feedpub.subscribers.csv_columns import Column
from feedpub.subscribers.manage import ImportResult

LI = replace(
    ANN,
    id=2,
    address="li@例え.jp",
    name="李小龙\x1b",
    state="bounced",
    fields=(("city", "Zürich"),),
    language="zh",
    cadence="weekly",
    follows=SubscriptionFilter(everything=False, tags=("go", "vim"), authors=("bo",)),
    soft_bounces=2,
    changed=NOW + timedelta(days=1),
    consent=Consent(NOW, "form", "192.0.2.1"),
)


def test_add() -> None:
    """A reader is added with all that was typed of them."""
    desk = Desk()
    typed = (
        "subscribers add ann@example.org --name Ann --tag go --tag vim --author bo"
        " --cadence daily --language de --config c.yaml"
    )
    actual = run(typed, desk)

    assert (0, "", "") == (actual.status, actual.out, actual.err)
    assert [("add", "ann@example.org", "Ann", ("go", "vim"), ("bo",), "daily", "de")] == desk.asked
    assert (Path("c.yaml"), NOW) == (desk.requests[0].config_path, desk.requests[0].now)


def test_add_on_a_terminal() -> None:
    """People are told who was added, and what to do next; what is not typed has its default."""
    desk = Desk()
    actual = run("subscribers add ann@example.org", desk, screen=True)

    assert actual.out == "Added ann@example.org, who follows everything.\n"
    assert actual.err == "Next: `feedpub digest list` shows what they will get, and when.\n"
    assert [("add", "ann@example.org", "", (), (), "digest", "")] == desk.asked


def test_who_was_there_is_not_added_again() -> None:
    """It is told, and what they follow now."""
    before = replace(ANN, consent=Consent(NOW - timedelta(1), "form"), name="Ann")
    actual = run("subscribers add ann@example.org", Desk((before,)), screen=True)

    assert 0 == actual.status
    assert actual.out == "Ann <ann@example.org> was already subscribed, and follows everything.\n"


def test_who_left_is_not_added() -> None:
    """Somebody who left stays so, and that is said, with status 1."""
    actual = run("subscribers add a@b.org", Desk((replace(ANN, state="unsubscribed"),)))

    assert (1, "") == (actual.status, actual.out)
    assert actual.err == "ann@example.org: not added; it stays unsubscribed\n"


def test_list() -> None:
    """Readers are listed in columns that line up with wide characters, too."""
    actual = run("subscribers list", Desk((ANN, LI)))

    assert (0, "") == (actual.status, actual.err)
    assert actual.out == (
        "  ann@example.org  active   digest  everything\n"
        "  li@例え.jp       bounced  weekly  tags go, vim; authors bo  李小龙\\x1b\n"
    )


def test_list_of_many() -> None:
    """A long list is laid out in parts; columns never become narrower."""
    short = replace(ANN, address="a@b.org")
    desk = Desk((ANN, *[short] * 500, LI))
    actual = run("subscribers list --state active", desk, screen=True)
    lines = actual.out.splitlines()

    assert [("listed", "active")] == desk.asked
    assert {19} == {measure_width(line[: line.index("active")]) for line in lines[:-1]}
    assert actual.err == "502 active subscribers; `feedpub subscribers show` has details.\n"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("subscribers list", "No subscribers; use `feedpub"),
        ("subscribers list --state bounced", "No bounced subscribers; use `feedpub"),
    ],
)
def test_list_of_nobody(typed: str, expected: str) -> None:
    """Where there is nobody it is said how to begin."""
    actual = run(typed, Desk(()), screen=True)

    assert (0, "") == (actual.status, actual.out)
    assert actual.err.startswith(expected)


@pytest.mark.parametrize("readers", [(), (ANN,), (ANN, LI)])
def test_list_as_json(readers: tuple[Subscriber, ...]) -> None:
    """Scripts get one object with all readers."""
    actual = run("subscribers list --json", Desk(readers), screen=True)
    told = json.loads(actual.out)["subscribers"]

    assert (0, "") == (actual.status, actual.err)
    assert [each.id for each in readers] == [each["id"] for each in told]


def test_show() -> None:
    """All that is known of somebody is told."""
    desk = Desk((LI,))
    actual = run("subscribers show li@例え.jp", desk)

    assert [("found", "li@例え.jp")] == desk.asked
    assert actual.out == (
        "李小龙\\x1b <li@例え.jp>: bounced since 2025-01-31 09:00 UTC\n"
        "  follows   tags go, vim; authors bo\n"
        "  cadence   weekly\n"
        "  language  zh\n"
        "  agreed    2025-01-30 09:00 UTC, by form, from 192.0.2.1\n"
        "  bounced   2 times (soft)\n"
        "  city      Zürich\n"
    )


def test_show_what_is_not_known() -> None:
    """What is not known is not made up."""
    quiet = replace(ANN, follows=SubscriptionFilter(everything=False))
    actual = run("subscribers show ann@example.org", Desk((quiet,)))

    assert actual.out == (
        "ann@example.org: active\n"
        "  follows   nothing\n"
        "  cadence   digest\n"
        "  language  the site's\n"
        "  agreed    2025-01-30 09:00 UTC, by command\n"
    )


def test_show_as_json() -> None:
    """Scripts get every value."""
    actual = run("subscribers show li@例え.jp --json", Desk((LI,)))
    expected = {
        "id": 2,
        "address": "li@例え.jp",
        "name": "李小龙\x1b",
        "state": "bounced",
        "changed": "2025-01-31T09:00:00+00:00",
        "language": "zh",
        "cadence": "weekly",
        "follows": {"everything": False, "tags": ["go", "vim"], "authors": ["bo"]},
        "fields": {"city": "Zürich"},
        "soft_bounces": 2,
        "consent": {"at": "2025-01-30T09:00:00+00:00", "how": "form", "source": "192.0.2.1"},
        "last": None,
    }

    assert expected == json.loads(actual.out)


def test_show_what_became_of_the_last_mail() -> None:
    """With the words of the server; where it said nothing, only how it stands."""
    lost = DeliveryStatus(
        7, "weekly", "a@b.org", NOW, SendResult("failed", 550, "5.7.1", "not wanted", "mx")
    )
    desk = Desk(last=lost)
    told = json.loads(run("subscribers show a@b.org --json", desk).out)["last"]

    assert "  last mail  issue 7 of weekly, 2025-01-30 09:00 UTC: failed (mx: 550 5.7.1 not" in (
        run("subscribers show a@b.org", desk).out
    )
    assert {"issue": 7, "digest": "weekly", "state": "failed", "code": 550}.items() <= told.items()

    desk = Desk(last=replace(lost, result=SendResult("planned")))

    assert run("subscribers show a@b.org", desk).out.endswith("2025-01-30 09:00 UTC: planned\n")


def test_show_nobody() -> None:
    """Who is not there is told on standard error; scripts get an object all the same."""
    actual = run("subscribers show x@y.org --json", Desk(()))

    assert (1, "x@y.org: no such subscriber\n") == (actual.status, actual.err)
    assert ["problems"] == list(json.loads(actual.out))


def test_remove() -> None:
    """Somebody is taken off the list, and it is said what would keep them off."""
    desk = Desk()
    actual = run("subscribers remove a@b.org", desk, screen=True)

    assert [("remove", "a@b.org")] == desk.asked
    assert actual.out == "Removed a@b.org.\n"
    assert "`feedpub subscribers suppress` keeps them off" in actual.err


COLUMNS = (
    Column("E-Mail", {"email": 0}),
    Column("Ort", {"field": 0}),
    Column("Erlaubnis", {"field": 0}, unclear_reason='it holds "A", "B"'),
)
DOUBTED = ImportResult(
    IMPORTED.imported, (), state_counts=(("active", 3), ("bounced", 2)), columns=COLUMNS
)


def test_import() -> None:
    """A list is imported as it was typed."""
    desk = Desk()
    typed = (
        "subscribers import l.csv --column email=Adresse --column city= --skip-bad --yes "
        "--state gold=active --encoding cp1252"
    )
    actual = run(typed, desk)

    assert (0, "") == (actual.status, actual.err)
    columns, states = {"email": "Adresse", "city": ""}, {"gold": "active"}
    assert [("import", Path("l.csv"), False, True, True, columns, states, "cp1252")] == desk.asked


def test_import_tells_what_it_did() -> None:
    """How many, who is held and why, the states in the file, and what its columns hold."""
    desk = Desk(
        imported=ImportResult(
            ImportCounts(1_000, 2, 1, 4),
            (),
            state_counts=(("active", 1_005), ("unsubscribed", 2)),
            vendor="Brevo",
            columns=COLUMNS[:2],
            notes=("the file has no header",),
        )
    )
    actual = run("subscribers import l.csv", desk, screen=True)

    assert run("subscribers import l.csv", desk).out == actual.out
    first, *rest = actual.out.splitlines()
    assert "Imported: 1,000 added, 2 updated, 1 unchanged, 4 held, 0 bad." == first
    assert "stays out" in rest[0]
    assert [
        "  in the file: 1,005 active, 2 unsubscribed",
        "  exported by Brevo",
        "  the file has no header",
        "  columns:",
        "    E-Mail  address",
        "    Ort     kept as a field",
    ] == rest[1:]
    assert actual.err == "\rreading\r       \r"


def test_import_dry() -> None:
    """A dry run tells what would happen, in a pipe too, and what to do next."""
    desk = Desk()
    actual = run("subscribers import l.csv --dry-run", desk, screen=True)

    assert [("import", Path("l.csv"), True, False, False, {}, {}, "")] == desk.asked
    assert run("subscribers import l.csv --dry-run", desk).out == actual.out
    assert actual.out == "Would import: 3 added, 2 updated, 1 unchanged, 0 held, 0 bad.\n"
    assert actual.err.endswith("Nothing was changed. Next: run it again without --dry-run.\n")


@pytest.mark.parametrize("screen", [True, False])
def test_import_of_bad_rows(screen: bool) -> None:
    """Bad rows are told by line; nothing is imported, and it is said how it could be."""
    desk = Desk(imported=ImportResult(ImportCounts(3, 0, 0, 0), bad(9, 4)))
    actual = run("subscribers import list.csv", desk, screen=screen)
    lines = actual.err.rpartition("\r")[2].splitlines()

    assert 1 == actual.status
    assert actual.out.startswith("Would import: 3 added")
    assert lines[:3] == [
        'list.csv:4: "x" is no address [left out]',
        'list.csv:9: "x" is no address [left out]',
        "list.csv: nothing was imported: 2 rows cannot be used",
    ]
    assert screen == lines[-1].endswith("skip them with --skip-bad.")


def test_import_of_many_bad_rows() -> None:
    """Of those that have the same fault the first ones are listed, and it is said how many."""
    desk = Desk(imported=ImportResult(ImportCounts(0, 0, 0, 0), bad(*range(2, 2_000))))
    lines = run("subscribers import list.csv", desk).err.splitlines()

    assert 7 == len(lines)
    assert "list.csv: 1,993 more rows, up to line 1999: " in lines[5]


def test_import_without_bad_rows() -> None:
    """With --skip-bad the others are imported; the status says that some were bad."""
    desk = Desk(imported=ImportResult(ImportCounts(3, 0, 0, 0), bad(4)))
    actual = run("subscribers import list.csv --skip-bad", desk, screen=True)

    assert actual.status == 1
    assert actual.out == "Imported: 3 added, 0 updated, 0 unchanged, 0 held, 1 bad.\n"
    assert actual.err.endswith('list.csv:4: "x" is no address [left out]\n')


@pytest.mark.parametrize(
    ("screen", "keyboard", "options"),
    [
        (False, False, ""),
        (True, False, ""),
        (False, True, ""),
        (True, True, " --dry-run"),
        (True, True, " --json"),
    ],
)
def test_import_of_what_is_not_understood(screen: bool, keyboard: bool, options: str) -> None:
    """Where nobody can be asked, nothing is imported; it is said which column, and what to do."""
    desk = Desk(imported=DOUBTED)
    actual = run(
        f"subscribers import list.csv{options}",
        desk,
        screen=screen,
        keyboard=keyboard,
        answer=b"yes\n",
    )

    assert (1, 1) == (actual.status, len(desk.asked))
    assert "Erlaubnis" in actual.out
    assert 'list.csv: the column "Erlaubnis" may say' in actual.err
    assert 'it holds "A", "B"' in actual.err
    assert "nothing was imported" in actual.err
    assert "--yes" in actual.err


@pytest.mark.parametrize(("answer", "sure"), [(b"yes\n", True), (b"\n", False), (b"", False)])
def test_import_asks_before_anybody_becomes_active(answer: bytes, *, sure: bool) -> None:
    """Only a yes imports; Enter does not."""
    desk = Desk(imported=DOUBTED)
    actual = run("subscribers import list.csv", desk, screen=True, keyboard=True, answer=answer)

    assert [False, True][: 1 + sure] == [words[4] for words in desk.asked]
    assert "Import 3 subscribers as active anyway?" in actual.err
    assert (0 if sure else 1) == actual.status
    assert sure == ("\nImported: 3 added" in actual.out)
    assert sure != ("nothing was imported" in actual.err)


def test_import_by_somebody_who_is_sure() -> None:
    """Scripts say --yes; the column is told nevertheless."""
    desk = Desk(imported=DOUBTED)
    actual = run("subscribers import list.csv --yes", desk)

    assert (0, "") == (actual.status, actual.err)
    assert "NOT RECOGNISED" in actual.out


def test_import_with_a_state_that_is_none() -> None:
    """A state is one of ours."""
    actual = run("subscribers import list.csv --state gold=actve", Desk())

    assert 2 == actual.status
    assert 'unknown state "actve"; use one of pending, active' in actual.err


@pytest.mark.parametrize(
    ("typed", "expected"), [("", False), (" --dry-run", False), (" --skip-bad", True)]
)
def test_import_as_json(typed: str, expected: bool) -> None:
    """Scripts get the numbers, whether anything was written, and the bad rows."""
    result = ImportResult(
        ImportCounts(3, 2, 1, 5),
        bad(4),
        state_counts=(("bounced", 11),),
        columns=COLUMNS,
        vendor="Ghost",
    )
    told = json.loads(run(f"subscribers import list.csv --json{typed}", Desk(imported=result)).out)
    problems = told.pop("problems")

    assert told == {
        "added": 3,
        "updated": 2,
        "unchanged": 1,
        "held": 5,
        "bad": 1,
        "imported": expected,
        "states": {"bounced": 11},
        "service": "Ghost",
        "columns": [
            {"column": "E-Mail", "meaning": "email", "doubt": ""},
            {"column": "Ort", "meaning": "field", "doubt": ""},
            {"column": "Erlaubnis", "meaning": "field", "doubt": 'it holds "A", "B"'},
        ],
        "notes": [],
    }
    assert [4] == [each["line"] for each in problems]


CSV = "email,name\r\nann@example.org,人\r\n"


def test_export() -> None:
    """Without a file the readers are printed, and nothing else."""
    actual = run("subscribers export", Desk(), screen=True)

    assert (0, CSV, "") == (actual.status, actual.out, actual.err)


def test_export_to_a_file(tmp_path: Path) -> None:
    """A file takes the place of an older one, also behind a link, and only its owner reads it."""
    path, link = tmp_path / "readers.csv", tmp_path / "newest.csv"
    path.write_text("old", encoding="utf-8")
    link.symlink_to(path)
    actual = run(f"subscribers export {link}", Desk(), screen=True)

    assert actual.out == f"Exported all subscribers to {link}, which only you can read.\n"
    assert path.read_bytes().decode() == CSV
    assert path.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()


def test_export_that_fails(tmp_path: Path) -> None:
    """Half an export leaves the older one as it is, and nothing beside it."""
    path = tmp_path / "readers.csv"
    path.write_text("old", encoding="utf-8")
    actual = run(f"subscribers export {path}", Desk(()))

    assert (1, "the database is away\n") == (actual.status, actual.err)
    assert path.read_text(encoding="utf-8") == "old"
    assert [path] == list(tmp_path.iterdir())


def test_export_into_a_pipe(tmp_path: Path) -> None:
    """What is no file, such as /dev/stdout, is written to and not replaced."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        actual = run(f"subscribers export {path}", Desk())

        assert actual.status == 0
        assert os.read(reading, 1000).decode() == CSV
    finally:
        os.close(reading)

    assert path.is_fifo()


def test_export_to_nowhere(tmp_path: Path) -> None:
    """A folder that is not there is told."""
    actual = run(f"subscribers export {tmp_path}/no/readers.csv", Desk())

    assert actual.status == 1
    assert actual.err == f"{tmp_path}/no: no such folder; cannot write readers.csv\n"


def test_forget() -> None:
    """A person is deleted for good where --yes was typed."""
    desk = Desk()
    actual = run("subscribers forget a@b.org --yes", desk, screen=True)

    assert [("forget", "a@b.org")] == desk.asked
    assert actual.out.startswith("Forgot a@b.org: only a salted hash is left")
    assert actual.err == "Exports that you keep elsewhere still contain them.\n"


def test_forget_wants_yes() -> None:
    """What nobody can undo is not done by a slip of the fingers; nothing asks."""
    desk = Desk()
    actual = run("subscribers forget a@b.org", desk)

    assert (1, []) == (actual.status, desk.asked)
    assert actual.err == "a@b.org: nothing was deleted, as this cannot be undone; add --yes\n"


def test_suppress() -> None:
    """Somebody is mailed no more."""
    desk = Desk()
    actual = run("subscribers suppress a@b.org", desk, screen=True)

    assert [("suppress", "a@b.org")] == desk.asked
    assert actual.out == "Suppressed ann@example.org: never mailed again, whatever is imported.\n"


def test_stats() -> None:
    """Readers are counted by state; numbers line up."""
    actual = run("subscribers stats", Desk(counts=(("active", 1200), ("bounced", 3))), screen=True)

    assert actual.out == "1,203 subscribers\n  1,200  active\n      3  bounced\n"
    assert actual.err == ""


def test_stats_of_nobody() -> None:
    """Where there is nobody it is said how to begin."""
    actual = run("subscribers stats", Desk(), screen=True)

    assert actual.out == "0 subscribers\n"
    assert actual.err.startswith("Next: `feedpub subscribers add`")


def test_stats_as_json() -> None:
    """Scripts get the numbers."""
    actual = run("subscribers stats --json", Desk(counts=(("active", 12), ("bounced", 3))))

    assert {"total": 15, "active": 12, "bounced": 3} == json.loads(actual.out)
