"""One visit of somebody → the page they get. What looks and what changes something are apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from feedpub.mailing import ACTIVE, Subscriber
from feedpub.newsletter import signup
from feedpub.newsletter.signup import Offer, Scene
from feedpub.web.readers import forms
from feedpub.web.readers.bodies import Fields
from feedpub.web.readers.faces import Faces
from feedpub.web.readers.forms import Given
from feedpub.web.readers.origins import is_ours, origin_of

_MAILED = (ACTIVE, "pending", "bounced")
"""States that somebody can leave."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who comes, with what, to what."""

    scene: Scene
    token: str
    headers: Mapping[str, str]
    source: str  # the network address, "" where none is known
    network: bytes  # its mark
    now: datetime
    heard: Callable[[str], object]  # told what becomes of who asks to be mailed
    fields: Fields
    shown: str = ""  # the mark of the offer that is confirmed, "" where none is told

    def reader(self, purpose: str) -> Subscriber | None:
        """Give whose token it is."""
        return signup.whose(self.scene.desk, purpose, self.token)

    def faces(self, reader: Subscriber | None = None) -> Faces:
        """Give who makes the pages, for a reader in their language."""
        return Faces(self.scene, reader.language if reader else "")


def refusal(visit: Visit) -> Response | None:
    """Give the page for whom nobody signs up here, or not from there; None for anybody else."""
    config = visit.scene.desk.config
    if not config.subscribers.form:
        return visit.faces().closed()
    home = origin_of(config.site.url)
    others = (*config.subscribers.origins, *([home] if config.subscribers.host else []))
    if not is_ours(visit.headers, config.readers_url, others):
        return visit.faces().refused()
    return None


def subscribe(visit: Visit) -> Response:
    """Take what somebody wrote into the sign-up form."""
    given = forms.signup(visit.fields, visit.scene.choices)
    faces = Faces(visit.scene, given.language)
    if given.faults:
        return faces.again(given)
    if not given.is_trapped:
        visit.heard(signup.ask(visit.scene.desk, given.wish, visit.network, visit.now))
    return faces.asked(given.address, confirms=visit.scene.choices.confirms)


def offer(visit: Visit) -> Response:
    """Ask whether somebody wants to be mailed."""
    return _offered(visit, signup.offered(visit.scene.desk, visit.token))


def _offered(visit: Visit, offer: Offer | None) -> Response:
    if offer is None:
        return visit.faces().strange()
    faces = visit.faces(offer.reader)
    return faces.offer(offer, visit.token) if offer.is_open else faces.confirmed(offer.reader)


def confirm(visit: Visit) -> Response:
    """Mail somebody from now on, if what they were shown is still what was asked for."""
    desk, reader = visit.scene.desk, None
    offer = signup.offered(desk, visit.token)
    if offer is not None and offer.is_open and visit.shown in {"", offer.mark}:
        reader = signup.confirm(desk, offer, visit.source, visit.now)
    if reader is None:
        return _offered(visit, signup.offered(desk, visit.token))
    return visit.faces(reader).confirmed(reader)


def choices(visit: Visit) -> Response:
    """Show what somebody gets."""
    reader = visit.reader("preferences")
    if reader is None or reader.state != ACTIVE:
        return _not_mailed(visit, reader)
    return visit.faces(reader).preferences(reader, forms.shown(reader))


def choose(visit: Visit) -> Response:
    """Change what somebody gets."""
    reader = visit.reader("preferences")
    if reader is None or reader.state != ACTIVE:
        return _not_mailed(visit, reader)
    given = forms.preferences(visit.fields, visit.scene.choices, reader)
    if given.faults:
        return visit.faces(reader).preferences(reader, given)
    desk = visit.scene.desk
    signup.prefer(desk, reader, given.follows, given.cadence, given.language, visit.now)
    return Faces(visit.scene, given.language).preferences(reader, _tidy(given), is_saved=True)


def _tidy(given: Given) -> Given:
    """Give a form as it is shown the next time."""
    follows = given.follows
    return Given(
        everything=given.everything,
        tags=follows.tags,
        authors=follows.authors,
        cadence=given.cadence,
        language=given.language,
    )


def _not_mailed(visit: Visit, reader: Subscriber | None) -> Response:
    if reader is None:
        return visit.faces().strange()
    token = signup.token(visit.scene.desk, "unsubscribe", reader)
    return visit.faces(reader).left(reader, token)


def leaving(visit: Visit) -> Response:
    """Ask whether somebody wants to be mailed no more."""
    reader = visit.reader("unsubscribe")
    if reader is not None and reader.state in _MAILED:
        return visit.faces(reader).leave(reader, visit.token)
    return _left(visit, reader)


def leave(visit: Visit) -> Response:
    """Mail somebody no more, whatever the body of the request says."""
    signup.leave(visit.scene.desk, visit.token, visit.now)
    return _left(visit, visit.reader("unsubscribe"))


def come_back(visit: Visit) -> Response:
    """Mail somebody again who left, or ask them first."""
    reader, heard = signup.come_back(visit.scene.desk, visit.token, visit.network, visit.now)
    if heard:
        visit.heard(heard)
    if reader is None:
        return _left(visit, None)
    faces = visit.faces(reader)
    if reader.state == ACTIVE:
        return faces.confirmed(reader)
    if reader.state == "unsubscribed":
        return faces.asked(reader.address, confirms=True)
    return faces.left(reader, visit.token)


def forgetting(visit: Visit) -> Response:
    """Ask whether all that is known of somebody is to be deleted."""
    reader = visit.reader("unsubscribe")
    return visit.faces(reader).forget(reader, visit.token) if reader else _left(visit, None)


def forget(visit: Visit) -> Response:
    """Delete all that is known of somebody."""
    done = signup.forget(visit.scene.desk, visit.token)
    return visit.faces().forgotten() if done else visit.faces().strange()


def _left(visit: Visit, reader: Subscriber | None) -> Response:
    """Tell somebody that they are mailed no more, be they known or not."""
    if reader is None and not signup.is_ours(visit.scene.desk, "unsubscribe", visit.token):
        return visit.faces().strange()
    return visit.faces(reader).left(reader, visit.token)
