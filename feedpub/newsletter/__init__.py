"""Posts and readers → mail: the use cases of the newsletter.

`feedpub.newsletter.doctor`, which needs a resolver, and `feedpub.newsletter.figures`, which needs
prometheus-client, are not among them: import them by themselves.
"""

from feedpub.newsletter.desk import opened, zone
from feedpub.newsletter.issuing import (
    Standing,
    cancel,
    deliver,
    digests,
    issues,
    pause,
    plan,
    resume,
    retry,
    send,
    take_over,
    undelivered,
)
from feedpub.newsletter.outlook import Outlook, is_begun, outlook, tidy
from feedpub.newsletter.planning import Sent
from feedpub.newsletter.readers import (
    Import,
    add,
    export,
    forget,
    found,
    import_,
    last_mail,
    listed,
    remove,
    stats,
    suppress,
)
from feedpub.newsletter.recovering import Recovered, recover
from feedpub.newsletter.returns import Returned, Source, bounces, notified, source
from feedpub.newsletter.samples import Preview, preview, test
from feedpub.newsletter.signup import Answered, confirmations
from feedpub.newsletter.statistics import recorded, statistics, words

__all__ = [
    "Answered",
    "Import",
    "Outlook",
    "Preview",
    "Recovered",
    "Returned",
    "Sent",
    "Source",
    "Standing",
    "add",
    "bounces",
    "cancel",
    "confirmations",
    "deliver",
    "digests",
    "export",
    "forget",
    "found",
    "import_",
    "is_begun",
    "issues",
    "last_mail",
    "listed",
    "notified",
    "opened",
    "outlook",
    "pause",
    "plan",
    "preview",
    "recorded",
    "recover",
    "remove",
    "resume",
    "retry",
    "send",
    "source",
    "statistics",
    "stats",
    "suppress",
    "take_over",
    "test",
    "tidy",
    "undelivered",
    "words",
    "zone",
]
