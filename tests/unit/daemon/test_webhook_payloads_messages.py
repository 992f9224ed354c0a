"""What hubs and hooks are sent."""

import base64
import hmac
from datetime import UTC, datetime

import pytest

from feedpub.daemon.webhook_payloads import build_webhook_request
from feedpub.models.webhooks import URL, WebhookDelivery

NOW = datetime(2025, 1, 30, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("plain words", b"plain words"),
        ("whsec_" + base64.b64encode(b"\0octets").decode(), b"\0octets"),
        ("whsec_not base64", b"whsec_not base64"),
    ],
)
def test_a_secret_may_be_in_base64(secret: str, key: bytes) -> None:
    """With the prefix that says so."""
    body, headers = build_webhook_request(
        WebhookDelivery(URL, "https://x/", "id", "{}"), secret, NOW
    )

    signed = hmac.digest(key, b"id.1738224000.{}", "sha256")
    assert b"{}" == body
    assert f"v1,{base64.b64encode(signed).decode()}" == headers["Webhook-Signature"]
