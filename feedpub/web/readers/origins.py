"""Where a browser says a form was → whether it may be heeded.

A page of somebody else's could make its visitors sign strangers up, each from a network of their
own. Browsers tell where a form was; programs that are none can do as they like anyway.
"""

from collections.abc import Collection, Mapping

_OWN = ("same-origin", "none")  # "none": the person themselves, by a bookmark or the like


def get_origin(url: str) -> str:
    """Return the origin of a URL as browsers name it (RFC 6454)."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def is_allowed_origin(headers: Mapping[str, str], home: str, others: Collection[str]) -> bool:
    """Tell whether a form was on this site, or on one of the others.

    Args:
        headers: Of the request, by name in lower case.
        home: The site's address.
        others: The origins of the others, as the configuration has them.
    """
    origin = headers.get("origin", "")
    if origin in others:
        return True
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] in _OWN
    if not origin:
        return True
    scheme, _, host = origin.partition("://")
    at_home = home.startswith(f"{origin}/")
    return at_home or (scheme in {"http", "https"} and host == headers.get("host"))
