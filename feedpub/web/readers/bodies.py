"""The body of a request → the fields of its form; neither more nor slower than people write."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from feedpub.web.bodies import BodyError, read_body

MAX_FORM_SIZE = 65_536
"""Octets: a form in which a thousand tags are chosen."""

_MOST = 5_000  # fields
_FORM = "application/x-www-form-urlencoded"

FormFields = tuple[tuple[str, str], ...]


async def parse_form(request: Request, patience: float) -> FormFields:
    """Read the fields of a form, in order; it may take so many seconds to come.

    Raises:
        UnreadError: It is of another kind, too large, too slow, or cut off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise BodyError(415)
    text = (await read_body(request, MAX_FORM_SIZE, patience)).decode("utf-8", "replace")
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST))
    except ValueError:
        raise BodyError(413) from None
