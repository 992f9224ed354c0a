"""`feedpub subscribers import`: what an import did or would do, and what it has to ask first."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli import report
from feedpub.cli.terminal import columns, safe
from feedpub.cli.world import DONE, NOT_DONE, NOT_UNDERSTOOD, Session
from feedpub.mailing import ACTIVE, STATES

if TYPE_CHECKING:
    from feedpub.model import Problem
    from feedpub.newsletter import Import
    from feedpub.roster import Column

_ALIKE = 5  # rows with the same fault that are listed one by one
_COUNTED = ("added", "updated", "unchanged", "held")
_MEANT = {
    "email": "address",
    "consented_at": "date of consent",
    "subscribed": "subscribed: yes or no, or since when",
    "confirmed": "confirmed: yes or no, or since when",
    **{
        meaning: f"{state}: {what}"
        for state in STATES[2:]
        for meaning, what in (
            (state, "yes or no, or since when"),
            (f"trace of {state}", "since when, or why"),
        )
    },
    "field": "kept as a field",
    "labels": "kept as a field",
    "object": "kept as fields",
    "dropped": "left out",
}
"""What the meanings of columns are called that are not called what they are."""


def import_list(session: Session) -> int:
    """Import a list of readers, or tell what an import would do, and ask where that is unclear."""
    arguments = session.arguments
    strange = next((state for _, state in arguments.states if state not in STATES), None)
    if strange is not None:
        session.warn(f'--state: "{strange}" is no state; there are: {", ".join(STATES)}')
        return NOT_UNDERSTOOD
    result = _imported(session, sure=arguments.yes)
    is_asking = bool(result.doubts) and not (result.is_written or arguments.yes)
    refused = result.faults and not (result.is_written or arguments.skip_bad)
    session.terminal.clear()
    if arguments.json:
        session.world.stdout.write(json.dumps(_import_as_object(result)) + "\n")
    else:
        session.tell(_import_told(result), always=True)
    _tell_faults(session, result.faults)
    if is_asking:
        _tell_doubts(session, result.doubts)
        if not (refused or arguments.dry_run or arguments.json) and _agrees(session, result):
            result = _imported(session, sure=True)
            session.tell(_import_told(result), always=True)
            return NOT_DONE if result.faults else DONE
    if refused:
        bad = report.counted(len(result.faults), "row")
        session.warn(f"{arguments.file}: nothing was imported: {bad} cannot be used")
        session.advise("Next: mend the rows listed, or leave them out with --skip-bad.")
    elif is_asking:
        session.warn(
            f"{arguments.file}: nothing was imported: say what these columns are with --column "
            "and --state, or import anyway with --yes"
        )
    elif not result.is_written:
        session.advise("Nothing was changed. Next: the same without --dry-run.")
    return NOT_DONE if result.faults or is_asking else DONE


def _imported(session: Session, *, sure: bool) -> "Import":
    arguments = session.arguments
    return session.world.newsletter().import_(
        session.request(),
        Path(arguments.file),
        dry=arguments.dry_run,
        skip=arguments.skip_bad,
        sure=sure,
        columns=dict(arguments.columns),
        states=dict(arguments.states),
        encoding=arguments.encoding,
    )


def _import_as_object(result: "Import") -> dict[str, object]:
    """Return what an import did as JSON knows it."""
    return {
        **{name: getattr(result.imported, name) for name in _COUNTED},
        "bad": len(result.faults),
        "imported": result.is_written,
        "states": dict(result.states),
        "service": result.service,
        "columns": [
            {"column": column.label, "meaning": column.meaning, "doubt": column.doubt}
            for column in result.columns
        ],
        "notes": result.notes,
        "problems": report.as_objects(result.faults),
    }


def _import_told(result: "Import") -> Iterator[str]:
    """Tell what an import did, and how it understood the file."""
    numbers = ", ".join(f"{getattr(result.imported, name):,} {name}" for name in _COUNTED)
    bad = len(result.faults)
    yield f"{'Imported' if result.is_written else 'Would be'}: {numbers}, {bad:,} bad."
    if result.imported.held:
        yield "  held: who left, bounced, complained, was suppressed or forgotten stays out"
    if result.states:
        yield "  in the file: " + ", ".join(
            f"{number:,} {state}" for state, number in result.states
        )
    if result.service:
        yield f"  it is an export of {result.service}"
    yield from (f"  {note}" for note in result.notes)
    if result.columns:
        yield "  its columns:"
        rows = [
            (safe(column.label), "NOT UNDERSTOOD" if column.doubt else _meant(column.meaning))
            for column in result.columns
            if column.meaning != "own"
        ]
        yield from (f"  {line}" for line in columns(rows).split("\n"))


def _meant(meaning: str) -> str:
    """Tell what a column is taken for."""
    return _MEANT.get(meaning, meaning.replace("_", " "))


def _tell_faults(session: Session, faults: Sequence["Problem"]) -> None:
    """Tell what is wrong with rows; of those with the same fault the first ones, and how many."""
    alike: dict[str, list[Problem]] = {}
    for fault in faults:
        alike.setdefault(fault.message, []).append(fault)
    shown = [fault for each in alike.values() for fault in each[:_ALIKE]]
    report.tell(shown, session.terminal)
    for message, each in alike.items():
        if len(each) > _ALIKE:
            more = report.counted(len(each) - _ALIKE, "more row")
            session.warn(f"{each[0].path}: {more}, to line {each[-1].line}: {message}")


def _tell_doubts(session: Session, doubts: Iterable["Column"]) -> None:
    for column in doubts:
        session.warn(
            f'{session.arguments.file}: the column "{column.label}" may tell who is not to be '
            f"mailed, and nobody knows how: {column.doubt}"
        )


def _agrees(session: Session, result: "Import") -> bool:
    """Ask, where somebody sits, whether readers become active nevertheless."""
    if not session.terminal.interactive:
        return False
    keyboard = session.world.stdin()
    if not keyboard.isatty():
        return False
    readers = report.counted(dict(result.states)[ACTIVE], "reader")
    session.terminal.say(f"Import {readers} as active nevertheless? Type yes, or Enter to stop.")
    return keyboard.readline().strip().lower() in (b"yes", b"y")
