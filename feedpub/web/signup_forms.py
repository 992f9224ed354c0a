"""The fields of a form → what somebody wants, or what they should look at again.

Where a browser says a form was → whether it may be heeded.

A page of somebody else's could make its visitors sign strangers up, each from a network of their
own. Browsers tell where a form was; programs that are none can do as they like anyway.

Keep readers' pages on a host of their own, where `subscribers.host` names one.

On the site's host lies what authors publish. A page there shares nothing with a page of another
origin: neither what it shows, nor the links in it, which are all that opens a reader's settings.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from feedpub.models import address as models_address
from feedpub.models.content import SignupOptions
from feedpub.models.newsletter import CADENCES, SignupRequest, Subscriber, SubscriptionFilter
from feedpub.web.middleware import get_host

HONEYPOT = "subject"
"""A field that people do not see, and programs fill in."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field."""

    field: str  # the id of its element
    words: str  # the key of what is said about it


@dataclass(frozen=True, slots=True)
class FormData:
    """What a form holds: as it was filled in, or as it is to be shown first."""

    address: str = ""
    everything: bool = True
    tags: tuple[str, ...] = ()  # slugs, sorted
    authors: tuple[str, ...] = ()  # slugs, sorted
    cadence: str = "digest"
    language: str = ""
    is_spam: bool = False
    faults: tuple[FieldError, ...] = ()

    @property
    def follows(self) -> SubscriptionFilter:
        """What it says somebody follows."""
        return (
            SubscriptionFilter()
            if self.everything
            else SubscriptionFilter(everything=False, tags=self.tags, authors=self.authors)
        )

    @property
    def signup_request(self) -> SignupRequest:
        """What it asks for."""
        return SignupRequest(self.address, self.follows, self.cadence, self.language)


def parse_signup(fields: Iterable[tuple[str, str]], choices: SignupOptions) -> FormData:
    """Read the form of somebody who signs up."""
    pairs = tuple(fields)
    given = _parse_common(pairs, choices, SubscriptionFilter())
    address = _last(pairs, "address").strip()
    faults = (*_address_faults(address), *given.faults)
    trapped = bool(_last(pairs, HONEYPOT).strip())
    return FormData(
        address=address,
        everything=given.everything,
        tags=given.tags,
        authors=given.authors,
        cadence=given.cadence,
        language=given.language,
        is_spam=trapped,
        faults=faults,
    )


def parse_preferences(
    fields: Iterable[tuple[str, str]], choices: SignupOptions, reader: Subscriber
) -> FormData:
    """Read the form of somebody who is a reader; what they follow may be there no more."""
    return _parse_common(tuple(fields), choices, reader.follows)


def fill_form(reader: Subscriber) -> FormData:
    """Give the form as somebody finds it who is a reader."""
    follows = reader.follows
    return FormData(
        address=reader.address,
        everything=follows.everything,
        tags=follows.tags,
        authors=follows.authors,
        cadence=reader.cadence,
        language=reader.language,
    )


def _parse_common(
    pairs: Sequence[tuple[str, str]], choices: SignupOptions, kept: SubscriptionFilter
) -> FormData:
    """Read what both forms have; nobody follows what nobody offers, or has followed before."""
    tags = _chosen(pairs, "tag", {tag.slug for tag in choices.tags} | set(kept.tags))
    authors = {author.slug for author in choices.authors} | set(kept.authors)
    writers = _chosen(pairs, "author", authors)
    follow = _last(pairs, "follow")
    everything = follow == "everything" or not (follow or tags or writers)
    cadence, language = _last(pairs, "cadence"), _last(pairs, "language")
    lacking = not (everything or tags or writers)
    return FormData(
        everything=everything,
        tags=tags,
        authors=writers,
        cadence=cadence if cadence in CADENCES else "digest",
        language=language if language in choices.languages else "",
        faults=(FieldError("some", "wanted-none"),) if lacking else (),
    )


def _address_faults(address: str) -> tuple[FieldError, ...]:
    if not address:
        return (FieldError("address", "address-missing"),)
    try:
        models_address.normalize_address(address)
    except models_address.InvalidValueError:
        return (FieldError("address", "address-wrong"),)
    return ()


def _chosen(pairs: Sequence[tuple[str, str]], name: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({value for key, value in pairs if key == name and value in known}))


def _last(pairs: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for key, value in reversed(pairs) if key == name), "")


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


_TOKEN_PAGES = rb"(?:confirm|forget|preferences|resubscribe|unsubscribe)/"
_STYLES = rb"assets/[^/]{1,200}-[0-9a-f]{10}\.(?:css|svg|woff2)"
_MACHINES = re.compile(rb"/(?:hooks/|healthz(?:/|$)|metrics$)")
_LOOKING = ("GET", "HEAD")


class SubscriberHostMiddleware:
    """Send requests for readers' pages to their host, and all others there back to the site."""

    def __init__(self, app: ASGIApp, site_url: str, readers_url: str) -> None:
        """Guard an application that answers for both hosts."""
        self._app = app
        self._site, self._readers = get_origin(site_url), get_origin(readers_url)
        self._host = (urlsplit(readers_url).hostname or "").lower()
        prefix = re.escape(urlsplit(site_url).path.encode())
        self._pages = re.compile(prefix + _TOKEN_PAGES)
        self._own = re.compile(prefix + rb"(?:" + _TOKEN_PAGES + rb"|" + _STYLES + rb"$)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer where it belongs.

        What is POSTed is taken on either host: old mails have the site's in their links, and a
        mail program that unsubscribes follows no redirect (RFC 8058).
        """
        path, is_looking = scope["raw_path"], scope["method"] in _LOOKING
        elsewhere = ""
        if is_looking and not _MACHINES.match(path):
            if get_host(scope) == self._host:
                elsewhere = "" if self._own.match(path) else self._site
            elif self._pages.match(path):
                elsewhere = self._readers
        if not elsewhere:
            await self._app(scope, receive, send)
            return
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        where = elsewhere + quote(path + query, safe="/?!$&'()*+,:;=@%-._~")
        headers = {"Location": where, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        await Response(None, 307, headers)(scope, receive, send)
