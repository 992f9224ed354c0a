"""Parse and validate the sign-up and preferences forms, check their origin, route by host.

Forms from other sites are refused: such a page could make its visitors sign up strangers, each
from their own network. Only browsers report the origin of a form, but other clients gain nothing
from that.

`SubscriberHostMiddleware` keeps subscribers' pages on `subscribers.host`, where that is set. Pages
written by authors are then of another origin, and can read neither these pages nor the links in
them, whose tokens are the only credential.
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
"""Name of the honeypot field: hidden from people, filled in by bots."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A validation error of a field."""

    field: str  # the id of its element
    words: str  # key of the message in the catalog


@dataclass(frozen=True, slots=True)
class FormData:
    """The contents of a form, as submitted or as first shown."""

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
        """The subscription filter that the form selects."""
        return (
            SubscriptionFilter()
            if self.everything
            else SubscriptionFilter(everything=False, tags=self.tags, authors=self.authors)
        )

    @property
    def signup_request(self) -> SignupRequest:
        """The sign-up request that the form makes."""
        return SignupRequest(self.address, self.follows, self.cadence, self.language)


def parse_signup(fields: Iterable[tuple[str, str]], choices: SignupOptions) -> FormData:
    """Parse and validate the sign-up form."""
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
    """Parse the preferences form; tags and authors already followed stay valid choices."""
    return _parse_common(tuple(fields), choices, reader.follows)


def fill_form(reader: Subscriber) -> FormData:
    """Return the preferences form filled in for a subscriber."""
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
    """Parse the fields of both forms, dropping values that are neither offered nor in `kept`."""
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


_OWN = ("same-origin", "none")  # "none": opened by the user, such as from a bookmark


def get_origin(url: str) -> str:
    """Return the origin of a URL as browsers serialize it (RFC 6454)."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def is_allowed_origin(headers: Mapping[str, str], home: str, others: Collection[str]) -> bool:
    """Return whether a form came from this site, or from one of the other allowed origins.

    A request without Sec-Fetch-Site and Origin is allowed.

    Args:
        headers: Request headers by lower-case name.
        home: The URL below which subscribers' pages lie.
        others: Other allowed origins, as configured.
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
    """Redirect requests for subscribers' pages to their host, and any others there to the site."""

    def __init__(self, app: ASGIApp, site_url: str, readers_url: str) -> None:
        """Guard an application that serves both hosts."""
        self._app = app
        self._site, self._readers = get_origin(site_url), get_origin(readers_url)
        self._host = (urlsplit(readers_url).hostname or "").lower()
        prefix = re.escape(urlsplit(site_url).path.encode())
        self._pages = re.compile(prefix + _TOKEN_PAGES)
        self._own = re.compile(prefix + rb"(?:" + _TOKEN_PAGES + rb"|" + _STYLES + rb"$)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or redirect it to the host it belongs to.

        Any POST is accepted on either host: older messages link to the site's host, and a mail
        client that unsubscribes follows no redirect (RFC 8058).
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
