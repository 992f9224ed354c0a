"""Operations on the subscriber list, one function for each `feedpub subscribers` command.

Each opens the newsletter of a `BuildRequest` itself and raises FeedpubError for invalid input.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.config import validators
from feedpub.errors import FeedpubError
from feedpub.models import address as models_address
from feedpub.models.content import Problem
from feedpub.models.newsletter import (
    ACTIVE,
    CADENCES,
    SUBSCRIBER_STATES,
    Consent,
    DeliveryStatus,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.models.text import find_close_match, slugify, strip_invalid_characters
from feedpub.storage.imports import ImportCounts
from feedpub.subscribers import csv_columns, csv_export, csv_import
from feedpub.subscribers.csv_columns import Column
from feedpub.subscribers.csv_import import RowProblem

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import, actual or simulated, and how the file was interpreted."""

    imported: ImportCounts
    row_problems: tuple[Problem, ...]  # unusable rows
    is_written: bool = True
    state_counts: tuple[tuple[str, int], ...] = ()  # rows of each state in the file
    vendor: str = ""  # service that exported the file, "" if unknown
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()  # findings that do not follow from column names

    @property
    def unclear_columns(self) -> tuple[Column, ...]:
        """Columns that may contain opt-outs but are not understood, if any row is active."""
        if not dict(self.state_counts).get(ACTIVE):
            return ()
        return tuple(column for column in self.columns if column.unclear_reason)


def add_subscriber(  # noqa: PLR0913 - the attributes of a subscriber
    request: BuildRequest,
    address: str,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    cadence: str = "digest",
    language: str = "",
) -> Subscriber:
    """Add a subscriber who asked the publisher directly, without a confirmation mail.

    One who unsubscribed, bounced or complained is not changed. Raises FeedpubError for an invalid
    address, cadence or language, and if the person asked to be erased.
    """
    _require_choice(cadence, CADENCES, "cadence")
    try:
        tongue = validators.validate_language(language) if language else ""
    except ValueError as error:
        raise FeedpubError(f'the language "{language}" {error}') from None
    subscriber = Subscriber(
        id=0,
        address=address,
        consent=Consent(request.now, "command"),
        name=" ".join(strip_invalid_characters(name).split()),
        state=ACTIVE,
        language=tongue,
        follows=SubscriptionFilter(
            everything=not (tags or authors),
            tags=tuple(sorted({slugify(tag) for tag in tags})),
            authors=tuple(sorted({slugify(author) for author in authors})),
        ),
        cadence=cadence,
    )
    with open_newsletter(request) as newsletter, _wrap_address_errors():
        return newsletter.store.add_subscriber(subscriber, request.now)


def list_subscribers(request: BuildRequest, state: str | None) -> Iterator[Subscriber]:
    """Yield all subscribers, or those in one state, ordered by id."""
    if state is not None:
        _require_choice(state, SUBSCRIBER_STATES, "state")
    with open_newsletter(request) as newsletter:
        yield from newsletter.store.iter_subscribers(state)


def get_subscriber(request: BuildRequest, address: str) -> Subscriber:
    """Return the subscriber with an address. Raises FeedpubError if there is none."""
    with open_newsletter(request) as newsletter:
        return get_by_address(newsletter, address)


def get_last_delivery(request: BuildRequest, address: str) -> DeliveryStatus | None:
    """Return the status of a subscriber's last delivery; None if there is no recent one."""
    with open_newsletter(request) as newsletter:
        return newsletter.store.get_last_delivery_status(get_by_address(newsletter, address).id)


def remove_subscriber(request: BuildRequest, address: str) -> None:
    """Remove a subscriber, who may be added or imported again."""
    with open_newsletter(request) as newsletter:
        newsletter.store.remove_subscriber(get_by_address(newsletter, address).id)
        newsletter.store.reset_mail_count(address, newsletter.derive_salt())


