"""The definitions of the `subscribers` commands."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType
from feedpub.models.newsletter import CADENCES, SUBSCRIBER_STATES

_ADDRESS = Argument("address", "ADDRESS", "email address of the subscriber")

_ADD = Command(
    "add",
    "add a person who asked you to",
    "Add one subscriber, who gets mail from the next digest on, without having to confirm. An\n"
    "existing subscriber is not added twice; one who unsubscribed or bounced stays out.",
    (
        ("feedpub subscribers add ann@example.org --name Ann", "follows everything"),
        ("feedpub subscribers add bo@example.org --tag go --tag vim", "follows two tags"),
    ),
    (
        Option("--name", "name of the subscriber", ParamType.TEXT, "NAME"),
        Option(
            "--tag",
            "tag to follow; may be repeated",
            ParamType.TEXT,
            "TAG",
            "tags",
            multiple=True,
        ),
        Option(
            "--author",
            "author to follow, a key of authors:; may be repeated",
            ParamType.TEXT,
            "KEY",
            "authors",
            multiple=True,
        ),
        Option("--cadence", "how often to send mail", ParamType.TEXT, "OFTEN", choices=CADENCES),
        Option("--language", "language of the text around the posts", ParamType.TEXT, "CODE"),
        CONFIG,
    ),
    _ADDRESS,
)
_LIST = Command(
    "list",
    "list the subscribers",
    "List the subscribers in the order they were added.",
    (
        ("feedpub subscribers list --state bounced", "whose address bounced"),
        ("feedpub subscribers list --json | jq -r '.subscribers[].address'", "addresses only"),
    ),
    (
        Option(
            "--state",
            "only subscribers in this state",
            ParamType.TEXT,
            "STATE",
            choices=SUBSCRIBER_STATES,
        ),
        JSON,
        CONFIG,
    ),
)
_SHOW = Command(
    "show",
    "show everything about one subscriber",
    "Show everything about one subscriber: state, what they follow, when and how they consented.",
    (("feedpub subscribers show ann@example.org", "everything about Ann"),),
    (JSON, CONFIG),
    _ADDRESS,
)
_REMOVE = Command(
    "remove",
    "remove a subscriber",
    "Remove a subscriber, who can be added or imported again; `suppress` prevents that, `forget`\n"
    "also deletes all their data for good.",
    (("feedpub subscribers remove ann@example.org", "as if never added"),),
    (CONFIG,),
    _ADDRESS,
)
_IMPORT = Command(
    "import",
    "import subscribers from a CSV file",
    "Import subscribers from a CSV file of any origin, or a list of addresses. Addresses that\n"
    "unsubscribed, bounced or were forgotten never come back. Nothing is imported if a row cannot\n"
    "be used, unless --skip-bad; nor if a column that may mark unsubscribed addresses is unclear,\n"
    "unless you explain it, or pass --yes.\n"
    "Status: 0, or 1 if any row is bad or nothing was imported.",
    (
        ("feedpub subscribers import list.csv --dry-run", "see what would happen"),
        ("feedpub subscribers import list.csv --column email=Adresse", "the address column"),
        ("feedpub subscribers import list.csv --state gold=active", "what a word means as a state"),
    ),
    (
        Option("--dry-run", "show what would happen, and change nothing"),
        Option("--skip-bad", "skip rows that cannot be used, import the others"),
        Option("--yes", "import even if a column that may mark unsubscribed addresses is unclear"),
        Option(
            "--column",
            "which column holds what: email, name, state, unsubscribed, consented_at ...; "
            "any other word names a field; may be repeated",
            ParamType.KEY_VALUE,
            "KEY=COLUMN",
            "columns",
            multiple=True,
        ),
        Option(
            "--state",
            f"what a word for a state means: {', '.join(SUBSCRIBER_STATES)}; may be repeated",
            ParamType.KEY_VALUE,
            "WORD=STATE",
            "states",
            multiple=True,
        ),
        Option(
            "--encoding",
            "character encoding, such as cp1252 (default: detected)",
            ParamType.TEXT,
            "NAME",
        ),
        JSON,
        CONFIG,
    ),
    Argument("file", "FILE", "the CSV file", ParamType.FILE),
)
_EXPORT = Command(
    "export",
    "export subscribers as CSV",
    "Write all subscribers with all their data as CSV, which `import` can read. A file is\n"
    "readable only by you, and replaces an existing one only when it is complete.",
    (
        ("feedpub subscribers export readers.csv", "save it to a file"),
        ("feedpub subscribers export | gzip > readers.csv.gz", "pipe it"),
    ),
    (CONFIG,),
    Argument("file", "FILE", "where (default: standard output)", ParamType.FILE, optional=True),
)
_FORGET = Command(
    "forget",
    "erase a person for good",
    "Delete all data about a person. Only a salted hash of the address stays, so that they are\n"
    "not mailed again, whatever is imported. This cannot be undone, and requires --yes.",
    (("feedpub subscribers forget ann@example.org --yes", "on request"),),
    (Option("--yes", "confirm the deletion"), CONFIG),
    _ADDRESS,
)
_SUPPRESS = Command(
    "suppress",
    "never mail an address again, whatever is imported",
    "Never mail an address again. It stays on the list, so that no import brings it back.",
    (("feedpub subscribers suppress ann@example.org", "never again"),),
    (CONFIG,),
    _ADDRESS,
)
_STATS = Command(
    "stats",
    "count the subscribers",
    "Count the subscribers in each state.",
    (("feedpub subscribers stats", "how many in each state"),),
    (JSON, CONFIG),
)

SUBSCRIBERS = Command(
    "subscribers",
    "manage the subscribers of the newsletter",
    "Manage the subscribers of the newsletter.",
    (
        ("feedpub subscribers add ann@example.org --name Ann", "add a person who asked you to"),
        ("feedpub subscribers import list.csv --dry-run", "see what an import would change"),
        ("feedpub subscribers stats", "how many in each state"),
    ),
    subcommands=(_ADD, _LIST, _SHOW, _REMOVE, _IMPORT, _EXPORT, _FORGET, _SUPPRESS, _STATS),
)
