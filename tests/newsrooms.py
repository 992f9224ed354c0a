"""A little site with a newsletter, run as a publisher would: posts, readers, and mail in files.

room = Newsroom(tmp_path)         # a digest "weekly", begun, and nothing in it yet
room.reader("bob@example.org")
room.write("one.md")              # a post of now
room.send()
assert {"bob@example.org": ["one"]} == room.mailed()
"""

import email.policy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from itertools import pairwise

from folders import Site

from feedpub.app import NewsletterContext, open_newsletter
from feedpub.models.newsletter import Subscriber, SubscriptionFilter
from feedpub.newsletter import issues
from feedpub.newsletter.planning import DigestResult
from feedpub.subscribers import manage

DAY, WEEK = timedelta(days=1), timedelta(days=7)
CONFIG = """
site:
  title: Example & Co
  url: https://example.org/blog/
  author: {{name: Ann, email: ann@example.org}}
digests: [{digests}]
mail: {{{mail}}}
web: {{port: 0}}
"""
POST = """---
title: {title}
date: {date}
tags: [{tags}]
authors: [{authors}]
---
{body}
"""


def config(*digests: str, mail: str = "") -> str:
    """Write a configuration; a digest is what stands between its braces."""
    return CONFIG.format(digests=", ".join(f"{{{each}}}" for each in digests), mail=mail)


@dataclass
class Newsroom(Site):
    """A site with digests and readers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.config(config("name: weekly"))

    def digests(self, *digests: str, mail: str = "") -> None:
        """Write the configuration anew."""
        self.config(config(*digests, mail=mail))

    def begin(self) -> None:
        """Let every digest begin, a day before now."""
        self.now -= DAY
        self.send()
        self.now += DAY

    def write(self, name: str, tags: str = "", authors: str = "", title: str = "") -> None:
        """Write a post of now, titled after its file."""
        text = POST.format(
            title=title or name.removesuffix(".md"),
            date=self.now.isoformat(),
            tags=tags,
            authors=authors,
            body=f"The text of {name}.",
        )
        self.put(f"content/{name}", text)

    def reader(
        self,
        address: str,
        *,
        tags: tuple[str, ...] = (),
        cadence: str = "digest",
        language: str = "",
    ) -> Subscriber:
        """Add somebody."""
        return manage.add_subscriber(
            self.request(), address, tags=tags, cadence=cadence, language=language
        )

    def prefer(self, reader: Subscriber, follows: SubscriptionFilter, cadence: str) -> None:
        """Let somebody choose anew."""
        with self.desk() as desk:
            desk.store.update_preferences(reader.id, follows, cadence, "", self.now)

    def send(
        self, digest: str = "", *, due: bool = False, dry: bool = False, backlog: bool = False
    ) -> tuple[DigestResult, ...]:
        """Send what is new."""
        return issues.send_digests(self.request(), digest, due=due, dry=dry, backlog=backlog)

    @contextmanager
    def desk(self) -> Iterator[NewsletterContext]:
        """Look behind the scenes."""
        with open_newsletter(self.request()) as desk:
            yield desk

    def messages(self) -> list[EmailMessage]:
        """Give all messages that went out."""
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted((self.root / "mail").glob("*.eml"))
        ]

    def mailed(self) -> dict[str, list[str]]:
        """Give which posts each address was mailed, by the titles in the text; one each mail."""
        found: dict[str, list[str]] = {}
        for message in self.messages():
            part = message.get_body(("plain",))
            assert part is not None
            lines = part.get_content().splitlines()
            titles = [line for line, rule in pairwise(lines) if set(rule) == {"="}]
            found.setdefault(message["To"], []).extend(titles)
        return {address: sorted(titles) for address, titles in found.items()}


def dead_worker() -> str:
    """Give the name of one that was a process of this machine, and has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(60)
    return f"{socket.gethostname()}-{process.pid}-0123abcd"


def reasons(sent: tuple[DigestResult, ...]) -> list[str]:
    """Give why nothing went out, digest by digest."""
    return [each.reason for each in sent]
