"""Requests in the store: one address, one row; bounded, counted, and gone in the end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from mailings import NOW, reader
from sqlalchemy import func, select

from feedpub.models.address import InvalidValueError
from feedpub.models.newsletter import (
    Consent,
    PendingConfirmation,
    SignupRequest,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.models.signup import DROP, SEND_MAIL, UPDATE_ONLY, SignupLimits
from feedpub.storage import Store, schema
from feedpub.storage.errors import AddressForgottenError

LIMITS = SignupLimits()
SALT = b"s" * 32
HOUR = timedelta(hours=1)
ANN = SignupRequest(
    "Ann@Example.org", SubscriptionFilter(everything=False, tags=("c",)), "weekly", "zh"
)


def ask(store: Store, wish: SignupRequest = ANN, network: bytes = b"net", hours: float = 0) -> str:
    """Ask at a time."""
    return store.record_signup(wish, SALT, network, LIMITS, NOW + hours * HOUR)


def taken(store: Store, hours: float = 0) -> PendingConfirmation:
    """Mail whoever may be mailed at a time."""
    found = store.claim_signup("w", LIMITS, NOW + hours * HOUR)

    assert found is not None

    store.mark_confirmation_sent(found)
    return found


def number(store: Store) -> int:
    """Count the rows."""
    with store._database.begin_read() as connection:
        return connection.execute(select(func.count()).select_from(schema.signup)).scalar() or 0


def test_a_request_is_mailed_once(store: Store) -> None:
    """With what was asked for; then nobody waits."""
    assert SEND_MAIL == ask(store)
    assert store.find_pending_confirmation("ann@example.org", SALT) is None

    found = taken(store)

    assert (ANN, NOW, 1) == (found.request, found.at, found.mails_sent)
    assert store.claim_signup("w", LIMITS, NOW) is None
    assert found == store.find_pending_confirmation("ann@example.org", SALT)


def test_one_address_is_one_row(store: Store) -> None:
    """However it is spelled; what was wished last counts."""
    ask(store)

    assert UPDATE_ONLY == ask(store, SignupRequest("ann@EXAMPLE.org"), hours=0.5)
    assert 1 == number(store)

    taken(store, 0.5)

    assert UPDATE_ONLY == ask(store, ANN, hours=1)
    found = store.find_pending_confirmation("ann@example.org", SALT)
    assert found is not None
    assert ANN == found.request


def test_three_mails_go_out_at_most(store: Store) -> None:
    """Whoever asks, from wherever, until it is confirmed."""
    for hours in range(3):
        assert SEND_MAIL == ask(store, network=bytes([hours]), hours=hours)
        assert hours + 1 == taken(store, hours).mails_sent

    assert DROP == ask(store, network=b"x", hours=99)

    one = store.add_subscriber(reader("ann@example.org", "pending"), NOW)
    store.confirm_signup(one.id, SALT, "", NOW)

    assert SEND_MAIL == ask(store, network=b"x", hours=99)


def test_a_mail_that_did_not_go_out_does_not_count(store: Store) -> None:
    """It may go out at its time."""
    ask(store)
    store.requeue_signup(taken(store), NOW + HOUR)

    assert store.claim_signup("w", LIMITS, NOW) is None
    assert 1 == taken(store, 1).mails_sent


def test_a_process_that_is_killed_loses_no_request(store: Store) -> None:
    """Another one is given it once the lease has ended, or sooner where the first one is gone."""
    ask(store)
    lease = LIMITS.lease

    assert store.claim_signup("a", LIMITS, NOW) is not None
    assert store.claim_signup("b", LIMITS, NOW + lease / 2) is None
    assert {"a"} == store.list_signup_workers()
    assert UPDATE_ONLY == ask(store)

    again = store.claim_signup("b", LIMITS, NOW + lease)

    assert again is not None
    assert 2 == again.mails_sent

    store.release_signups("a", NOW + lease)

    assert {"b"} == store.list_signup_workers()

    store.release_signups("b", NOW + lease)

    assert frozenset() == store.list_signup_workers()

    last = store.claim_signup("c", LIMITS, NOW + lease)

    assert last is not None
    assert LIMITS.max_mails == last.mails_sent

    store.release_signups("c", NOW + lease)

    assert store.claim_signup("d", LIMITS, NOW + lease) is None


def test_the_rate_is_kept(store: Store) -> None:
    """So many within an hour, to whomever; the others wait."""
    limits = SignupLimits(max_per_interval=2)
    for each in range(4):
        ask(store, SignupRequest(f"r{each}@example.org"))
    found = [store.claim_signup("w", limits, NOW) for _ in range(3)]

    assert [True, True, False] == [each is not None for each in found]
    assert store.claim_signup("w", limits, NOW + HOUR / 2) is None
    assert store.claim_signup("w", limits, NOW + HOUR) is not None


def test_many_requests_are_few_rows(store: Store) -> None:
    """From one network twenty an hour; from many as many as may wait."""
    limits = SignupLimits(max_pending=100)
    found = {
        SEND_MAIL: 0,
        DROP: 0,
    }
    for each in range(1_000):
        network = b"one" if each < 500 else each.to_bytes(4, "big")
        wish = SignupRequest(f"r{each}@d{each % 9}.example.org")
        found[store.record_signup(wish, SALT, network, limits, NOW)] += 1

    assert {SEND_MAIL: 100, DROP: 900} == found
    assert 100 == number(store)


def test_who_comes_from_no_network_is_one_of_many(store: Store) -> None:
    """As behind a proxy, of which nobody knows how many it speaks for."""
    found = [ask(store, SignupRequest(f"r{each}@example.org"), network=b"") for each in range(30)]

    assert [SEND_MAIL] * 30 == found


def test_many_at_once_are_counted_as_one_after_the_other(store: Store) -> None:
    """Threads and processes do not slip past a limit together."""

    def asked(each: int) -> str:
        return ask(store, SignupRequest(f"r{each}@example.org"))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(asked, range(60)))
        mailed = list(threads.map(lambda _: store.claim_signup("w", LIMITS, NOW), range(60)))

    assert LIMITS.max_per_network == found.count(SEND_MAIL) == number(store)
    assert LIMITS.max_per_network == len({each.address_hash for each in mailed if each})


def test_a_mailbox_is_counted_once(store: Store) -> None:
    """Whatever tag or dots its addresses have: mails to it are an hour apart, and three."""
    same = ("ann.lee@gmail.com", "AnnLee+news@gmail.com", "a.nnlee+x+y@googlemail.com")
    sent = 0
    for hours in range(12):
        for each, address in enumerate(same):
            ask(store, SignupRequest(address), bytes([hours, each]), hours + each / 10)
            while found := store.claim_signup("w", LIMITS, NOW + (hours + each / 10) * HOUR):
                store.mark_confirmation_sent(found)
                sent += 1
        assert sent == min(hours + 1, 3)


def test_an_alias_does_not_wait_beside_another(store: Store) -> None:
    """One mail at a time is on its way into a mailbox; the first can be asked for again."""
    assert SEND_MAIL == ask(store, SignupRequest("ann+a@example.org"))
    assert DROP == ask(store, SignupRequest("ann+b@example.org"))
    assert UPDATE_ONLY == ask(store, SignupRequest("ann+a@example.org"))
    assert SEND_MAIL == ask(store, SignupRequest("bob@example.org"))
    assert 2 == number(store)


def test_who_confirms_may_ask_again_by_any_address(store: Store) -> None:
    """The owner of the mailbox was here; what is open for another address stays so."""
    for hours, address in enumerate(("ann@example.org", "ann+a@example.org", "ann+b@example.org")):
        assert SEND_MAIL == ask(store, SignupRequest(address), hours=hours)
        found = taken(store, hours)
        if address == "ann+a@example.org":
            store.close_signup(found)
    one = store.add_subscriber(reader("ann@example.org", "pending"), NOW)

    assert DROP == ask(store, SignupRequest("ann+c@example.org"), hours=9)
    store.confirm_signup(one.id, SALT, "", NOW)
    assert SEND_MAIL == ask(store, SignupRequest("ann+c@example.org"), hours=9)
    assert store.find_pending_confirmation("ann+b@example.org", SALT) is not None
    assert store.find_pending_confirmation("ann+a@example.org", SALT) is None


def test_a_domain_is_heard_so_often(store: Store) -> None:
    """Whichever networks ask for addresses there; a provider of many people's mailboxes is none."""

    def found(host: str) -> int:
        asked = [
            ask(store, SignupRequest(f"r{each}@{host}"), each.to_bytes(2, "big"))
            for each in range(LIMITS.max_per_domain + 5)
        ]
        return asked.count(SEND_MAIL)

    assert LIMITS.max_per_domain == found("victim.example.org")
    assert LIMITS.max_per_domain + 5 == found("gmail.com")
    assert SEND_MAIL == ask(store, SignupRequest("late@victim.example.org"), b"x", 1)


