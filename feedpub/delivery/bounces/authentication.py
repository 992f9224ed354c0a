"""Decide whether a message's From address is genuine by our own mail server's checks.

Servers record their checks in Authentication-Results (RFC 8601), but a sender can forge that field.
So only the topmost one with our server's name counts. If that name is taken from Received instead
of the configuration, the field must also be above the first Received, which our server wrote
itself.
"""

import re
from collections.abc import Iterator

from feedpub.delivery.bounces.message import HeaderFields

_RESULTS, _RECEIVED = "authentication-results", "received"
_BY = re.compile(r"\bby[ \t]+([A-Za-z0-9._-]{1,255})")
_LOCAL = re.compile(r"from[ \t]+(?:localhost|\[?127\.|\[?::1)", re.IGNORECASE)
_RESULT = re.compile(r"[ \t]*([a-z-]{1,20})[ \t]*=[ \t]*([a-z]{1,20})(?=[\s;]|$)(.*)", re.DOTALL)
_PROPERTY = re.compile(r"(?:^|\s)((?:header|smtp|policy)\.[a-z-]{1,40})[ \t]*=[ \t]*\"?([^\s;\"]+)")
_LONGEST = 2_000  # characters of a field
_ONCE_NAMED = 2  # "@" in From: the address, and once more in a display name that repeats it
_MOST = 50  # results in one field


def find_authenticated_sender(header: HeaderFields, authserv_id: str = "") -> str:
    """Return the From address if our own server authenticated it, otherwise "".

    Args:
        header: The header of the message, topmost field first.
        authserv_id: Our server's name in Authentication-Results; "" to take it from Received.
    """
    addresses = [value for name, value in header.pairs if name == "from"]
    address = header.get_address("from").lower()
    if len(addresses) != 1 or address.count("@") != 1 or addresses[0].count("@") > _ONCE_NAMED:
        return ""
    domain = address.rpartition("@")[2]
    results = _find_trusted_results(header, authserv_id.lower())
    return address if any(_authenticates(each, domain) for each in results) else ""


def _find_trusted_results(header: HeaderFields, authserv_id: str) -> tuple[str, ...]:
    """Return the results that our own server wrote, unparsed."""
    names = [name for name, _ in header.pairs]
    first = next(
        (at for at, (name, value) in enumerate(header.pairs) if _is_arrival(name, value)), 0
    )
    if not authserv_id:
        if _RECEIVED not in names:
            return ()
        found = _BY.search(header.pairs[first][1])
        authserv_id = found[1].lower() if found else ""
        last = first
    else:
        last = len(names)
    for name, value in header.pairs[:last]:
        if name != _RESULTS:
            continue
        server, _, results = _without_comments(value[:_LONGEST]).partition(";")
        if authserv_id and server.split()[:1] == [authserv_id]:
            return tuple(results.split(";")[:_MOST])
    return ()


def _is_arrival(name: str, value: str) -> bool:
    """Return whether a Received field shows an arrival from another machine."""
    return name == _RECEIVED and not _LOCAL.match(value)


def _authenticates(result: str, domain: str) -> bool:
    """Return whether a result proves that a message is from a domain."""
    found = _RESULT.match(result)
    if found is None or found[2] != "pass":
        return False
    method = found[1]
    said = dict(_PROPERTY.findall(found[3]))
    if method == "dmarc":
        return bool(said.get("header.from", "").rpartition("@")[2] == domain)
    if method == "dkim":
        signer = said.get("header.d") or said.get("header.i", "").rpartition("@")[2]
        return _is_within(domain, signer)
    if method == "spf":
        return bool(said.get("smtp.mailfrom", "").rpartition("@")[2] == domain)
    return False


def _is_within(domain: str, signer: str) -> bool:
    """Return whether a domain equals the signer's domain or is below it."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _without_comments(value: str) -> str:
    """Return a field value in lower case without comments, which may nest."""
    return "".join(_skip_comments(value.lower()))


def _skip_comments(value: str) -> Iterator[str]:
    depth = 0
    for each in value:
        if each == "(":
            depth += 1
        elif each == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            yield each
