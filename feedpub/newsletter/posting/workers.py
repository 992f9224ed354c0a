"""The processes that send → their names, and which of them are no more."""

import os
import re
import secrets
import socket

_NAME = re.compile(r"(.*)-([0-9]{1,9})-[0-9a-f]{8}")


def create_worker_id() -> str:
    """Give a name for one round of sending of this process, that none had before."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_dead(worker: str) -> bool:
    """Tell whether a worker's process was on this machine, and is there no more.

    Should it be there all the same, behind a wall that we cannot see through, it sends nothing
    that was taken from it.
    """
    found = _NAME.fullmatch(worker)
    if found is None or found[1] != socket.gethostname():
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # pragma: no cover - somebody else's; root, as whom tests may run, is told
        return False
    return False
