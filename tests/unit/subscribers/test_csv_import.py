"""Our own export after people have worked on it."""

from datetime import UTC, datetime

import pytest
from rosters import NOW, listed

from feedpub.models.newsletter import Consent, Subscriber, SubscriptionFilter
from feedpub.subscribers.csv_import import RowProblem


def test_a_row_may_be_added_by_hand() -> None:
    """An address is enough: the rest is as when somebody is imported from a list."""
    found = listed(
        ["email,name,state,consented_at,consent_how\n", " ann@example.org ,'t Hooft,,,\n"],
        "list.csv",
    )

    assert [
        Subscriber(
            0, "ann@example.org", Consent(NOW, "import", "list.csv"), "'t Hooft", state="active"
        )
    ] == found


def test_columns_may_be_moved_and_added() -> None:
    """A column that is not ours is a free field, after those there are."""
    header = "tags,follows_tags,consent_how,consented_at,fields,state,email\n"
    row = '\'=Oslo,python,form,2024-05-01,"{""a"": ""b""}",pending,ann@example.org\n'

    assert [
        Subscriber(
            0,
            "ann@example.org",
            Consent(datetime(2024, 5, 1, tzinfo=UTC), "form"),
            fields=(("a", "b"), ("tags", "=Oslo")),
            state="pending",
            follows=SubscriptionFilter(everything=False, tags=("python",)),
        )
    ] == listed([header, row], "list.csv")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("id", "x", 'invalid number "x"'),
        ("soft_bounces", "1.5", 'invalid number "1.5"'),
        ("state", "gone", 'unknown state "gone"; use one of pending, active'),
        ("cadence", "hourly", 'unknown cadence "hourly"; use one of digest, each'),
        ("follows", "some", '"some" is neither "everything" nor "chosen"'),
        ("changed_at", "May", 'invalid time "May"; write it like 2024-05-31T18:00:00Z'),
        ("changed_at", "0001-01-01T00:00:00+05:00", "invalid time"),
        ("consented_at", "31.5.2024", 'invalid time "31.5.2024"'),
        ("fields", "{", 'the column "fields" is not a JSON object'),
        ("fields", "[1]", 'the column "fields" is not a JSON object'),
        ("fields", "[" * 100_000, 'the column "fields" is not a JSON object'),
        ("fields", '"{""a"": 1}"', 'the column "fields" is not a JSON object'),
        ("email", "bob", '"bob" is not an e-mail address'),
    ],
)
def test_what_we_never_wrote_is_told(column: str, value: str, message: str) -> None:
    """What cannot be read is not guessed at in a file that claims to be ours."""
    values = dict.fromkeys(
        (
            *("id", "email", "state", "cadence", "follows", "soft_bounces", "changed_at"),
            *("consented_at", "consent_how", "fields"),
        ),
        "",
    ) | {"email": "ann@example.org", column: value}
    (fault,) = listed([",".join(values) + "\n", ",".join(values.values()) + "\n"])

    assert isinstance(fault, RowProblem)
    assert 2 == fault.line
    assert message in fault.message
