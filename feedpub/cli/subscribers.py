"""The commands `feedpub subscribers ...`, such as add, list, show, import and export."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from feedpub.cli import output
from feedpub.cli.context import EXIT_FAILURE, EXIT_OK, CommandContext
from feedpub.cli.digest import format_reply
from feedpub.cli.import_csv import import_csv
from feedpub.cli.output import escape, format_columns, measure_columns
from feedpub.errors import FeedpubError
from feedpub.models.newsletter import ACTIVE, DeliveryStatus, Subscriber, SubscriptionFilter

_BATCH = 500  # rows laid out at once, so that a long list starts to print immediately


def _add(session: CommandContext) -> int:
    arguments = session.arguments
    request = session.build_request()
    subscriber = session.app.newsletter().add_subscriber(
        request,
        arguments.address,
        name=arguments.name,
        tags=tuple(arguments.tags),
        authors=tuple(arguments.authors),
        cadence=arguments.cadence,
        language=arguments.language,
    )
    if subscriber.state != ACTIVE:
        session.echo_error(f"{subscriber.address}: not added; it stays {subscriber.state}")
        session.echo_hint("Only they themselves can resubscribe, through the form on your site.")
        return EXIT_FAILURE
    known = subscriber.consent.at != request.now
    name = _format_name(subscriber)
    did = f"{name} was already subscribed, and" if known else f"Added {name}, who"
    session.echo([f"{did} follows {_format_filter(subscriber.follows)}."])
    session.echo_hint("Next: `feedpub digest list` shows what they will get, and when.")
    return EXIT_OK


def _list(session: CommandContext) -> int:
    arguments, out = session.arguments, session.app.stdout
    found = session.app.newsletter().list_subscribers(
        session.build_request(), arguments.state or None
    )
    if arguments.json:
        comma = '{"subscribers": ['
        for subscriber in found:
            out.write(f"{comma}\n{json.dumps(subscriber_to_dict(subscriber))}")
            comma = ","
        out.write("\n]}\n" if comma == "," else f"{comma}]}}\n")
        return EXIT_OK
    number, least = 0, tuple[int, ...]()
    while batch := list(islice(found, _BATCH)):
        rows = [_row(subscriber) for subscriber in batch]
        least = measure_columns(rows, least)
        out.write(format_columns(rows, least) + "\n")
        number += len(batch)
    kind = f"{arguments.state} " if arguments.state else ""
    session.echo_hint(
        f"{output.pluralize(number, f'{kind}subscriber')}; `feedpub subscribers show` has details."
        if number
        else f"No {kind}subscribers; use `feedpub subscribers add` or `import`."
    )
    return EXIT_OK


def _show(session: CommandContext) -> int:
    newsletter, request = session.app.newsletter(), session.build_request()
    subscriber = newsletter.get_subscriber(request, session.arguments.address)
    last = newsletter.get_last_delivery(request, session.arguments.address)
    if session.arguments.json:
        told = {**subscriber_to_dict(subscriber), "last": _fate(last) if last else None}
        session.app.stdout.write(json.dumps(told) + "\n")
    else:
        zone, changed = newsletter.get_site_timezone(request), subscriber.changed
        since = f" since {output.format_time(changed, zone)}" if changed else ""
        first = f"{_format_name(subscriber)}: {subscriber.state}{since}"
        known = [*_known(subscriber, zone), *_mailed(last, zone)]
        table = format_columns([(label, escape(told)) for label, told in known])
        session.echo([first, *table.split("\n")], always=True)
    return EXIT_OK


def _remove(session: CommandContext) -> int:
    address = session.arguments.address
    session.app.newsletter().remove_subscriber(session.build_request(), address)
    session.echo([f"Removed {address}."])
    session.echo_hint(
        "They can be added or imported again; `feedpub subscribers suppress` keeps them off."
    )
    return EXIT_OK


def _export(session: CommandContext) -> int:
    lines = session.app.newsletter().export_subscribers(session.build_request())
    if not session.arguments.file:
        session.app.stdout.writelines(lines)
        return EXIT_OK
    path = Path(session.arguments.file)
    _write(path, lines)
    session.echo([f"Exported all subscribers to {path}, which only you can read."])
    return EXIT_OK


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a file that only its owner can read, replacing an existing one atomically."""
    if path.exists() and not path.is_file():  # such as /dev/stdout, which cannot be replaced
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        return
    if not path.parent.is_dir():
        raise FeedpubError(f"{path.parent}: no such folder; cannot write {path.name}")
    whole = path.resolve()
    number, part = tempfile.mkstemp(prefix=f".{whole.name}.", dir=whole.parent)
    try:
        with open(number, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a file descriptor
            file.writelines(lines)
        Path(part).replace(whole)
    finally:
        Path(part).unlink(missing_ok=True)


def _forget(session: CommandContext) -> int:
    address = session.arguments.address
    if not session.arguments.yes:
        session.echo_error(f"{address}: nothing was deleted, as this cannot be undone; add --yes")
        return EXIT_FAILURE
    session.app.newsletter().erase_subscriber(session.build_request(), address)
    session.echo([f"Forgot {address}: only a salted hash is left, and it is never mailed again."])
    session.echo_hint("Exports that you keep elsewhere still contain them.")
    return EXIT_OK


def _suppress(session: CommandContext) -> int:
    subscriber = session.app.newsletter().suppress_address(
        session.build_request(), session.arguments.address
    )
    session.echo(
        [f"Suppressed {_format_name(subscriber)}: never mailed again, whatever is imported."]
    )
    return EXIT_OK


def _stats(session: CommandContext) -> int:
    counts = session.app.newsletter().count_subscribers(session.build_request())
    total = sum(number for _, number in counts)
    if session.arguments.json:
        session.app.stdout.write(json.dumps({"total": total, **dict(counts)}) + "\n")
        return EXIT_OK
    room = len(f"{total:,}")
    rows = format_columns([(f"{number:>{room},}", state) for state, number in counts])
    first = output.pluralize(total, "subscriber")
    session.echo([first, *(rows.split("\n") if counts else [])], always=True)
    if not total:
        session.echo_hint("Next: `feedpub subscribers add` or `feedpub subscribers import`.")
    return EXIT_OK


def subscriber_to_dict(subscriber: Subscriber) -> dict[str, object]:
    """Return a subscriber as a JSON object."""
    follows, consent = subscriber.follows, subscriber.consent
    return {
        "id": subscriber.id,
        "address": subscriber.address,
        "name": subscriber.name,
        "state": subscriber.state,
        "changed": subscriber.changed.isoformat() if subscriber.changed else None,
        "language": subscriber.language,
        "cadence": subscriber.cadence,
        "follows": {
            "everything": follows.everything,
            "tags": follows.tags,
            "authors": follows.authors,
        },
        "fields": dict(subscriber.fields),
        "soft_bounces": subscriber.soft_bounces,
        "consent": {"at": consent.at.isoformat(), "how": consent.how, "source": consent.source},
    }


def _format_name(subscriber: Subscriber) -> str:
    return f"{subscriber.name} <{subscriber.address}>" if subscriber.name else subscriber.address


def _format_filter(follows: SubscriptionFilter) -> str:
    """Return a subscription filter as text."""
    if follows.everything:
        return "everything"
    kinds = (("tags", follows.tags), ("authors", follows.authors))
    return "; ".join(f"{kind} {', '.join(slugs)}" for kind, slugs in kinds if slugs) or "nothing"


def _row(subscriber: Subscriber) -> tuple[str, ...]:
    told = (
        subscriber.address,
        subscriber.state,
        subscriber.cadence,
        _format_filter(subscriber.follows),
        subscriber.name,
    )
    return tuple(map(escape, told))


def _known(subscriber: Subscriber, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Yield the details of a subscriber."""
    consent = subscriber.consent
    source = f", from {consent.source}" if consent.source else ""
    yield "follows", _format_filter(subscriber.follows)
    yield "cadence", subscriber.cadence
    yield "language", subscriber.language or "the site's"
    yield "agreed", f"{output.format_time(consent.at, zone)}, by {consent.how}{source}"
    if subscriber.soft_bounces:
        yield "bounced", f"{output.pluralize(subscriber.soft_bounces, 'time')} (soft)"
    for name, value in subscriber.fields:
        yield escape(name), value


def _mailed(last: DeliveryStatus | None, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Yield the result of the last delivery to a subscriber, if any."""
    if last:
        said = format_reply(last.result)
        stands = f"{output.format_time(last.at, zone)}: {last.result.kind}"
        told = f"issue {last.issue} of {last.digest}, {stands}"
        yield "last mail", f"{told} ({said})" if said else told


def _fate(last: DeliveryStatus) -> dict[str, object]:
    return {
        "issue": last.issue,
        "digest": last.digest,
        "at": last.at.isoformat(),
        "state": last.result.kind,
        "code": last.result.code,
        "status": last.result.status,
        "text": last.result.text,
    }


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {
    "subscribers add": _add,
    "subscribers list": _list,
    "subscribers show": _show,
    "subscribers remove": _remove,
    "subscribers import": import_csv,
    "subscribers export": _export,
    "subscribers forget": _forget,
    "subscribers suppress": _suppress,
    "subscribers stats": _stats,
}