def erase_subscriber(request: BuildRequest, address: str) -> None:
    """Erase a person, except for a salted hash that prevents mailing them again."""
    with open_newsletter(request) as newsletter, _wrap_address_errors():
        newsletter.store.forget_address(address, *newsletter.derive_salts())


def suppress_address(request: BuildRequest, address: str) -> Subscriber:
    """Suppress an address permanently, whether or not it is a subscriber yet.

    Later imports do not change that.
    """
    with open_newsletter(request) as newsletter, _wrap_address_errors():
        consent = Consent(request.now, "command")
        unknown = Subscriber(0, address, consent, state="suppressed")
        one = newsletter.store.find_subscriber(address) or newsletter.store.add_subscriber(
            unknown, request.now
        )
        return newsletter.store.change_state(one.id, "suppressed", request.now) or one


def import_subscribers(  # noqa: PLR0913 - the options of an import
    request: BuildRequest,
    path: Path,
    *,
    dry: bool = False,
    skip: bool = False,
    sure: bool = False,
    columns: Mapping[str, str] = _NOTHING,
    states: Mapping[str, str] = _NOTHING,
    encoding: str = "",
) -> ImportResult:
    """Import subscribers from a CSV file, in one transaction.

    Nothing is written with `dry`, nor if there are unusable rows, unless `skip` leaves them out,
    nor if rows would be active although a column that may contain opt-outs is not understood,
    unless `sure`; the result then reports what would have happened. `columns` and `states` say what
    columns and words mean; `encoding` is "" to detect it. Raises FeedpubError if the file cannot be
    read.
    """
    with _open_seekable(path) as file, open_newsletter(request) as newsletter:
        table = _inspect_file(file, path, columns, states, encoding)
        faults, counts = list[Problem](), Counter[str]()
        rows = _rows(request, table, faults, counts)
        try:
            wanted = rows if dry else _verify_rows(rows, table, faults, counts, skip, sure)
            done = newsletter.store.import_subscribers(wanted, request.now, dry=dry)
        except _ImportRejectedError:
            faults, counts = [], Counter()
            again = _rows(request, table, faults, counts)
            done, dry = newsletter.store.import_subscribers(again, request.now, dry=True), True
        return _result(table, done, faults, counts, is_written=not dry)


@dataclass(frozen=True, slots=True)
class _CsvFile:
    """A CSV file whose encoding and columns are known."""

    path: Path
    file: BinaryIO
    size: int  # bytes, 0 if unknown
    encoding: str
    layout: csv_columns.TableLayout
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file from its beginning."""
        yield from _lines(self.path, self.file, self.encoding)


class _ImportRejectedError(Exception):
    """The list is not imported; raising this rolls back what was staged."""


def _verify_rows(
    rows: Iterator[Subscriber],
    table: _CsvFile,
    faults: Sequence[Problem],
    counts: Mapping[str, int],
    skip: bool,  # noqa: FBT001 - as in `import_subscribers`
    sure: bool,  # noqa: FBT001 - as in `import_subscribers`
) -> Iterator[Subscriber]:
    """Yield the rows, then raise _ImportRejectedError if the list must not be imported."""
    yield from rows
    if (faults and not skip) or (table.layout.unclear_columns and counts[ACTIVE] and not sure):
        raise _ImportRejectedError


def _result(
    table: _CsvFile,
    done: ImportCounts,
    faults: Sequence[Problem],
    counts: Mapping[str, int],
    *,
    is_written: bool,
) -> ImportResult:
    return ImportResult(
        imported=done,
        row_problems=tuple(faults),
        is_written=is_written,
        state_counts=tuple((state, counts[state]) for state in SUBSCRIBER_STATES if counts[state]),
        vendor=table.layout.vendor,
        columns=table.layout.columns,
        notes=table.notes,
    )


@contextmanager
def _open_seekable(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is read more than once; the content of a pipe is copied."""
    with ExitStack() as stack:
        try:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            if not file.seekable():
                kept = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, kept)
                file = kept
            file.seek(0)
        except OSError as error:
            raise FeedpubError(f"{path}: cannot be read ({error.strerror})") from error
        yield file


