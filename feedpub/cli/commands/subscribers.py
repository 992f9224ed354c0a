"""The definitions of the `subscribers` commands."""

from feedpub.cli.commands.spec import CONFIG, JSON, Argument, Command, Option, ParamType
from feedpub.models.newsletter import CADENCES, SUBSCRIBER_STATES

_ADDRESS = Argument("address", "ADDRESS", "whose: an email address")

_ADD = Command(
    "add",
    "add somebody who asked you to",
    "Add one reader, who is mailed from the next digest on, without being asked to confirm.\n"
    "Somebody who is there already stays one reader; who unsubscribed or bounced stays out.",
    (
        ("feedpub subscribers add ann@example.org --name Ann", "she reads everything"),
        ("feedpub subscribers add bo@example.org --tag go --tag vim", "he follows two tags"),
    ),
    (
        Option("--name", "what they are called", ParamType.TEXT, "NAME"),
        Option(
            "--tag",
            "a tag they follow; may be repeated",
            ParamType.TEXT,
            "TAG",
            "tags",
            multiple=True,
        ),
        Option(
            "--author",
            "an author they follow, a key of authors:; may be repeated",
            ParamType.TEXT,
            "KEY",
            "authors",
            multiple=True,
        ),
        Option("--cadence", "how often they want mail", ParamType.TEXT, "OFTEN", choices=CADENCES),
        Option("--language", "of what is written around the posts", ParamType.TEXT, "CODE"),
        CONFIG,
    ),
    _ADDRESS,
)
_LIST = Command(
    "list",
    "list the readers",
    "List the readers in the order they came.",
    (
        ("feedpub subscribers list --state bounced", "whose address does not work"),
        ("feedpub subscribers list --json | jq -r '.subscribers[].address'", "addresses only"),
    ),
    (
        Option(
            "--state",
            "only those in this state",
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
    "tell all that is known of one reader",
    "Tell all that is known of one reader: state, what they follow, when and how they agreed.",
    (("feedpub subscribers show ann@example.org", "everything about Ann"),),
    (JSON, CONFIG),
    _ADDRESS,
)
_REMOVE = Command(
    "remove",
    "take somebody off the list",
    "Take somebody off the list. They can be added or imported again; `suppress` keeps them off,\n"
    "`forget` deletes all that is known of them for good.",
    (("feedpub subscribers remove ann@example.org", "as if she had never been there"),),
    (CONFIG,),
    _ADDRESS,
)
_IMPORT = Command(
    "import",
    "take readers over from a CSV file",
    "Import readers from a CSV file, whoever exported it, or a list of addresses. Who left,\n"
    "bounced or was forgotten never comes back by it. Nothing is imported where a row cannot be\n"
    "used, unless --skip-bad, nor where a column that may tell who left is not understood, unless\n"
    "you say what it is, or --yes.\n"
    "Status: 0, or 1 if any row is bad or nothing was imported.",
    (
        ("feedpub subscribers import list.csv --dry-run", "see what would happen"),
        ("feedpub subscribers import list.csv --column email=Adresse", "where the address is"),
        ("feedpub subscribers import list.csv --state gold=active", "what a word means"),
    ),
    (
        Option("--dry-run", "tell what would happen, and change nothing"),
        Option("--skip-bad", "leave out the rows that cannot be used, import the others"),
        Option("--yes", "import even if a column that may tell who left is not understood"),
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
            "how its letters are written, such as cp1252 (default: as the file itself tells)",
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
    "print the readers as CSV",
    "Write all readers with all that is known of them as CSV, which `import` reads back. A file\n"
    "can be read by you only, and takes the place of an older one once it is whole.",
    (
        ("feedpub subscribers export readers.csv", "keep it as a file"),
        ("feedpub subscribers export | gzip > readers.csv.gz", "hand it on"),
    ),
    (CONFIG,),
    Argument("file", "FILE", "where (default: standard output)", ParamType.FILE, optional=True),
)
_FORGET = Command(
    "forget",
    "delete a person for good",
    "Delete all that is known of a person. What stays is a salted hash of the address, so that\n"
    "they are not mailed again, whatever is imported. Nobody can undo it: it wants --yes.",
    (("feedpub subscribers forget ann@example.org --yes", "she asked for it"),),
    (Option("--yes", "yes, for good"), CONFIG),
    _ADDRESS,
)
_SUPPRESS = Command(
    "suppress",
    "mail somebody no more, whatever any list says",
    "Mail somebody no more. They stay on the list, so that no import brings them back.",
    (("feedpub subscribers suppress ann@example.org", "never again"),),
    (CONFIG,),
    _ADDRESS,
)
_STATS = Command(
    "stats",
    "count the readers",
    "Count the readers in each state.",
    (("feedpub subscribers stats", "how many there are"),),
    (JSON, CONFIG),
)

SUBSCRIBERS = Command(
    "subscribers",
    "look after the readers of the newsletter",
    "Look after the readers of the newsletter.",
    (
        ("feedpub subscribers add ann@example.org --name Ann", "one who asked you to"),
        ("feedpub subscribers import list.csv --dry-run", "see what a list would change"),
        ("feedpub subscribers stats", "how many there are"),
    ),
    subcommands=(_ADD, _LIST, _SHOW, _REMOVE, _IMPORT, _EXPORT, _FORGET, _SUPPRESS, _STATS),
)