def test_confirming_makes_a_reader_of_what_was_asked(store: Store) -> None:
    """With their choice, and when and from where they said so."""
    one = store.add_subscriber(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    found = store.confirm_signup(one.id, SALT, "192.0.2.1", NOW + HOUR)

    assert found is not None
    assert ("active", ANN.follows, "weekly", "zh") == (
        found.state,
        found.follows,
        found.cadence,
        found.language,
    )
    assert Consent(NOW + HOUR, "form", "192.0.2.1") == found.consent
    assert found == store.confirm_signup(one.id, SALT, "198.51.100.1", NOW + 2 * HOUR)
    assert store.find_pending_confirmation("ann@example.org", SALT) is None


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_who_left_comes_back_by_confirming(store: Store, state: str) -> None:
    """But only where a mail asked them since."""
    one = store.add_subscriber(replace(reader(state=state), soft_bounces=2), NOW)

    assert store.confirm_signup(one.id, SALT, "", NOW) is None

    ask(store)

    assert store.confirm_signup(one.id, SALT, "", NOW) is None

    taken(store)
    found = store.confirm_signup(one.id, SALT, "", NOW)

    assert found is not None
    assert ("active", 0) == (found.state, found.soft_bounces)


@pytest.mark.parametrize("state", ["complained", "suppressed"])
def test_who_complained_does_not_come_back(store: Store, state: str) -> None:
    """Whatever was asked for."""
    one = store.add_subscriber(reader(state=state), NOW)
    ask(store)
    taken(store)

    assert store.confirm_signup(one.id, SALT, "", NOW) is None
    assert store.confirm_signup(one.id + 1, SALT, "", NOW) is None
    assert one == store.get_subscriber(one.id)


def test_leaving_can_be_undone_for_a_while(store: Store) -> None:
    """By nobody else, and nothing else is."""
    one = store.add_subscriber(reader(), NOW)
    store.change_state(one.id, "unsubscribed", NOW)

    late = store.undo_unsubscribe(one.id, NOW, NOW + HOUR)
    assert late is not None
    assert "unsubscribed" == late.state
    found = store.undo_unsubscribe(one.id, NOW - HOUR, NOW + HOUR)
    assert found is not None
    assert "active" == found.state
    assert store.undo_unsubscribe(one.id + 1, NOW - HOUR, NOW) is None

    store.change_state(one.id, "complained", NOW)
    held = store.undo_unsubscribe(one.id, NOW - HOUR, NOW)
    assert held is not None
    assert "complained" == held.state


def test_what_nothing_comes_of_keeps_no_address(store: Store) -> None:
    """That a mail went out is still counted, unless its owner was here."""
    ask(store)
    store.close_signup(taken(store))

    assert store.find_pending_confirmation("ann@example.org", SALT) is None
    assert UPDATE_ONLY == ask(store, hours=0.5)

    store.reset_mail_count("ann@example.org", SALT)
    for hours in range(1, 4):
        ask(store, hours=hours)
        assert hours == taken(store, hours).mails_sent


def test_what_is_over_is_let_go(store: Store) -> None:
    """An address that was not confirmed after a month, and the count after a year."""
    days = timedelta(days=1)
    store.add_subscriber(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    kept = store.add_subscriber(reader("listed@example.org", "pending"), NOW)
    ask(store)
    taken(store)
    ask(store, SignupRequest("late@example.org"), b"other")
    store.purge_signups(LIMITS, NOW + LIMITS.max_wait + HOUR)

    assert store.claim_signup("w", LIMITS, NOW + 2 * days) is None
    assert store.find_pending_confirmation("ann@example.org", SALT) is not None

    store.purge_signups(LIMITS, NOW + 30 * days + HOUR)

    assert store.find_pending_confirmation("ann@example.org", SALT) is None
    assert (kept,) == tuple(store.iter_subscribers())
    assert 1 == number(store)

    store.purge_signups(LIMITS, NOW + 366 * days)

    assert 0 == number(store)


def test_who_asks_again_has_as_long_again(store: Store) -> None:
    """The link of a second mail is good for as long as that of the first was."""
    first, second, late = (NOW + days * 24 * HOUR for days in (0, 29, 50))
    store.add_subscriber(Subscriber(0, "ann@example.org", Consent(first, "form")), first)
    ask(store, hours=29 * 24)
    taken(store, hours=29 * 24)
    one = store.add_subscriber(Subscriber(0, "ann@example.org", Consent(second, "form")), second)
    store.purge_signups(LIMITS, late)

    assert store.confirm_signup(one.id, SALT, "", late) is not None


def test_many_who_confirm_at_once_do_so_once(store: Store) -> None:
    """The first is recorded, the others are told the same; who leaves meanwhile has left."""
    one = store.add_subscriber(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    def confirmed(each: int) -> Subscriber | None:
        if each == 8:
            return store.change_state(one.id, "unsubscribed", NOW + each * HOUR)
        return store.confirm_signup(one.id, SALT, f"192.0.2.{each}", NOW + each * HOUR)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(confirmed, range(16)))

    told = {each.consent for each in found if each and each.state == "active"}
    last = store.get_subscriber(one.id)
    assert last is not None
    assert len(told) <= 1
    assert last.state == ("active" if last.changed == last.consent.at else "unsubscribed")


def test_only_what_was_offered_is_confirmed(store: Store) -> None:
    """Not what somebody asked for meanwhile."""
    one = store.add_subscriber(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    assert store.confirm_signup(one.id, SALT, "", NOW, replace(ANN, cadence="each")) is None
    assert store.confirm_signup(one.id, SALT, "", NOW, replace(ANN, address="ann@example.org"))


def test_of_many_counts_the_oldest_are_let_go(store: Store) -> None:
    """However long somebody floods the form, the table does not grow for ever."""
    for each in range(5):
        ask(store, SignupRequest(f"r{each}@example.org"), hours=each)
        store.close_signup(taken(store, each))
    ask(store, SignupRequest("open@example.org"), hours=5)
    taken(store, 5)
    store.purge_signups(SignupLimits(max_rows=2), NOW + 5 * HOUR)

    assert 3 == number(store)
    assert [SEND_MAIL, UPDATE_ONLY] == [
        ask(store, SignupRequest(f"r{each}@example.org"), b"other", 4.5) for each in (2, 4)
    ]


def test_who_is_forgotten_leaves_no_request(store: Store) -> None:
    """Neither address nor count."""
    ask(store)
    store.forget_address("ann@example.org", SALT)

    assert 0 == number(store)
    with pytest.raises(AddressForgottenError):
        store.add_subscriber(reader(), NOW)


def test_a_request_of_before_the_key_changed_is_forgotten_too(store: Store) -> None:
    """Told by an older key, or by the salt of somebody else who was forgotten then."""
    ask(store)
    ask(store, SignupRequest("bob@example.org"))
    store.forget_address("ann@example.org", b"new", SALT)

    assert 1 == number(store)

    store.forget_address("cid@example.org", SALT)
    store.forget_address("bob@example.org", b"new")

    assert 0 == number(store)


def test_what_is_no_address_is_not_recorded(store: Store) -> None:
    """A line end least of all."""
    for address in ("ann", "ann@example.org\r\nBcc: bob@example.org", ""):
        with pytest.raises(InvalidValueError):
            ask(store, SignupRequest(address))

    assert 0 == number(store)
