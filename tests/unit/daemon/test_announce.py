"""Hubs and hooks that are told, by real servers and real commands, whatever they answer."""

import base64
import hmac
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from listeners import Listener, Reply, listening, nobody
from newsrooms import Newsroom, config

from feedpub.daemon.webhooks import (
    WebhookResult,
    deliver_due_webhooks,
    enqueue_changes,
    enqueue_missed_changes,
)

HOME = "https://example.org/blog/"
RSS, ATOM = f"{HOME}rss.xml", f"{HOME}atom.xml"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Town(Newsroom):
    """A site, those whom it tells, and what came of it."""

    told: list[WebhookResult] = field(default_factory=list)

    def set(self, hubs: Sequence[str] = (), hooks: str = "") -> None:
        """Write the configuration."""
        listed = ", ".join(f'"{each}"' for each in hubs)
        more = f"feeds: {{hubs: [{listed}]}}\nhooks: {{{hooks}}}\n"
        self.config(config("name: weekly") + more)

    def change(self, *feeds: str) -> int:
        """Say that feeds have changed."""
        return enqueue_changes(self.request(), feeds, self.now)

    def announce(self) -> datetime | None:
        """Tell what is due."""
        return deliver_due_webhooks(self.request(), self.now, self.told.append)

    def states(self) -> list[str]:
        """Give what came of each attempt."""
        return [each.state for each in self.told]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Give a site that tells nobody yet."""
    return Town(tmp_path)


def topics(hub: Listener) -> list[str]:
    """Give the feeds that a hub was told of."""
    asked = [parse_qs(each.body.decode()) for each in hub.heard]
    assert all(each["hub.mode"] == ["publish"] for each in asked)
    return [each["hub.url"][0] for each in asked]


def test_nobody_is_told_where_nobody_is_to_be(town: Town) -> None:
    """There is not even a database then."""
    assert 0 == town.change(RSS)
    assert town.announce() is None
    assert not (town.root / ".feedpub").exists()


def test_every_hub_is_told_of_the_feeds_that_changed(town: Town) -> None:
    """Of just these, once, and then nothing waits."""
    with listening(202) as one, listening(204) as two:
        town.set([one.url, two.url])
        assert 4 == town.change(RSS, ATOM)
        assert town.announce() is None
        assert town.announce() is None

    assert [RSS, ATOM] == topics(one)
    assert [RSS, ATOM] == topics(two)
    assert ["done"] * 4 == town.states()
    assert "202 so be it" == town.told[0].text
    assert "application/x-www-form-urlencoded" == one.heard[0].headers["content-type"]


def test_where_nothing_changed_nobody_is_told(town: Town) -> None:
    """A build that wrote no feed."""
    town.set([nobody()])

    assert 0 == town.change()
    assert town.announce() is None


def test_a_hub_is_told_again_until_it_accepts(town: Town) -> None:
    """It says 500, then 202; the time of the next attempt is what is given."""
    with listening(500, 202) as hub:
        town.set([hub.url])
        town.change(RSS)
        again = town.announce()
        assert again is not None
        assert town.announce() == again  # too early
        assert 1 == len(hub.heard)
        town.now = again
        assert town.announce() is None

    assert ["again", "done"] == town.states()
    assert [RSS, RSS] == topics(hub)


def test_several_changes_are_one_ping(town: Town) -> None:
    """However often a feed changed since the hub was last told."""
    with listening(500, 202) as hub:
        town.set([hub.url])
        town.change(RSS)
        town.announce()
        town.change(RSS)
        town.change(RSS)
        town.now += MINUTE
        assert town.announce() is None

    assert [RSS, RSS] == topics(hub)


@pytest.mark.parametrize("status", [429, 503])
def test_a_hub_that_is_busy_is_left_alone(town: Town, status: int) -> None:
    """All that it was to be told waits; then what was not tried yet comes first."""
    with listening(status, 202) as hub:
        town.set([hub.url])
        town.change(RSS, ATOM)
        again = town.announce()
        assert again is not None
        assert [RSS] == topics(hub)
        town.now = again
        assert town.announce() is None

    assert [RSS, ATOM, RSS] == topics(hub)


def test_a_hub_that_takes_one_feed_only_is_told_of_it(town: Town) -> None:
    """That it does not know another keeps nothing back."""
    with listening(404, 202) as hub:
        town.set([hub.url])
        town.change(RSS, ATOM)
        assert town.announce() is not None

    assert [RSS, ATOM] == topics(hub)


def test_what_cannot_be_told_waits_alone(town: Town) -> None:
    """A row that is damaged, a date that is none: all others are told."""
    never = (("Retry-After", "Mon, 01 Jan 2024 00:00:00 +99999999999999999"),)
    with listening(Reply(503, headers=never)) as odd, listening(202) as hub, listening(200) as hook:
        town.set([odd.url, hub.url], f'on_published: ["{hook.url}x", "{hook.url}"]')
        town.change(RSS)
        with closing(sqlite3.connect(town.root / ".feedpub" / "newsletter.sqlite")) as rows, rows:
            rows.execute("UPDATE ping SET body = x'ff' WHERE target LIKE '%x'")
        assert town.announce() is not None

    assert ["again", "done", "again", "done"] == town.states()
    assert town.told[2].text.startswith("cannot be told: AttributeError")
    assert 1 == len(hook.heard)


@pytest.mark.parametrize("silent", ["hangs", "is away"])
def test_a_hub_that_is_silent_keeps_nobody_waiting(town: Town, silent: str) -> None:
    """All that it was to be told waits, after one attempt; the other hub is told."""
    with listening(Reply(hang=True)) as hung, listening(202) as good:
        bad = hung.url if silent == "hangs" else nobody()
        town.set([bad, good.url])
        town.change(RSS, ATOM)
        again = town.announce()

    assert again is not None
    assert town.now < again < town.now + MINUTE
    assert [RSS, ATOM] == topics(good)
    assert [bad] == [each.delivery.target for each in town.told if each.state == "again"]
    assert all(each.next_at is not None for each in town.told if each.state == "again")


def test_a_hub_that_left_the_configuration_is_told_nothing(town: Town) -> None:
    """What waited for it is forgotten."""
    with listening(500) as old, listening(202) as new:
        town.set([old.url])
        town.change(RSS)
        town.announce()
        town.set([new.url])
        town.now += DAY
        assert town.announce() is None

    assert 1 == len(old.heard)
    assert [] == new.heard


def test_what_was_not_noted_is_caught_up(town: Town) -> None:
    """A build that was killed before it could say what it had changed; and only that."""
    town.write("a.md", tags="One Two")
    with listening(202) as hub:
        town.set([hub.url])
        assert enqueue_changes(town.request(), town.build().changed_feeds, town.now) > 0
        town.announce()
        assert 0 == enqueue_missed_changes(town.request(), town.now)
        known = len(hub.heard)

        town.write("b.md")
        town.build()  # and killed
        assert 6 == enqueue_missed_changes(town.request(), town.now)
        town.announce()
        assert 0 == enqueue_missed_changes(town.request(), town.now)

    last = topics(hub)[known:]
    assert f"{HOME}rss.xml" in last
    assert not any("tags/" in each for each in last)


def test_a_new_hub_is_told_of_every_feed(town: Town) -> None:
    """And where there is no hub, nobody is."""
    town.write("a.md", tags="One Two")
    changed = set(town.build().changed_feeds)
    assert 0 == enqueue_missed_changes(town.request(), town.now)
    with listening(202) as hub:
        town.set([hub.url])
        town.build()
        enqueue_missed_changes(town.request(), town.now)
        town.announce()

    assert changed == set(topics(hub))
    assert f"{HOME}tags/one-two/rss.xml" in changed


def test_a_hook_gets_signed_json(town: Town) -> None:
    """As in https://www.standardwebhooks.com."""
    with listening(200) as hook:
        town.environ = {"HOOK_SECRET": "a long secret"}
        town.set(hooks=f'on_published: ["{hook.url}x"], secret: "${{HOOK_SECRET}}"')
        assert 1 == town.change(RSS)
        assert town.announce() is None

    (heard,) = hook.heard
    told = json.loads(heard.body)
    number, moment = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
    signed = f"{number}.{moment}.".encode() + heard.body
    mark = base64.b64encode(hmac.digest(b"a long secret", signed, "sha256")).decode()
    assert "/x" == heard.path
    assert {
        "event": "published",
        "id": number,
        "at": town.now.isoformat(),
        "site": {"title": "Example & Co", "url": HOME},
        "feeds": [RSS],
        "posts": [],
    } == told
    assert f"v1,{mark}" == heard.headers["webhook-signature"]
    assert abs(int(moment) - town.now.timestamp()) < 3600


