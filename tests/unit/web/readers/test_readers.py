"""People sign up, confirm, choose and leave; looking changes nothing, strangers learn nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signups import FORM, Door, config, door, forms, heading, link
from sqlalchemy import func, select

from feedpub import storage
from feedpub.models import tokens
from feedpub.models.newsletter import SubscriptionFilter
from feedpub.models.tokens import SigningKeys
from feedpub.storage import Store, schema
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreError, StoreUnavailable

ANN = "ann@example.org"
LINK = re.compile(r'(?:href|action)="/(\w+/[a-z2-7]{20,})"')
ONE_CLICK = "List-Unsubscribe=One-Click"
PURPOSES = ("confirm", "preferences", "unsubscribe", "resubscribe", "forget")


def state(site: Door) -> list[object]:
    """Give all that the database knows."""
    with site.desk.store._database.begin_read() as connection:
        return [
            connection.execute(select(table)).all()
            for table in (schema.subscriber, schema.signup, schema.forgotten)
        ]


def told(response: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """Give all that somebody can see of an answer."""
    return response.status_code, response.text, dict(response.headers)


def test_from_signing_up_to_being_forgotten(tmp_path: Path) -> None:
    """As one person lives it."""
    with door(tmp_path) as site:
        asked = site.post(
            "subscribe",
            address=ANN,
            follow="some",
            tag="python",
            author="ann-lee",
            cadence="weekly",
        )
        assert (200, "Look into your mailbox") == (asked.status_code, heading(asked))
        assert ANN in asked.text

        site.round()
        (mail,) = site.mails()
        confirm = link(mail, "confirm")
        offer = site.get(confirm)
        assert "Do you want new posts by mail?" == heading(offer)
        assert "posts about Python, posts by Ann Lee, at most once a week" in offer.text
        (way,) = forms(offer)
        assert f"/{confirm}" == way.partition("?")[0]
        assert "pending" == site.state()

        confirmed = site.post(way)
        assert "You are subscribed" == heading(confirmed)
        assert "active" == site.state()
        one = site.desk.store.find_subscriber(ANN)
        assert one is not None
        assert ("form", "8.8.2.1") == (one.consent.how, one.consent.source)

        way = site.way("preferences", one)
        assert f'href="/{way}"' in confirmed.text
        page = site.get(way)
        assert {"python", "ann-lee"} <= chosen(page)
        saved = site.post(way, follow="everything", cadence="daily", language="zh")
        assert "已保存" in saved.text
        assert "zh" in lxml.html.document_fromstring(saved.text).get("lang", "")
        one = site.desk.store.find_subscriber(ANN)
        assert one is not None
        assert (SubscriptionFilter(), "daily", "zh") == (one.follows, one.cadence, one.language)

        leave = site.way("unsubscribe", one)
        assert [f"/{leave}"] == forms(site.get(leave))
        left = site.post(leave)
        assert "您已退订" == heading(left)
        assert "unsubscribed" == site.state()
        assert [f"/{leave.replace('un', 're', 1)}"] == forms(left)

        back = site.post(site.way("unsubscribe", one, "resubscribe"))
        assert "订阅成功" == heading(back)
        assert "active" == site.state()

        forget = site.way("unsubscribe", one, "forget")
        assert [f"/{forget}"] == forms(site.get(forget))
        assert "active" == site.state()
        assert "All about you is deleted" == heading(site.post(forget))
        assert site.desk.store.is_forgotten(ANN)
        assert "" == site.state()
        again = site.post(forget)
        assert "All about you is deleted" == heading(again)


def chosen(response: httpx.Response) -> set[str]:
    """Give the values that are chosen in a form."""
    root = lxml.html.document_fromstring(response.text)
    return {
        str(each.get("value"))
        for each in root.iter("input", "option")
        if each.get("checked") is not None or each.get("selected") is not None
    }


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ONE_CLICK, FORM),
        ("", ""),
        (b"\x00\xff" * 50_000, "application/octet-stream"),
        (
            '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_one_click_is_enough_to_leave(tmp_path: Path, content: str | bytes, kind: str) -> None:
    """Any body does (RFC 8058), from anywhere, as often as it comes; nobody is sent elsewhere."""
    with door(tmp_path) as site:
        way = site.way("unsubscribe", site.reader())
        headers = {
            "Content-Type": kind,
            "Origin": "https://mail.example",
            "Sec-Fetch-Site": "cross-site",
        }
        first = site.ask("POST", way, content, headers)
        second = site.ask("POST", way, content, headers)

        assert 200 == first.status_code
        assert told(first) == told(second)
        assert "set-cookie" not in first.headers
        assert "unsubscribed" == site.state()


@pytest.mark.parametrize("one", ["active", "pending", "unsubscribed", "complained", "bounced"])
def test_looking_changes_nothing(tmp_path: Path, one: str) -> None:
    """A scanner that opens every link, and every link behind it, twice."""
    with door(tmp_path) as site:
        reader = site.reader(state=one)
        site.post("subscribe", address=ANN)
        site.post("subscribe", address="new@example.org")
        site.round()
        site.mails()
        new = site.desk.store.find_subscriber("new@example.org")
        assert new is not None
        seen: set[str] = set()
        ways = {
            site.way("unsubscribe" if name in {"resubscribe", "forget"} else name, each, name)
            for name in PURPOSES
            for each in (reader, new)
        }
        before = state(site)
        while ways - seen:
            for way in ways - seen:
                seen.add(way)
                for method in ("GET", "HEAD", "GET"):
                    found = site.ask(method, way)
                    assert found.status_code in {200, 404}
                    ways |= set(LINK.findall(found.text))

        assert before == state(site)
        assert len(seen) >= 10


@pytest.mark.parametrize(
    "known", ["", "pending", "active", "unsubscribed", "complained", "forgotten"]
)
def test_a_stranger_learns_nothing(tmp_path: Path, known: str) -> None:
    """The answer is the same for every address, and nobody's row is looked at or changed."""
    with door(tmp_path) as site, door(tmp_path / "other") as other:
        if known == "forgotten":
            site.desk.store.forget_address(ANN, site.desk.derive_salt())
        elif known:
            site.reader(state=known)
        readers = tuple(site.desk.store.iter_subscribers())

        for _ in range(5):
            expected = told(other.post("subscribe", address=ANN))
            assert expected == told(site.post("subscribe", address=ANN))
        assert readers == tuple(site.desk.store.iter_subscribers())


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tokens_that_are_none_are_all_alike(tmp_path: Path, purpose: str, method: str) -> None:
    """Forged, cut off, for another purpose, of who had the id before, or not a token at all."""
    with door(tmp_path) as site:
        one = site.reader()
        own = purpose if purpose in tokens.PURPOSES else "unsubscribe"
        good = site.desk.create_token(own, one)
        other = "confirm" if purpose == "preferences" else "preferences"
        bad = [
            good[:-1],
            good + "a",
            "a" + good,
            tokens.sign_token(SigningKeys(b"x" * 32), "unsubscribe", one.id, one.address),
            site.desk.create_token(other, one),
            site.desk.create_token(own, replace(one, address="bob@example.org")),
            "x",
            "%00",
            "%F0%9F%98%80",
            "a" * 5_000,
        ]
        sent = {"Content-Type": FORM}
        found = [site.ask(method, f"{purpose}/{each}", "", sent) for each in bad]

        assert {404} == {each.status_code for each in found}
        assert 1 == len({each.text for each in found})
        assert "This link leads nowhere" == heading(found[0])
        assert "active" == site.state()


