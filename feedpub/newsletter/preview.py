"""Preview a digest as files, or send it as one test message that is not recorded.

`write_preview` and `send_test` are the entry points of `feedpub digest preview` and `test`.
"""

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.config.schema import DigestConfig
from feedpub.delivery.merge_tags import substitute_tags
from feedpub.delivery.relays import build_transport
from feedpub.delivery.render import MessageRenderer
from feedpub.errors import FeedpubError
from feedpub.models import address as models_address
from feedpub.models.newsletter import Consent, Message, MessageContent, SendResult, Subscriber
from feedpub.models.text import slugify
from feedpub.newsletter.issue_builder import IssueBuilder, run_with_builder
from feedpub.site import archive
from feedpub.site.describe import FilterDescriber
from feedpub.subscribers.manage import get_by_address


@dataclass(frozen=True, slots=True)
class Preview:
    """The files of a preview."""

    subject: str
    paths: tuple[Path, ...]  # the HTML page first


@dataclass(frozen=True, slots=True)
class _PreviewMessage:
    """One recipient's message."""

    content: MessageContent  # with the recipient's values filled in
    message: Message


def write_preview(request: BuildRequest, digest: str, folder: Path, address: str = "") -> Preview:
    """Write a digest as it would go out now to a folder: HTML, text and a complete message.

    It is composed for the subscriber with this address, or for a sample recipient. If no post is
    new, the newest ones are used. Raises FeedpubError if there is no post or no such subscriber.
    """
    with open_newsletter(request) as newsletter:
        chosen = newsletter.get_digest(digest)
        reader = get_by_address(newsletter, address) if address else None
        sample = _sample(request, newsletter, chosen, reader, "reader@example.org")
    parts = {
        "html": sample.content.html.encode(),
        "txt": sample.content.text.encode(),
        "eml": sample.message.data,
    }
    paths = tuple(folder / f"{slugify(chosen.name)}.{suffix}" for suffix in parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in zip(paths, parts.values(), strict=True):
            path.write_bytes(data)
    except OSError as error:
        raise FeedpubError(f"{folder}: cannot write the preview ({error.strerror})") from error
    return Preview(sample.content.subject, paths)


def send_test(request: BuildRequest, digest: str, to: str) -> SendResult:
    """Send the message that `write_preview` writes to one address, without recording it.

    A subscriber gets their own message; for any other address the unsubscribe and preference links
    do not work. Raises FeedpubError if the address is invalid or nothing can be sent.
    """
    with open_newsletter(request) as newsletter:
        try:
            models_address.normalize_address(to)
        except models_address.InvalidValueError as error:
            raise FeedpubError(str(error)) from None
        chosen = newsletter.get_digest(digest)
        sample = _sample(request, newsletter, chosen, newsletter.store.find_subscriber(to), to)
        with closing(build_transport(newsletter).connect()) as session:
            return session.send(sample.message, lambda: None)


def _sample(
    request: BuildRequest,
    newsletter: NewsletterContext,
    digest: DigestConfig,
    reader: Subscriber | None,
    address: str,
) -> _PreviewMessage:
    """Compose the message of a subscriber, or of a sample recipient with this address."""
    # No subscriber has the id 0, so its tokens are invalid.
    one = reader or Subscriber(0, address, Consent(request.now, "preview"))
    key = f"preview-{secrets.token_hex(8)}"  # unique, or mail clients would drop it as a duplicate

    def work(builder: IssueBuilder, describer: FilterDescriber) -> _PreviewMessage:
        posts = builder.select_example_posts(digest, request.now, reader)
        if not posts:
            whose = f" that {one.address} follows" if reader else ""
            raise FeedpubError(f"{digest.name}: no post{whose} to show yet")
        language = builder.get_language(one)
        # The issue has no page yet, so link to the archive.
        url = archive.build_archive_url(newsletter.config, digest.name)
        content = builder.compose_content(digest, request.now, posts, url, language)
        renderer = MessageRenderer(newsletter, describer)
        letter = renderer.prepare(digest.name, request.now, content)
        return _PreviewMessage(
            content=substitute_tags(content, renderer.build_recipient(key, one, language)),
            message=renderer.render(letter, key, one, language),
        )

    return run_with_builder(request, newsletter, work)
