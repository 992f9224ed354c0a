"""What servers refuse of one issue → whether to go on, and whether to believe who is gone."""

from collections import deque
from typing import NamedTuple

_LATELY = 40  # answers that are looked at
_MANY = 20  # refusals among them, from which on it is the relay or the message that is doubted


class Report(NamedTuple):
    """What a refusal says of a reader, if it can be believed."""

    reader: int
    hard: bool  # their address is gone; else their mailbox took nothing this time


class Brake:
    """Keeps a relay that refuses everybody from emptying the list, or the issue. For one thread.

    Nobody is suppressed at once, but only when a later message was taken and, of the last few,
    no more were refused than taken.
    """

    def __init__(self, issue: int) -> None:
        """Nothing was refused yet."""
        self._issue = issue
        self._lately: deque[bool] = deque(maxlen=_LATELY)
        self._held: list[Report] = []

    def taken(self) -> tuple[Report, ...]:
        """Count a message that was taken; return what may be believed of readers now."""
        self._lately.append(False)
        return self.believed()

    def refused(self, report: Report | None) -> None:
        """Count a message that was refused; keep in mind what that says of its reader, if any."""
        self._lately.append(True)
        if report is not None:
            self._held.append(report)

    def believed(self) -> tuple[Report, ...]:
        """Return what may be believed, once each: all that was kept in mind, or nothing."""
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
