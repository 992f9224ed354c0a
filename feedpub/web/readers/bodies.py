"""The body of a request → the fields of its form; neither more nor slower than people write."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from feedpub.web.bodies import UnreadError, body

LARGEST = 65_536
"""Octets: a form in which a thousand tags are chosen."""

_MOST = 5_000  # fields
_FORM = "application/x-www-form-urlencoded"

Fields = tuple[tuple[str, str], ...]


async def fields(request: Request, patience: float) -> Fields:
    """Read the fields of a form, in order; it may take so many seconds to come.

    Raises:
        UnreadError: It is of another kind, too large, too slow, or cut off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise UnreadError(415)
    text = (await body(request, LARGEST, patience)).decode("utf-8", "replace")
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST))
    except ValueError:
        raise UnreadError(413) from None
