"""The definitions of `run` and `status`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Command, Option

RUN = Command(
    "run",
    "watch, publish and mail until stopped",
    "Watch the content folder and publish changes at once; publish scheduled posts on time; send\n"
    "digests when they are due. Ctrl-C or SIGTERM stops it after finishing the work in progress;\n"
    "SIGHUP reloads the configuration, which also happens when it changes. Events are logged one\n"
    "per line: as text on a terminal, as JSON elsewhere. Status: 0, or 1 if it could not start,\n"
    "or left something unfinished.",
    (
        ("feedpub run", "until Ctrl-C"),
        ("feedpub run --json | jq 'select(.event == \"problem\")'", "only problems"),
    ),
    (Option("--json", "log as JSON on a terminal too", dest="json"), CONFIG),
)
STATUS = Command(
    "status",
    "show what is running, and what is due next",
    "Show whether `feedpub run` is running, the result of the last build, which posts and digests\n"
    "are due next, and what is being sent. Status: 0, or 1 if something needs attention.",
    (
        ("feedpub status", "the current state"),
        ("feedpub status --json | jq '.issues[].tally'", "progress of issues being sent"),
    ),
    (JSON, CONFIG),
)
