"""Signals: the first is a word, the second an end."""

import os
import signal
import subprocess
import sys
from threading import Thread

import pytest
from watched import wait_until

from feedpub.daemon.signals import handle_signals

DEAF = """
import signal, time
from feedpub.daemon.signals import handle_signals
with handle_signals() as signals:
    print("ready", flush=True)
    while not signals.stop.is_set():
        signals.wait(60)
    print("stopping", flush=True)
    time.sleep(300)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_asked_to_stop_is_told(number: signal.Signals) -> None:
    """And the process goes on, to end what it has in hand; afterwards all is as it was."""
    before = signal.getsignal(number)
    with handle_signals() as signals:
        assert not signals.stop.is_set()

        os.kill(os.getpid(), number)
        wait_until(signals.stop.is_set, "the signal")

        assert signal.SIG_DFL == signal.getsignal(number)

    assert before == signal.getsignal(number)


def test_who_is_asked_to_read_again_is_told() -> None:
    """SIGHUP ends nothing."""
    with handle_signals() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        wait_until(lambda: signals.reload_requested, "the signal")
        signals.wait(60)

        assert not signals.stop.is_set()


def test_a_signal_may_come_at_any_moment() -> None:
    """Also while the same thread holds the lock of those who wait for the end: they are told."""
    with handle_signals() as signals:
        waiting = Thread(target=signals.stop.wait)
        waiting.start()
        with signals.stop._cond:  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGTERM)
            signals.wait(60)

        assert signals.stop.is_set()

        waiting.join(60)

        assert not waiting.is_alive()


def test_nobody_waits_longer_than_was_said() -> None:
    """Where nothing is asked for."""
    with handle_signals() as signals:
        signals.wait(0.001)

        assert not signals.stop.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(number: signal.Signals) -> None:
    """Whatever it has in hand."""
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"ready\n" == process.stdout.readline()

        process.send_signal(number)

        assert b"stopping\n" == process.stdout.readline()

        process.send_signal(number)

        assert -number == process.wait(60)
