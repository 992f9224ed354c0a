"""A number of posts and of people → a site with a newsletter, ready to be sent."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks import corpus
from feedpub import storage
from feedpub.models.newsletter import Consent, Subscriber, SubscriptionFilter

FEEDPUB = (sys.executable, "-m", "feedpub")
_DOMAINS = ("gmail.example", "outlook.example", "yahoo.example", "icloud.example")
_EVERY = 3  # of people, one has an own domain


def write(folder: Path, port: int, connections: int, posts: int, *, signed: bool) -> None:
    """Write the site; its posts are of the last days, so that all are new."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "content").mkdir(parents=True)
    key = ""
    if signed:
        (folder / "dkim.pem").write_bytes(_key())
        key = ", dkim: [{domain: bench.example, selector: a, key: dkim.pem}]"
    (folder / "config.yaml").write_text(
        "site: {title: Bench, url: https://bench.example/}\n"
        "digests: [{name: weekly}]\n"
        "mail: {transport: smtp, sender: {name: Ann, email: news@bench.example},\n"
        "  bounces: bounces@bench.example, unsubscribe: leave@bench.example, relays: [{host: "
        f"127.0.0.1, port: {port}, security: none, connections: {connections}}}]{key}}}\n"
    )
    begin = datetime.now(UTC) - timedelta(days=8)
    for number, each in enumerate(corpus.entries(posts)):
        published = begin + timedelta(hours=number)
        (folder / "content" / f"{each.slug}.md").write_text(
            f"---\ntitle: {each.title}\ndate: {published:%Y-%m-%d %H:%M}\nauthors: "
            f"[{', '.join(each.authors)}]\ntags: [only-{number}, {', '.join(each.tags)}]\n---\n"
            f"{each.body}\n",
            encoding="utf-8",
        )


def people(path: Path, number: int) -> None:
    """Write a list of so many people, as a CSV file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_rows(number))


def followers(folder: Path, number: int) -> None:
    """Fill the database with readers, no two of whom follow the same posts, by a tag for each."""
    now = datetime.now(UTC)
    with closing(storage.open_store("", folder / ".feedpub")) as opened:
        opened.import_subscribers((_follower(each + 1, now) for each in range(number)), now)


def _follower(number: int, now: datetime) -> Subscriber:
    tags = tuple(sorted(f"only-{bit}" for bit in range(number.bit_length()) if number >> bit & 1))
    return Subscriber(
        id=0,
        address=f"reader{number}@example.org",
        consent=Consent(now, "import"),
        state="active",
        follows=SubscriptionFilter(everything=False, tags=tags),
    )


def _rows(number: int) -> Iterator[str]:
    yield "email,name,state\n"
    for each in range(number):
        own = each % _EVERY == 0
        domain = f"d{each % 5000}.example" if own else _DOMAINS[each % len(_DOMAINS)]
        yield f"reader{each}@{domain},Reader {each},active\n"


def _key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
