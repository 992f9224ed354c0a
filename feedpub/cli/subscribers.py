"""The words after `feedpub subscribers` → what is done to the list of readers, and told of it."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from feedpub.cli import report
from feedpub.cli.digests import answer
from feedpub.cli.importing import import_list
from feedpub.cli.terminal import columns, safe, widths
from feedpub.cli.world import DONE, NOT_DONE, Session
from feedpub.errors import FeedpubError
from feedpub.mailing import ACTIVE, Fate, Follows, Subscriber

_BATCH = 500  # readers that are laid out together: who lists a million waits for none


def _add(session: Session) -> int:
    arguments = session.arguments
    request = session.request()
    subscriber = session.world.newsletter().add(
        request,
        arguments.address,
        name=arguments.name,
        tags=tuple(arguments.tags),
        authors=tuple(arguments.authors),
        cadence=arguments.cadence,
        language=arguments.language,
    )
    if subscriber.state != ACTIVE:
        session.warn(f"{subscriber.address}: not added, is {subscriber.state} and stays so")
        session.advise("Only they themselves can come back: through the form on your site.")
        return NOT_DONE
    known = subscriber.consent.at != request.now
    name = _called(subscriber)
    did = f"{name} was there before, and" if known else f"Added {name}, who"
    session.tell([f"{did} follows {_followed(subscriber.follows)}."])
    session.advise("Next: `feedpub digest list` tells what they will get, and when.")
    return DONE


def _list(session: Session) -> int:
    arguments, out = session.arguments, session.world.stdout
    found = session.world.newsletter().listed(session.request(), arguments.state or None)
    if arguments.json:
        comma = '{"subscribers": ['
        for subscriber in found:
            out.write(f"{comma}\n{json.dumps(as_object(subscriber))}")
            comma = ","
        out.write("\n]}\n" if comma == "," else f"{comma}]}}\n")
        return DONE
    number, least = 0, tuple[int, ...]()
    while batch := list(islice(found, _BATCH)):
        rows = [_row(subscriber) for subscriber in batch]
        least = widths(rows, least)
        out.write(columns(rows, least) + "\n")
        number += len(batch)
    kind = f"{arguments.state} " if arguments.state else ""
    session.advise(
        f"{report.counted(number, f'{kind}reader')}; `feedpub subscribers show` tells all of one."
        if number
        else f"There is no {kind}reader; `feedpub subscribers add` or `import` brings them."
    )
    return DONE


def _show(session: Session) -> int:
    newsletter, request = session.world.newsletter(), session.request()
    subscriber = newsletter.found(request, session.arguments.address)
    last = newsletter.last_mail(request, session.arguments.address)
    if session.arguments.json:
        told = {**as_object(subscriber), "last": _fate(last) if last else None}
        session.world.stdout.write(json.dumps(told) + "\n")
    else:
        zone, changed = newsletter.zone(request), subscriber.changed
        since = f" since {report.moment(changed, zone)}" if changed else ""
        first = f"{_called(subscriber)}: {subscriber.state}{since}"
        known = [*_known(subscriber, zone), *_mailed(last, zone)]
        table = columns([(label, safe(told)) for label, told in known])
        session.tell([first, *table.split("\n")], always=True)
    return DONE


def _remove(session: Session) -> int:
    address = session.arguments.address
    session.world.newsletter().remove(session.request(), address)
    session.tell([f"Removed {address}."])
    session.advise(
        "They can be added or imported again; `feedpub subscribers suppress` keeps them off."
    )
    return DONE


def _export(session: Session) -> int:
    lines = session.world.newsletter().export(session.request())
    if not session.arguments.file:
        session.world.stdout.writelines(lines)
        return DONE
    path = Path(session.arguments.file)
    _write(path, lines)
    session.tell([f"Exported all readers to {path}, which only you can read."])
    return DONE


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a file that nobody else may read; half of it takes nothing's place."""
    if path.exists() and not path.is_file():  # such as /dev/stdout: nothing to be replaced
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        return
    if not path.parent.is_dir():
        raise FeedpubError(f"{path.parent}: there is no such folder to write {path.name} to")
    whole = path.resolve()
    number, part = tempfile.mkstemp(prefix=f".{whole.name}.", dir=whole.parent)
    try:
        with open(number, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a number
            file.writelines(lines)
        Path(part).replace(whole)
    finally:
        Path(part).unlink(missing_ok=True)


def _forget(session: Session) -> int:
    address = session.arguments.address
    if not session.arguments.yes:
        session.warn(f"{address}: nothing was deleted, since nobody can undo it: add --yes")
        return NOT_DONE
    session.world.newsletter().forget(session.request(), address)
    session.tell([f"Forgot {address}: only a salted hash is left, and they are not mailed again."])
    session.advise("An export that you keep elsewhere still knows them.")
    return DONE


def _suppress(session: Session) -> int:
    subscriber = session.world.newsletter().suppress(session.request(), session.arguments.address)
    session.tell([f"Suppressed {_called(subscriber)}: mailed no more, whatever any list says."])
    return DONE


def _stats(session: Session) -> int:
    counts = session.world.newsletter().stats(session.request())
    total = sum(number for _, number in counts)
    if session.arguments.json:
        session.world.stdout.write(json.dumps({"total": total, **dict(counts)}) + "\n")
        return DONE
    room = len(f"{total:,}")
    rows = columns([(f"{number:>{room},}", state) for state, number in counts])
    first = report.counted(total, "reader")
    session.tell([first, *(rows.split("\n") if counts else [])], always=True)
    if not total:
        session.advise("Next: `feedpub subscribers add` or `feedpub subscribers import`.")
    return DONE


def as_object(subscriber: Subscriber) -> dict[str, object]:
    """Give a reader as JSON knows them."""
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


def _called(subscriber: Subscriber) -> str:
    return f"{subscriber.name} <{subscriber.address}>" if subscriber.name else subscriber.address


def _followed(follows: Follows) -> str:
    """Tell what somebody follows."""
    if follows.everything:
        return "everything"
    kinds = (("tags", follows.tags), ("authors", follows.authors))
    return "; ".join(f"{kind} {', '.join(slugs)}" for kind, slugs in kinds if slugs) or "nothing"


def _row(subscriber: Subscriber) -> tuple[str, ...]:
    told = (
        subscriber.address,
        subscriber.state,
        subscriber.cadence,
        _followed(subscriber.follows),
        subscriber.name,
    )
    return tuple(map(safe, told))


def _known(subscriber: Subscriber, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Tell all that is known of somebody."""
    consent = subscriber.consent
    source = f", from {consent.source}" if consent.source else ""
    yield "follows", _followed(subscriber.follows)
    yield "cadence", subscriber.cadence
    yield "language", subscriber.language or "the site's"
    yield "agreed", f"{report.moment(consent.at, zone)}, by {consent.how}{source}"
    if subscriber.soft_bounces:
        yield "bounced", f"{report.counted(subscriber.soft_bounces, 'time')}, softly"
    for name, value in subscriber.fields:
        yield safe(name), value


def _mailed(last: Fate | None, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Tell what became of the last issue for somebody."""
    if last:
        said = answer(last.outcome)
        stands = f"{report.moment(last.at, zone)}: {last.outcome.kind}"
        told = f"issue {last.issue} of {last.digest}, {stands}"
        yield "last mail", f"{told} ({said})" if said else told


def _fate(last: Fate) -> dict[str, object]:
    return {
        "issue": last.issue,
        "digest": last.digest,
        "at": last.at.isoformat(),
        "state": last.outcome.kind,
        "code": last.outcome.code,
        "status": last.outcome.status,
        "text": last.outcome.text,
    }


COMMANDS: Mapping[str, Callable[[Session], int]] = {
    "subscribers add": _add,
    "subscribers list": _list,
    "subscribers show": _show,
    "subscribers remove": _remove,
    "subscribers import": import_list,
    "subscribers export": _export,
    "subscribers forget": _forget,
    "subscribers suppress": _suppress,
    "subscribers stats": _stats,
}
