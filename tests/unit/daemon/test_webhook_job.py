"""What the daemon does for others than the site itself."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from folders import CONFIG, NOW, Site
from listeners import Reply, listening, nobody
from newsrooms import Newsroom, config

from feedpub.daemon.settings import CurrentSite as Running
from feedpub.daemon.webhook_job import BackgroundJobs
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger
from feedpub.models.newsletter import SignupRequest
from feedpub.newsletter import queue_status, signup
from feedpub.site import builder
from feedpub.web.middleware import HitCounter

RELAY = "transport: smtp, relays: [{{host: 127.0.0.1, port: {port}, security: none}}]"


def requests(site: Site) -> int:
    """Give how many requests are kept."""
    return sum(
        number for _, number in queue_status.collect_statistics(site.request(), 1).user_agents
    )


def test_counts_outlive_a_database_that_is_away(tmp_path: Path) -> None:
    """What cannot be kept is kept the next time, or at the end; that it cannot is told."""
    site, stream, traffic = Site(tmp_path), StringIO(), HitCounter()
    running = Running(site.request(), Event(), lambda: NOW)
    outward = BackgroundJobs(running, EventLogger(stream, lambda: NOW, human=True), traffic)
    away = site.put(".feedpub/newsletter.sqlite", "no database")
    traffic.count("rss.xml", "Feedly/1.0", 200, NOW)
    with pytest.raises(FeedpubError):
        outward.store_feed_hits(NOW)
    outward.flush()
    away.unlink()

    assert "readership not kept  why: " in stream.getvalue()

    traffic.count("rss.xml", "Feedly/1.0", 304, NOW)
    again = outward.store_feed_hits(NOW)

    assert NOW + timedelta(minutes=5) == again
    assert 2 == requests(site)

    traffic.count("rss.xml", "Feedly/1.0", 304, NOW)
    outward.flush()

    assert 3 == requests(site)


def test_what_nobody_serves_nobody_counts(tmp_path: Path) -> None:
    """Where there is neither a newsletter nor a server there is no database."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: false\n")
    running = Running(site.request(), Event(), lambda: NOW)
    BackgroundJobs(running, EventLogger(StringIO(), lambda: NOW, human=True), HitCounter()).flush()

    assert not (tmp_path / ".feedpub/newsletter.sqlite").exists()


def test_that_sign_ups_wait_is_told_once(tmp_path: Path) -> None:
    """Not every minute, as long as the mail server is away for the same reason."""
    room, stream = Newsroom(tmp_path), StringIO()
    relay = RELAY.format(port=nobody().rpartition(":")[2].rstrip("/"))
    room.config(config("name: weekly", mail=relay) + "subscribers: {form: true}\n")
    outward = BackgroundJobs(
        Running(room.request(), Event(), lambda: room.now),
        EventLogger(stream, lambda: room.now, human=True),
        HitCounter(),
    )
    with room.desk() as desk:
        signup.request_signup(desk, SignupRequest("bob@example.net"), b"", room.now)
    for _ in range(3):
        outward.send_confirmations(room.now)
        room.now += timedelta(minutes=1)

    assert 1 == stream.getvalue().count("sign-ups answered  waiting: ")

    room.config(config("name: weekly") + "subscribers: {form: true}\n")
    outward._site.reload()
    outward.send_confirmations(room.now)

    assert stream.getvalue().rstrip().endswith("sign-ups answered  sent: 1")


def test_a_hook_that_fails_is_logged_without_its_path(tmp_path: Path) -> None:
    """Whoever knows the path can write there; nor is it logged when the server repeats it."""
    site, stream = Site(tmp_path), StringIO()
    site.post("a.md")
    with listening(Reply(404, b"Cannot POST /services/T1/k3y"), Reply(200)) as server:
        hooks = f"hooks: {{on_published: ['{server.url}services/T1/k3y']}}\n"
        site.config(f"{CONFIG}{hooks}")
        running = Running(site.request(), Event(), lambda: NOW)
        outward = BackgroundJobs(
            running, EventLogger(stream, lambda: NOW, human=True), HitCounter()
        )
        outward.enqueue_webhooks(builder.build(site.request()))
        due = outward.deliver_webhooks(NOW)
        assert due is not None
        outward.deliver_webhooks(due)

    logged = stream.getvalue()
    assert ["/services/T1/k3y"] * 2 == [each.path for each in server.heard]
    assert 2 == logged.count(server.url.rstrip("/"))
    assert "404" in logged
    assert "k3y" not in logged
