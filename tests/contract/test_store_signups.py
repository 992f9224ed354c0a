"""Requests in the store: one address, one row; bounded, counted, and gone in the end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from mailings import NOW, reader
from sqlalchemy import func, select

from feedpub.admission import DROP, MAIL, NOTE, Limits
from feedpub.mailing import Asked, Consent, Follows, Subscriber, Wish
from feedpub.roster import Faulty
from feedpub.store import ForgottenError, Store, schema

LIMITS = Limits()
SALT = b"s" * 32
HOUR = timedelta(hours=1)
ANN = Wish("Ann@Example.org", Follows(everything=False, tags=("c",)), "weekly", "zh")


def ask(store: Store, wish: Wish = ANN, network: bytes = b"net", hours: float = 0) -> str:
    """Ask at a time."""
    return store.ask(wish, SALT, network, LIMITS, NOW + hours * HOUR)


def taken(store: Store, hours: float = 0) -> Asked:
    """Mail whoever may be mailed at a time."""
    found = store.next_asked("w", LIMITS, NOW + hours * HOUR)

    assert found is not None

    store.posted(found)
    return found


def number(store: Store) -> int:
    """Count the rows."""
    with store._database.reading() as connection:
        return connection.execute(select(func.count()).select_from(schema.signup)).scalar() or 0


def test_a_request_is_mailed_once(store: Store) -> None:
    """With what was asked for; then nobody waits."""
    assert MAIL == ask(store)
    assert store.asked("ann@example.org", SALT) is None

    found = taken(store)

    assert (ANN, NOW, 1) == (found.wish, found.at, found.mails)
    assert store.next_asked("w", LIMITS, NOW) is None
    assert found == store.asked("ann@example.org", SALT)


def test_one_address_is_one_row(store: Store) -> None:
    """However it is spelled; what was wished last counts."""
    ask(store)

    assert NOTE == ask(store, Wish("ann@EXAMPLE.org"), hours=0.5)
    assert 1 == number(store)

    taken(store, 0.5)

    assert NOTE == ask(store, ANN, hours=1)
    found = store.asked("ann@example.org", SALT)
    assert found is not None
    assert ANN == found.wish


def test_three_mails_go_out_at_most(store: Store) -> None:
    """Whoever asks, from wherever, until it is confirmed."""
    for hours in range(3):
        assert MAIL == ask(store, network=bytes([hours]), hours=hours)
        assert hours + 1 == taken(store, hours).mails

    assert DROP == ask(store, network=b"x", hours=99)

    one = store.add(reader("ann@example.org", "pending"), NOW)
    store.confirm(one.id, SALT, "", NOW)

    assert MAIL == ask(store, network=b"x", hours=99)


def test_a_mail_that_did_not_go_out_does_not_count(store: Store) -> None:
    """It may go out at its time."""
    ask(store)
    store.unsent(taken(store), NOW + HOUR)

    assert store.next_asked("w", LIMITS, NOW) is None
    assert 1 == taken(store, 1).mails


def test_a_process_that_is_killed_loses_no_request(store: Store) -> None:
    """Another one is given it once the lease has ended, or sooner where the first one is gone."""
    ask(store)
    lease = LIMITS.lease

    assert store.next_asked("a", LIMITS, NOW) is not None
    assert store.next_asked("b", LIMITS, NOW + lease / 2) is None
    assert {"a"} == store.clerks()
    assert NOTE == ask(store)

    again = store.next_asked("b", LIMITS, NOW + lease)

    assert again is not None
    assert 2 == again.mails

    store.give_back("a", NOW + lease)

    assert {"b"} == store.clerks()

    store.give_back("b", NOW + lease)

    assert frozenset() == store.clerks()

    last = store.next_asked("c", LIMITS, NOW + lease)

    assert last is not None
    assert LIMITS.mails == last.mails

    store.give_back("c", NOW + lease)

    assert store.next_asked("d", LIMITS, NOW + lease) is None


def test_the_rate_is_kept(store: Store) -> None:
    """So many within an hour, to whomever; the others wait."""
    limits = Limits(rate=2)
    for each in range(4):
        ask(store, Wish(f"r{each}@example.org"))
    found = [store.next_asked("w", limits, NOW) for _ in range(3)]

    assert [True, True, False] == [each is not None for each in found]
    assert store.next_asked("w", limits, NOW + HOUR / 2) is None
    assert store.next_asked("w", limits, NOW + HOUR) is not None


def test_many_requests_are_few_rows(store: Store) -> None:
    """From one network twenty an hour; from many as many as may wait."""
    limits = Limits(waiting=100)
    found = {
        MAIL: 0,
        DROP: 0,
    }
    for each in range(1_000):
        network = b"one" if each < 500 else each.to_bytes(4, "big")
        wish = Wish(f"r{each}@d{each % 9}.example.org")
        found[store.ask(wish, SALT, network, limits, NOW)] += 1

    assert {MAIL: 100, DROP: 900} == found
    assert 100 == number(store)


def test_who_comes_from_no_network_is_one_of_many(store: Store) -> None:
    """As behind a proxy, of which nobody knows how many it speaks for."""
    found = [ask(store, Wish(f"r{each}@example.org"), network=b"") for each in range(30)]

    assert [MAIL] * 30 == found


def test_many_at_once_are_counted_as_one_after_the_other(store: Store) -> None:
    """Threads and processes do not slip past a limit together."""

    def asked(each: int) -> str:
        return ask(store, Wish(f"r{each}@example.org"))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(asked, range(60)))
        mailed = list(threads.map(lambda _: store.next_asked("w", LIMITS, NOW), range(60)))

    assert LIMITS.network == found.count(MAIL) == number(store)
    assert LIMITS.network == len({each.mark for each in mailed if each})


def test_a_mailbox_is_counted_once(store: Store) -> None:
    """Whatever tag or dots its addresses have: mails to it are an hour apart, and three."""
    same = ("ann.lee@gmail.com", "AnnLee+news@gmail.com", "a.nnlee+x+y@googlemail.com")
    sent = 0
    for hours in range(12):
        for each, address in enumerate(same):
            ask(store, Wish(address), bytes([hours, each]), hours + each / 10)
            while found := store.next_asked("w", LIMITS, NOW + (hours + each / 10) * HOUR):
                store.posted(found)
                sent += 1
        assert sent == min(hours + 1, 3)


def test_an_alias_does_not_wait_beside_another(store: Store) -> None:
    """One mail at a time is on its way into a mailbox; the first can be asked for again."""
    assert MAIL == ask(store, Wish("ann+a@example.org"))
    assert DROP == ask(store, Wish("ann+b@example.org"))
    assert NOTE == ask(store, Wish("ann+a@example.org"))
    assert MAIL == ask(store, Wish("bob@example.org"))
    assert 2 == number(store)


def test_who_confirms_may_ask_again_by_any_address(store: Store) -> None:
    """The owner of the mailbox was here; what is open for another address stays so."""
    for hours, address in enumerate(("ann@example.org", "ann+a@example.org", "ann+b@example.org")):
        assert MAIL == ask(store, Wish(address), hours=hours)
        found = taken(store, hours)
        if address == "ann+a@example.org":
            store.answered(found)
    one = store.add(reader("ann@example.org", "pending"), NOW)

    assert DROP == ask(store, Wish("ann+c@example.org"), hours=9)
    store.confirm(one.id, SALT, "", NOW)
    assert MAIL == ask(store, Wish("ann+c@example.org"), hours=9)
    assert store.asked("ann+b@example.org", SALT) is not None
    assert store.asked("ann+a@example.org", SALT) is None


def test_a_domain_is_heard_so_often(store: Store) -> None:
    """Whichever networks ask for addresses there; a provider of many people's mailboxes is none."""

    def found(host: str) -> int:
        asked = [
            ask(store, Wish(f"r{each}@{host}"), each.to_bytes(2, "big"))
            for each in range(LIMITS.domain + 5)
        ]
        return asked.count(MAIL)

    assert LIMITS.domain == found("victim.example.org")
    assert LIMITS.domain + 5 == found("gmail.com")
    assert MAIL == ask(store, Wish("late@victim.example.org"), b"x", 1)


