"""The body of a request → the fields of its form; neither more nor slower than people write."""

from urllib.parse import parse_qsl

import anyio
from starlette.requests import ClientDisconnect, Request

LARGEST = 65_536
"""Octets: a form in which a thousand tags are chosen."""

_MOST = 5_000  # fields
_FORM = "application/x-www-form-urlencoded"

Fields = tuple[tuple[str, str], ...]


class UnreadError(Exception):
    """A body is no form, or cannot be read; `status` is what HTTP calls that."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def fields(request: Request, patience: float) -> Fields:
    """Read the fields of a form, in order; it may take so many seconds to come.

    Raises:
        UnreadError: It is of another kind, too large, too slow, or cut off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise UnreadError(415)
    try:
        with anyio.fail_after(patience):
            text = (await _body(request)).decode("utf-8", "replace")
    except TimeoutError:
        raise UnreadError(408) from None
    except ClientDisconnect:
        raise UnreadError(400) from None
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST))
    except ValueError:
        raise UnreadError(413) from None


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    octets = 0
    async for part in request.stream():
        octets += len(part)
        if octets > LARGEST:
            raise UnreadError(413)
        parts.append(part)
    return b"".join(parts)
