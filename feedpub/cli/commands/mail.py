"""The definitions of `bounces` and `doctor`."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType

BOUNCES = Command(
    "bounces",
    "take notice of mail that came back",
    "Read bounces, complaints and requests to unsubscribe. Who complains, leaves or is gone for\n"
    "good is mailed no more at once; who cannot be reached for now, after mail.soft_bounces times\n"
    "in a row. Whom a message is about is told by a token of ours, never by an address. A server\n"
    "that refuses us (a policy, a block list, a limit) counts against nobody, and is told. Who\n"
    "writes to mail.unsubscribe without a token leaves if your server found the sender genuine.\n"
    "What is about no reader stays unread where it is, for a person.\n"
    "\n"
    "SOURCE is a Maildir, an mbox, imaps://user@host/folder (IMAP_PASSWORD holds the password),\n"
    "or - for one message on standard input, as a mail server hands it over. In Postfix's\n"
    "aliases:\n"
    '  bounces: "|feedpub bounces - --config /srv/blog/config.yaml"\n'
    "Postfix runs it as the owner of that file: a file of its own in alias_maps, owned by the\n"
    "user that publishes the site, or else nobody may read .feedpub/secret.\n"
    "\n"
    "Status: 0, or 1 if it cannot be read. With - it is 0 for a message that nobody understood\n"
    "too, which is put into .feedpub/returned for you to read (67 once 500 wait there, so that\n"
    "the mail server returns it), and 75 where anything is amiss, the database away or the\n"
    "configuration wrong: then the mail server keeps it, and tries again.",
    (
        ("feedpub bounces /var/mail/bounces", "a Maildir or an mbox, as cron should"),
        ("feedpub bounces imaps://bounces@mail.example.org/INBOX", "a mailbox elsewhere"),
        ("feedpub bounces - --config /srv/blog/config.yaml", "as a mail server should"),
        ("feedpub bounces --explain mail/*.eml", "what messages mean; changes nothing"),
    ),
    (
        Option(
            "--explain",
            "say what the message in each file means, one JSON object a line; needs no site",
            ParamType.FILE,
            variadic=True,
        ),
        JSON,
        CONFIG,
    ),
    Argument("source", "SOURCE", "where it came (default: -)", ParamType.FILE, optional=True),
)
DOCTOR = Command(
    "doctor",
    "find what keeps mail from arriving",
    "Look at all that a newsletter needs, and tell what to do: configuration, database, the\n"
    "log-in at mail servers, SPF, DKIM, DMARC, MX and PTR of the domain, clock and disk. Nothing\n"
    "is sent. What is good is as it should be; poor keeps some mail from arriving, or may; bad\n"
    "must be mended; of what is unknown nobody could be asked. Status: 0, or 1 if anything is bad.",
    (
        ("feedpub doctor", "before the first digest"),
        ("feedpub doctor --json | jq '.findings[] | select(.state != \"good\")'", "what to do"),
    ),
    (JSON, CONFIG),
)
