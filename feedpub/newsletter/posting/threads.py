"""Threads that nobody waits for at the end of the process."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def start_thread(call: Callable[[], object], name: str) -> Future[None]:
    """Call in a thread of its own; return what tells how that ends.

    A server, or a database, may keep it waiting for longer than a process has to end.
    """
    future: Future[None] = Future()

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result is told
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name=name, daemon=True).start()
    return future
