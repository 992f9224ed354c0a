"""The definition of `stats`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Command, Option, ParamType

STATS = Command(
    "stats",
    "show subscribers, feed readers and issues",
    "Show the number of subscribers, the readers of each feed, and the results of the newest\n"
    "issues. Nobody is tracked: feeds are counted by the programs that fetch them.",
    (
        ("feedpub stats --days 365", "the last year"),
        ("feedpub stats --html stats.html", "as a page with charts"),
    ),
    (
        Option("--days", "number of days, including today (default: 90)", ParamType.DAYS),
        Option("--html", "write a self-contained page", ParamType.FILE, dest="html"),
        Option("--svg", "write an image", ParamType.FILE, dest="svg"),
        JSON,
        CONFIG,
    ),
)
