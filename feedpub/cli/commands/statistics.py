"""The definition of `stats`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Command, Option, ParamType

STATS = Command(
    "stats",
    "tell how the site is read",
    "Tell how many people are on the list, how many read each feed, and what became of the\n"
    "newest issues. Nobody is tracked: feeds are counted by the programs that fetch them.",
    (
        ("feedpub stats --days 365", "the last year"),
        ("feedpub stats --html stats.html", "as a page with plots"),
    ),
    (
        Option("--days", "how many days, today among them (default: 90)", ParamType.DAYS),
        Option("--html", "write a page that needs nothing else", ParamType.FILE, dest="html"),
        Option("--svg", "write a picture", ParamType.FILE, dest="svg"),
        JSON,
        CONFIG,
    ),
)
