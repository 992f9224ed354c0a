"""Rows that feedpub itself wrote."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from feedpub.mailing import ACTIVE, SUBSCRIBER_STATES, Consent, Subscriber
from feedpub.roster import exports
from feedpub.roster.addresses import normalize_address
from feedpub.roster.cells import unescape_formula
from feedpub.roster.faults import InvalidValueError, quote_value
from feedpub.roster.layout import TableLayout
from feedpub.roster.rows import Pairs, parse_cadence, parse_filter

_NO_FIELDS = 'the column "fields" holds no JSON of names and texts: write it like {"city": "Oslo"}'


def parse_native_row(cells: Sequence[str], layout: TableLayout, now: datetime) -> Subscriber:
    """Give back the subscriber that `write` made a row of; raises Faulty for what it never wrote.

    A row added by hand may leave everything blank but the address.
    """
    values = [
        unescape_formula(cells[index]) if index >= 0 else "" for index in layout.native_columns
    ]
    number, address, name, state, language, follows, tags, authors = values[:8]
    often, bounces, changed, consented, how, consent_source, fields = values[8:]
    added = tuple(
        (layout.columns[index].label, unescape_formula(cells[index]))
        for index in layout.column_indexes[exports.CUSTOM_FIELD]
        if cells[index]
    )
    normalize_address(address.strip())
    if state not in ("", *SUBSCRIBER_STATES):
        raise InvalidValueError(
            f"{quote_value(state)} is no state: write one of {', '.join(SUBSCRIBER_STATES)}"
        )
    return Subscriber(
        id=_number(number),
        address=address.strip(),
        consent=Consent(_time(consented), how, consent_source)
        if consented
        else Consent(now, "import", layout.source),
        name=name,
        fields=_fields(fields) + added,
        state=state or ACTIVE,
        language=language,
        follows=parse_filter(follows, tags.split(), authors.split()),
        cadence=parse_cadence(often),
        soft_bounces=_number(bounces),
        changed=_time(changed) if changed else None,
    )


def _number(text: str) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise InvalidValueError(f"{quote_value(text)} is no number") from error


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(
            f"{quote_value(text)} is no time: write it like 2024-05-31T18:00:00Z"
        ) from error


def _fields(text: str) -> Pairs:
    if not text:
        return ()
    try:
        read = json.loads(text, object_pairs_hook=tuple)  # in order, and a name may come twice
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(_NO_FIELDS) from error
    if not isinstance(read, tuple) or not all(isinstance(value, str) for _, value in read):
        raise InvalidValueError(_NO_FIELDS)
    return tuple((str(name), str(value)) for name, value in read)
