"""Render each recipient's message and sign it.

`MessageRenderer` is created once per round and shared by all workers; `MessageSigner` also signs
confirmations and other single messages.
"""

from datetime import datetime

from feedpub.app import NewsletterContext
from feedpub.config.schema import DkimConfig
from feedpub.delivery.dkim import DkimSigner
from feedpub.delivery.headers import MessageHeaders, Recipient, encode_list_label, to_ascii_address
from feedpub.delivery.mime import PreparedMessage, prepare_message
from feedpub.errors import FeedpubError, MailError
from feedpub.models.content import Author
from feedpub.models.newsletter import Message, MessageContent, Subscriber
from feedpub.models.text import slugify
from feedpub.site.archive import build_archive_url
from feedpub.site.describe import FilterDescriber
from feedpub.storage import sent_files


class MessageSigner:
    """Adds DKIM signatures and a return path that identifies the subscriber (VERP)."""

    def __init__(self, newsletter: NewsletterContext) -> None:
        self._newsletter = newsletter
        self.sender = newsletter.get_sender()
        self.signers = tuple(load_signer(newsletter, each) for each in newsletter.config.mail.dkim)

    def build_message(self, data: bytes, one: Subscriber) -> Message:
        """Sign a rendered message and address it to a subscriber."""
        for signer in self.signers:
            data = signer.sign(data, tidy=True)
        bounces = self._newsletter.config.mail.bounces
        sender = to_ascii_address(self.sender.email)
        if bounces:
            sender = _add_token(bounces, self._newsletter.create_token("bounce", one))
        return Message(sender, to_ascii_address(one.address), data, smtputf8=not data.isascii())


class MessageRenderer:
    """Renders messages for subscribers."""

    def __init__(self, newsletter: NewsletterContext, describer: FilterDescriber) -> None:
        self._newsletter = newsletter
        self._describer = describer
        self._signer = MessageSigner(newsletter)

    def prepare(
        self,
        digest: str,
        created: datetime,
        content: MessageContent,
        title: str = "",
        *,
        is_issue: bool = False,
    ) -> PreparedMessage:
        """Encode what all copies of a content have in common.

        A digest removed from the configuration still finishes its issues, under the `title` that it
        had then. Messages of an issue (`is_issue`) are stamped with its time.
        """
        config = self._newsletter.config
        titles = {each.name: each.title for each in config.digests}
        heading = MessageHeaders(
            sender=self._signer.sender,
            date=created,
            list_id=f"{encode_list_label(slugify(digest))}.{self._newsletter.get_hostname()}",
            list_name=titles.get(digest) or title or config.site.title,
            reply_to=Author("", config.mail.reply_to) if config.mail.reply_to else None,
            archive_url=build_archive_url(config, digest) or config.site.url,
            stamp=sent_files.create_stamp(self._newsletter.keys, created) if is_issue else "",
        )
        return prepare_message(content, heading)

    def build_recipient(self, key: str, one: Subscriber, language: str) -> Recipient:
        """Return the values of one recipient's copy."""
        config = self._newsletter.config
        pages = config.readers_url
        leave = self._newsletter.create_token("unsubscribe", one)
        return Recipient(
            key=key,
            address=one.address,
            name=one.name,
            unsubscribe=f"{pages}unsubscribe/{leave}",
            preferences=f"{pages}preferences/{self._newsletter.create_token('preferences', one)}",
            online=config.site.url,
            follows=self._describer.describe(one, language),
            mailto=f"mailto:{_add_token(config.mail.unsubscribe, leave)}"
            if config.mail.unsubscribe
            else "",
        )

    def render(self, letter: PreparedMessage, key: str, one: Subscriber, language: str) -> Message:
        """Return one subscriber's message. Raises ValueError if it cannot be addressed."""
        return self._signer.build_message(
            letter.render_for(self.build_recipient(key, one, language)), one
        )


def load_signer(newsletter: NewsletterContext, key: DkimConfig) -> DkimSigner:
    """Load a DKIM key. Raises FeedpubError if it cannot be used."""
    try:
        pem = (newsletter.paths.cache.parent.parent / key.key).read_bytes()
        return DkimSigner(key.domain, key.selector, pem)
    except OSError as error:
        raise FeedpubError(
            f"{key.key}: {error.strerror}; create the key of mail.dkim with `openssl genrsa -out "
            f"{key.key} 2048`; `feedpub doctor` then shows the DNS record"
        ) from None
    except MailError as error:
        raise FeedpubError(f"{key.key}: {error}") from None


def _add_token(address: str, token: str) -> str:
    """Add a token to an address, in ASCII: `bounces+token@example.org`."""
    local, _, domain = address.rpartition("@")
    tagged = f"{local}+{token}@{domain}"
    return to_ascii_address(tagged) or tagged