def test_a_hook_is_told_of_new_posts(town: Town) -> None:
    """Each once, whenever its page appears; the first build of a site is no news."""
    town.write("a.md")
    with listening(200) as hook:
        town.set(hooks=f'on_published: ["{hook.url}"]')
        for name in ("b.md", "b.md"):
            summary = town.build()
            enqueue_changes(town.request(), summary.changed_feeds, town.now, summary.new_posts)
            town.announce()
            town.write(name, tags="x", authors="Bo", title="Second")
            town.now += MINUTE
        summary = town.build()
        enqueue_changes(town.request(), summary.changed_feeds, town.now, summary.new_posts)
        town.announce()

    told = [json.loads(each.body)["posts"] for each in hook.heard]
    assert [[], ["Second"]] == [[post["title"] for post in posts] for posts in told][:2]
    (post,) = told[1]
    assert (f"{HOME}posts/b/", ["Bo"], ["x"], "en") == (
        post["url"],
        post["authors"],
        post["tags"],
        post["language"],
    )
    assert all(posts == [] for posts in told[2:])


def test_a_hook_is_told_of_posts_whose_feeds_were_written_before(town: Town) -> None:
    """By a build that was killed: the next one finds nothing to write, and the posts new."""
    town.write("a.md")
    town.build()
    town.write("b.md")
    summary = town.build()
    with listening(200) as hook:
        town.set(hooks=f'on_published: ["{hook.url}"]')

        assert 1 == enqueue_changes(town.request(), (), town.now, summary.new_posts)
        assert 0 == enqueue_changes(town.request(), (), town.now)

        town.announce()

    (told,) = (json.loads(each.body)["posts"] for each in hook.heard)
    assert [f"{HOME}posts/b/"] == [each["url"] for each in told]


