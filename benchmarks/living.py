"""Let `feedpub run` and `hugo server` both live, edit a post of each by turns, and print how long
it took until the feed told of it, and what each uses of the processor while nothing happens.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median

from benchmarks import corpus, processes, sites
from benchmarks.corpus import Entry
from benchmarks.measure import MeasureError
from benchmarks.sites import Site

MOST = 0.3
"""Of the time that `hugo server` takes, feedpub may take this share at most."""

IDLE = 0.01
"""Of one processor, feedpub may use this share at most while nothing happens but its sweeps."""

_PORT = 18_313
_RUN = (sys.executable, "-m", "feedpub", "run")


@dataclass(frozen=True, slots=True)
class Side:
    """A site that a living process publishes, and how to read its feed."""

    site: Site
    command: tuple[str, ...]
    feed: Callable[[], bytes]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the status is 1 where one of the sides did not publish an edit."""
    options = _options(arguments)
    entries = list(corpus.entries(options.posts))
    folder = Path(options.folder).resolve() / str(options.posts)
    sides = (
        _feedpub(folder / "living"),
        *([] if options.alone else [_hugo(folder / "hugo")]),
    )
    for side in sides:
        side.site.write(entries)
        side.site.forget()
    try:
        _measure(sides, entries[-1], options)
    except MeasureError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.living", description=__doc__)
    parser.add_argument("--posts", type=int, default=int(os.environ.get("POSTS", "10000")))
    parser.add_argument("--edits", type=int, default=int(os.environ.get("EDITS", "7")))
    parser.add_argument("--idle", type=float, default=float(os.environ.get("IDLE", "90")))
    parser.add_argument("--folder", default=os.environ.get("FOLDER", ".bench"))
    parser.add_argument("--alone", action="store_true", help="without Hugo beside it")
    return parser.parse_args(arguments)


def _feedpub(folder: Path) -> Side:
    """Let feedpub run for a site; its feed is read from the disk."""
    site = sites.feedpub(folder, "comrak", "rss")
    return Side(site, _RUN, lambda: _on_disk(site.public / "rss.xml"))


def _hugo(folder: Path) -> Side:
    """Let Hugo serve a site; its feed is read over HTTP, since by default it is in memory alone."""
    site = sites.hugo(folder)
    options = ("server", "--disableFastRender", "--bind", "127.0.0.1", "--port", str(_PORT))
    return Side(site, (*site.command, *options), _served)


def _on_disk(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _served() -> bytes:
    connection = HTTPConnection("127.0.0.1", _PORT, timeout=60)
    try:
        connection.request("GET", "/rss.xml")
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, HTTPException):
        return b""
    finally:
        connection.close()
    return data if answer.status == 200 else b""  # noqa: PLR2004 - HTTP's OK


def _measure(sides: Sequence[Side], edited: Entry, options: argparse.Namespace) -> None:
    """Edit the newest post of each side by turns, and print what came of it."""
    took: list[list[float]] = []
    with ExitStack() as stack:
        leaders = []
        for side in sides:
            leaders.append(stack.enter_context(processes.living(side.command, side.site.folder)))
            start = processes.wait(partial(_lives, side, edited), 2.0)
            print(f"{side.site.name:20} ready    {start:8.2f} s", flush=True)
        for number in range(1, options.edits + 1):
            times = [_edit(side, edited, f"Mended {number} times.") for side in sides]
            print(f"edit {number}: {', '.join(f'{each:.3f} s' for each in times)}", flush=True)
            took.append(times)
        idle = [processes.idle(leader, options.idle) for leader in leaders]
    print(_table(sides, took, idle))


def _lives(side: Side, entry: Entry) -> bool:
    """Tell whether an edit came to the feed, and save another: the last may have been early."""
    words = "This is seen."
    if words.encode() in side.feed():
        return True
    side.site.mend(entry, words)
    return False


def _edit(side: Side, entry: Entry, words: str) -> float:
    """Save a post with these words in it; give the seconds until the feed has them."""
    side.site.mend(entry, words)
    return processes.wait(lambda: words.encode() in side.feed(), 0.01)


def _table(sides: Sequence[Side], took: Sequence[Sequence[float]], idle: Sequence[float]) -> str:
    """Give the medians, the median of each edit's ratio, and the shares of a processor."""
    names = [sides[0].site.name, *(f"{side.site.name} server" for side in sides[1:])]
    medians = [f"{median(column):.3f} s" for column in zip(*took, strict=True)]
    still = [f"{each:.4f}" for each in idle]
    ratios = [ours / their for ours, *others in took for their in others]
    rows = [
        ("", *names, "ratio", "at most", ""),
        ("---", *("---:" for _ in names), "---:", "---:", "---"),
        ("edit to feed", *medians, *(_judged(median(ratios), MOST) if ratios else ("", "", ""))),
        ("idle, of a processor", *still, "", *_judged(idle[0], IDLE)[1:]),
    ]
    return "\n".join(["", *(f"| {' | '.join(row)} |" for row in rows), ""])


def _judged(figure: float, most: float) -> tuple[str, str, str]:
    """Give a figure, what it may be at most, and whether it is."""
    return f"{figure:.3f}", str(most), "kept" if figure <= most else "missed"


if __name__ == "__main__":
    sys.exit(main())
