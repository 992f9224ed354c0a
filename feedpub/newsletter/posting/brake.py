"""What servers refuse of one issue → whether to go on, and whether to believe who is gone."""

from collections import deque

_LATELY = 40  # answers that are looked at
_MANY = 20  # refusals among them, from which on it is the relay or the message that is doubted


class Brake:
    """Keeps a relay that refuses everybody from emptying the list, or the issue. For one thread.

    Nobody is suppressed at once, but only when a later message was taken and, of the last few,
    no more were refused than taken.
    """

    def __init__(self, issue: int) -> None:
        """Nothing was refused yet."""
        self._issue = issue
        self._lately: deque[bool] = deque(maxlen=_LATELY)
        self._held: list[int] = []

    def taken(self) -> tuple[int, ...]:
        """Count a message that was taken; give the readers who may be suppressed now."""
        self._lately.append(False)
        return self.believed()

    def refused(self, reader: int, *, gone: bool) -> None:
        """Count a message that was refused; keep in mind whose address is said to be `gone`."""
        self._lately.append(True)
        if gone:
            self._held.append(reader)

    def believed(self) -> tuple[int, ...]:
        """Give the readers who may be suppressed, once each: all who were kept in mind, or none."""
        refused = sum(self._lately)
        if not self._held or refused > len(self._lately) - refused:
            return ()
        held, self._held = self._held, []
        return tuple(held)

    @property
    def is_pulled(self) -> bool:
        """Whether so much is refused that the issue should stop."""
        refused = sum(self._lately)
        return refused >= _MANY and refused > len(self._lately) - refused

    def __str__(self) -> str:
        """Say why the issue stopped, and what to do."""
        return (
            f"{sum(self._lately)} of the last {len(self._lately)} messages were refused; nobody "
            "was suppressed for it: look at what the relay says, then "
            f"`feedpub digest retry {self._issue}`, then `feedpub digest resume {self._issue}`"
        )
