"""The public functions of the newsletter: digests, issues, subscribers, bounces and statistics.

`feedpub.newsletter.doctor` needs a resolver and `feedpub.daemon.health` needs prometheus-client;
import those two directly.
"""

from feedpub.app import get_site_timezone, open_newsletter
from feedpub.newsletter.bounce_processing import (
    BounceSummary,
    MailSource,
    parse_source,
    process_bounces,
    process_events,
)
from feedpub.newsletter.confirmations import ConfirmationResult, send_confirmations
from feedpub.newsletter.issues import (
    DigestStatus,
    cancel_issue,
    deliver_issues,
    list_digests,
    list_issues,
    list_undelivered,
    pause_issue,
    plan_issues,
    release_stalled,
    resume_issue,
    retry_issue,
    send_digests,
)
from feedpub.newsletter.planning import DigestResult
from feedpub.newsletter.preview import Preview, send_test, write_preview
from feedpub.newsletter.queue_status import (
    QueueStatus,
    clean_up_database,
    collect_statistics,
    get_queue_status,
    has_digests,
    load_catalog,
    record_counts,
)
from feedpub.newsletter.recovery import RecoveryResult, recover
from feedpub.subscribers.manage import (
    ImportResult,
    add_subscriber,
    count_subscribers,
    erase_subscriber,
    export_subscribers,
    get_last_delivery,
    get_subscriber,
    import_subscribers,
    list_subscribers,
    remove_subscriber,
    suppress_address,
)

__all__ = [
    "BounceSummary",
    "ConfirmationResult",
    "DigestResult",
    "DigestStatus",
    "ImportResult",
    "MailSource",
    "Preview",
    "QueueStatus",
    "RecoveryResult",
    "add_subscriber",
    "cancel_issue",
    "clean_up_database",
    "collect_statistics",
    "count_subscribers",
    "deliver_issues",
    "erase_subscriber",
    "export_subscribers",
    "get_last_delivery",
    "get_queue_status",
    "get_site_timezone",
    "get_subscriber",
    "has_digests",
    "import_subscribers",
    "list_digests",
    "list_issues",
    "list_subscribers",
    "list_undelivered",
    "load_catalog",
    "open_newsletter",
    "parse_source",
    "pause_issue",
    "plan_issues",
    "process_bounces",
    "process_events",
    "record_counts",
    "recover",
    "release_stalled",
    "remove_subscriber",
    "resume_issue",
    "retry_issue",
    "send_confirmations",
    "send_digests",
    "send_test",
    "suppress_address",
    "write_preview",
]
