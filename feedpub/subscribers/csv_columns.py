"""Find out what each column of a CSV table holds, by its name, its cells or what the user says.

`build_layout` is the entry point; `csv_import.detect_layout` calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from feedpub.models.address import InvalidValueError, quote_value
from feedpub.models.newsletter import ACTIVE, SUBSCRIBER_STATES
from feedpub.subscribers import csv_vendors
from feedpub.subscribers.csv_export import HEADER
from feedpub.subscribers.csv_survey import ColumnStats, parse_time

_SINGLE = (csv_vendors.EMAIL, csv_vendors.LANGUAGE, csv_vendors.CADENCE, csv_vendors.FOLLOWS)
_TIMES = (
    csv_vendors.CONSENTED_AT,
    csv_vendors.SUBSCRIBED,
    csv_vendors.CONFIRMED,
    *csv_vendors.INACTIVE_STATES,
)
_BOOLEAN_MEANINGS = (csv_vendors.SUBSCRIBED, csv_vendors.CONFIRMED)
# Assigning one of these replaces every guess of the meanings on the right.
_REPLACED_MEANINGS = {
    csv_vendors.NAME: (csv_vendors.NAME, csv_vendors.FIRST_NAME, csv_vendors.LAST_NAME)
}
_STATES = (
    *(
        csv_vendors.STATE,
        csv_vendors.SUBSCRIBED,
        csv_vendors.CONFIRMED,
        *csv_vendors.INACTIVE_STATES,
    ),
    *(f"{csv_vendors.TRACE_PREFIX}{state}" for state in csv_vendors.INACTIVE_STATES),
)
_NEGATIONS = frozenset(
    [
        "no",
        "non",
        "not",
        "without",
        "except",
        "minus",
        "ohne",
        "sans",
        "sin",
        "removed",
        "clean",
        "excluding",
    ]
)
# Mailchimp exports one file per state; two of them are recognised by a special column.
_WHOLE_FILES = {"unsub time": "unsubscribed", "clean time": "bounced"}
_LONGEST_NAME = 200  # characters of a column name that are examined
_SHOWN = 3  # examples of the cells of a column


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its meanings."""

    label: str  # its name in the file, or the one the user gives
    meanings: Mapping[str, int]  # with the rank of the name for each (0: best)
    is_explicit: bool = False  # assigned by the user: unreadable values are errors
    unclear_reason: str = ""  # why it might be about consent, although not understood

    @property
    def meaning(self) -> str:
        """The main meaning."""
        return next(iter(self.meanings))


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How to read a table."""

    source: str
    vendor: str  # service that exported it, "" if unknown
    columns: tuple[Column, ...]
    delimiter: str
    skipped_lines: int  # lines before the header or first row
    has_header: bool
    state_words: Mapping[str, str]  # state by normalised word
    day_first: bool | None  # order of numeric dates, None if unknown
    default_state: str = ACTIVE  # for rows that do not mention a state
    blank_state: str = ""  # for a blank state cell, "" for the default
    # Index of each column in HEADER, or -1; () if feedpub did not write the table.
    native_columns: tuple[int, ...] = ()
    blank_columns: frozenset[int] = frozenset()  # yes/no columns whose blanks mean nothing
    reason_columns: tuple[int, ...] = ()  # columns with reasons for leaving
    notes: tuple[str, ...] = ()  # findings that do not follow from column names
    # By meaning, best first.
    column_indexes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def unclear_columns(self) -> tuple[Column, ...]:
        """Columns that look like consent or opt-outs but are not understood."""
        return tuple(column for column in self.columns if column.unclear_reason)


@dataclass(frozen=True, slots=True)
class TableSample:
    """The header and column statistics of a table."""

    source: str
    header: Sequence[str]  # () if it has none
    delimiter: str
    skipped_lines: int
    column_stats: tuple[ColumnStats, ...]


def build_layout(
    sheet: TableSample, mapping: Mapping[str, str], states: Mapping[str, str]
) -> TableLayout:
    """Return how to read the columns of a table.

    `mapping` assigns columns explicitly, as in `{"email": "Adresse", "city": "Ort"}`: from one of
    `csv_vendors.MAPPABLE`, or the name of a custom field, to a column, or to "" if no column has
    that meaning. `states` defines words for states, as in `{"gold": "active"}`. Raises
    InvalidValueError if no column holds addresses, or if a named column does not exist.
    """
    header = sheet.header or [
        f"column {number}" for number in range(1, len(sheet.column_stats) + 1)
    ]
    names = tuple(csv_vendors.normalize_label(name[:_LONGEST_NAME]) for name in header)
    service = csv_vendors.detect_vendor(frozenset(names))
    said = _apply_mapping(header, names, mapping)
    own = {csv_vendors.normalize_label(word): state for word, state in states.items()}
    words = _words(service, own, sheet.column_stats, names)
    silenced = _find_excluded_meanings(mapping)
    found: list[Column] = []
    for index, name in enumerate(header):
        if index in said:
            meaning, label = said[index]
            found.append(Column(label, {meaning: -1}, is_explicit=True))
            continue
        guessed = _guess(names[index], sheet.column_stats[index], service, words)
        if (
            not guessed
            and csv_vendors.is_consent_column(names[index])
            and sheet.column_stats[index].count_known(own)
        ):
            guessed = {csv_vendors.STATE: 1_000}
        meanings = {each: rank for each, rank in guessed.items() if each not in silenced}
        muted = len(meanings) < len(guessed) and not meanings
        column = Column(name.strip(), meanings or {csv_vendors.CUSTOM_FIELD: 0})
        found.append(
            column if muted else _flag_unclear(column, names[index], sheet.column_stats[index])
        )
    notes: list[str] = []
    if not sheet.header:
        notes.append("the file has no header: columns are identified by their contents")
        found = _guess_without_header(found, sheet.column_stats, words)
    _find_addresses(found, sheet, notes)
    layout = TableLayout(
        source=sheet.source,
        vendor=service.name,
        columns=tuple(found),
        delimiter=sheet.delimiter,
        skipped_lines=sheet.skipped_lines,
        has_header=bool(sheet.header),
        state_words=words,
        day_first=_detect_date_order(
            [sheet.column_stats[at] for at, each in enumerate(found) if _may_be_time(each)],
            service.day_first,
        ),
        native_columns=_find_native_columns(names) if service is csv_vendors.FEEDPUB else (),
    )
    return _with_states(layout, names, sheet.column_stats, notes)


def _guess(
    name: str, cells: ColumnStats, service: csv_vendors.VendorFormat, words: Mapping[str, str]
) -> dict[str, int]:
    """Return the meanings of a column by its name and, if that is ambiguous, by its cells."""
    if service is csv_vendors.FEEDPUB and name in map(csv_vendors.normalize_label, HEADER):
        return {csv_vendors.EMAIL: 0} if name == csv_vendors.EMAIL else {csv_vendors.NATIVE: 0}
    either = csv_vendors.find_possible_meanings(name)
    known = csv_vendors.find_meanings(name)
    if csv_vendors.STATE in known and cells.filled and not cells.count_known(words):
        del known[csv_vendors.STATE]
    elif (
        csv_vendors.STATE in either
        and csv_vendors.STATE not in known
        and _holds_states(cells, words)
    ):
        known[csv_vendors.STATE] = 1_000
    if csv_vendors.CONSENTED_AT in either and cells.holds_dates:
        known[csv_vendors.CONSENTED_AT] = 1_000
    is_switch = any(each in known for each in _BOOLEAN_MEANINGS)
    if is_switch and cells.filled and not (cells.dates or _holds_booleans(cells, words)):
        known = {}
    if not known and service.ignored_columns.fullmatch(name):
        return {csv_vendors.IGNORED: 0}
    return known


def _holds_states(cells: ColumnStats, words: Mapping[str, str]) -> bool:
    """Return whether a column with an ambiguous name holds states."""
    clear = {word: state for word, state in words.items() if word not in csv_vendors.BOOLEAN_WORDS}
    return cells.holds_only(clear) or bool(cells.inactive_words)


def _holds_booleans(cells: ColumnStats, words: Mapping[str, str]) -> bool:
    return any(csv_vendors.parse_boolean(word) is not None for word in cells.words) or bool(
        cells.count_known(words)
    )


def _flag_unclear(column: Column, name: str, cells: ColumnStats) -> Column:
    """Return a column, with the reason if the user should check it."""
    kept = (csv_vendors.CUSTOM_FIELD, csv_vendors.IGNORED, csv_vendors.LABELS)
    if not cells.filled or column.meaning not in kept:
        return column
    if cells.inactive_words:
        doubt = f"it holds {_format_list(cells.inactive_words[:_SHOWN])}"
    elif column.meaning != csv_vendors.LABELS and csv_vendors.is_consent_column(name):
        shown = _format_list([word for word, _ in cells.words.most_common(_SHOWN)])
        doubt = f"its name suggests so, and it holds {shown}"
    else:
        return column
    return replace(column, unclear_reason=doubt)


def _guess_without_header(
    found: list[Column], cells: Sequence[ColumnStats], words: Mapping[str, str]
) -> list[Column]:
    """Return the columns of a table without a header."""
    columns = list(found)
    texts = []
    for index, seen in enumerate(cells):
        if columns[index].is_explicit or not seen.filled:
            continue
        if seen.inactive_words or _holds_states(seen, words):
            columns[index] = Column(columns[index].label, {csv_vendors.STATE: 0})
        elif seen.holds_only(dict.fromkeys(csv_vendors.BOOLEAN_WORDS, "")):
            shown = _format_list([word for word, _ in seen.words.most_common(_SHOWN)])
            columns[index] = Column(
                columns[index].label,
                {csv_vendors.CUSTOM_FIELD: 0},
                unclear_reason=f"it holds only {shown}",
            )
        elif not (seen.holds_addresses or seen.dates or any(map(str.isdigit, seen.words))):
            texts.append(index)
    if len(texts) == 1 and not any(csv_vendors.NAME in each.meanings for each in columns):
        columns[texts[0]] = Column(columns[texts[0]].label, {csv_vendors.NAME: 0})
    return columns


def _find_addresses(columns: list[Column], sheet: TableSample, notes: list[str]) -> None:
    """Find a column of addresses by its cells if no name gave one. Raises InvalidValueError."""
    if any(csv_vendors.EMAIL in each.meanings for each in columns):
        return
    held = [index for index, cells in enumerate(sheet.column_stats) if cells.holds_addresses]
    if len(held) != 1 or columns[held[0]].is_explicit:
        raise InvalidValueError(
            _describe_missing_addresses([each.label for each in columns], len(held))
        )
    label = columns[held[0]].label
    columns[held[0]] = Column(label, {csv_vendors.EMAIL: 0})
    if sheet.header:
        notes.append(f"{quote_value(label)} is the only column that holds e-mail addresses")


def _with_states(
    layout: TableLayout, names: Sequence[str], cells: Sequence[ColumnStats], notes: list[str]
) -> TableLayout:
    """Add the column indexes, and the states for rows that do not mention one."""
    where: dict[str, list[tuple[int, int]]] = {}
    for index, column in enumerate(layout.columns):
        for meaning, rank in column.meanings.items():
            where.setdefault(meaning, []).append((rank, index))
    ranked = {meaning: tuple(index for _, index in sorted(at)) for meaning, at in where.items()}
    # A second column of addresses or languages is a custom field.
    for meaning in _SINGLE:
        spare = ranked.get(meaning, ())[1:]
        ranked[meaning] = ranked.get(meaning, ())[:1]
        ranked[csv_vendors.CUSTOM_FIELD] = tuple(
            sorted((*ranked.get(csv_vendors.CUSTOM_FIELD, ()), *spare))
        )
    for index in ranked.get(csv_vendors.CONSENTED_AT, ()):
        date = _find_ambiguous_date(cells[index]) if layout.day_first is None else ""
        if date:
            notes.append(
                f"{quote_value(layout.columns[index].label)} has dates such as "
                f"{quote_value(date)}: day and "
                "month are ambiguous, so they become a custom field and consent is dated now"
            )
    if layout.native_columns:
        ranked[csv_vendors.CUSTOM_FIELD] = tuple(
            set(range(len(names))) - set(layout.native_columns)
        )
    silent = frozenset(at for at in ranked.get(csv_vendors.CONFIRMED, ()) if not cells[at].filled)
    reasons = tuple(at for at, name in enumerate(names) if _is_reason(name, layout.columns[at]))
    default, blank = _default(layout, names), ""
    if default != ACTIVE:
        notes.append(f"rows without a state count as {default}, as the file as a whole implies")
    elif any(
        state == ACTIVE
        for index in ranked.get(csv_vendors.STATE, ())
        for word in cells[index].words
        if (state := layout.state_words.get(csv_vendors.normalize_label(word)))
    ):
        blank = "pending"  # the column marks active subscribers, and this row is unmarked
    return replace(
        layout,
        column_indexes=ranked,
        blank_columns=silent,
        reason_columns=reasons,
        default_state=default,
        blank_state=blank,
        notes=tuple(notes),
    )


def _default(layout: TableLayout, names: Sequence[str]) -> str:
    """Return the state of rows that do not mention one, implied by the file as a whole."""
    file = layout.source.rpartition("/")[2].rpartition(".")[0]
    tokens = csv_vendors.normalize_label(file).split()
    if layout.vendor == "Mailchimp" and tokens[:1] == ["cleaned"]:
        return "bounced"
    if not _NEGATIONS.intersection(tokens):
        for token in tokens:
            word = token if token in layout.state_words else token.removesuffix("s")
            state = layout.state_words.get(word, ACTIVE)
            if word in csv_vendors.INACTIVE_WORDS - {"cleaned", "left"} and state != ACTIVE:
                return state
    if "last changed" in names:
        return ACTIVE
    return next((state for name, state in _WHOLE_FILES.items() if name in names), ACTIVE)


def _words(
    service: csv_vendors.VendorFormat,
    states: Mapping[str, str],
    cells: Sequence[ColumnStats],
    names: Sequence[str],
) -> Mapping[str, str]:
    """Return the words for states; without numbers if others than 0 and 1 occur."""
    for state in states.values():
        if state not in SUBSCRIBER_STATES:
            raise InvalidValueError(
                f"unknown state {quote_value(state)}; use one of {', '.join(SUBSCRIBER_STATES)}"
            )
    words = {**csv_vendors.STATE_WORDS, **service.state_words}
    coded = any(
        word.lstrip("-").isdigit() and word not in csv_vendors.BOOLEAN_WORDS
        for name, seen in zip(names, cells, strict=True)
        if csv_vendors.STATE in csv_vendors.find_meanings(name)
        for word in seen.words
    )
    if coded:
        words = {word: state for word, state in words.items() if not word.isdigit()}
    return {**words, **states}


def _find_excluded_meanings(mapping: Mapping[str, str]) -> frozenset[str]:
    """Return the meanings that no column gets unless the user says so."""
    silenced = {each for meaning in mapping for each in _REPLACED_MEANINGS.get(meaning, (meaning,))}
    # One sign of a state does not exclude others.
    silenced -= {*_STATES[1:], csv_vendors.CUSTOM_FIELD, csv_vendors.IGNORED}
    silenced |= {
        meaning for meaning, column in mapping.items() if not column and meaning in _STATES
    }
    return frozenset(silenced | {*_STATES} if mapping.get(csv_vendors.STATE) == "" else silenced)


def _detect_date_order(cells: Sequence[ColumnStats], usual: bool | None) -> bool | None:  # noqa: FBT001 - not a flag
    """Return whether numeric dates put the day first, if the dates themselves prove it.

    `usual` is the order of the service; it applies if there is no proof. Contradictory dates give
    None.
    """
    day, month = any(each.day_first for each in cells), any(each.month_first for each in cells)
    return (None if day else usual) if day == month else day


def _find_ambiguous_date(cells: ColumnStats) -> str:
    """Return an ambiguous date in a column, "" if there is none."""
    for word in cells.words:
        if parse_time(word) is None and parse_time(word, day_first=True) is not None:
            return word
    return ""


def _is_reason(name: str, column: Column) -> bool:
    ended = column.meaning.startswith(csv_vendors.TRACE_PREFIX)
    return ended and name.endswith(("reason", "comment", "feedback", "message", "grund"))


def _may_be_time(column: Column) -> bool:
    return any(
        each in _TIMES or each.startswith(csv_vendors.TRACE_PREFIX) for each in column.meanings
    )


def _apply_mapping(
    header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> dict[int, tuple[str, str]]:
    """Return the meaning and label of each column that the user assigned, by index."""
    said = {}
    for meaning, column in mapping.items():
        if column:
            index = _column(column, header, names)
            is_known = meaning in csv_vendors.MAPPABLE
            label = header[index].strip() if is_known else meaning
            said[index] = (meaning if is_known else csv_vendors.CUSTOM_FIELD, label)
    return said


def _column(wanted: str, header: Sequence[str], names: Sequence[str]) -> int:
    """Return the index of a column that the user named; raise InvalidValueError if unknown."""
    for index, name in enumerate(header):
        if name.strip() == wanted.strip():
            return index
    if csv_vendors.normalize_label(wanted) in names:
        return names.index(csv_vendors.normalize_label(wanted))
    raise InvalidValueError(
        f"there is no column {quote_value(wanted)}; the columns are {_format_list(header)}"
    )


def _find_native_columns(names: Sequence[str]) -> tuple[int, ...]:
    """Return the index of each column of feedpub's export, in any order, or -1."""
    wanted = map(csv_vendors.normalize_label, HEADER)
    return tuple(names.index(name) if name in names else -1 for name in wanted)


def _describe_missing_addresses(labels: Sequence[str], held: int) -> str:
    what = (
        f"{held} columns hold e-mail addresses"
        if held
        else "no column seems to hold e-mail addresses"
    )
    return (
        f"{what}: choose the right one, as in "
        f"--column {quote_value(f'email={labels[0]}')}; the columns are {_format_list(labels)}"
    )


def _format_list(texts: Sequence[str]) -> str:
    return ", ".join(quote_value(text.strip()) for text in texts)
