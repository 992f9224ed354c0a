"""The command `feedpub subscribers import`: import a CSV file, and ask about unclear columns."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli import output
from feedpub.cli.context import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, CommandContext
from feedpub.cli.output import escape, format_columns
from feedpub.models.newsletter import ACTIVE, SUBSCRIBER_STATES

if TYPE_CHECKING:
    from feedpub.models.content import Problem
    from feedpub.subscribers.csv_columns import Column
    from feedpub.subscribers.manage import ImportResult

_ALIKE = 5  # rows listed per error message
_COUNTED = ("added", "updated", "unchanged", "held")
_MEANINGS = {
    "email": "address",
    "consented_at": "date of consent",
    "subscribed": "subscribed: yes or no, or a date",
    "confirmed": "confirmed: yes or no, or a date",
    **{
        meaning: f"{state}: {what}"
        for state in SUBSCRIBER_STATES[2:]
        for meaning, what in (
            (state, "yes or no, or a date"),
            (f"trace of {state}", "a date, or a reason"),
        )
    },
    "field": "kept as a field",
    "labels": "kept as a field",
    "object": "kept as fields",
    "dropped": "left out",
}
"""Labels of the column meanings whose names are not self-explanatory."""


def import_csv(session: CommandContext) -> int:
    """Import a CSV file, or report what an import would do; ask if columns are unclear."""
    arguments = session.arguments
    strange = next((state for _, state in arguments.states if state not in SUBSCRIBER_STATES), None)
    if strange is not None:
        session.echo_error(
            f'--state: unknown state "{strange}"; use one of {", ".join(SUBSCRIBER_STATES)}'
        )
        return EXIT_USAGE
    result = _run_import(session, sure=arguments.yes)
    is_asking = bool(result.unclear_columns) and not (result.is_written or arguments.yes)
    refused = result.row_problems and not (result.is_written or arguments.skip_bad)
    session.terminal.clear_progress()
    if arguments.json:
        session.app.stdout.write(json.dumps(_import_as_object(result)) + "\n")
    else:
        session.echo(_format_import(result), always=True)
    _print_faults(session, result.row_problems)
    if is_asking:
        _print_doubts(session, result.unclear_columns)
        if not (refused or arguments.dry_run or arguments.json) and _confirm_import(
            session, result
        ):
            result = _run_import(session, sure=True)
            session.echo(_format_import(result), always=True)
            return EXIT_FAILURE if result.row_problems else EXIT_OK
    if refused:
        bad = output.pluralize(len(result.row_problems), "row")
        session.echo_error(f"{arguments.file}: nothing was imported: {bad} cannot be used")
        session.echo_hint("Next: fix the listed rows, or skip them with --skip-bad.")
    elif is_asking:
        session.echo_error(
            f"{arguments.file}: nothing was imported: explain these columns with --column "
            "and --state, or import anyway with --yes"
        )
    elif not result.is_written:
        session.echo_hint("Nothing was changed. Next: run it again without --dry-run.")
    return EXIT_FAILURE if result.row_problems or is_asking else EXIT_OK


def _run_import(session: CommandContext, *, sure: bool) -> "ImportResult":
    arguments = session.arguments
    return session.app.newsletter().import_subscribers(
        session.build_request(),
        Path(arguments.file),
        dry=arguments.dry_run,
        skip=arguments.skip_bad,
        sure=sure,
        columns=dict(arguments.columns),
        states=dict(arguments.states),
        encoding=arguments.encoding,
    )


def _import_as_object(result: "ImportResult") -> dict[str, object]:
    """Return the result of an import as a JSON object."""
    return {
        **{name: getattr(result.imported, name) for name in _COUNTED},
        "bad": len(result.row_problems),
        "imported": result.is_written,
        "states": dict(result.state_counts),
        "service": result.vendor,
        "columns": [
            {"column": column.label, "meaning": column.meaning, "doubt": column.unclear_reason}
            for column in result.columns
        ],
        "notes": result.notes,
        "problems": output.problems_to_dicts(result.row_problems),
    }


def _format_import(result: "ImportResult") -> Iterator[str]:
    """Yield what an import did, and how it interpreted the file."""
    numbers = ", ".join(f"{getattr(result.imported, name):,} {name}" for name in _COUNTED)
    bad = len(result.row_problems)
    yield f"{'Imported' if result.is_written else 'Would import'}: {numbers}, {bad:,} bad."
    if result.imported.held:
        yield "  held: unsubscribed, bounced, complained, suppressed or forgotten stays out"
    if result.state_counts:
        yield "  in the file: " + ", ".join(
            f"{number:,} {state}" for state, number in result.state_counts
        )
    if result.vendor:
        yield f"  exported by {result.vendor}"
    yield from (f"  {note}" for note in result.notes)
    if result.columns:
        yield "  columns:"
        rows = [
            (
                escape(column.label),
                "NOT RECOGNISED" if column.unclear_reason else _describe_meaning(column.meaning),
            )
            for column in result.columns
            if column.meaning != "own"
        ]
        yield from (f"  {line}" for line in format_columns(rows).split("\n"))


def _describe_meaning(meaning: str) -> str:
    """Return the label of a column's meaning."""
    return _MEANINGS.get(meaning, meaning.replace("_", " "))


def _print_faults(session: CommandContext, faults: Sequence["Problem"]) -> None:
    """Print the row errors: the first few with each message, and how many more there are."""
    alike: dict[str, list[Problem]] = {}
    for fault in faults:
        alike.setdefault(fault.message, []).append(fault)
    shown = [fault for each in alike.values() for fault in each[:_ALIKE]]
    output.print_problems(shown, session.terminal)
    for message, each in alike.items():
        if len(each) > _ALIKE:
            more = output.pluralize(len(each) - _ALIKE, "more row")
            session.echo_error(f"{each[0].path}: {more}, up to line {each[-1].line}: {message}")


def _print_doubts(session: CommandContext, doubts: Iterable["Column"]) -> None:
    for column in doubts:
        session.echo_error(
            f'{session.arguments.file}: the column "{column.label}" may say who must not be '
            f"mailed, but it is unclear how: {column.unclear_reason}"
        )


def _confirm_import(session: CommandContext, result: "ImportResult") -> bool:
    """Ask on a terminal whether to import the subscribers as active anyway."""
    if not session.terminal.is_interactive:
        return False
    keyboard = session.app.stdin()
    if not keyboard.isatty():
        return False
    number = output.pluralize(dict(result.state_counts)[ACTIVE], "subscriber")
    session.terminal.echo(f"Import {number} as active anyway? Type yes, or press Enter to stop.")
    return keyboard.readline().strip().lower() in (b"yes", b"y")
