"""A content and a reader → the message that the reader gets, signed."""

from datetime import datetime

from feedpub.config import Dkim
from feedpub.digests import Following
from feedpub.errors import FeedpubError, MailError
from feedpub.mailing import Content, Message, Subscriber
from feedpub.message import Heading, Letter, Reader, label, prepare, routable
from feedpub.message.dkim import Signer
from feedpub.model import Author
from feedpub.newsletter import stamps
from feedpub.newsletter.desk import Desk
from feedpub.site import digest_address
from feedpub.slugs import slugify


class Press:
    """Gives every message what makes it ours: signatures, and a way back that says whose it was."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.sender = desk.sender()
        self.signers = tuple(signer(desk, each) for each in desk.config.mail.dkim)

    def message(self, data: bytes, one: Subscriber) -> Message:
        """Sign and address what is written to a reader."""
        for signer in self.signers:
            data = signer.sign(data, tidy=True)
        bounces = self._desk.config.mail.bounces
        sender = routable(self.sender.email)
        if bounces:
            sender = _tagged(bounces, self._desk.token("bounce", one))
        return Message(sender, routable(one.address), data, smtputf8=not data.isascii())


class Printer:
    """Writes each reader's copy of each content."""

    def __init__(self, desk: Desk, following: Following) -> None:
        self._desk = desk
        self._following = following
        self._press = Press(desk)

    def letter(
        self,
        digest: str,
        created: datetime,
        content: Content,
        title: str = "",
        *,
        is_issue: bool = False,
    ) -> Letter:
        """Encode what all copies have in common.

        A digest that is not in the configuration any more, or not by this name, still ends what it
        began: `title` is what it was called then. What goes to readers is stamped with its time.
        """
        config = self._desk.config
        titles = {each.name: each.title for each in config.digests}
        heading = Heading(
            sender=self._press.sender,
            date=created,
            list_id=f"{label(slugify(digest))}.{self._desk.host()}",
            list_name=titles.get(digest) or title or config.site.title,
            reply_to=Author("", config.mail.reply_to) if config.mail.reply_to else None,
            archive=digest_address(config, digest) or config.site.url,
            stamp=stamps.stamp(self._desk.keys, created) if is_issue else "",
        )
        return prepare(content, heading)

    def reader(self, key: str, one: Subscriber, language: str) -> Reader:
        """Give what one reader's copy has of its own."""
        config = self._desk.config
        pages = config.readers_url
        leave = self._desk.token("unsubscribe", one)
        return Reader(
            key=key,
            address=one.address,
            name=one.name,
            unsubscribe=f"{pages}unsubscribe/{leave}",
            preferences=f"{pages}preferences/{self._desk.token('preferences', one)}",
            online=config.site.url,
            follows=self._following.sentence(one, language),
            mailto=f"mailto:{_tagged(config.mail.unsubscribe, leave)}"
            if config.mail.unsubscribe
            else "",
        )

    def message(self, letter: Letter, key: str, one: Subscriber, language: str) -> Message:
        """Write the copy of one reader. Raises ValueError where it cannot be addressed."""
        return self._press.message(letter.to(self.reader(key, one, language)), one)


def signer(desk: Desk, key: Dkim) -> Signer:
    """Read a key that messages are signed with. Raises FeedpubError where it cannot be used."""
    try:
        pem = (desk.where.memory.parent.parent / key.key).read_bytes()
        return Signer(key.domain, key.selector, pem)
    except OSError as error:
        raise FeedpubError(
            f"{key.key}: {error.strerror}: mail.dkim names it; `openssl genrsa -out {key.key} "
            "2048` makes a key, and `feedpub doctor` then shows the record for the DNS"
        ) from None
    except MailError as error:
        raise FeedpubError(f"{key.key}: {error}") from None


def _tagged(address: str, token: str) -> str:
    """Put a token into an address, as SMTP takes it: `bounces+token@example.org`."""
    local, _, domain = address.rpartition("@")
    tagged = f"{local}+{token}@{domain}"
    return routable(tagged) or tagged
