"""Stamp messages with the time of their issue, to tell a restored database by what comes back.

Where the whole folder is restored from a backup, nothing beside the database knows better either;
but the messages that went out since do. Only the site's secret makes a stamp, so no stranger can
stop a newsletter by a message that claims to be newer.
"""

import re
from datetime import UTC, datetime

from feedpub import tokens
from feedpub.tokens import SigningKeys

_PURPOSE = "issued"
_STAMP = re.compile(
    rb"^X-Feedpub-Issued:[ \t]{1,9}([0-9a-f]{8,10})\.([a-z2-7]{16})\b", re.MULTILINE | re.IGNORECASE
)
_MOST = 16  # stamps of one message that are looked at: a bounce returns one


def create_stamp(keys: SigningKeys, created: datetime) -> str:
    """Return the stamp of an issue."""
    moment = f"{int(created.timestamp()):08x}"
    return f"{moment}.{tokens.sign_form(keys, _PURPOSE, moment)}"


def find_newest_stamp(keys: SigningKeys, data: bytes) -> datetime | None:
    """Return when the newest issue was created of those whose stamps stand in a message."""
    found = None
    for _, each in zip(range(_MOST), _STAMP.finditer(data), strict=False):
        moment, seal = each[1].decode().lower(), each[2].decode()
        if tokens.verify_form(keys, _PURPOSE, moment, seal):
            created = datetime.fromtimestamp(int(moment, 16), UTC)
            found = max(found, created) if found else created
    return found
