"""What judges from outside make of the messages that the example site's newsletter sends."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import made
import mails
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from example import ROOT
from programs import from_npm, needs

from feedpub.config.schema import MailConfig
from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.delivery.mime import compose_message
from feedpub.models.content import Author

CANIEMAIL, MAILPARSER = "caniemail@1.0.5", "mailparser@3.9.47"
READERS = (
    ("zoe@example.org", 'Zoë "Z", the 1st', "en"),
    ("li@example.org", "李安", "zh"),
    ("layla@example.org", "ليلى", "ar"),
)
LETTERS = tuple(f"{kind}/{address}" for kind in ("excerpts", "full") for address, _, _ in READERS)
MOST_POINTS = 1.0  # SpamAssassin calls it spam from 5 on

# What caniemail says some of these know nothing of: each, with what happens there, is told in the
# comment at the beginning of templates/mail/base.html.
CLIENTS = ("gmail.*", "apple-mail.*", "outlook.*")
EXCEPTIONS = {
    "@media",
    "<style> element",
    "display:none",
    "overflow",
    "word-break",
    "white-space",
    "border-radius",
    "<body> element",
    "role attribute",
    "table-layout",
}

SETTINGS = """
mail:
  address: feedpub, 1 Example Street, Lisbon
  unsubscribe: leave@feedpub.example
  dkim:
    - {domain: feedpub.example, selector: old, key: rsa.pem}
    - {domain: feedpub.example, selector: new, key: ed25519.pem}
"""
EVERYTHING = """\
---
title: Everything a post may hold, 👩‍👩‍👧‍👦 included
date: 2025-12-01
tags: ["<b>bold</b>", 'a\"b']
---
> A quotation[^1] with ~~struck~~ <ins>new</ins> <kbd>K</kbd> <mark>m</mark> H<sub>2</sub>O.

1. one
2. two
    - [x] done

Term
:   what it means

<details><summary>More</summary>hidden</details>
<figure><img src="https://b.example/a.png" alt="a" width="900" height="10">
<figcaption>a caption</figcaption></figure>
<audio controls src="https://b.example/a.mp3"></audio>

***

[^1]: A note.
"""

JAVASCRIPT_CANIEMAIL = """
import { caniemail } from 'caniemail';
import { readFileSync } from 'node:fs';
const html = readFileSync(0, 'utf8');
const { issues } = caniemail({ clients: JSON.parse(process.argv[1]), html });
const found = {};
for (const [client, list] of issues.errors)
  for (const { title } of list) (found[title] ??= []).push(client);
console.log(JSON.stringify(found));
"""
JAVASCRIPT_MAILPARSER = """
const { simpleParser } = require('mailparser');
const people = (field) => field.value.map(({ name, address }) => [name, address]);
simpleParser(process.stdin).then((mail) => {
  console.log(JSON.stringify({
    subject: mail.subject, sender: people(mail.from), to: people(mail.to),
    text: mail.text, html: mail.html, key: mail.messageId, date: mail.date.toISOString(),
    list: mail.headers.get('list'), attachments: mail.attachments.length,
  }));
});
"""


@dataclass(frozen=True, slots=True)
class Post:
    """What the example site sent."""

    folder: Path

    def letter(self, name: str) -> bytes:
        """Give a reader's copy: `excerpts/ann@example.org`."""
        kind, _, address = name.partition("/")
        (path,) = (self.folder / kind / "mail").glob(f"{address}-*.eml")
        return path.read_bytes()


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Post:
    """The example site's digest, in excerpts and with whole posts, sent into folders, signed."""
    folder = tmp_path_factory.mktemp("judged")
    for kind in ("excerpts", "full"):
        _send(folder / kind, kind)
    return Post(folder)


def _send(home: Path, kind: str) -> None:
    shutil.copytree(ROOT / "content", home / "content")
    (home / "content" / "everything.md").write_text(EVERYTHING, encoding="utf-8")
    config = (ROOT / "config.yaml").read_text(encoding="utf-8")
    (home / "config.yaml").write_text(f"{config}    content: {kind}\n{SETTINGS}", encoding="utf-8")
    for name, key in (
        ("rsa.pem", rsa.generate_private_key(65537, 2048)),
        ("ed25519.pem", ed25519.Ed25519PrivateKey.generate()),
    ):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (home / name).write_bytes(pem)
    for address, name, language in READERS:
        _run(home, "subscribers", "add", address, "--name", name, "--language", language)
    _run(home, "digest", "send", "weekly", "--backlog")


def _run(home: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "feedpub", *words], cwd=home, capture_output=True, check=False
    )
    assert (0, b"") == (done.returncode, done.stderr)


def _read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _bodies(data: bytes) -> dict[str, str]:
    """Give the text of each part, by its type, as Python's `email` reads it."""
    parts = _read(data).iter_parts()
    return {each.get_content_type(): _lines(each.get_content()) for each in parts}


def _lines(text: str) -> str:
    """Give a text as it is shown: how its lines end is a matter of transport."""
    return text.replace("\r\n", "\n").rstrip("\n")


def _arrived(data: bytes, address: str) -> bytes:
    """Give a message as the reader's server keeps it: it has come from somewhere."""
    date = str(_read(data)["Date"])
    return (
        "Return-Path: <ann@feedpub.example>\r\n"
        "Received: from mail.feedpub.example (mail.feedpub.example [IPv6:2001:db8::25])\r\n"
        f"\tby mx.example.org (Postfix) with ESMTPS id 4XYZ12 for <{address}>;\r\n\t{date}\r\n"
    ).encode() + data