def test_confirming_makes_a_reader_of_what_was_asked(store: Store) -> None:
    """With their choice, and when and from where they said so."""
    one = store.add(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    found = store.confirm(one.id, SALT, "192.0.2.1", NOW + HOUR)

    assert found is not None
    assert ("active", ANN.follows, "weekly", "zh") == (
        found.state,
        found.follows,
        found.cadence,
        found.language,
    )
    assert Consent(NOW + HOUR, "form", "192.0.2.1") == found.consent
    assert found == store.confirm(one.id, SALT, "198.51.100.1", NOW + 2 * HOUR)
    assert store.asked("ann@example.org", SALT) is None


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_who_left_comes_back_by_confirming(store: Store, state: str) -> None:
    """But only where a mail asked them since."""
    one = store.add(replace(reader(state=state), soft_bounces=2), NOW)

    assert store.confirm(one.id, SALT, "", NOW) is None

    ask(store)

    assert store.confirm(one.id, SALT, "", NOW) is None

    taken(store)
    found = store.confirm(one.id, SALT, "", NOW)

    assert found is not None
    assert ("active", 0) == (found.state, found.soft_bounces)


@pytest.mark.parametrize("state", ["complained", "suppressed"])
def test_who_complained_does_not_come_back(store: Store, state: str) -> None:
    """Whatever was asked for."""
    one = store.add(reader(state=state), NOW)
    ask(store)
    taken(store)

    assert store.confirm(one.id, SALT, "", NOW) is None
    assert store.confirm(one.id + 1, SALT, "", NOW) is None
    assert one == store.get(one.id)


def test_leaving_can_be_undone_for_a_while(store: Store) -> None:
    """By nobody else, and nothing else is."""
    one = store.add(reader(), NOW)
    store.change(one.id, "unsubscribed", NOW)

    late = store.undo(one.id, NOW, NOW + HOUR)
    assert late is not None
    assert "unsubscribed" == late.state
    found = store.undo(one.id, NOW - HOUR, NOW + HOUR)
    assert found is not None
    assert "active" == found.state
    assert store.undo(one.id + 1, NOW - HOUR, NOW) is None

    store.change(one.id, "complained", NOW)
    held = store.undo(one.id, NOW - HOUR, NOW)
    assert held is not None
    assert "complained" == held.state


def test_what_nothing_comes_of_keeps_no_address(store: Store) -> None:
    """That a mail went out is still counted, unless its owner was here."""
    ask(store)
    store.answered(taken(store))

    assert store.asked("ann@example.org", SALT) is None
    assert NOTE == ask(store, hours=0.5)

    store.excuse("ann@example.org", SALT)
    for hours in range(1, 4):
        ask(store, hours=hours)
        assert hours == taken(store, hours).mails


def test_what_is_over_is_let_go(store: Store) -> None:
    """An address that was not confirmed after a month, and the count after a year."""
    days = timedelta(days=1)
    store.add(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    kept = store.add(reader("listed@example.org", "pending"), NOW)
    ask(store)
    taken(store)
    ask(store, Wish("late@example.org"), b"other")
    store.tidy_asked(LIMITS, NOW + LIMITS.patience + HOUR)

    assert store.next_asked("w", LIMITS, NOW + 2 * days) is None
    assert store.asked("ann@example.org", SALT) is not None

    store.tidy_asked(LIMITS, NOW + 30 * days + HOUR)

    assert store.asked("ann@example.org", SALT) is None
    assert (kept,) == tuple(store.all())
    assert 1 == number(store)

    store.tidy_asked(LIMITS, NOW + 366 * days)

    assert 0 == number(store)


def test_who_asks_again_has_as_long_again(store: Store) -> None:
    """The link of a second mail is good for as long as that of the first was."""
    first, second, late = (NOW + days * 24 * HOUR for days in (0, 29, 50))
    store.add(Subscriber(0, "ann@example.org", Consent(first, "form")), first)
    ask(store, hours=29 * 24)
    taken(store, hours=29 * 24)
    one = store.add(Subscriber(0, "ann@example.org", Consent(second, "form")), second)
    store.tidy_asked(LIMITS, late)

    assert store.confirm(one.id, SALT, "", late) is not None


def test_many_who_confirm_at_once_do_so_once(store: Store) -> None:
    """The first is recorded, the others are told the same; who leaves meanwhile has left."""
    one = store.add(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    def confirmed(each: int) -> Subscriber | None:
        if each == 8:
            return store.change(one.id, "unsubscribed", NOW + each * HOUR)
        return store.confirm(one.id, SALT, f"192.0.2.{each}", NOW + each * HOUR)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(confirmed, range(16)))

    told = {each.consent for each in found if each and each.state == "active"}
    last = store.get(one.id)
    assert last is not None
    assert len(told) <= 1
    assert last.state == ("active" if last.changed == last.consent.at else "unsubscribed")


def test_only_what_was_offered_is_confirmed(store: Store) -> None:
    """Not what somebody asked for meanwhile."""
    one = store.add(Subscriber(0, "ann@example.org", Consent(NOW, "form")), NOW)
    ask(store)
    taken(store)

    assert store.confirm(one.id, SALT, "", NOW, replace(ANN, cadence="each")) is None
    assert store.confirm(one.id, SALT, "", NOW, replace(ANN, address="ann@example.org"))


def test_of_many_counts_the_oldest_are_let_go(store: Store) -> None:
    """However long somebody floods the form, the table does not grow for ever."""
    for each in range(5):
        ask(store, Wish(f"r{each}@example.org"), hours=each)
        store.answered(taken(store, each))
    ask(store, Wish("open@example.org"), hours=5)
    taken(store, 5)
    store.tidy_asked(Limits(rows=2), NOW + 5 * HOUR)

    assert 3 == number(store)
    assert [MAIL, NOTE] == [
        ask(store, Wish(f"r{each}@example.org"), b"other", 4.5) for each in (2, 4)
    ]


def test_who_is_forgotten_leaves_no_request(store: Store) -> None:
    """Neither address nor count."""
    ask(store)
    store.forget("ann@example.org", SALT)

    assert 0 == number(store)
    with pytest.raises(ForgottenError):
        store.add(reader(), NOW)


def test_a_request_of_before_the_key_changed_is_forgotten_too(store: Store) -> None:
    """Told by an older key, or by the salt of somebody else who was forgotten then."""
    ask(store)
    ask(store, Wish("bob@example.org"))
    store.forget("ann@example.org", b"new", SALT)

    assert 1 == number(store)

    store.forget("cid@example.org", SALT)
    store.forget("bob@example.org", b"new")

    assert 0 == number(store)


def test_what_is_no_address_is_not_recorded(store: Store) -> None:
    """A line end least of all."""
    for address in ("ann", "ann@example.org\r\nBcc: bob@example.org", ""):
        with pytest.raises(Faulty):
            ask(store, Wish(address))

    assert 0 == number(store)
