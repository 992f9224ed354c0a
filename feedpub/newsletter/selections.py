"""Posts and a language → a selection, written once however many get it, and kept small."""

import marshal
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from hashlib import blake2b

from feedpub.mailing import MessageContent, Variant
from feedpub.model import Post

_FAST = 1  # of zlib's levels: a fifth of the octets, in a fifth of a millisecond


class VariantStore:
    """The selections of one issue, in the order they were first asked for.

    Ten thousand of them are hundreds of megabytes as text; they are kept compressed.
    """

    def __init__(self) -> None:
        self._variants: dict[str, tuple[tuple[str, ...], bytes]] = {}
        self._largest_size = 0
        self.largest_key = ""
        """The key of the one whose message is the largest; "" where there is none."""

    def get_or_create(
        self, posts: Sequence[Post], language: str, write: Callable[[], MessageContent]
    ) -> str:
        """Give the key of a selection: the same posts in the same language are one.

        `write` is called where it is not there yet.
        """
        ids = tuple(post.id for post in posts)
        key = blake2b("\n".join((language, *ids)).encode(), digest_size=12).hexdigest()
        if key not in self._variants:
            content = write()
            self._variants[key] = ids, zlib.compress(marshal.dumps(astuple(content)), _FAST)
            size = len(content.html) + len(content.text)
            if size > self._largest_size:
                self._largest_size, self.largest_key = size, key
        return key

    def get_content(self, key: str) -> MessageContent:
        """Give what the message of a selection says."""
        return MessageContent(*marshal.loads(zlib.decompress(self._variants[key][1])))  # noqa: S302 - ours

    def __iter__(self) -> Iterator[Variant]:
        """Give each selection."""
        return (
            Variant(key, posts, self.get_content(key)) for key, (posts, _) in self._variants.items()
        )

    def __len__(self) -> int:
        return len(self._variants)
