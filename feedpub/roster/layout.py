"""A header and what a person says of it → where in each row everything stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedpub.mailing import ACTIVE
from feedpub.roster import exports
from feedpub.roster.faults import Faulty, quoted
from feedpub.roster.writing import HEADER

_MAILCHIMP_FILES = (
    ("nonsubscribed", "pending"),  # bought something, never asked for mail
    ("unsubscribed", "unsubscribed"),
    ("cleaned", "bounced"),
)
# Of these, what a person says a column is stands in for all that would have been guessed.
_RIVALS = {
    exports.NAME: (exports.FIRST, exports.LAST),
    exports.STATE: (exports.WANTED, exports.UNWANTED, "unsubscribed", "bounced", "complained"),
}
_SINGLE = (
    *(exports.EMAIL, exports.NAME, exports.FIRST, exports.LAST),
    *(exports.LANGUAGE, exports.CADENCE),
)

Meant = list[tuple[str, int, int]]
"""Of each column in order: what it means, which of several to prefer, its number."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands: numbers of cells, 0-based, the most trusted first."""

    ours: tuple[int, ...]  # where each of HEADER stands, or -1, if feedpub itself wrote the table
    width: int
    email: int
    names: tuple[int, ...]  # the whole name, else its parts in order
    language: tuple[int, ...]
    cadence: tuple[int, ...]
    follows: tuple[int, ...]
    tags: tuple[int, ...]
    authors: tuple[int, ...]
    states: tuple[int, ...]
    wanted: tuple[int, ...]
    unwanted: tuple[int, ...]
    ended: tuple[tuple[int, str], ...]  # a time, and the state that began then
    consented: tuple[tuple[int, str], ...]  # with the column's name as written
    labels: tuple[tuple[int, str], ...]
    objects: tuple[tuple[int, str], ...]
    fields: tuple[tuple[int, str], ...]
    default: str  # the state of a row that says nothing of it
    certain: frozenset[int]  # what a person said: a value that cannot be read there is a fault


def layout(header: Sequence[str], source: str, mapping: Mapping[str, str]) -> Layout:
    """Find out what the columns of a table mean.

    `mapping` says it where it cannot be guessed, `{"email": "Adresse", "city": "Ort"}`: one of
    `exports.MAPPABLE`, or the name of a free field, to a column; to "" where no column is to be
    taken for it. Raises Faulty where no column holds addresses or one named is not there.
    """
    names = tuple(exports.simple(name) for name in header)
    export = exports.whose(frozenset(names))
    found = [(*exports.meaning(export, name), index) for index, name in enumerate(names)]
    meant = _said(found, header, names, mapping)
    certain = frozenset(index for index, (_, place, _) in enumerate(meant) if place < 0)
    labels = _labels(header, names, mapping)
    email = _of(meant, exports.EMAIL)
    if not email:
        raise Faulty(_without_addresses(header))
    rest = [(means, place, index) for means, place, index in meant if index != email[0]]
    ours = _ours(names) if export is exports.FEEDPUB else ()
    parts = (*_of(rest, exports.FIRST)[:1], *_of(rest, exports.LAST)[:1])
    called = _of(rest, exports.NAME)[:1] or parts
    language, cadence = _of(rest, exports.LANGUAGE)[:1], _of(rest, exports.CADENCE)[:1]
    # A second column of addresses, of names or of languages is a field like any other.
    fields = (
        set(range(len(header))) - {email[0], *ours}
        if ours
        else set(_of(rest, exports.FIELD, *_SINGLE)) - {*called, *language, *cadence}
    )
    return Layout(
        ours=ours,
        width=len(header),
        email=email[0],
        names=called,
        language=language,
        cadence=cadence,
        follows=_of(rest, exports.FOLLOWS)[:1],
        tags=_of(rest, exports.TAGS)[:1],
        authors=_of(rest, exports.AUTHORS)[:1],
        states=_of(rest, exports.STATE),
        wanted=_of(rest, exports.WANTED),
        unwanted=_of(rest, exports.UNWANTED),
        ended=tuple((index, means) for means, _, index in rest if exports.ending(means)),
        consented=_labelled(_of(rest, exports.CONSENTED), labels),
        labels=_labelled(_of(rest, exports.LABELS), labels),
        objects=_labelled(_of(rest, exports.OBJECT), labels),
        fields=_labelled(sorted(fields), labels),
        default=_default(export, names, source),
        certain=certain,
    )


def _said(
    found: Meant, header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> Meant:
    """Put what a person says in place of what was guessed."""
    meant = list(found)
    for means in mapping:
        if means in exports.MAPPABLE:
            ousted = (means, *_RIVALS.get(means, ()))
            meant = [
                (exports.FIELD, 0, index)
                if guessed in ousted and place >= 0
                else (guessed, place, index)
                for guessed, place, index in meant
            ]
    for means, column in mapping.items():
        if column:
            index = _column(column, header, names)
            meant[index] = (means if means in exports.MAPPABLE else exports.FIELD, -1, index)
    return meant


def _labels(
    header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> dict[int, str]:
    """Give the name that each column has as a field: its own, or the one a person gives it."""
    labels = {index: name.strip() for index, name in enumerate(header)}
    for free, column in mapping.items():
        if free not in exports.MAPPABLE and column:
            labels[_column(column, header, names)] = free
    return labels


def _column(wanted: str, header: Sequence[str], names: Sequence[str]) -> int:
    """Give the number of the column that a person names; raises Faulty where there is none."""
    for index, name in enumerate(header):
        if name.strip() == wanted.strip():
            return index
    if exports.simple(wanted) in names:
        return names.index(exports.simple(wanted))
    raise Faulty(f"there is no column {quoted(wanted)}; the columns are {_listed(header)}")


def _of(meant: Iterable[tuple[str, int, int]], *means: str) -> tuple[int, ...]:
    """Give the numbers of the columns that mean one of these, the most trusted first."""
    ranked = sorted((place, index) for each, place, index in meant if each in means)
    return tuple(index for _, index in ranked)


def _labelled(columns: Iterable[int], labels: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    return tuple((index, labels[index]) for index in columns)


def _default(export: exports.Export, names: Sequence[str], source: str) -> str:
    """Give the state of those of whom a row says nothing: what the whole file is about.

    Mailchimp writes one file for each state, in two of them with a column of its own in the
    place of LAST_CHANGED; the one of those who never subscribed is told by its name alone.
    """
    if export is not exports.MAILCHIMP:
        return ACTIVE
    for begins, state in _MAILCHIMP_FILES:
        if source.rpartition("/")[2].casefold().startswith(begins):
            return state
    if "last changed" in names:
        return ACTIVE
    return (
        "unsubscribed" if "unsub time" in names else "bounced" if "clean time" in names else ACTIVE
    )


def _ours(names: Sequence[str]) -> tuple[int, ...]:
    """Give the number of each column of an export of ours, whose columns may have been moved."""
    wanted = map(exports.simple, HEADER)
    return tuple(names.index(name) if name in names else -1 for name in wanted)


def _without_addresses(header: Sequence[str]) -> str:
    return (
        f"no column is known to hold e-mail addresses: say which one does, as in "
        f"--column {quoted(f'email={header[0].strip()}')}; the columns are {_listed(header)}"
    )


def _listed(header: Sequence[str]) -> str:
    return ", ".join(quoted(name.strip()) for name in header)
