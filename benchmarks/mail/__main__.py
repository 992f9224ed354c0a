"""Send a digest into smtp-sink beside smtp-source, import a long list, choose many selections.

    python -m benchmarks.mail --people 20000 --rounds 3

Each round sends the digest unsigned and signed, and lets smtp-source send as many messages of the
same size over as many connections: by a new connection for each, as it does by itself, and over
the same ones (-d). The rate of feedpub counts all from the start of `feedpub digest send` on,
reading the site and planning included. The status is 1 where it falls short.
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
    """One round: how long each side took."""

    ours: Run
    anew: Run  # smtp-source, a connection for each message
    kept: Run  # smtp-source, over the same connections
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
            for kind in LEAST:
                good &= _beside(tools, folder / kind, kind, options)
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


def _beside(tools: Tools, folder: Path, kind: str, options: argparse.Namespace) -> bool:
    """Send by turns; print the rates, and tell whether ours is good enough."""
    rounds = [_round(tools, folder, kind, options) for _ in range(options.rounds)]
    number = int(options.people)

    def rate(runs: list[Run]) -> float:
        return statistics.median([number / each.seconds for each in runs])

    anew = statistics.median([each.anew.seconds / each.ours.seconds for each in rounds])
    kept = statistics.median([each.kept.seconds / each.ours.seconds for each in rounds])
    print(
        f"{kind:9} {number:,} messages of {rounds[0].size:,} octets, {options.connections} "
        f"connections: feedpub {rate([each.ours for each in rounds]):,.0f}/s, "
        f"{max(each.ours.peak for each in rounds) / 2**20:.0f} MiB; "
        f"smtp-source {rate([each.anew for each in rounds]):,.0f}/s (ratio {anew:.2f}), "
        f"-d {rate([each.kept for each in rounds]):,.0f}/s (ratio {kept:.2f}); "
        f"at least {LEAST[kind]}",
        flush=True,
    )
    return min(anew, kept) >= LEAST[kind]


def _round(tools: Tools, folder: Path, kind: str, options: argparse.Namespace) -> Sending:
    number, connections = options.people, options.connections
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_suffix(".sink")
    with postfix.sinking(tools, log) as port:
        site.write(folder, port, connections, _POSTS, signed=kind == "signed")
        site.people(folder / "people.csv", number)
        run((*site.FEEDPUB, "subscribers", "import", "people.csv"), folder)
        ours = run((*_SEND, "--json"), folder)
        size = _settled(folder, number)
        anew, kept = (
            run(postfix.source(tools, port, number, size, connections, keep=keep), folder)
            for keep in (False, True)
        )
    if (taken := postfix.taken(log)) != 3 * number:
        raise MeasureError(f"smtp-sink took {taken:,} messages of {3 * number:,}")
    return Sending(ours, anew, kept, size)


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
