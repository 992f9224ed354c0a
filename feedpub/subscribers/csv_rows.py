"""Turn a row of a table from any service into a Subscriber.

`parse_foreign_row` is the entry point; `csv_import.parse_rows` calls it.
"""

import csv
import json
import re
from collections.abc import Sequence
from datetime import datetime

from feedpub.models.address import InvalidValueError, normalize_address, parse_address, quote_value
from feedpub.models.newsletter import (
    ACTIVE,
    CADENCES,
    SUBSCRIBER_STATES,
    Consent,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.subscribers import csv_vendors
from feedpub.subscribers.csv_columns import TableLayout
from feedpub.subscribers.csv_export import CHOSEN, EVERYTHING
from feedpub.subscribers.csv_survey import has_value, parse_time

Pairs = tuple[tuple[str, str], ...]

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")  # the shape of a BCP 47 tag
_BETWEEN = re.compile(r"[\s,;|]+")
# Characters that some databases reject, or that must not appear in mail.
_FORBIDDEN_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_EVERYTHING = SubscriptionFilter()
_GRAVEST_FIRST = (*csv_vendors.INACTIVE_STATES, "pending", ACTIVE)


def parse_foreign_row(cells: Sequence[str], layout: TableLayout, now: datetime) -> Subscriber:
    """Return the subscriber in a row; raise InvalidValueError if it cannot be understood.

    `now` is recorded as the time of consent if the table has none.
    """
    called, address = parse_address(cells[layout.column_indexes[csv_vendors.EMAIL][0]])
    normalize_address(address)
    state, changed = _state(cells, layout)
    at, unread = _read_consent(cells, layout, now)
    language, strange = _language(cells, layout)
    cadences = layout.column_indexes[csv_vendors.CADENCE]
    name, parts = _name(cells, layout)
    return Subscriber(
        id=0,
        address=address,
        consent=Consent(at or now, "import", layout.source),
        name=name or _text([called], (0,)),
        fields=(*_fields(cells, layout, parts), *unread, *strange),
        state=state,
        language=language,
        follows=_read_filter(cells, layout),
        cadence=parse_cadence(cells[cadences[0]]) if cadences else "digest",
        changed=changed,
    )


def parse_cadence(text: str) -> str:
    """Return a cadence; blank means "digest". Raises InvalidValueError if unknown."""
    word = text.strip().casefold() or "digest"
    if word not in CADENCES:
        raise InvalidValueError(
            f"unknown cadence {quote_value(text)}; use one of {', '.join(CADENCES)}"
        )
    return word


def parse_filter(follows: str, tags: Sequence[str], authors: Sequence[str]) -> SubscriptionFilter:
    """Return a filter; a blank `follows` means the given tags and authors, or else everything."""
    word = follows.strip().casefold() or (CHOSEN if tags or authors else EVERYTHING)
    if word not in (EVERYTHING, CHOSEN):
        raise InvalidValueError(
            f'{quote_value(follows)} is neither "{EVERYTHING}" nor "{CHOSEN}"; use one of these'
        )
    return SubscriptionFilter(word == EVERYTHING, tuple(tags), tuple(authors))


def _read_filter(cells: Sequence[str], layout: TableLayout) -> SubscriptionFilter:
    where = layout.column_indexes
    columns = (
        where.get(csv_vendors.FOLLOWED_TAGS, ())[:1],
        where.get(csv_vendors.FOLLOWED_AUTHORS, ())[:1],
    )
    if not (where[csv_vendors.FOLLOWS] or any(columns)):
        return _EVERYTHING
    said = "".join([cells[index] for index in where[csv_vendors.FOLLOWS]])
    tags, authors = (
        sorted({slug for index in each for slug in _BETWEEN.split(cells[index].lower()) if slug})
        for each in columns
    )
    return parse_filter(said, tags, authors)


def _name(cells: Sequence[str], layout: TableLayout) -> tuple[str, tuple[int, ...]]:
    """Return the name, and the indexes of name columns that are not part of it.

    A last name is appended to a name that does not end with it ("Name", "Last name"); a first name
    is put before one that does not contain it ("Vorname", "Name").
    """
    where = layout.column_indexes
    whole, first, last = (
        where.get(each, ())[:1]
        for each in (csv_vendors.NAME, csv_vendors.FIRST_NAME, csv_vendors.LAST_NAME)
    )
    said = _text(cells, whole)
    parts = (_text(cells, first), _text(cells, last))
    if not said:
        return " ".join(filter(None, parts)), ()
    if first and last:
        return said, (*first, *last)
    words = f" {said.casefold()} "
    if last and parts[1] and not words.endswith(f" {parts[1].casefold()} "):
        return f"{said} {parts[1]}", ()
    if first and parts[0] and f" {parts[0].casefold()} " not in words:
        return f"{parts[0]} {said}", ()
    return said, (*first, *last)


def _text(cells: Sequence[str], columns: Sequence[int]) -> str:
    return " ".join(" ".join([_clean(cells[index]) for index in columns]).split())


def _state(cells: Sequence[str], layout: TableLayout) -> tuple[str, datetime | None]:
    """Return the state and when it began; of several, the most severe.

    A past departure is overridden by the word that the subscriber is active now; an affirmative
    answer to a question such as "unsubscribed?" is not.
    """
    said = set(_read_states(cells, layout)) | set(_read_booleans(cells, layout))
    past: dict[str, str] = {}  # states with a date or a reason, perhaps past ones
    for state in csv_vendors.INACTIVE_STATES:
        for index in layout.column_indexes.get(state, ()):
            cell = cells[index].strip()
            answer = csv_vendors.parse_boolean(cell)
            if answer or (answer is None and _is_state_word(cell, index, layout)):
                said.add(state)
            if answer is None and has_value(cell):
                past.setdefault(state, cell)
        for index in layout.column_indexes.get(f"{csv_vendors.TRACE_PREFIX}{state}", ()):
            if has_value(cells[index]):
                past.setdefault(state, cells[index])
    if ACTIVE not in _read_states(cells, layout):
        said |= past.keys()
    found = next((each for each in _GRAVEST_FIRST if each in said), layout.default_state)
    if not said and layout.blank_state and _is_blank(cells, layout):
        found = layout.blank_state
    began = past.get(found)
    return found, _time(began, layout) if began and found in said else None


def _read_states(cells: Sequence[str], layout: TableLayout) -> list[str]:
    """Return the states given as words; raise InvalidValueError for an unknown word."""
    said = []
    for index in layout.column_indexes.get(csv_vendors.STATE, ()):
        word = cells[index].strip()
        if word.casefold() not in csv_vendors.NULL_VALUES:
            state = layout.state_words.get(csv_vendors.normalize_label(word))
            if state is None:
                raise InvalidValueError(
                    f"unknown state {quote_value(word)}; map it to one of "
                    f"{', '.join(SUBSCRIBER_STATES)}, as in --state "
                    f"{quote_value(f'{word}=active')}, or ignore the column: "
                    '--column "state="'
                )
            said.append(state)
    return said


def _read_booleans(cells: Sequence[str], layout: TableLayout) -> list[str]:
    """Return the states given as yes or no; blank means no if nothing else gives a state."""
    said = []
    for meaning, no in (
        (csv_vendors.SUBSCRIBED, "unsubscribed"),
        (csv_vendors.CONFIRMED, "pending"),
    ):
        for index in layout.column_indexes.get(meaning, ()):
            cell = cells[index].strip()
            answer = csv_vendors.parse_boolean(cell)
            if not cell:
                if not (_has_word(cells, layout) or index in layout.blank_columns):
                    said.append(no)
            elif answer is False or (answer is None and not has_value(cell)):
                said.append(no)
            elif answer is None and _time(cell, layout) is None and not cell[:1].isdigit():
                state = layout.state_words.get(csv_vendors.normalize_label(cell))
                if state is None:
                    raise InvalidValueError(
                        f"{quote_value(cell)} does not say whether mail is wanted; write true or "
                        f"false, or say what it means: --state {quote_value(f'{cell}=active')}"
                    )
                said.append(state)
            elif meaning == csv_vendors.SUBSCRIBED:
                said.append(ACTIVE)
    return said


def _is_state_word(cell: str, index: int, layout: TableLayout) -> bool:
    """Return whether a cell is more than the date on which a state began."""
    return has_value(cell) and (not cell[:1].isdigit() or layout.columns[index].is_explicit)


def _has_word(cells: Sequence[str], layout: TableLayout) -> bool:
    columns = layout.column_indexes.get(csv_vendors.STATE, ())
    return any(cells[index].strip().casefold() not in csv_vendors.NULL_VALUES for index in columns)


def _is_blank(cells: Sequence[str], layout: TableLayout) -> bool:
    return not _has_word(cells, layout)


def _time(text: str, layout: TableLayout) -> datetime | None:
    return parse_time(text, day_first=layout.day_first)


def _read_consent(
    cells: Sequence[str], layout: TableLayout, now: datetime
) -> tuple[datetime | None, Pairs]:
    """Return the time of consent, and cells about it that are not understood."""
    unread: Pairs = ()
    for index in layout.column_indexes.get(csv_vendors.CONSENTED_AT, ()):
        cell = cells[index]
        if not has_value(cell):
            continue
        at = _time(cell, layout)
        if at is not None and at <= now:
            return at, unread
        column = layout.columns[index]
        if column.is_explicit:
            raise InvalidValueError(
                f"invalid time {quote_value(cell)}; write it like 2024-05-31T18:00:00Z"
            )
        if csv_vendors.parse_boolean(cell) is None:
            unread = (*unread, (column.label, _clean(cell)))
    return None, unread


def _language(cells: Sequence[str], layout: TableLayout) -> tuple[str, Pairs]:
    """Return the language, or the cell as a custom field if it is not a language tag."""
    for index in layout.column_indexes[csv_vendors.LANGUAGE]:
        cell = _clean(cells[index])
        if not cell or _LANGUAGE.fullmatch(cell):
            return cell.replace("_", "-"), ()
        if layout.columns[index].is_explicit:
            raise InvalidValueError(
                f"invalid language {quote_value(cell)}; use a code such as en or zh-Hans"
            )
        return "", (("language", cell),)
    return "", ()


def _fields(cells: Sequence[str], layout: TableLayout, parts: Sequence[int]) -> Pairs:
    """Return the custom fields, including the name parts in the given columns."""
    where, columns = layout.column_indexes, layout.columns
    texts = sorted({*where[csv_vendors.CUSTOM_FIELD], *parts, *layout.reason_columns})
    fields = [(columns[index].label, _clean(cells[index])) for index in texts if cells[index]]
    labels = where.get(csv_vendors.LABELS, ())
    fields += [(columns[index].label, _labels(cells[index])) for index in labels if cells[index]]
    for index in where.get(csv_vendors.JSON_OBJECT, ()):
        fields += _object(columns[index].label, cells[index]) if cells[index] else ()
    return tuple(each for each in fields if each[1])


def _labels(cell: str) -> str:
    """Return a list of labels without the quotation marks around each: `"Editors","Friends"`."""
    if '"' not in cell:
        return _clean(cell)
    words = next(csv.reader([" ".join(cell.splitlines())], skipinitialspace=True), [])
    return ", ".join(filter(None, map(_clean, words)))


def _object(label: str, cell: str) -> Pairs:
    """Return the names and values of a JSON object; anything else is kept as one value."""
    try:
        read = json.loads(cell)
    except (ValueError, RecursionError):
        return ((label, _clean(cell)),)
    if not isinstance(read, dict):
        return ((label, _clean(cell)),)
    return tuple((_clean(name), _clean(_format_json_value(value))) for name, value in read.items())


def _format_json_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clean(text: str) -> str:
    return text.strip() if text.isprintable() else _FORBIDDEN_CHARACTERS.sub("", text).strip()