def test_a_token_of_somebody_who_is_gone(tmp_path: Path) -> None:
    """They get nothing, as they are told; what they got cannot be changed."""
    with door(tmp_path) as site:
        one = site.reader()
        site.desk.store.remove_subscriber(one.id)
        leave = site.way("unsubscribe", one)

        assert "You are unsubscribed" == heading(site.post(leave, None))
        assert "You are unsubscribed" == heading(site.get(leave))
        assert "You are unsubscribed" == heading(site.get(site.way("unsubscribe", one, "forget")))
        assert "You are unsubscribed" == heading(
            site.post(site.way("unsubscribe", one, "resubscribe"))
        )
        assert 404 == site.get(site.way("preferences", one)).status_code
        assert 404 == site.post(site.way("preferences", one)).status_code
        assert 404 == site.post(site.way("confirm", one)).status_code


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=60)
)
def test_any_text_for_a_token(one_door: Door, text: str) -> None:
    """It is found to be none, and nothing falls over."""
    for method in ("GET", "POST"):
        path = f"unsubscribe/{quote(text, safe='')}"
        found = one_door.ask(method, path)
        assert found.status_code == 404 or found.text == "a file"


@pytest.fixture(scope="module")
def one_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Give a site that all examples share."""
    with door(tmp_path_factory.mktemp("door")) as site:
        yield site


def test_a_form_that_is_not_whole_comes_back(tmp_path: Path) -> None:
    """With what was written, what is wrong with it, and the way to the field."""
    with door(tmp_path) as site:
        found = site.post("subscribe", address='ann@"><script>', follow="some", cadence="monthly")
        root = lxml.html.document_fromstring(found.text)

        assert (422, "New posts by mail") == (found.status_code, heading(found))
        assert ['ann@"><script>'] == root.xpath('//input[@id="address"]/@value')
        assert ["#address", "#some"] == root.xpath('//*[@role="alert"]//a/@href')
        assert ["true"] == root.xpath('//input[@id="address"]/@aria-invalid')
        assert "monthly" in chosen(found)
        assert "<script>" not in found.text
        assert 0 == site.round().sent


def test_forms_say_what_they_are_for(tmp_path: Path) -> None:
    """Every field has a label, the address is filled in by the browser, and no script is needed."""
    with door(tmp_path) as site:
        page = site.post("subscribe", address="")
        root = lxml.html.document_fromstring(page.text)
        labelled = {each.get("for") for each in root.iter("label")}
        bare = [
            each.get("name")
            for each in root.iter("input", "select")
            if each.get("id") not in labelled and not list(each.iterancestors("label"))
        ]

        assert [] == bare
        assert ["email"] == root.xpath('//input[@name="address"]/@autocomplete')
        assert [] == root.xpath("//script|//style|//*[@style]|//@onclick")


def test_pages_say_what_browsers_may_do(tmp_path: Path) -> None:
    """Nothing is kept, framed, guessed or told to others."""
    with door(tmp_path) as site:
        headers = site.get("confirm/x").headers
        policy = headers["content-security-policy"]

        assert "text/html; charset=utf-8" == headers["content-type"]
        assert "no-store" == headers["cache-control"]
        assert "nosniff" == headers["x-content-type-options"]
        assert "same-origin" == headers["referrer-policy"]
        assert "unsafe" not in policy
        for each in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert each in policy


def test_other_sites_cannot_sign_anybody_up(tmp_path: Path) -> None:
    """Unless the publisher names them."""
    away = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    friend = {"Origin": "https://ann.example", "Sec-Fetch-Site": "cross-site"}
    with door(tmp_path, config(origins=("https://ann.example",))) as site:
        refused = site.post("subscribe", away, address=ANN)
        assert (403, "This form was on another site") == (refused.status_code, heading(refused))
        assert 0 == site.round().sent

        assert 200 == site.post("subscribe", friend, address=ANN).status_code
        assert 1 == site.round().sent


def test_the_page_with_the_form_is_a_file(tmp_path: Path) -> None:
    """Only what is posted there is ours; everything else at its address is not."""
    with door(tmp_path) as site:
        for path in ("subscribe", "subscribe/", "", "preferences", "confirm/a/b"):
            assert "a file" == site.get(path).text


def test_a_trap_for_programs(tmp_path: Path) -> None:
    """They are told what everybody is told, and nothing comes of it."""
    with door(tmp_path) as site:
        trapped = site.post("subscribe", address=ANN, subject="Buy")

        assert 0 == site.round().sent
        assert told(trapped) == told(site.post("subscribe", address=ANN))
        assert 1 == site.round().sent


def test_nobody_signs_up_where_nobody_can(tmp_path: Path) -> None:
    """A site without the form has no such page; whoever is a reader still leaves."""
    with door(tmp_path, config(form=False)) as site:
        assert 404 == site.post("subscribe", address=ANN).status_code
        assert 0 == site.round().sent
        assert 200 == site.post(site.way("unsubscribe", site.reader())).status_code


@pytest.mark.parametrize("path", ["subscribe", "subscribe/", "preferences"])
def test_what_cannot_be_read(tmp_path: Path, path: str) -> None:
    """Too much, or of another kind."""
    with door(tmp_path) as site:
        where = site.way("preferences", site.reader()) if path == "preferences" else path
        large = site.ask("POST", where, b"a" * 70_000, {"Content-Type": FORM})
        other = site.ask("POST", where, b"{}", {"Content-Type": "application/json"})

        assert [413, 415] == [large.status_code, other.status_code]
        assert "This form could not be read" == heading(large)


def test_without_double_opt_in(tmp_path: Path) -> None:
    """The page says so, the same to everybody."""
    with door(tmp_path, config(double_opt_in=False)) as site:
        assert "Thank you" == heading(site.post("subscribe", address=ANN))
        assert 1 == site.round().admitted
        assert "Thank you" == heading(site.post("subscribe", address=ANN))


def test_who_regrets_late_is_asked_by_mail(tmp_path: Path) -> None:
    """Somebody else may have the old mail by then."""
    with door(tmp_path) as site:
        one = site.reader()
        site.post(site.way("unsubscribe", one))
        site.wait(hours=25)
        back = site.post(site.way("unsubscribe", one, "resubscribe"))

        assert "Look into your mailbox" == heading(back)
        assert "unsubscribed" == site.state()
        site.round()
        (mail,) = site.mails()
        site.post(link(mail, "confirm"))
        assert "active" == site.state()


@pytest.mark.parametrize("firm", ["complained", "suppressed"])
def test_who_complained_stays_out(tmp_path: Path, firm: str) -> None:
    """No button brings them back; they may still be forgotten."""
    with door(tmp_path) as site:
        one = site.reader(state=firm)
        left = site.get(site.way("unsubscribe", one))

        assert ("You are unsubscribed", []) == (heading(left), forms(left))
        assert "/forget/" in left.text
        site.post(site.way("unsubscribe", one))
        site.post(site.way("unsubscribe", one, "resubscribe"))
        assert firm == site.state()
        assert "You are unsubscribed" == heading(site.get(site.way("preferences", one)))


def test_a_link_to_confirm_is_for_once(tmp_path: Path) -> None:
    """Pressed again it says what is so; after leaving, it leads nowhere."""
    with door(tmp_path) as site:
        one = site.subscribed()
        confirm = site.way("confirm", one)

        assert "You are subscribed" == heading(site.get(confirm))
        assert "You are subscribed" == heading(site.post(confirm))
        site.post(site.way("unsubscribe", one))
        assert 404 == site.get(confirm).status_code
        assert 404 == site.post(confirm).status_code
        assert "unsubscribed" == site.state()


def test_an_old_mail_brings_nobody_back(tmp_path: Path) -> None:
    """Who has the mail that was answered before cannot answer the one that a stranger asked for."""
    with door(tmp_path) as site:
        site.post("subscribe", address=ANN)
        site.round()
        (old,) = site.mails()
        site.post(link(old, "confirm"))
        one = site.desk.store.find_subscriber(ANN)
        assert one is not None
        site.post(site.way("unsubscribe", one))
        site.wait(days=2)
        site.post("subscribe", address=ANN)
        site.round()
        (new,) = site.mails()

        assert 404 == site.get(link(old, "confirm")).status_code
        assert 404 == site.post(link(old, "confirm")).status_code
        assert "unsubscribed" == site.state()
        assert "You are subscribed" == heading(site.post(link(new, "confirm")))


@pytest.mark.parametrize("cut", ["", "_", "_aaaaaaaaaaaaaaaa", "é", "_%C3%A9"])
def test_a_link_to_confirm_must_be_whole(tmp_path: Path, cut: str) -> None:
    """Half of it, or half of another one, confirms nothing."""
    with door(tmp_path) as site:
        site.post("subscribe", address=ANN)
        site.round()
        (mail,) = site.mails()
        token, _, seal = link(mail, "confirm").partition("_")
        other = site.way("confirm", site.reader("bob@example.org", "pending")).partition("_")[0]

        for way in (f"{token}{cut}", f"{other}_{seal}"):
            assert 404 == site.get(way).status_code
            assert 404 == site.post(way).status_code
        assert "pending" == site.state() == site.state("bob@example.org")


def test_nobody_confirms_what_they_were_not_shown(tmp_path: Path) -> None:
    """A stranger who asks meanwhile, for other things, is found out."""
    with door(tmp_path) as site:
        site.post("subscribe", address=ANN, follow="some", tag="python")
        site.round()
        (mail,) = site.mails()
        (way,) = forms(site.get(link(mail, "confirm")))
        site.post("subscribe", address=ANN, follow="everything", cadence="each")

        again = site.post(way)
        assert "Do you want new posts by mail?" == heading(again)
        assert "pending" == site.state()

        (way,) = forms(again)
        assert "You are subscribed" == heading(site.post(way))
        one = site.desk.store.find_subscriber(ANN)
        assert one is not None
        assert ("each", SubscriptionFilter()) == (one.cadence, one.follows)


def test_what_a_stranger_asks_for_is_nobodys_choice(tmp_path: Path) -> None:
    """Until it is confirmed: a publisher who adds them does not add that."""
    with door(tmp_path) as site:
        site.post("subscribe", address=ANN, follow="some", tag="python", cadence="monthly")
        site.round()
        one = site.reader()

        assert ("active", "digest", SubscriptionFilter()) == (one.state, one.cadence, one.follows)


@pytest.mark.parametrize("told", ["unknown", "1.2.3.4\x1b]0;x\x07", "=1+1", "x" * 9_000])
def test_what_is_no_address_is_not_kept_as_one(tmp_path: Path, told: str) -> None:
    """A proxy that is believed may tell anything: a record of consent holds an address or none."""
    with door(tmp_path) as site:
        site.client = told
        assert "" == site.subscribed().consent.source


def test_preferences_that_are_not_whole(tmp_path: Path) -> None:
    """They are shown again, and nothing is saved."""
    with door(tmp_path) as site:
        one = site.reader()
        found = site.post(site.way("preferences", one), follow="some")

        assert 422 == found.status_code
        assert "Choose a tag or an author at least" in found.text
        assert one == site.desk.store.get_subscriber(one.id)


def test_what_is_gone_can_still_be_unfollowed(tmp_path: Path) -> None:
    """A tag and an author that nobody writes of any more are shown by their slugs."""
    with door(tmp_path) as site:
        one = site.reader()
        gone = SubscriptionFilter(everything=False, tags=("gone",), authors=("left",))
        site.desk.store.update_preferences(one.id, gone, "each", "", site.now)
        page = site.get(site.way("preferences", one))

        assert {"gone", "left", "digest", "en"} <= chosen(page)
        site.post(site.way("preferences", one), follow="some", tag="gone")
        after = site.desk.store.get_subscriber(one.id)
        assert after is not None
        assert SubscriptionFilter(everything=False, tags=("gone",)) == after.follows


def test_a_site_below_a_path(tmp_path: Path) -> None:
    """Everything is below it."""
    with door(tmp_path, config(url="https://example.org/blog/")) as site:
        site.post("subscribe", address=ANN)
        site.round()
        (mail,) = site.mails()
        offer = site.get(link(mail, "confirm"))

        (way,) = forms(offer)
        assert f"/blog/{link(mail, 'confirm')}" == way.partition("?")[0]
        assert "a file" == site.get(f"https://example.org/{link(mail, 'confirm')}").text


def test_a_site_without_tags_and_authors(tmp_path: Path) -> None:
    """There is nothing to choose but how often."""
    with door(tmp_path) as site:
        bare = replace(site.scene.signup_options, tags=(), authors=(), languages=("en",))
        site.scene = replace(site.scene, signup_options=bare)
        found = site.post("subscribe", address="")

        assert "radio" not in found.text
        assert 'name="language"' not in found.text


class Away(Store):
    """A store whose database is away."""

    def get_subscriber(self, number: int) -> None:
        """Say so."""
        raise StoreUnavailable(f"the database is unavailable ({number})")


class Full(Store):
    """A store whose disk is full."""

    def get_subscriber(self, number: int) -> None:
        """Say so."""
        raise StoreError(f"the disk is full ({number})")


@pytest.mark.parametrize("kind", [Away, Full])
def test_a_database_that_is_away(tmp_path: Path, kind: type[Store]) -> None:
    """Or has no room. Nothing is lost: whoever sent it tries again."""

    def opened(url: str, folder: Path) -> Store:
        storage.open_store(url, folder).close()
        return kind(Database(url, folder))

    with door(tmp_path, opened=opened) as site:
        way = f"unsubscribe/{tokens.sign_token(site.desk.keys, 'unsubscribe', 7, ANN)}"
        found = site.ask("POST", way, ONE_CLICK, {"Content-Type": FORM})

        assert (503, "60") == (found.status_code, found.headers["retry-after"])
        assert "Not now, please" == heading(found)


def test_what_becomes_of_a_request_is_told(tmp_path: Path) -> None:
    """To whoever answers requests, not to whoever makes them; coming back may be one."""
    with door(tmp_path) as site:
        one = site.reader(ANN)
        sent = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
        addresses = [*(f"r{each}%40example.net" for each in range(21)), "none"]
        site.all([("POST", "subscribe", f"address={each}", sent) for each in addresses])
        site.post(site.way("unsubscribe", one))
        site.post(site.way("unsubscribe", one, "resubscribe"))

        assert ["mail"] * 20 + ["drop"] == site.heard

        site.heard.clear()
        site.post(site.way("unsubscribe", one))
        site.wait(days=2)
        site.post(site.way("unsubscribe", one, "resubscribe"))

        assert ["mail"] == site.heard


def test_a_site_below_a_path_of_any_script(tmp_path: Path) -> None:
    """Its pages are found as browsers ask for them."""
    with door(tmp_path, config(url="https://example.org/b%C3%BCcher/")) as site:
        taken = site.post("subscribe", address=ANN)
        site.round()
        (mail,) = site.mails()

        assert 200 == taken.status_code
        assert 200 == site.get(link(mail, "confirm")).status_code


def test_a_thousand_sign_ups(tmp_path: Path) -> None:
    """From one network, in a loop: twenty rows, twenty mails, and every answer alike."""
    sent = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    with door(tmp_path) as site:
        found = site.all(
            [
                ("POST", "subscribe", f"address=r{each % 700}%40example.org", sent)
                for each in range(1_000)
            ]
        )

        assert {200} == {each.status_code for each in found}
        assert 20 == site.round().sent
        assert 20 == len(site.mails())
        assert 0 == site.round().sent
        with site.desk.store._database.begin_read() as connection:
            rows = connection.execute(select(func.count()).select_from(schema.signup)).scalar()
        assert 20 == rows
        assert 20 == len(tuple(site.desk.store.iter_subscribers()))


def test_a_client_without_an_address(tmp_path: Path) -> None:
    """As over a socket of the machine: all of them are one network."""
    with door(tmp_path) as site:
        site.client = ""
        one = site.subscribed()

        assert "" == one.consent.source


def test_asking_looks_at_no_reader(tmp_path: Path) -> None:
    """It does the same work for whomever is asked for."""
    asked: list[str] = []

    class Watched(Store):
        def find(self, address: str) -> None:
            asked.append(address)

        def is_forgotten(self, address: str) -> bool:
            asked.append(address)
            return False

    def opened(url: str, folder: Path) -> Store:
        storage.open_store(url, folder).close()
        return Watched(Database(url, folder))

    with door(tmp_path, opened=opened) as site:
        site.post("subscribe", address=ANN)

    assert [] == asked
