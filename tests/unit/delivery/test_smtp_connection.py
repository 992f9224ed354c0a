"""Relays: which of several, and what of them may be told."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.smtp_connection import SmtpRelay, order_relays

RELAYS = (SmtpRelay("a", weight=1), SmtpRelay("b", weight=3), SmtpRelay("c", weight=2))


def test_each_relay_is_first_as_often_as_its_weight_says() -> None:
    """The others come after it, the heaviest first, for when it is out of reach."""
    orders = [
        "".join(each.host for each in order_relays(RELAYS, chance / 6)) for chance in range(6)
    ]

    assert ["abc", "bca", "bca", "bca", "cba", "cba"] == orders


@given(st.lists(st.integers(1, 100), max_size=5), st.floats(0, 1))
def test_every_relay_is_tried(weights: list[int], chance: float) -> None:
    """Each of them once, whatever the chance."""
    relays = [SmtpRelay(f"mx{place}", weight=weight) for place, weight in enumerate(weights)]

    assert sorted(relays, key=repr) == sorted(order_relays(relays, chance), key=repr)


def test_what_opens_a_relay_is_never_shown() -> None:
    """Neither by itself, nor in what a server says back to us."""
    relay = SmtpRelay("mx.example.org", username="apikey-1", password="pässword")  # noqa: S106 - opens nothing
    plain = base64.b64encode("\0apikey-1\0pässword".encode()).decode()
    word = base64.b64encode("pässword".encode()).decode()

    assert "mx.example.org:587" == relay.name
    assert "apikey" not in repr(relay)
    assert "password" not in repr(relay)
    assert "Wrong: … …, … and … (…)" == relay.redact(
        f"Wrong: {plain} {word}, apikey-1 and pässword ({base64.b64encode(b'apikey-1').decode()})"
    )


def test_without_a_password_nothing_is_hidden() -> None:
    """What a server says is left as it is."""

    assert "Hello" == SmtpRelay("mx.example.org").redact("Hello")


def test_a_short_user_name_is_cut_out_of_no_word() -> None:
    """It is removed where it stands by itself, and in the forms that AUTH sends it in."""
    relay = SmtpRelay("mx.example.org", username="u", password="in")  # noqa: S106 - opens nothing
    plain = base64.b64encode(b"\0u\0in").decode()

    assert "it knows but XOAUTH2 for user …, given … (…)" == relay.redact(
        f"it knows but XOAUTH2 for user u, given in ({plain})"
    )
