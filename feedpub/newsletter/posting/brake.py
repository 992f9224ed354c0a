"""What servers refuse of one issue → whether to go on, and whether to believe who is gone."""

from collections import deque
from typing import NamedTuple

_WINDOW = 40  # answers that are looked at
_MIN_REFUSALS = (
    20  # refusals among them, from which on it is the relay or the message that is doubted
)


class RecipientRejection(NamedTuple):
    """What a refusal says of a reader, if it can be believed."""

    subscriber_id: int
    hard: bool  # their address is gone; else their mailbox took nothing this time


class CircuitBreaker:
    """Keeps a relay that refuses everybody from emptying the list, or the issue. For one thread.

    Nobody is suppressed at once, but only when a later message was taken and, of the last few,
    no more were refused than taken.
    """

    def __init__(self, issue: int) -> None:
        """Nothing was refused yet."""
        self._issue = issue
        self._recent_refusals: deque[bool] = deque(maxlen=_WINDOW)
        self._unconfirmed: list[RecipientRejection] = []

    def record_success(self) -> tuple[RecipientRejection, ...]:
        """Count a message that was taken; return what may be believed of readers now."""
        self._recent_refusals.append(False)
        return self.pop_confirmed()

    def record_failure(self, report: RecipientRejection | None) -> None:
        """Count a message that was refused; keep in mind what that says of its reader, if any."""
        self._recent_refusals.append(True)
        if report is not None:
            self._unconfirmed.append(report)

    def pop_confirmed(self) -> tuple[RecipientRejection, ...]:
        """Return what may be believed, once each: all that was kept in mind, or nothing."""
        refused = sum(self._recent_refusals)
        if not self._unconfirmed or refused > len(self._recent_refusals) - refused:
            return ()
        held, self._unconfirmed = self._unconfirmed, []
        return tuple(held)

    @property
    def is_open(self) -> bool:
        """Whether so much is refused that the issue should stop."""
        refused = sum(self._recent_refusals)
        return refused >= _MIN_REFUSALS and refused > len(self._recent_refusals) - refused

    def __str__(self) -> str:
        """Say why the issue stopped, and what to do."""
        return (
            f"{sum(self._recent_refusals)} of the last {len(self._recent_refusals)} "
            "messages were refused; nobody "
            "was suppressed for it: look at what the relay says, then "
            f"`feedpub digest retry {self._issue}`, then `feedpub digest resume {self._issue}`"
        )
