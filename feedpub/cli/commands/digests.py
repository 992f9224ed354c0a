"""The definitions of the `digest` commands."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType

_DIGEST_ARGUMENT = Argument("digest", "NAME", "which digest: a name in digests:")
_OPTIONAL_DIGEST = Argument("digest", "NAME", "which digest (default: all)", optional=True)
_ISSUE_ARGUMENT = Argument(
    "issue", "ISSUE", "its number, as `digest status` tells", ParamType.NUMBER
)

_LIST = Command(
    "list",
    "tell what is new, and when it goes out",
    "Tell of each digest what is new, who reads it, and when it goes out next.",
    (("feedpub digest list", "what the next mails would be"),),
    (JSON, CONFIG),
)
_PREVIEW = Command(
    "preview",
    "write what a digest would say now",
    "Write what a digest would say now as a page, as text and as a whole message, and print\n"
    "where. Nothing is sent.",
    (
        ("feedpub digest preview weekly --open", "look at it in the browser"),
        ("feedpub digest preview weekly --for ann@example.org", "as Ann would get it"),
    ),
    (
        Option("--to", "write here (default: .feedpub/preview)", ParamType.FOLDER, dest="to"),
        Option("--for", "as this reader gets it", ParamType.TEXT, "ADDRESS", "address"),
        Option("--open", "show it in the browser", dest="show"),
        CONFIG,
    ),
    _DIGEST_ARGUMENT,
)
_TEST = Command(
    "test",
    "send what a digest would say to one address",
    "Send what a digest would say now to one address, and tell what the mail server said. It\n"
    "does not count as mailed. To a reader it is their own copy; to anybody else one whose ways\n"
    "out lead nowhere. Status: 0, or 1 if it was not taken.",
    (("feedpub digest test weekly --to you@example.org", "see how it looks in your mail program"),),
    (
        Option("--to", "to whom: an email address", ParamType.TEXT, "ADDRESS", required=True),
        JSON,
        CONFIG,
    ),
    _DIGEST_ARGUMENT,
)
_SEND = Command(
    "send",
    "send what is new",
    "Send what is new in one digest, or in all, and go on with what waits from before. Nothing\n"
    "new is no mail. The first time nothing is sent: what is there already counts as mailed,\n"
    "unless --backlog. Status: 0, or 1 if any message failed, is in doubt or still waits, be it\n"
    "for a mailbox that takes nothing for now.",
    (
        ("feedpub digest send --due", "what cron should run: only what is scheduled by now"),
        ("feedpub digest send weekly --dry-run", "see which posts, how many readers, what size"),
    ),
    (
        Option("--due", "only digests whose scheduled time has come"),
        Option("--dry-run", "tell what would be sent, and send nothing"),
        Option("--backlog", "the first time, send what is there already"),
        JSON,
        CONFIG,
    ),
    _OPTIONAL_DIGEST,
)
_STATUS = Command(
    "status",
    "tell what became of what was sent",
    "Tell of each issue what became of its messages: audience = accepted + deferred + failed +\n"
    "suppressed + in doubt + waiting, and why. Deferred is tried again; suppressed is who left\n"
    "or bounced meanwhile; in doubt is where the server never said whether it took it.",
    (
        ("feedpub digest status", "all issues"),
        ("feedpub digest status weekly --json | jq '.issues[0].tally'", "numbers of the newest"),
    ),
    (JSON, CONFIG),
    _OPTIONAL_DIGEST,
)
_PAUSE = Command(
    "pause",
    "stop an issue for now",
    "Send no more of an issue until it is resumed.",
    (("feedpub digest pause 7", "there is a mistake in it"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_RESUME = Command(
    "resume",
    "let a paused issue go on",
    "Let a paused issue go on. What waits goes out with the next `feedpub digest send`.",
    (("feedpub digest resume 7", "it is fine after all"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_CANCEL = Command(
    "cancel",
    "end an issue: nobody else gets it",
    "End an issue for good. Who has it has it; nobody else gets it, nor its posts again.",
    (("feedpub digest cancel 7", "the rest shall not get it"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_RETRY = Command(
    "retry",
    "send again what failed",
    "Let the failed messages of an issue go out again with the next `feedpub digest send`, or\n"
    "with --doubt those that are in doubt: some of these readers may then get it twice. What\n"
    "was accepted is not sent again.",
    (
        ("feedpub digest retry 7", "the relay refused all, and is mended"),
        ("feedpub digest retry 7 --doubt", "better twice than not at all"),
    ),
    (Option("--doubt", "those in doubt for half an hour, not those that failed"), CONFIG),
    _ISSUE_ARGUMENT,
)
_RECOVER = Command(
    "recover",
    "go on after the database was restored from a backup",
    "A database that was restored from a backup knows nothing of what was sent since, so feedpub\n"
    "sends nothing until this has settled what is known to be out: the mail server's log, or a\n"
    "folder of messages that were sent or came back, names each message; or all up to a date\n"
    "counts as mailed. Status: 0, or 1 if that is not enough to go on.",
    (
        (
            "feedpub digest recover --from /var/log/mail.log",
            "who is in the log is not mailed again",
        ),
        ("feedpub digest recover --skip-until 2025-01-30", "nobody is mailed what is from before"),
    ),
    (
        Option(
            "--from",
            "a log, compressed or not, or a folder of messages",
            ParamType.FILE,
            "PLACE",
            "places",
            multiple=True,
        ),
        Option(
            "--skip-until",
            "posts up to this date count as mailed, and issues planned by then end",
            ParamType.DATE,
            dest="until",
        ),
        JSON,
        CONFIG,
    ),
)

DIGEST = Command(
    "digest",
    "mail new posts to the readers",
    "Mail new posts to the readers, as digests: in config.yaml says.",
    (
        ("feedpub digest list", "what is new, and when it goes out"),
        ("feedpub digest preview weekly --open", "look at it"),
        ("feedpub digest test weekly --to you@example.org", "see it in your mail program"),
        ("feedpub digest send weekly", "send it now"),
        ("feedpub digest status", "what became of it"),
    ),
    subcommands=(
        _LIST,
        _PREVIEW,
        _TEST,
        _SEND,
        _STATUS,
        _PAUSE,
        _RESUME,
        _CANCEL,
        _RETRY,
        _RECOVER,
    ),
)
