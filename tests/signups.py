"""A site that people sign up on, its pages asked for as browsers do, and the mails it sends.

with door(tmp_path) as site:
    site.post("subscribe", address="ann@example.org")
    site.round()
    (mail,) = site.mails()
    site.get(link(mail, "confirm"))
"""

import asyncio
import email
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlencode

import httpx
import lxml.html
import made
import mailings
import mails
import postoffice
from starlette.responses import PlainTextResponse
from starlette.routing import Router

from feedpub import storage
from feedpub.app import NewsletterContext, SitePaths
from feedpub.config.schema import Config, DigestConfig, MailConfig, SiteConfig, SubscribersConfig
from feedpub.delivery.relays import build_transport
from feedpub.delivery.transport import Transport
from feedpub.models.content import Author, Tag
from feedpub.models.newsletter import Subscriber
from feedpub.models.signup import SignupLimits
from feedpub.models.tokens import SigningKeys
from feedpub.newsletter import confirmations, signup
from feedpub.newsletter.compose import Composer
from feedpub.newsletter.confirmations import ConfirmationResult
from feedpub.newsletter.signup import PageContext
from feedpub.site.describe import FilterDescriber, FilterNames
from feedpub.site.feeds import build_signup_options
from feedpub.storage import Store
from feedpub.storage.sent_files import RestoreGuard
from feedpub.web.signup import build_signup_routes

NOW = postoffice.NOW
FORM = "application/x-www-form-urlencoded"
LIBRARY = replace(
    postoffice.LIBRARY,
    tags=((Tag("C++", "cplusplus"), ()), (Tag("Python", "python"), ())),
    authors=((Author("Ann Lee", slug="ann-lee"), ()),),
    languages=(("en", ()), ("zh", ()), ("de", ())),
)


@dataclass
class Door:
    """What the outside sees of a site, and what only we see."""

    desk: NewsletterContext
    scene: PageContext
    root: Path
    now: datetime = NOW
    client: str = "8.8.2.1"
    patience: float = 100.0
    heard: list[str] = field(default_factory=list)  # what became of those who asked to be mailed

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def ask(
        self,
        method: str,
        path: str,
        content: bytes | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request; a path is below the site's address."""
        return self.all([(method, path, content, headers or {})])[0]

    def all(
        self, requests: list[tuple[str, str, bytes | str, Mapping[str, str]]]
    ) -> list[httpx.Response]:
        """Send requests one after the other."""
        home = self.desk.config.site.url

        async def sent() -> list[httpx.Response]:
            found = build_signup_routes(
                lambda: self.scene, lambda: self.now, self.heard.append, self.patience
            )
            app = Router(found, default=PlainTextResponse("a file"), redirect_slashes=False)
            way = httpx.ASGITransport(app, client=(self.client, 50_000))
            async with httpx.AsyncClient(transport=way) as client:
                return [
                    await client.request(
                        method, httpx.URL(home).join(path), content=content, headers=headers
                    )
                    for method, path, content, headers in requests
                ]

        return asyncio.run(sent())

    def get(self, path: str) -> httpx.Response:
        """Look at a page."""
        return self.ask("GET", path)

    def post(
        self, path: str, headers: Mapping[str, str] | None = None, **fields: str | list[str]
    ) -> httpx.Response:
        """Send a form of this site."""
        sent = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return self.ask("POST", path, urlencode(fields, doseq=True), sent)

    def round(
        self, way: Transport | None = None, limits: SignupLimits | None = None
    ) -> ConfirmationResult:
        """Answer the requests that wait."""
        composer = Composer(self.desk.config, self.scene.templates)
        chosen = way or build_transport(self.desk)
        return confirmations.process_signups(
            self.desk, composer, chosen, self.now, limits or SignupLimits()
        )

    def mails(self) -> list[EmailMessage]:
        """Give the mails that went out, and take them away."""
        found = sorted((self.root / "mail").glob("*.eml"))
        read = [email.message_from_bytes(each.read_bytes(), policy=default) for each in found]
        for each in found:
            each.unlink()
        return read

    def reader(self, address: str = "ann@example.org", state: str = "active") -> Subscriber:
        """Give a reader in a state, who may be new."""
        one = self.desk.store.add_subscriber(replace(made_reader(address), state=state), self.now)
        return self.desk.store.change_state(one.id, state, self.now) or one

    def state(self, address: str = "ann@example.org") -> str:
        """Give the state of a reader, "" where there is none."""
        one = self.desk.store.find_subscriber(address)
        return one.state if one else ""

    def way(self, purpose: str, one: Subscriber, page: str = "") -> str:
        """Give the path of a reader's page."""
        return f"{page or purpose}/{signup.create_token(self.desk, purpose, one)}"

    def subscribed(self, address: str = "ann@example.org", **wish: str | list[str]) -> Subscriber:
        """Sign somebody up and confirm it."""
        self.post("subscribe", None, address=address, **wish)
        self.round()
        (mail,) = self.mails()
        self.post(link(mail, "confirm"))
        found = self.desk.store.find_subscriber(address)

        assert found is not None
        assert "active" == found.state

        return found


def made_reader(address: str) -> Subscriber:
    """Give somebody the store does not know yet."""
    return Subscriber(0, address, mailings.reader().consent)


def config(mail: MailConfig | None = None, url: str = made.SITE, **subscribers: object) -> Config:
    """Give the configuration of a site that people may sign up on."""
    settings = {"form": True, **subscribers}
    return made.config(
        site=SiteConfig("Example", url, author=made.ANN),
        mail=mail or postoffice.folder(),
        digests=(DigestConfig("weekly"),),
        subscribers=SubscribersConfig(**settings),  # type: ignore[arg-type]
    )


@contextmanager
def door(
    path: Path,
    chosen: Config | None = None,
    opened: Callable[[str, Path], Store] = storage.open_store,
) -> Iterator[Door]:
    """Give a site in a folder of its own."""
    chosen = chosen or config()
    home = path / ".feedpub"
    where = SitePaths(chosen, path / "content", path / "templates", path / "public", home / "cache")
    with closing(opened("", home)) as store:
        desk = NewsletterContext(
            chosen, where, store, SigningKeys(b"k" * 32), RestoreGuard(home, [b"salt"])
        )
        templates = mails.templates(config=chosen)
        following = FilterDescriber(templates, FilterNames.from_library(LIBRARY))
        yield Door(
            desk,
            PageContext(desk, templates, following, build_signup_options(chosen, LIBRARY)),
            path,
        )


def link(mail: EmailMessage, purpose: str) -> str:
    """Give the path of the link for a purpose in the text of a mail."""
    found = re.search(rf"https?://\S+?/({purpose}/\w+)", text(mail))

    assert found

    return found[1]


def text(mail: EmailMessage) -> str:
    """Give the text part of a mail."""
    part = mail.get_body(("plain",))

    assert part is not None

    return str(part.get_content())


def heading(response: httpx.Response) -> str:
    """Give the heading of a page."""
    root = lxml.html.document_fromstring(response.text)
    return str(root.findtext(".//h1"))


def forms(response: httpx.Response) -> list[str]:
    """Give where the forms of a page go."""
    root = lxml.html.document_fromstring(response.text)
    return [str(form.get("action")) for form in root.iter("form")]
