"""The cells of one row → a subscriber."""

import csv
import json
import re
from collections.abc import Sequence
from datetime import datetime

from feedpub.mailing import CADENCES, STATES, Consent, Follows, Subscriber
from feedpub.roster import exports
from feedpub.roster.addresses import canonical
from feedpub.roster.faults import Faulty, quoted
from feedpub.roster.layout import Layout
from feedpub.roster.times import given, moment
from feedpub.roster.writing import CHOSEN, EVERYTHING

Pairs = tuple[tuple[str, str], ...]

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")  # BCP 47, as far as it matters
_BETWEEN = re.compile(r"[\s,;|]+")
# What cannot be kept in every database, nor stand in a mail.
_DIRT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_EVERYTHING = Follows()


def theirs(cells: Sequence[str], layout: Layout, source: str, now: datetime) -> Subscriber:
    """Understand a row of anybody's table; raises Faulty where that cannot be done.

    `source` and `now` stand in the record of consent where the table has no time for it.
    """
    address = cells[layout.email].strip()
    canonical(address)
    state, changed = _state(cells, layout)
    at, unread = _consented(cells, layout)
    language, strange = _language(cells, layout)
    return Subscriber(
        id=0,
        address=address,
        consent=Consent(at or now, "import", source),
        name=" ".join(" ".join([_clean(cells[index]) for index in layout.names]).split()),
        fields=(*_fields(cells, layout), *unread, *strange),
        state=state,
        language=language,
        follows=_follows(cells, layout),
        cadence=cadence(cells[layout.cadence[0]]) if layout.cadence else "digest",
        changed=changed,
    )


def cadence(text: str) -> str:
    """Read a cadence; blank means the digest's own. Raises Faulty for any other word."""
    word = text.strip().casefold() or "digest"
    if word not in CADENCES:
        raise Faulty(f"{quoted(text)} is no cadence: write one of {', '.join(CADENCES)}")
    return word


def following(follows: str, tags: Sequence[str], authors: Sequence[str]) -> Follows:
    """Read what somebody follows; where nothing is said it is what is named, or else everything."""
    word = follows.strip().casefold() or (CHOSEN if tags or authors else EVERYTHING)
    if word not in (EVERYTHING, CHOSEN):
        raise Faulty(
            f'{quoted(follows)} is neither "{EVERYTHING}" nor "{CHOSEN}": write one of them'
        )
    return Follows(word == EVERYTHING, tuple(tags), tuple(authors))


def _follows(cells: Sequence[str], layout: Layout) -> Follows:
    if not (layout.follows or layout.tags or layout.authors):
        return _EVERYTHING
    said = "".join([cells[index] for index in layout.follows])
    tags, authors = (
        sorted({slug for index in columns for slug in _BETWEEN.split(cells[index].lower()) if slug})
        for columns in (layout.tags, layout.authors)
    )
    return following(said, tags, authors)


def _state(cells: Sequence[str], layout: Layout) -> tuple[str, datetime | None]:
    """Tell the state and when it began. A word for it decides; else any sign of an end does."""
    for index in layout.states:
        word = cells[index].strip()
        if word:
            state = exports.state(word)
            if state is None:
                raise Faulty(
                    f"nobody knows the state {quoted(word)}: write one of {', '.join(STATES)}, "
                    "or say that no column is the state"
                )
            return state, _began(cells, layout, state)
    for index in layout.wanted:
        if not _wanted(cells[index]):
            return "unsubscribed", _began(cells, layout, "unsubscribed")
    for index in layout.unwanted:
        # Whatever stands there, a date or a reason, was written there because somebody left.
        if exports.answer(cells[index]) is not False:
            return "unsubscribed", _began(cells, layout, "unsubscribed")
    for index, state in layout.ended:
        if given(cells[index]):
            return state, moment(cells[index])
    return layout.default, None


def _wanted(cell: str) -> bool:
    """Read a yes or no to "subscribed"; the day on which somebody did is a yes."""
    yes = exports.answer(cell)
    if yes is None and moment(cell) is None:
        raise Faulty(f"{quoted(cell)} does not tell whether mail is wanted: write true or false")
    return yes is not False


def _began(cells: Sequence[str], layout: Layout, state: str) -> datetime | None:
    """Give the time at which a state began, where a column has it."""
    for index, ended in layout.ended:
        if ended == state and given(cells[index]):
            return moment(cells[index])
    return None


def _consented(cells: Sequence[str], layout: Layout) -> tuple[datetime | None, Pairs]:
    """Give when somebody agreed, and what was said of it that cannot be understood."""
    unread: Pairs = ()
    for index, label in layout.consented:
        cell = cells[index]
        if given(cell):
            at = moment(cell)
            if at is not None:
                return at, unread
            if index in layout.certain:
                raise Faulty(f"{quoted(cell)} is no time: write it like 2024-05-31T18:00:00Z")
            unread = (*unread, (label, _clean(cell)))
    return None, unread


def _language(cells: Sequence[str], layout: Layout) -> tuple[str, Pairs]:
    """Give the language, or what stands there instead of one as a field."""
    for index in layout.language:
        cell = _clean(cells[index])
        if not cell or _LANGUAGE.fullmatch(cell):
            return cell.replace("_", "-"), ()
        if index in layout.certain:
            raise Faulty(f"{quoted(cell)} is no language: write its code, such as en or zh-Hans")
        return "", (("language", cell),)
    return "", ()


def _fields(cells: Sequence[str], layout: Layout) -> Pairs:
    """Give all else that is said of somebody."""
    fields = [(label, _clean(cells[index])) for index, label in layout.fields if cells[index]]
    fields += [(label, _labels(cells[index])) for index, label in layout.labels if cells[index]]
    for index, label in layout.objects:
        fields += _object(label, cells[index]) if cells[index] else ()
    return tuple(field for field in fields if field[1])


def _labels(cell: str) -> str:
    """Write a list of labels without the marks around each: `"Editors","Friends"`."""
    if '"' not in cell:
        return _clean(cell)
    words = next(csv.reader([cell.replace("\n", " ")], skipinitialspace=True), [])
    return ", ".join(filter(None, map(_clean, words)))


def _object(label: str, cell: str) -> Pairs:
    """Read names and values, written as JSON; what is written otherwise is kept as one value."""
    try:
        read = json.loads(cell)
    except (ValueError, RecursionError):
        return ((label, _clean(cell)),)
    if not isinstance(read, dict):
        return ((label, _clean(cell)),)
    return tuple((_clean(name), _clean(_written(value))) for name, value in read.items())


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clean(text: str) -> str:
    return text.strip() if text.isprintable() else _DIRT.sub("", text).strip()