def _points(data: bytes, address: str, folder: Path) -> tuple[float, str]:
    """Give SpamAssassin's points and why, by all that it can tell without asking the network."""
    preferences = folder / "user_prefs"
    preferences.write_text("use_bayes 0\nuse_auto_welcomelist 0\n", encoding="utf-8")
    done = subprocess.run(
        [needs("spamassassin"), "--local", "--test-mode", "--nocreate-prefs", "-p", preferences],
        input=_arrived(data, address),
        env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    status = " ".join(str(_read(done.stdout)["X-Spam-Status"]).split())
    found = re.search(r"score=(-?[0-9.]+) .*tests=[A-Z]", status)
    assert found, f"{status} {done.stderr!r}"
    return float(found[1]), status


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LETTERS)
def test_spamassassin_takes_a_digest_for_no_spam(post: Post, name: str, tmp_path: Path) -> None:
    """In any language, in excerpts or whole."""
    data = post.letter(name)
    assert 2 == data.count(b"DKIM-Signature: ")

    points, status = _points(data, name.partition("/")[2], tmp_path)

    assert MOST_POINTS > points, status


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_spamassassin_takes_the_first_question_for_no_spam(language: str, tmp_path: Path) -> None:
    """What asks for consent must arrive, or nothing ever will."""
    told = mails.composer().compose_confirmation(
        "https://feedpub.example/confirm/qrstuvwxyz234567abcd", language
    )
    heading = MessageHeaders(
        Author("Ann Example", "ann@feedpub.example"), datetime.now(UTC), "weekly.feedpub.example"
    )
    data = compose_message(
        told, heading, Recipient("confirm-0123456789abcdef", "zoe@example.org", "Zoë")
    )

    points, status = _points(data, "zoe@example.org", tmp_path)

    assert MOST_POINTS > points, status


@pytest.mark.timeout(300)  # it may have to be installed first
def test_mail_programs_know_what_is_used(post: Post) -> None:
    """Gmail, Apple Mail and Outlook do, but for what the template explains."""
    folder = from_npm(CANIEMAIL)
    config = replace(made.config(), mail=MailConfig(address="1 Road, Town"))
    composer = mails.composer(config=config)
    documents = [_bodies(post.letter(name))["text/html"] for name in LETTERS]
    documents += [
        composer.compose_confirmation("https://example.org/x", each).html for each in ("en", "ar")
    ]

    found: dict[str, set[str]] = {}
    for html in documents:
        done = subprocess.run(
            [needs("node"), "--input-type=module", "-e", JAVASCRIPT_CANIEMAIL, json.dumps(CLIENTS)],
            cwd=folder,
            input=html,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert "" == done.stderr
        for title, clients in json.loads(done.stdout).items():
            found.setdefault(title, set()).update(clients)

    assert {} == {title: found[title] for title in found.keys() - EXCEPTIONS}
    assert set() == EXCEPTIONS - found.keys(), "these are known by now, or not used any more"
    explained = mails.PACKAGED["mail/base.html"].partition("-#}")[0]
    assert [] == [each for each in EXCEPTIONS if each not in explained]


@pytest.mark.timeout(300)  # it may have to be installed first
@pytest.mark.parametrize("name", LETTERS)
def test_two_readers_of_mail_read_the_same(post: Post, name: str) -> None:
    """Python's `email` and `mailparser` of npm agree on sender, subject, parts and ways out."""
    folder = from_npm(MAILPARSER)
    data = post.letter(name)
    done = subprocess.run(
        [needs("node"), "-e", JAVASCRIPT_MAILPARSER],
        cwd=folder,
        input=data,
        capture_output=True,
        check=False,
    )
    assert b"" == done.stderr

    theirs, ours, bodies = json.loads(done.stdout), _read(data), _bodies(data)
    assert ["text/plain", "text/html"] == list(bodies)
    assert {"utf-8"} == {part.get_content_charset() for part in ours.iter_parts()}
    assert bodies["text/plain"] == _lines(theirs["text"])
    assert bodies["text/html"] == _lines(theirs["html"])
    assert str(ours["Subject"]) == theirs["subject"]
    assert str(ours["Message-ID"]) == theirs["key"]
    assert ours["Date"].datetime.isoformat() == theirs["date"].replace(".000Z", "+00:00")
    (known,) = (each for each in READERS if name.endswith(each[0]))
    assert [[known[1], known[0]]] == theirs["to"] == _people(ours, "To")
    assert [["Ann Example", "ann@feedpub.example"]] == theirs["sender"] == _people(ours, "From")
    assert 0 == theirs["attachments"]
    listed = theirs["list"]
    ways = f"<{listed['unsubscribe']['url']}>, <mailto:{listed['unsubscribe']['mail']}>"
    assert ways == str(ours["List-Unsubscribe"])
    assert f"<{listed['archive']['url']}>" == str(ours["List-Archive"])
    assert f"{listed['id']['name']} <{listed['id']['id']}>" == str(ours["List-Id"])
    assert listed["unsubscribe"]["url"] in theirs["text"]


def _people(message: EmailMessage, field: str) -> list[list[str]]:
    return [[each.display_name, each.addr_spec] for each in message[field].addresses]
