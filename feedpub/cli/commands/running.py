"""The definitions of `run` and `status`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Command, Option

RUN = Command(
    "run",
    "watch, publish and mail until it is stopped",
    "Watch the folder and publish what changes, at once; let posts appear when their time comes;\n"
    "send the digests when they are due. Ctrl-C or SIGTERM ends it, with what is in hand done;\n"
    "SIGHUP has it read the configuration again, which it does by itself too. What happens is\n"
    "told line by line: for people on a terminal, as JSON elsewhere. Status: 0, or 1 where it\n"
    "could not begin, or had to leave something unfinished.",
    (
        ("feedpub run", "until Ctrl-C"),
        ("feedpub run --json | jq 'select(.event == \"problem\")'", "only what is wrong"),
    ),
    (Option("--json", "tell what happens as JSON on a terminal too", dest="json"), CONFIG),
)
STATUS = Command(
    "status",
    "tell what runs, and what is due next",
    "Tell whether `feedpub run` is running, how the site was built last, which posts and digests\n"
    "are due next, and what is being sent. Status: 0, or 1 where something needs looking at.",
    (
        ("feedpub status", "how it stands"),
        ("feedpub status --json | jq '.issues[].tally'", "what became of what is going out"),
    ),
    (JSON, CONFIG),
)
