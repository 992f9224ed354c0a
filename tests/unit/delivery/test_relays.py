"""Over which ways messages leave."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from postoffice import desk, folder, relay, smtp

from feedpub.config.schema import MailConfig
from feedpub.delivery.file_transport import FileTransport, MaildirTransport
from feedpub.delivery.relays import (
    RelayLimits,
    build_transport,
    compute_connect_chance,
    load_relay_limits,
    pick_relay,
)
from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay, order_relays
from feedpub.models.content import Author

SERVERS = [SmtpRelay("a", weight=3), SmtpRelay("b", weight=1), SmtpRelay("c", weight=2)]
GATES = [RelayLimits(each.name, each.weight, 2) for each in SERVERS]


def test_files_are_written_one_at_a_time(tmp_path: Path) -> None:
    """Both kinds; a folder of files is what there is before anything is set."""
    with desk(tmp_path, folder()) as one:
        assert isinstance(build_transport(one), FileTransport)
        assert (RelayLimits("folder"),) == load_relay_limits(one)
    with desk(tmp_path, MailConfig("maildir", sender=Author("Ann", "a@example.org"))) as one:
        assert isinstance(build_transport(one), MaildirTransport)
        assert (RelayLimits("maildir"),) == load_relay_limits(one)


def test_relays_are_as_configured(tmp_path: Path) -> None:
    """Named as their sessions are, with their weights, connections and rates."""
    mail = smtp(relay(1025, connections=3, rate=9, weight=2), relay(1026))
    with desk(tmp_path, mail) as one:
        way = build_transport(one)

        assert isinstance(way, SmtpTransport)
        assert (
            RelayLimits("127.0.0.1:1025", 2, 3, 9),
            RelayLimits("127.0.0.1:1026"),
        ) == load_relay_limits(one)
        assert [each.name for each in way.relays] == [each.name for each in load_relay_limits(one)]
        assert one.get_hostname() == way.relays[0].ehlo_hostname


def test_two_log_ins_at_one_server_are_two(tmp_path: Path) -> None:
    """Each has its own pace and connections; what tells them apart is no secret."""
    logins = [
        replace(relay(1025, rate=each, connections=each), username=f"token-{each}")
        for each in (1, 2)
    ]
    with desk(tmp_path, smtp(*logins, relay(1026))) as one:
        way = build_transport(one)
        names = ["127.0.0.1:1025", "127.0.0.1:1025#2", "127.0.0.1:1026"]

        assert isinstance(way, SmtpTransport)
        assert (
            names
            == [each.name for each in way.relays]
            == [each.name for each in load_relay_limits(one)]
        )
        full = Counter({names[0]: 1, names[2]: 1})
        assert names[1] == pick_relay(load_relay_limits(one), full, 0.0).name


def chosen(used: dict[str, int], chance: float) -> str:
    """Give the host that a connection would go to."""
    gate = pick_relay(GATES, Counter(used), chance)
    host = order_relays(SERVERS, compute_connect_chance(GATES, gate))[0].host
    assert gate.name == f"{host}:587"
    return host


@given(st.floats(0, 1, exclude_max=True))
def test_weights_decide_where_all_have_room(chance: float) -> None:
    """As the transport itself would choose."""

    assert order_relays(SERVERS, chance)[0].host == chosen({}, chance)


@given(st.floats(0, 1, exclude_max=True))
def test_who_is_full_gets_no_more(chance: float) -> None:
    """The next connection goes to somebody who has room; where nobody has, to any."""

    assert "b" == chosen({"a:587": 2, "c:587": 2}, chance)
    assert chosen({"a:587": 1, "b:587": 2}, chance) in {"a", "c"}
    assert order_relays(SERVERS, chance)[0].host == chosen(
        {"a:587": 2, "b:587": 2, "c:587": 2}, chance
    )


def test_without_a_relay_somebody_still_tries(tmp_path: Path) -> None:
    """So that the transport says that there is none."""
    with desk(tmp_path, smtp()) as one:
        assert (RelayLimits("smtp"),) == load_relay_limits(one)
        assert RelayLimits("smtp") == pick_relay(load_relay_limits(one), Counter(), 0.1)
