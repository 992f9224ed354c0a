"""Many threads that each want one small thing committed → one commit for all that wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition

from feedpub.mailing import Settled
from feedpub.store.errors import StoreError


@dataclass(slots=True, eq=False)
class Request:
    """What one thread asks for, and the answer once there is one."""

    worker: str
    ids: tuple[int, ...]
    now: datetime
    settled: tuple[Settled, ...] = ()
    granted: frozenset[int] | None = None
    error: StoreError | None = None

    @property
    def is_answered(self) -> bool:
        """Tell whether there is an answer, good or bad."""
        return self.granted is not None or self.error is not None


@dataclass(slots=True, eq=False)
class Together:
    """Hands what has come together to one commit.

    The disk is slow to promise that it keeps something (fsync: some ms), and promises one thing
    or fifty in the same time. Whoever comes while a commit is under way waits for the next one.
    """

    commit: Callable[[Sequence[Request]], None]  # sets `granted` of each
    _waiting: list[Request] = field(default_factory=list)
    _answered: Condition = field(default_factory=Condition)
    _busy: bool = False

    def ask(self, request: Request) -> frozenset[int]:
        """Give the answer once it is committed. Raises StoreError, as the commit did."""
        if group := self._led(request):
            self._answer(group)
        if request.error is not None:
            raise type(request.error)(str(request.error)) from request.error
        return request.granted or frozenset()

    def _led(self, request: Request) -> tuple[Request, ...]:
        """Wait for the answer, which gives (), or for the turn to answer all that wait."""
        with self._answered:
            self._waiting.append(request)
            self._answered.wait_for(lambda: request.is_answered or not self._busy)
            if request.is_answered:
                return ()
            # Itself first: it is not waiting any more if a bug ended the commit that it was in.
            group = tuple(dict.fromkeys((request, *self._waiting)))
            self._waiting, self._busy = [], True
            return group

    def _answer(self, group: Sequence[Request]) -> None:
        """Commit, and wake all up."""
        try:
            self.commit(group)
        except StoreError as error:
            for each in group:
                each.error = error
        finally:
            with self._answered:
                self._busy = False
                self._answered.notify_all()
