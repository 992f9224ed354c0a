"""The definitions of the `digest` commands."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType

_DIGEST_ARGUMENT = Argument("digest", "NAME", "name of the digest, from digests:")
_OPTIONAL_DIGEST = Argument("digest", "NAME", "name of the digest (default: all)", optional=True)
_ISSUE_ARGUMENT = Argument(
    "issue", "ISSUE", "number of the issue, from `digest status`", ParamType.NUMBER
)

_LIST = Command(
    "list",
    "show what is new, and when it goes out",
    "Show for each digest the new posts, the number of subscribers, and when it goes out next.",
    (("feedpub digest list", "what the next issues would contain"),),
    (JSON, CONFIG),
)
_PREVIEW = Command(
    "preview",
    "write what a digest would contain now",
    "Write what a digest would contain now as a page, as text and as a complete message, and\n"
    "print the file names. Nothing is sent.",
    (
        ("feedpub digest preview weekly --open", "open it in the browser"),
        ("feedpub digest preview weekly --for ann@example.org", "as Ann would get it"),
    ),
    (
        Option("--to", "write here (default: .feedpub/preview)", ParamType.FOLDER, dest="to"),
        Option("--for", "as this subscriber gets it", ParamType.TEXT, "ADDRESS", "address"),
        Option("--open", "open it in the browser", dest="show"),
        CONFIG,
    ),
    _DIGEST_ARGUMENT,
)
_TEST = Command(
    "test",
    "send what a digest would contain to one address",
    "Send what a digest would contain now to one address, and show the mail server's reply. It\n"
    "does not count as mailed. A subscriber gets their own copy; for other addresses, the\n"
    "unsubscribe links do not work. Status: 0, or 1 if it was not accepted.",
    (("feedpub digest test weekly --to you@example.org", "see how it looks in your mail client"),),
    (
        Option("--to", "email address of the recipient", ParamType.TEXT, "ADDRESS", required=True),
        JSON,
        CONFIG,
    ),
    _DIGEST_ARGUMENT,
)
_SEND = Command(
    "send",
    "send new posts",
    "Send new posts in one digest, or in all, and continue with waiting messages. Without new\n"
    "posts, nothing is sent. Nor is it the first time: existing posts count as mailed, unless\n"
    "--backlog. Status: 0, or 1 if any message failed, is in doubt, or is still waiting, even if\n"
    "only for a mailbox that is temporarily unavailable.",
    (
        ("feedpub digest send --due", "for cron: only what is due by schedule"),
        ("feedpub digest send weekly --dry-run", "show posts, number of recipients and size"),
    ),
    (
        Option("--due", "only digests whose scheduled time has come"),
        Option("--dry-run", "show what would be sent, and send nothing"),
        Option("--backlog", "the first time, also send existing posts"),
        JSON,
        CONFIG,
    ),
    _OPTIONAL_DIGEST,
)
_STATUS = Command(
    "status",
    "show what was delivered",
    "Show the delivery results of each issue: audience = accepted + deferred + failed +\n"
    "suppressed + in doubt + waiting, with reasons. Deferred messages are retried; suppressed\n"
    "recipients unsubscribed or bounced meanwhile; in doubt means the server never confirmed.",
    (
        ("feedpub digest status", "all issues"),
        ("feedpub digest status weekly --json | jq '.issues[0].tally'", "counts of the newest"),
    ),
    (JSON, CONFIG),
    _OPTIONAL_DIGEST,
)
_PAUSE = Command(
    "pause",
    "pause an issue",
    "Stop sending an issue until it is resumed.",
    (("feedpub digest pause 7", "it contains a mistake"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_RESUME = Command(
    "resume",
    "resume a paused issue",
    "Resume a paused issue. Waiting messages go out with the next `feedpub digest send`.",
    (("feedpub digest resume 7", "it was correct after all"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_CANCEL = Command(
    "cancel",
    "cancel the rest of an issue",
    "Cancel an issue for good. The rest is never sent, and its posts are not mailed again.",
    (("feedpub digest cancel 7", "do not send the rest"),),
    (CONFIG,),
    _ISSUE_ARGUMENT,
)
_RETRY = Command(
    "retry",
    "resend failed messages",
    "Resend the failed messages of an issue with the next `feedpub digest send`, or with --doubt\n"
    "those in doubt: some of these recipients may then get it twice. Accepted messages are not\n"
    "sent again.",
    (
        ("feedpub digest retry 7", "the relay rejected all, and is fixed"),
        ("feedpub digest retry 7 --doubt", "better twice than not at all"),
    ),
    (Option("--doubt", "resend those in doubt for half an hour, not the failed ones"), CONFIG),
    _ISSUE_ARGUMENT,
)
_RECOVER = Command(
    "recover",
    "continue after restoring the database from a backup",
    "A database restored from a backup lacks everything sent since, so feedpub sends nothing\n"
    "until this command has recorded it: from the mail server's log, or a folder of sent or\n"
    "returned messages; or by counting everything up to a date as mailed. Status: 0, or 1 if\n"
    "that does not account for all messages.",
    (
        (
            "feedpub digest recover --from /var/log/mail.log",
            "recipients in the log are not mailed again",
        ),
        ("feedpub digest recover --skip-until 2025-01-30", "older posts are not mailed"),
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
            "count posts up to this date as mailed, and cancel issues planned by then",
            ParamType.DATE,
            dest="until",
        ),
        JSON,
        CONFIG,
    ),
)

DIGEST = Command(
    "digest",
    "mail new posts to subscribers",
    "Mail new posts to subscribers, as configured under digests: in config.yaml.",
    (
        ("feedpub digest list", "what is new, and when it goes out"),
        ("feedpub digest preview weekly --open", "open it"),
        ("feedpub digest test weekly --to you@example.org", "see it in your mail client"),
        ("feedpub digest send weekly", "send it now"),
        ("feedpub digest status", "what was delivered"),
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
