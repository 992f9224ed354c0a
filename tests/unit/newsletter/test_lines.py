"""Over which ways messages leave."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from postoffice import desk, folder, relay, smtp

from feedpub.config import Mail
from feedpub.mail import Folder, Maildir, Relay, Smtp
from feedpub.mail.smtp import order
from feedpub.model import Author
from feedpub.newsletter.posting.lines import Gate, free, gates, toward, transport

SERVERS = [Relay("a", weight=3), Relay("b", weight=1), Relay("c", weight=2)]
GATES = [Gate(each.name, each.weight, 2) for each in SERVERS]


def test_files_are_written_one_at_a_time(tmp_path: Path) -> None:
    """Both kinds; a folder of files is what there is before anything is set."""
    with desk(tmp_path, folder()) as one:
        assert isinstance(transport(one), Folder)
        assert (Gate("folder"),) == gates(one)
    with desk(tmp_path, Mail("maildir", sender=Author("Ann", "a@example.org"))) as one:
        assert isinstance(transport(one), Maildir)
        assert (Gate("maildir"),) == gates(one)


def test_relays_are_as_configured(tmp_path: Path) -> None:
    """Named as their sessions are, with their weights, connections and rates."""
    mail = smtp(relay(1025, connections=3, rate=9, weight=2), relay(1026))
    with desk(tmp_path, mail) as one:
        way = transport(one)

        assert isinstance(way, Smtp)
        assert (Gate("127.0.0.1:1025", 2, 3, 9), Gate("127.0.0.1:1026")) == gates(one)
        assert [each.name for each in way.relays] == [each.name for each in gates(one)]
        assert one.host() == way.relays[0].hello


def test_two_log_ins_at_one_server_are_two(tmp_path: Path) -> None:
    """Each has its own pace and connections; what tells them apart is no secret."""
    logins = [
        replace(relay(1025, rate=each, connections=each), username=f"token-{each}")
        for each in (1, 2)
    ]
    with desk(tmp_path, smtp(*logins, relay(1026))) as one:
        way = transport(one)
        names = ["127.0.0.1:1025", "127.0.0.1:1025#2", "127.0.0.1:1026"]

        assert isinstance(way, Smtp)
        assert names == [each.name for each in way.relays] == [each.name for each in gates(one)]
        full = Counter({names[0]: 1, names[2]: 1})
        assert names[1] == free(gates(one), full, 0.0).name


def chosen(used: dict[str, int], chance: float) -> str:
    """Give the host that a connection would go to."""
    gate = free(GATES, Counter(used), chance)
    host = order(SERVERS, toward(GATES, gate))[0].host
    assert gate.name == f"{host}:587"
    return host


@given(st.floats(0, 1, exclude_max=True))
def test_weights_decide_where_all_have_room(chance: float) -> None:
    """As the transport itself would choose."""

    assert order(SERVERS, chance)[0].host == chosen({}, chance)


@given(st.floats(0, 1, exclude_max=True))
def test_who_is_full_gets_no_more(chance: float) -> None:
    """The next connection goes to somebody who has room; where nobody has, to any."""

    assert "b" == chosen({"a:587": 2, "c:587": 2}, chance)
    assert chosen({"a:587": 1, "b:587": 2}, chance) in {"a", "c"}
    assert order(SERVERS, chance)[0].host == chosen({"a:587": 2, "b:587": 2, "c:587": 2}, chance)


def test_without_a_relay_somebody_still_tries(tmp_path: Path) -> None:
    """So that the transport says that there is none."""
    with desk(tmp_path, smtp()) as one:
        assert (Gate("smtp"),) == gates(one)
        assert Gate("smtp") == free(gates(one), Counter(), 0.1)
