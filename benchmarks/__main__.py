"""Write the corpus, let every generator build it by turns, and print the table of ratios.

Each round runs every site once, one after the other, so that what else the machine does falls on
all of them alike.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import corpus, sites, table, work
from benchmarks.corpus import Entry
from benchmarks.measure import MeasureError, Run, run
from benchmarks.sites import Site


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the status is 1 where the sides did not do the same work."""
    options = _options(arguments)
    entries = list(corpus.entries(options.posts))
    folder = Path(options.folder).resolve() / str(options.posts)
    chosen = [site for site in _sites(folder, options.formats) if _wanted(site, options.only)]
    for site in chosen:
        site.write(entries)
    try:
        rounds = [dict(_round(chosen, entries[len(entries) // 2])) for _ in range(options.rounds)]
    except MeasureError as error:
        print(error, file=sys.stderr)
        return 1
    print()
    print(table.table(rounds))
    print()
    return _compare(chosen)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--posts", type=int, default=int(os.environ.get("POSTS", "10000")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "3")))
    parser.add_argument("--folder", default=os.environ.get("FOLDER", ".bench"))
    parser.add_argument(
        "--formats",
        default=os.environ.get("FORMATS", ""),
        help="of feedpub's feeds; else those of the peer it is compared with",
    )
    parser.add_argument(
        "--only",
        default=os.environ.get("ONLY", ""),
        help="sites to build, a part of their names each: pelican,comrak",
    )
    return parser.parse_args(arguments)


def _sites(folder: Path, formats: str) -> tuple[Site, ...]:
    """Every site; feedpub writes the formats that the peer of its first build writes."""
    return (
        sites.feedpub(folder / "markdown", "markdown", formats or "rss, atom"),
        sites.pelican(folder / "pelican"),
        sites.feedpub(folder / "comrak", "comrak", formats or "rss"),
        sites.hugo(folder / "hugo"),
    )


def _wanted(site: Site, only: str) -> bool:
    return not only or any(part.strip() in site.name.lower() for part in only.split(","))


def _round(chosen: Sequence[Site], edited: Entry) -> Iterator[tuple[tuple[str, str], Run]]:
    for site in chosen:
        site.restore(edited)
        site.forget()
        yield _step(site, "first")
    again = [site for site in chosen if site.name != table.PELICAN]
    for site in again:
        yield _step(site, "again")
    for site in again:
        site.edit(edited)
        yield _step(site, "edited")


def _step(site: Site, step: str) -> tuple[tuple[str, str], Run]:
    took = run(site.command, site.folder)
    print(f"{site.name:20} {step:8} {took.seconds:8.2f} s {took.peak / 2**20:8.0f} MiB", flush=True)
    return (site.name, step), took


def _compare(chosen: Sequence[Site]) -> int:
    """Print what each wrote, and where one did less than another."""
    done = {site.name: work.done(site.public) for site in chosen}
    for name, one in done.items():
        print(
            f"{name:20} {one.posts} posts, {one.pages} other pages, {len(one.feeds)} feeds with "
            f"{sum(one.feeds.values())} entries, {one.octets / 2**20:.0f} MiB"
        )
    faults = [
        f"{first} and {second}: {fault}"
        for first, second in zip(done, list(done)[1:], strict=False)
        if (fault := work.difference(done[first], done[second]))
    ]
    print("\n".join(faults) or "All wrote the same posts and the same entries in every RSS feed.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
