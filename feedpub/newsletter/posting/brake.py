"""What servers say of the addresses of one issue → whether to believe that so many are gone."""

from collections import deque

_LATELY = 40  # answers that are looked at
_MANY = 20  # gone among them, from which on it is the relay that is doubted


class Brake:
    """Keeps a relay that refuses everybody from emptying the list. For one thread.

    Nobody is suppressed at once, but only when a later message was taken and, of the last few,
    no more were refused as gone than taken.
    """

    def __init__(self) -> None:
        self._lately: deque[bool] = deque(maxlen=_LATELY)
        self._held: list[int] = []

    def taken(self) -> tuple[int, ...]:
        """Count a message that was taken; give the readers who may be suppressed now."""
        self._lately.append(False)
        return self.believed()

    def gone(self, reader: int) -> None:
        """Count an address that is said to be gone, and keep its reader in mind."""
        self._lately.append(True)
        self._held.append(reader)

    def believed(self) -> tuple[int, ...]:
        """Give the readers who may be suppressed, once each: all who were kept in mind, or none."""
        gone = sum(self._lately)
        if not self._held or gone > len(self._lately) - gone:
            return ()
        held, self._held = self._held, []
        return tuple(held)

    @property
    def is_pulled(self) -> bool:
        """Whether so many are said to be gone that the issue should stop."""
        gone = sum(self._lately)
        return gone >= _MANY and gone > len(self._lately) - gone

    def __str__(self) -> str:
        """Say why the issue stopped."""
        return (
            f"{sum(self._lately)} of the last {len(self._lately)} addresses were refused as "
            "unknown; nobody was suppressed for it: look at the relay, then `feedpub digest resume`"
        )
