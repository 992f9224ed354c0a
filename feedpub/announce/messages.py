"""Something that happened → what a hub or a hook is sent: words, and a signature."""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from feedpub.config import SiteConfig
from feedpub.errands import WebhookDelivery
from feedpub.mailing import Issue, IssueStats
from feedpub.model import Post

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
