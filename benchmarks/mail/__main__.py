"""Send a digest into smtp-sink beside smtp-source, import a long list, choose many selections.

    python -m benchmarks.mail --people 20000 --rounds 3

Each round sends the digest unsigned and signed, and after each lets smtp-source send as many
messages of the same size, over as many connections as feedpub uses: over the same ones until the
end (-d), as feedpub does for a hundred messages, and by a new connection for each message, as it
does by itself. All take turns within a round, and each ratio is the median of those within a
round, since a machine that is busy with something else favours nobody then.

The rate of feedpub counts all from the start of `feedpub digest send` on: to read the site, to
plan, and to have on the disk what became of each message before the next one goes out.
smtp-source reads and keeps nothing. The status is 1 where the worse of both ratios falls short.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mail import postfix, site
from benchmarks.mail.postfix import Tools
from benchmarks.measure import MeasureError, Run, run

LEAST = {"unsigned": 0.2, "signed": 0.05}
"""Of the rate of smtp-source."""

_POSTS = 20
_SEND = (*site.FEEDPUB, "digest", "send", "weekly", "--backlog")


@dataclass(frozen=True, slots=True)
class Sending:
    """One digest in one round: what each side took."""

    ours: Run
    kept: Run  # smtp-source, over the same connections
    anew: Run  # smtp-source, a connection for each message
    size: int  # octets of a message


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the status is 1 where a rate or a sum is not as it should be."""
    options = _options(arguments)
    folder = Path(options.folder).resolve() / "mail"
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # for `python -m feedpub` elsewhere
    good = True
    try:
        tools = postfix.found(options.postfix)
        if tools is None:
            print(postfix.HOW)
        else:
            good = _beside(tools, folder, options)
        _lists(folder, options)
    except MeasureError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if good else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mail", description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("PEOPLE", "20000")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "3")))
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--list", type=int, default=int(os.environ.get("LIST", "1000000")))
    parser.add_argument("--selections", type=int, default=10_000)
    parser.add_argument("--folder", default=os.environ.get("FOLDER", ".bench"))
    parser.add_argument(
        "--postfix", default=os.environ.get("POSTFIX", ""), help="where its package was unpacked"
    )
    return parser.parse_args(arguments)


def _beside(tools: Tools, folder: Path, options: argparse.Namespace) -> bool:
    """Send by turns; print the rates, and tell whether ours are good enough."""
    rounds: dict[str, list[Sending]] = {kind: [] for kind in LEAST}
    for _ in range(options.rounds):
        for kind in LEAST:
            rounds[kind].append(_turn(tools, folder / kind, kind, options))
            _tell(kind, rounds[kind][-1:], options)
    print(f"\nmedian of {options.rounds} rounds")
    told = [_tell(kind, found, options) for kind, found in rounds.items()]
    return all(told)


def _tell(kind: str, rounds: Sequence[Sending], options: argparse.Namespace) -> bool:
    """Print what some rounds were like; tell whether they are good enough."""
    number, median = int(options.people), statistics.median
    kept = median([each.kept.seconds / each.ours.seconds for each in rounds])
    anew = median([each.anew.seconds / each.ours.seconds for each in rounds])
    print(
        f"{kind:9} {number:,} messages of {rounds[0].size:,} octets, {options.connections} "
        f"connections: feedpub {_rate(number, [each.ours for each in rounds])}, "
        f"{max(each.ours.peak for each in rounds) / 2**20:.0f} MiB; smtp-source "
        f"-d {_rate(number, [each.kept for each in rounds])}, ratio {kept:.2f}; "
        f"anew {_rate(number, [each.anew for each in rounds])}, ratio {anew:.2f}; "
        f"at least {LEAST[kind]}",
        flush=True,
    )
    return min(kept, anew) >= LEAST[kind]


def _rate(number: int, runs: Sequence[Run]) -> str:
    """Give messages a second, and what each costs a processor, which is less a matter of luck."""
    seconds = statistics.median([each.seconds for each in runs])
    worked = statistics.median([each.worked for each in runs])
    return f"{number / seconds:,.0f}/s ({worked / number * 1e6:,.0f} µs of a processor)"


def _turn(tools: Tools, folder: Path, kind: str, options: argparse.Namespace) -> Sending:
    """Send one digest, and as many messages of its size by smtp-source."""
    number, connections = options.people, options.connections
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_suffix(".sink")
    with postfix.sinking(tools, log) as port:
        site.write(folder, port, connections, _POSTS, signed=kind == "signed")
        site.people(folder / "people.csv", number)
        run((*site.FEEDPUB, "subscribers", "import", "people.csv"), folder)
        ours = run((*_SEND, "--json"), folder)
        size = _settled(folder, number)
        kept, anew = (
            run(postfix.source(tools, port, number, size, connections, keep=keep), folder)
            for keep in (True, False)
        )
    if (taken := postfix.taken(log)) != 3 * number:
        raise MeasureError(f"smtp-sink took {taken:,} messages of {3 * number:,}")
    return Sending(ours, kept, anew, size)


def _settled(folder: Path, number: int) -> int:
    """Give the size of a message. Raises MeasureError unless everybody's was accepted."""
    (sent,) = json.loads((folder / "build.log").read_text().splitlines()[-1])["sent"]
    if {sent["tally"]["accepted"], sent["tally"]["audience"]} != {number}:
        raise MeasureError(f"not everybody's message was accepted: {sent['tally']}")
    return int(sent["size"])


def _lists(folder: Path, options: argparse.Namespace) -> None:
    """Time the import of a long list, and the choice of many selections."""
    home = folder / "list"
    site.write(home, 25, 1, _POSTS, signed=False)
    site.people(home / "people.csv", options.list)
    took = run((*site.FEEDPUB, "subscribers", "import", "people.csv"), home)
    print(
        f"import    {options.list:,} subscribers: {took.seconds:.1f} s, "
        f"{options.list / took.seconds:,.0f}/s, {took.peak / 2**20:.0f} MiB",
        flush=True,
    )
    home = folder / "choice"
    site.write(home, 25, 1, _POSTS, signed=False)
    site.followers(home, options.selections)
    chosen = run((*_SEND, "--dry-run"), home)
    print(
        f"choice    {options.selections:,} readers, each with other posts: {chosen.seconds:.1f} s, "
        f"{chosen.peak / 2**20:.0f} MiB"
    )


if __name__ == "__main__":
    sys.exit(main())
