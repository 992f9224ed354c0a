"""Something that happened → what a hub or a hook is sent: words, and a signature.

A command and what it is told → how it ended, and the last it said.
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

_PREFIX = "whsec_"  # of a secret that is written in base64


def build_published_payload(
    site: SiteConfig, feeds: Sequence[str], posts: Sequence[Post], now: datetime
) -> tuple[str, str]:
    """Give the id and the JSON of this: these feeds have changed, and these posts are new."""
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
    site: SiteConfig, issue: Issue, tally: IssueStats, now: datetime
) -> tuple[str, str]:
    """Give the id and the JSON of this: all of an issue has gone out."""
    # The id of an issue alone would be another one's in a new database.
    topic = f"issue {issue.id} {issue.created.isoformat()}"
    told = {
        "id": issue.id,
        "digest": issue.digest,
        "subject": issue.subject,
        "slot": issue.slot.isoformat(),
        "posts": list(issue.posts),
        "audience": tally.audience,
        "accepted": tally.accepted,
        "failed": tally.failed,
        "suppressed": tally.suppressed,
        "in_doubt": tally.doubt,
    }
    return topic, _build_event(site, "issue_sent", topic, now, issue=told)


def _build_event(site: SiteConfig, name: str, topic: str, now: datetime, **more: object) -> str:
    about = {"title": site.title, "url": site.url}
    told = {"event": name, "id": topic, "at": now.isoformat(), "site": about, **more}
    return json.dumps(told, ensure_ascii=False)


def build_websub_request(errand: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    """Give the body and the headers that tell a WebSub hub of a feed."""
    form = urlencode({"hub.mode": "publish", "hub.url": errand.topic})
    return form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def build_webhook_request(
    errand: WebhookDelivery, secret: str, now: datetime
) -> tuple[bytes, dict[str, str]]:
    """Give the body and the headers that tell a URL of something that happened.

    With a secret they are signed as in https://www.standardwebhooks.com: HMAC-SHA256 of the id,
    the time and the body.
    """
    body, moment = errand.body.encode(), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": errand.topic,
        "Webhook-Timestamp": moment,
    }
    if secret:
        signed = b".".join((errand.topic.encode(), moment.encode(), body))
        mark = base64.b64encode(hmac.digest(_key(secret), signed, "sha256"))
        headers["Webhook-Signature"] = f"v1,{mark.decode()}"
    return body, headers


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()  # somebody's own words, after all
    return secret.encode()


TIMEOUT = 300.0
"""How long a command may take."""

_GOOD, _BAD = 200, 500  # as of an answer
_STEP = 0.05  # seconds between two looks
_TOLD = 200  # octets of its last words


def run_command(
    command: str,
    told: str,
    home: Path,
    environ: Mapping[str, str],
    stopping: Callable[[], bool],
    seconds: float = TIMEOUT,
) -> HttpResponse:
    """Run a command in a folder, without a shell, with what it is told as its standard input.

    It is ended, with all that it started, when it takes too long, or when feedpub is to stop.
    """
    # Files and not pipes: nobody has to read while the other side writes.
    with TemporaryFile() as given, TemporaryFile() as said:
        given.write(told.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the publisher's own words, and no shell
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
    """Wait for the end of a command; say why it was ended before, "" where it was not."""
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
