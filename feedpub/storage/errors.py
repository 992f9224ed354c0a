"""Exceptions of the storage package.

StoreError                    the database cannot be used: what is wrong, where, what to do
├── StoreUnavailable          it is down or locked for now: wait and call again
├── AddressForgottenError     the person asked to be erased and is not added again
└── ConcurrentUpdateError     another process planned the same posts: select them again
"""

from feedpub.errors import FeedpubError


class StoreError(FeedpubError):
    """The database cannot be used. The message says what is wrong, where, and what to do."""


class StoreUnavailable(StoreError):  # noqa: N818 - a temporary condition, not a fault
    """The database is down or locked for now.

    Nothing was lost. Any method may be called again with the same arguments; the next call opens
    a new connection.
    """


class AddressForgottenError(StoreError):
    """The person asked to be erased: only a salted hash is left, and no mail is sent."""


class ConcurrentUpdateError(StoreError):
    """Another process planned some of the same posts first; nothing was planned here."""
