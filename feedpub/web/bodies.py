"""A request → the octets of its body; neither more nor slower than whoever asks for them takes."""

import anyio
from starlette.requests import ClientDisconnect, Request

_DIGITS = 15  # no length that anybody means has more


class BodyError(Exception):
    """A body is not what is taken, or cannot be read; `status` is what HTTP calls that."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read_body(request: Request, largest: int, seconds: float) -> bytes:
    """Read a body of no more than so many octets, which may take so many seconds to come.

    Raises:
        UnreadError: It is too large, too slow, or cut off; what is left of it is not read.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and (len(length) > _DIGITS or int(length) > largest):
        raise BodyError(413)
    whole = bytearray()
    try:
        with anyio.fail_after(seconds):
            async for part in request.stream():
                whole += part
                if len(whole) > largest:
                    raise BodyError(413)
    except TimeoutError:
        raise BodyError(408) from None
    except ClientDisconnect:
        raise BodyError(400) from None
    return bytes(whole)
