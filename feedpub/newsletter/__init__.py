"""Posts and readers → mail: the use cases of the newsletter.

`feedpub.newsletter.doctor`, which needs a resolver, is not among them: import it by itself.
"""

from feedpub.newsletter.issuing import (
    Standing,
    cancel,
    digests,
    issues,
    pause,
    resume,
    retry,
    send,
)
from feedpub.newsletter.planning import Sent
from feedpub.newsletter.readers import (
    Import,
    add,
    export,
    forget,
    found,
    import_,
    listed,
    remove,
    stats,
    suppress,
)
from feedpub.newsletter.returns import Returned, Source, bounces, source
from feedpub.newsletter.samples import preview, test

__all__ = [
    "Import",
    "Returned",
    "Sent",
    "Source",
    "Standing",
    "add",
    "bounces",
    "cancel",
    "digests",
    "export",
    "forget",
    "found",
    "import_",
    "issues",
    "listed",
    "pause",
    "preview",
    "remove",
    "resume",
    "retry",
    "send",
    "source",
    "stats",
    "suppress",
    "test",
]
