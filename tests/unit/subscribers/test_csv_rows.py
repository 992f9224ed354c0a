"""Single rows of tables that nobody knows."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from rosters import NOTHING, NOW, rows

from feedpub.models.address import InvalidValueError
from feedpub.models.newsletter import Subscriber, SubscriptionFilter
from feedpub.subscribers.csv_import import RowProblem

MAY = datetime(2024, 5, 1, tzinfo=UTC)


def one(row: Mapping[str, str], mapping: Mapping[str, str] = NOTHING) -> Subscriber:
    """Understand one row, given by its columns; everybody here is Ann."""
    whole = {"email": "ann@example.org", **row}
    out = io.StringIO(newline="")
    csv.writer(out).writerows([whole, whole.values()])
    (ann,) = rows(out.getvalue(), mapping=mapping)
    if isinstance(ann, RowProblem):
        raise InvalidValueError(ann.message)
    return ann


@pytest.mark.parametrize(
    ("row", "state", "changed"),
    [
        ({}, "active", None),
        ({"status": ""}, "active", None),
        ({"Status": "Subscribed"}, "active", None),
        ({"status": "past_due"}, "active", None),
        ({"State": "complained"}, "complained", None),
        ({"state": "", "status": "bounced"}, "bounced", None),
        ({"status": "unsubscribed", "unsubscribed_at": "2024-05-01"}, "unsubscribed", MAY),
        ({"status": "active", "unsubscribed_at": "2024-05-01"}, "active", None),
        ({"subscribed": "TRUE"}, "active", None),
        ({"subscribed": "2024-05-01"}, "active", None),
        ({"subscribed": "no", "bounced_at": "2024-05-01"}, "unsubscribed", None),
        ({"subscribed": ""}, "unsubscribed", None),
        ({"unsubscribed": ""}, "active", None),
        ({"unsubscribed": "0"}, "active", None),
        ({"unsubscribed": "1", "unsubscribed_at": "2024-05-01"}, "unsubscribed", MAY),
        ({"unsubscribed": "2024-05-01"}, "unsubscribed", MAY),
        ({"unsubscribed": "too many mails"}, "unsubscribed", None),
        ({"unsubscribed_at": "null"}, "active", None),
        ({"unsubscribed_at": "1.5.2024"}, "unsubscribed", None),
        ({"complained_at": "2024-05-01"}, "complained", MAY),
        ({"bounced_at": "2024-05-01"}, "bounced", MAY),
    ],
)
def test_whoever_left_stays_away(
    row: Mapping[str, str], state: str, changed: datetime | None
) -> None:
    """A word for it decides; without one, any sign of somebody's leaving does."""
    ann = one(row)

    assert (state, changed) == (ann.state, ann.changed)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"cadence": "hourly"}, 'unknown cadence "hourly"'),
        ({"follows": "some"}, '"some" is neither'),
    ],
)
def test_what_decides_whether_somebody_is_mailed_is_not_guessed(
    row: Mapping[str, str], message: str
) -> None:
    """A word that nobody knows there is a fault."""
    with pytest.raises(InvalidValueError, match=message):
        one(row)


def test_a_column_need_not_be_the_state() -> None:
    """Said so, a column of that name is a field."""
    ann = one({"status": "gold"}, {"state": ""})

    assert ("active", (("status", "gold"),)) == (ann.state, ann.fields)


@pytest.mark.parametrize(
    ("row", "at", "fields"),
    [
        ({"created_at": "2024-05-01", "confirmed_at": ""}, MAY, ()),
        ({"created_at": "2000-01-01", "confirmed_at": "2024-05-01"}, MAY, ()),
        (
            {"confirmed_at": "5/1/24", "created_at": "2024-05-01"},
            MAY,
            (("confirmed_at", "5/1/24"),),
        ),
        ({"created_at": "5/1/24"}, NOW, (("created_at", "5/1/24"),)),
    ],
)
def test_consent_has_the_best_time_there_is(
    row: Mapping[str, str], at: datetime, fields: tuple[tuple[str, str], ...]
) -> None:
    """A confirmation counts more than a beginning; what cannot be read is kept as it is."""
    ann = one(row)

    assert (at, "import", "list.csv") == (ann.consent.at, ann.consent.how, ann.consent.source)
    assert fields == ann.fields


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"consented_at": "Seit"}, 'invalid time "5/1/24"; write it like 2024-05-31T18:00:00Z'),
        ({"language": "Seit"}, 'invalid language "5/1/24"; use a code'),
    ],
)
def test_what_a_person_said_is_taken_at_their_word(
    mapping: Mapping[str, str], message: str
) -> None:
    """Where somebody says that a column holds a time or a language, another value is a fault."""
    with pytest.raises(InvalidValueError, match=message):
        one({"Seit": "5/1/24"}, mapping)


