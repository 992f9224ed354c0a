"""How a send is stopped from outside."""

import os
import signal
import threading

import pytest

from feedpub.delivery.runner import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_word_to_stop(number: signal.Signals) -> None:
    """And then the signals mean again what they meant before."""
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        assert before == signal.getsignal(number)

    assert before == signal.getsignal(number)


def test_without_a_signal_all_is_as_before() -> None:
    """The word is never given."""
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals() as stop:
        assert before != signal.getsignal(signal.SIGINT)

    assert (before, False) == (signal.getsignal(signal.SIGINT), stop.is_set())


def test_other_threads_are_never_told() -> None:
    """Python gives signals to the main thread alone."""
    found: list[bool] = []

    def work() -> None:
        with stop_on_signals() as stop:
            found.append(stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [False] == found
