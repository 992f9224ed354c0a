"""What a digest would say now → files to look at, or one message that no ledger knows of."""

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from feedpub import roster, site
from feedpub.config import Digest
from feedpub.digests import Following
from feedpub.errors import FeedpubError
from feedpub.mailing import Consent, Content, Message, Outcome, Subscriber
from feedpub.message import fill
from feedpub.newsletter.desk import Desk, opened
from feedpub.newsletter.editing import Editor, edited
from feedpub.newsletter.posting import Printer, transport
from feedpub.newsletter.readers import at
from feedpub.publish.request import Request
from feedpub.slugs import slugify


@dataclass(frozen=True, slots=True)
class Preview:
    """What a digest would say now, to be looked at."""

    subject: str
    paths: tuple[Path, ...]  # the page first


@dataclass(frozen=True, slots=True)
class _Sample:
    """One reader's copy."""

    shown: Content  # with the reader's own values
    message: Message


def preview(request: Request, digest: str, folder: Path, address: str = "") -> Preview:
    """Write what a digest would say now, as HTML, text and a whole message, to a folder.

    It is for the subscriber with this address, else for nobody in particular. Where nothing is
    new the newest posts stand in. Raises FeedpubError where there is none, or no such subscriber.
    """
    with opened(request) as desk:
        chosen = desk.digest(digest)
        reader = at(desk, address) if address else None
        sample = _sample(request, desk, chosen, reader, "reader@example.org")
    parts = {
        "html": sample.shown.html.encode(),
        "txt": sample.shown.text.encode(),
        "eml": sample.message.data,
    }
    paths = tuple(folder / f"{slugify(chosen.name)}.{suffix}" for suffix in parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in zip(paths, parts.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise FeedpubError(
            f"{folder}: the preview cannot be written there ({error.strerror})"
        ) from error
    return Preview(sample.shown.subject, paths)


def test(request: Request, digest: str, to: str) -> Outcome:
    """Send what `preview` shows to one address; no ledger and no reader knows of it.

    A subscriber gets their own copy; anybody else one whose ways out lead nowhere. Raises
    FeedpubError for what is no address, and where nothing can be sent at all.
    """
    with opened(request) as desk:
        try:
            roster.canonical(to)
        except roster.Faulty as error:
            raise FeedpubError(str(error)) from None
        chosen = desk.digest(digest)
        sample = _sample(request, desk, chosen, desk.store.find(to), to)
        with closing(transport(desk).connect()) as session:
            return session.send(sample.message, lambda: None)


def _sample(
    request: Request, desk: Desk, digest: Digest, reader: Subscriber | None, address: str
) -> _Sample:
    """Write the copy of a reader, or one to an address of nobody in particular."""
    # Nobody has the id 0: its tokens lead nowhere.
    one = reader or Subscriber(0, address, Consent(request.now, "preview"))
    key = f"preview-{secrets.token_hex(8)}"  # a message of its own each time, or none would show

    def work(editor: Editor, following: Following) -> _Sample:
        posts = editor.example(digest, request.now, reader)
        if not posts:
            whose = f" that {one.address} follows" if reader else ""
            raise FeedpubError(f"{digest.name}: there is no post{whose} to show yet")
        language = editor.language(one)
        # It will have a page of its own; this is what leads to all of them.
        url = site.digest_address(desk.config, digest.name)
        content = editor.content(digest, request.now, posts, url, language)
        printer = Printer(desk, following)
        letter = printer.letter(digest.name, request.now, content)
        return _Sample(
            shown=fill(content, printer.reader(key, one, language)),
            message=printer.message(letter, key, one, language),
        )

    return edited(request, desk, work)