@pytest.mark.parametrize(
    ("cell", "language", "fields"),
    [
        ("pt_BR", "pt-BR", ()),
        ("zh-Hans", "zh-Hans", ()),
        ("", "", ()),
        ("Norsk (bokmål)", "", (("language", "Norsk (bokmål)"),)),
    ],
)
def test_a_language_is_a_code(
    cell: str, language: str, fields: tuple[tuple[str, str], ...]
) -> None:
    """A name of one is kept as a field."""
    ann = one({"Language": cell})

    assert (language, fields) == (ann.language, ann.fields)


@pytest.mark.parametrize(
    ("row", "follows"),
    [
        ({"tags": "python"}, SubscriptionFilter()),
        ({"follows_tags": ""}, SubscriptionFilter()),
        (
            {"follows_tags": "web Python;web"},
            SubscriptionFilter(everything=False, tags=("python", "web")),
        ),
        (
            {"follows_authors": "ann|bo"},
            SubscriptionFilter(everything=False, authors=("ann", "bo")),
        ),
        ({"follows": "Everything", "follows_tags": "web"}, SubscriptionFilter(tags=("web",))),
        ({"follows": "chosen"}, SubscriptionFilter(everything=False)),
    ],
)
def test_a_label_is_nothing_that_somebody_follows(
    row: Mapping[str, str], follows: SubscriptionFilter
) -> None:
    """What is called tags elsewhere is what a publisher calls people; only our columns count."""
    assert follows == one(row).follows


def test_a_cadence_is_read() -> None:
    """Our column may stand in anybody's table."""
    assert "weekly" == one({"cadence": " Weekly "}).cadence


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"name": "  Ann \n Lee "}, "Ann Lee"),
        ({"Name": "Ann", "First Name": "A.", "Last Name": "L."}, "Ann"),
        ({"last_name": "Lee", "first_name": "Ann"}, "Ann Lee"),
        ({"surname": "Lee"}, "Lee"),
        ({"name": "An\x00n\ufdd2\x7f"}, "Ann"),
        ({"name": "李小龍"}, "李小龍"),
        ({"Name": "Ann", "Last name": "Lee"}, "Ann Lee"),
        ({"Name": "Ann Lee", "Last name": "LEE"}, "Ann Lee"),
        ({"Name": "Lee", "Vorname": "Ann"}, "Ann Lee"),
        ({"Name": "Ann Lee", "Vorname": "Ann"}, "Ann Lee"),
        ({"Name": "", "First name": "Ann", "Last name": "Lee"}, "Ann Lee"),
        ({"Prénom": "Ann", "Nom": "Lee"}, "Ann Lee"),
        ({"Nombre": "Ann", "Apellidos": "Lee Roy"}, "Ann Lee Roy"),
        ({"FIRSTNAME": "Ann", "LASTNAME": "Lee"}, "Ann Lee"),
    ],
)
def test_a_name_is_one_line(row: Mapping[str, str], name: str) -> None:
    """It is made of its parts, in order, without what no mail can hold."""
    assert name == one(row).name


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Ann Lee <ann@example.org>", "Ann Lee"),
        ('"Lee, Ann" <ann@example.org>', "Lee, Ann"),
        ("<mailto:ann@example.org>", ""),
        (" ann@example.org ", ""),
    ],
)
def test_an_address_may_stand_behind_a_name(cell: str, name: str) -> None:
    """As mail programs write it."""
    ann = one({"email": cell})

    assert ("ann@example.org", name) == (ann.address, ann.name)
    assert "Bo" == one({"email": cell, "name": "Bo"}).name


@pytest.mark.parametrize("cell", ["Ann <ann>", "<a@b.org> <ann@example.org>", "ann@example.org>"])
def test_what_only_looks_like_an_address_is_told(cell: str) -> None:
    """Nothing is made up."""
    with pytest.raises(InvalidValueError, match="is not an e-mail address"):
        one({"email": cell})


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"City": " Oslo ", "Shoe size": "", "\x00": "\x01"}, (("City", "Oslo"),)),
        ({"tags": '"a, b", "c"'}, (("tags", "a, b, c"),)),
        ({"tags": '"a'}, (("tags", "a"),)),
        ({"labels": "a,b"}, (("labels", "a,b"),)),
        ({"attributes": "[1]"}, (("attributes", "[1]"),)),
        ({"attributes": '{"a": null, "b": " c "}'}, (("a", "null"), ("b", "c"))),
        ({"attributes": "[" * 100_000}, (("attributes", "[" * 100_000),)),
        (
            {"name": "Ann Lee", "First Name": "Ann", "lang": "", "locale": "en"},
            (("First Name", "Ann"), ("locale", "en")),
        ),
        ({"E-Mail": "other@example.org"}, (("E-Mail", "other@example.org"),)),
    ],
)
def test_all_else_is_a_field(row: Mapping[str, str], fields: tuple[tuple[str, str], ...]) -> None:
    """Nothing that a person wrote is lost; what is blank is nothing."""
    assert fields == one(row).fields
