"""What the store cannot do.

StoreError            the database cannot be used: what is wrong, where, and what to do
├── StoreUnavailable  it is away, or locked, for now: wait and call again
├── ForgottenError    the person asked to be forgotten, and is not taken back
└── OvertakenError    another process planned the same posts meanwhile: choose them anew
"""

from feedpub.errors import FeedpubError


class StoreError(FeedpubError):
    """The database cannot be used. The message says what is wrong, where, and what to do."""


class StoreUnavailable(StoreError):  # noqa: N818 - it is a state of the world, and passes
    """The database is away or locked for now.

    Nothing was lost, and any method may be called again with the same arguments: the next call
    makes a new connection.
    """


class AddressForgottenError(StoreError):
    """The person asked to be forgotten: only a salted hash is left, and nobody is mailed."""


class ConcurrentUpdateError(StoreError):
    """Another process has planned some of the same posts meanwhile; nothing was planned here."""
