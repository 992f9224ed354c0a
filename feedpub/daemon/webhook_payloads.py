"""Build the requests sent to WebSub hubs and webhook URLs, and run hook commands.

Used by `feedpub.daemon.webhooks`.
"""

import base64
import binascii
import hmac
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlencode

from feedpub.config.schema import SiteConfig
from feedpub.delivery.http_client import HttpResponse
from feedpub.models.content import Post
from feedpub.models.newsletter import Issue, IssueStats
from feedpub.models.webhooks import WebhookDelivery

_PREFIX = "whsec_"  # of a secret in base64


def build_published_payload(
    site: SiteConfig, feeds: Sequence[str], posts: Sequence[Post], now: datetime
) -> tuple[str, str]:
    """Return the id and the JSON body of a "published" event."""
    topic = f"published {now.isoformat()}"
    told = [_post(each) for each in posts]
    return topic, _build_event(site, "published", topic, now, feeds=list(feeds), posts=told)


def _post(post: Post) -> dict[str, object]:
    return {
        "id": post.id,
        "url": post.url,
        "title": post.title,
        "published": post.published.isoformat(),
        "authors": [each.name for each in post.authors],
        "tags": [each.label for each in post.tags],
        "summary": post.summary,
        "language": post.language,
    }


def build_issue_payload(
    site: SiteConfig, issue: Issue, stats: IssueStats, now: datetime
) -> tuple[str, str]:
    """Return the id and the JSON body of an "issue_sent" event."""
    # Issue ids start again in a new database, so the creation time is part of the id.
    topic = f"issue {issue.id} {issue.created.isoformat()}"
    told = {
        "id": issue.id,
        "digest": issue.digest,
        "subject": issue.subject,
        "slot": issue.slot.isoformat(),
        "posts": list(issue.posts),
        "audience": stats.audience,
        "accepted": stats.accepted,
        "failed": stats.failed,
        "suppressed": stats.suppressed,
        "in_doubt": stats.doubt,
    }
    return topic, _build_event(site, "issue_sent", topic, now, issue=told)


def _build_event(site: SiteConfig, name: str, topic: str, now: datetime, **more: object) -> str:
    about = {"title": site.title, "url": site.url}
    told = {"event": name, "id": topic, "at": now.isoformat(), "site": about, **more}
    return json.dumps(told, ensure_ascii=False)


def build_websub_request(delivery: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers that notify a WebSub hub of a changed feed."""
    form = urlencode({"hub.mode": "publish", "hub.url": delivery.topic})
    return form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def build_webhook_request(
    delivery: WebhookDelivery, secret: str, now: datetime
) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a webhook request.

    With a secret it is signed as in https://www.standardwebhooks.com: HMAC-SHA256 of the id, the
    time and the body.
    """
    body, moment = delivery.body.encode(), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": delivery.topic,
        "Webhook-Timestamp": moment,
    }
    if secret:
        signed = b".".join((delivery.topic.encode(), moment.encode(), body))
        mark = base64.b64encode(hmac.digest(_key(secret), signed, "sha256"))
        headers["Webhook-Signature"] = f"v1,{mark.decode()}"
    return body, headers


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()  # not base64: use the text itself
    return secret.encode()


TIMEOUT = 300.0
"""Seconds a hook command may take."""

_GOOD, _BAD = 200, 500  # as HTTP status codes
_STEP = 0.05  # seconds between polls
_TOLD = 200  # octets of output that are kept


def run_command(
    command: str,
    told: str,
    home: Path,
    environ: Mapping[str, str],
    stopping: Callable[[], bool],
    seconds: float = TIMEOUT,
) -> HttpResponse:
    """Run a command in a folder, without a shell, with `told` as standard input.

    It is killed, with its whole process group, when it exceeds the timeout or when feedpub stops.
    The result is reported like an HTTP response: 200 for exit status 0, 500 for any other, and 0 if
    the command could not be run or was killed.
    """
    # Files instead of pipes: a full pipe could block the command.
    with TemporaryFile() as given, TemporaryFile() as said:
        given.write(told.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - configured by the publisher, and no shell
                shlex.split(command),
                cwd=home,
                env=dict(environ),
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return HttpResponse(0, f"cannot be run: {getattr(error, 'strerror', None) or error}")
        why = _wait(process, stopping, seconds)
        said.seek(max(0, said.seek(0, os.SEEK_END) - _TOLD))
        words = " ".join(said.read().decode("utf-8", "replace").split())
    if why:
        return HttpResponse(0, why)
    code = process.returncode
    return HttpResponse(_BAD if code else _GOOD, f"status {code}: {words}" if code else words)


def _wait(process: "subprocess.Popen[bytes]", stopping: Callable[[], bool], seconds: float) -> str:
    """Wait for a command; return why it was killed, "" if it was not."""
    began = time.monotonic()
    while process.poll() is None:
        late = time.monotonic() - began > seconds
        if late or stopping():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"took longer than {seconds:.0f} s" if late else "ended, since feedpub stops"
        time.sleep(_STEP)
    return ""