def test_a_hook_that_fails_stops_nobody(town: Town) -> None:
    """It is told again; each time that something is published is one event."""
    with listening(500, 500, 200) as bad, listening(200) as good:
        town.set(hooks=f'on_published: ["{bad.url}", "{good.url}"]')
        town.change(RSS)
        town.announce()
        town.now += MINUTE / 60
        town.change(ATOM)
        town.announce()
        town.now += DAY
        assert town.announce() is None

    assert 2 == len(good.heard)
    assert 4 == len(bad.heard)
    assert [[RSS], [ATOM]] == [json.loads(each.body)["feeds"] for each in good.heard]
    assert "webhook-signature" not in good.heard[0].headers


def test_a_command_gets_json(town: Town) -> None:
    """On its standard input, in the site's folder, without a shell."""
    town.put("bin/tell", '#!/bin/sh\ncat > "told $1"\necho said\n').chmod(0o755)
    town.environ = {"PATH": "/usr/bin:/bin"}
    town.set(hooks="on_published: [\"bin/tell 'a  b;$HOME'\"]")
    town.change(RSS)

    assert town.announce() is None
    told = json.loads((town.root / "told a  b;$HOME").read_text(encoding="utf-8"))
    assert [RSS] == told["feeds"]
    assert ["done"] == town.states()
    assert "200 said" == town.told[0].text


def test_a_command_that_fails_is_told_of_once(town: Town) -> None:
    """What came after it is done all the same."""
    town.environ = {"PATH": "/usr/bin:/bin"}
    town.set(hooks="on_published: [no-such-thing, false, \"sh -c 'exit 3'\", true]")
    town.change(RSS)

    assert town.announce() is None
    assert ["dropped", "dropped", "dropped", "done"] == town.states()
    assert "cannot be run: No such file or directory" == town.told[0].text
    assert ["500 status 1:", "500 status 3:"] == [each.text for each in town.told[1:3]]


def test_an_issue_that_went_out_is_told_of(town: Town) -> None:
    """Once, however often it is looked for, and whoever sent it."""
    town.reader("bob@example.org")
    town.begin()
    town.write("one.md")
    town.send()
    with listening(200) as hook:
        town.set(hooks=f'on_issue_sent: ["{hook.url}"]')
        assert town.now + MINUTE == town.announce()
        town.now += MINUTE
        assert town.now + MINUTE == town.announce()

    (heard,) = hook.heard
    issue = json.loads(heard.body)["issue"]
    assert ("weekly", "one", 1, 1) == (
        issue["digest"],
        issue["subject"],
        issue["audience"],
        issue["accepted"],
    )


def test_an_issue_of_long_ago_is_told_to_nobody(town: Town) -> None:
    """A hook begins with what is new."""
    town.reader("bob@example.org")
    town.begin()
    town.write("one.md")
    town.send()
    with listening(200) as hook:
        town.set(hooks=f'on_issue_sent: ["{hook.url}"]')
        town.now += 3 * DAY
        town.announce()

    assert [] == hook.heard


def test_whoever_stops_feedpub_is_heard(town: Town) -> None:
    """Nothing is begun any more, and nothing is lost."""
    with listening(202) as hub:
        town.set([hub.url])
        town.change(RSS, ATOM)
        calls = iter([False, True])
        deliver_due_webhooks(town.request(), town.now, town.told.append, lambda: next(calls))
        assert 1 == len(hub.heard)
        assert town.announce() is None

    assert [RSS, ATOM] == topics(hub)


def test_a_command_that_is_stopped_begins_again(town: Town) -> None:
    """It had not come to its end."""
    town.environ = {"PATH": "/usr/bin:/bin"}
    town.set(hooks="on_published: [sleep 100]")
    town.change(RSS)
    calls = iter([False, False, True, True])

    assert town.now == deliver_due_webhooks(
        town.request(), town.now, town.told.append, lambda: next(calls)
    )
    assert [] == town.told
