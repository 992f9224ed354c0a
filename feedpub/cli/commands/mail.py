"""The definitions of `bounces` and `doctor`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType

BOUNCES = Command(
    "bounces",
    "process bounces",
    "Process bounces, complaints and unsubscribe requests. A complaint, an unsubscribe request or\n"
    "a hard bounce stops mail to the subscriber at once; soft bounces do after mail.soft_bounces\n"
    "in a row. The subscriber is identified by a signed token, never by an address. Rejections of\n"
    "the sender (policy, block list, rate limit) are reported, but count against no subscriber.\n"
    "Mail to mail.unsubscribe without a token counts if your server authenticated its sender.\n"
    "Messages not about a subscriber are left unread in the mailbox, for a person.\n"
    "\n"
    "SOURCE is a Maildir, an mbox, imaps://user@host/folder (IMAP_PASSWORD holds the password),\n"
    "or - for one message on standard input, as a mail server passes it. In Postfix's\n"
    "aliases:\n"
    '  bounces: "|feedpub bounces - --config /srv/blog/config.yaml"\n'
    "Postfix runs it as the owner of that file: use a separate file in alias_maps, owned by the\n"
    "user who publishes the site, or else it cannot read .feedpub/secret.\n"
    "\n"
    "Status: 0, or 1 if it cannot be read. With - it is also 0 for an unrecognised message, which\n"
    "is kept in .feedpub/returned for you to read (67 once 500 are kept there, so that the mail\n"
    "server returns it), and 75 on any failure, such as an unavailable database or an invalid\n"
    "configuration: the mail server then keeps the message and tries again.",
    (
        ("feedpub bounces /var/mail/bounces", "a Maildir or an mbox, from cron"),
        ("feedpub bounces imaps://bounces@mail.example.org/INBOX", "a remote mailbox"),
        ("feedpub bounces - --config /srv/blog/config.yaml", "from a mail server"),
        ("feedpub bounces --explain mail/*.eml", "classify messages; changes nothing"),
    ),
    (
        Option(
            "--explain",
            "classify the message in each file, one JSON object per line; needs no site",
            ParamType.FILE,
            variadic=True,
        ),
        JSON,
        CONFIG,
    ),
    Argument("source", "SOURCE", "where to read (default: -)", ParamType.FILE, optional=True),
)
DOCTOR = Command(
    "doctor",
    "check what keeps mail from arriving",
    "Check everything a newsletter needs, with advice: configuration, database, login at mail\n"
    "servers, SPF, DKIM, DMARC, MX and PTR records, clock and disk. Nothing is sent. A result is\n"
    "good; poor if some mail may not arrive; bad if it must be fixed; or unknown if it could not\n"
    "be checked. Status: 0, or 1 if anything is bad.",
    (
        ("feedpub doctor", "before the first digest"),
        ("feedpub doctor --json | jq '.findings[] | select(.state != \"good\")'", "what to do"),
    ),
    (JSON, CONFIG),
)