def _inspect_file(
    file: BinaryIO, path: Path, columns: Mapping[str, str], states: Mapping[str, str], encoding: str
) -> _CsvFile:
    """Detect the encoding of a file and the meaning of its columns."""
    head = file.read(csv_import.SAMPLE_SIZE)
    notes = []
    try:
        csv_import.reject_non_csv(head)
        if encoding:
            encoding = csv_import.validate_encoding(encoding)
        else:
            file.seek(0)
            encoding = csv_import.detect_bom_encoding(head) or csv_import.guess_encoding(file)
            if not encoding.startswith("utf-8"):
                notes.append(f"the file is read as {encoding}; use --encoding to change that")
        lines = _lines(path, file, encoding)
        layout = csv_import.detect_layout(lines, path.name, columns, states)
    except csv_import.InvalidTableError as error:
        raise FeedpubError(f"{path}:{error.line}: {error}") from error
    except models_address.InvalidValueError as error:
        raise FeedpubError(f"{path}: {error}") from error
    size = os.fstat(file.fileno()).st_size
    return _CsvFile(path, file, size, encoding, layout, (*notes, *layout.notes))


def _lines(path: Path, file: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the lines of a file from its beginning."""
    file.seek(0)
    text = TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield from text
    except UnicodeError as error:
        raise FeedpubError(
            f"{path}: cannot be decoded ({error}); set the encoding, as in --encoding cp1252"
        ) from error
    except OSError as error:
        raise FeedpubError(f"{path}: cannot be read ({error.strerror})") from error
    finally:
        if not file.closed:  # if this generator is finalised late, the file is closed
            text.detach()


def _rows(
    request: BuildRequest, table: _CsvFile, faults: list[Problem], counts: Counter[str]
) -> Iterator[Subscriber]:
    """Yield the usable rows of a file, count their states, and collect the problems of others."""
    for number, row in enumerate(
        csv_import.parse_rows(table.lines(), table.layout, request.now), 1
    ):
        if isinstance(row, RowProblem):
            faults.append(Problem(str(table.path), row.line, row.message, left_out=True))
        else:
            counts[row.state] += 1
            yield row
        # An estimate from the average size of the rows read so far.
        total = number * table.size // table.file.tell() if table.size else 0
        request.progress("reading rows", number, total)


def export_subscribers(request: BuildRequest) -> Iterator[str]:
    """Yield all subscribers as lines of CSV, which `import_subscribers` can read."""
    with open_newsletter(request) as newsletter:
        yield from csv_export.write_csv(newsletter.store.iter_subscribers())


def count_subscribers(request: BuildRequest) -> tuple[tuple[str, int], ...]:
    """Return the number of subscribers in each state."""
    with open_newsletter(request) as newsletter:
        return newsletter.store.count_by_state()


def get_by_address(newsletter: NewsletterContext, address: str) -> Subscriber:
    """Return the subscriber with an address. Raises FeedpubError if there is none."""
    with _wrap_address_errors():
        one = newsletter.store.find_subscriber(address)
    if one is None:
        raise FeedpubError(f"{address}: no such subscriber; `feedpub subscribers list` shows all")
    return one


@contextmanager
def _wrap_address_errors() -> Iterator[None]:
    """Translate InvalidValueError into FeedpubError."""
    try:
        yield
    except models_address.InvalidValueError as error:
        raise FeedpubError(str(error)) from None


def _require_choice(word: str, words: tuple[str, ...], kind: str) -> None:
    """Raise FeedpubError for a word that is not among the choices."""
    if word not in words:
        meant = find_close_match(word, words)
        hint = f'did you mean "{meant}"?' if meant else f"use one of {', '.join(words)}"
        raise FeedpubError(f'unknown {kind} "{word}"; {hint}')
