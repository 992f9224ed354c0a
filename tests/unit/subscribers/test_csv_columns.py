"""What columns hold: by their names, by what a person says, or by nobody's knowledge."""

import pytest
from rosters import doubts, layout, people, rows, states

from feedpub.subscribers.csv_import import InvalidTableError, RowProblem
from feedpub.subscribers.csv_vendors import MAPPABLE

TWO = "a@example.org,{}\nb@example.org,{}\n"


def named(header: str, meaning: str) -> list[str]:
    """Give the columns of a header that mean one thing, the best first."""
    found = layout(f"{header}\n")
    return [found.columns[index].label for index in found.column_indexes.get(meaning, ())]


def test_the_column_of_addresses_is_the_one_that_says_so_best() -> None:
    """Of several, the plainest name is taken."""
    assert ["Email"] == named("Mail,Email,E-Mail Address", "email")


def test_what_a_person_says_counts_more() -> None:
    """A column said to be something takes the place of those that would have been guessed."""
    (ann,) = people(
        "email,Name,First Name,Nick\na@example.org,Ann Lee,Ann,Annie\n", mapping={"name": "Nick"}
    )

    assert "Annie" == ann.name
    assert (("Name", "Ann Lee"), ("First Name", "Ann")) == ann.fields


def test_a_person_may_name_the_other_column_of_addresses() -> None:
    """What would have been guessed is then a field."""
    (ann,) = people("email,Privat\na@example.org,b@example.org\n", mapping={"email": "Privat"})

    assert ("b@example.org", (("email", "a@example.org"),)) == (ann.address, ann.fields)


def test_a_field_may_be_named() -> None:
    """A word that means nothing here names the field that a column becomes."""
    (ann,) = people("email,name\na@example.org,Ann\n", mapping={"nick": "NAME"})

    assert (("nick", "Ann"),) == ann.fields


def test_a_blank_in_a_mapping_names_no_column() -> None:
    """It says only that none is to be guessed."""
    (ann,) = people("email,language\na@example.org,de\n", mapping={"language": "", "city": ""})

    assert ("", (("language", "de"),)) == (ann.language, ann.fields)


@pytest.mark.parametrize("means", [*MAPPABLE, "city"])
def test_a_column_that_is_not_there_is_told(means: str) -> None:
    """The message names those that are."""
    with pytest.raises(InvalidTableError, match=r'there is no column "Ort".*"email", "City"'):
        layout("email, City \n", mapping={means: "Ort"})


def test_without_addresses_there_is_no_list() -> None:
    """A postal address is none."""
    with pytest.raises(InvalidTableError, match="no column seems to hold e-mail addresses"):
        layout("Name,Address\n")


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("Marketing status", "gold", "silver"),
        ("Newsletter", "Weekly", "Daily"),
        ("subscribed", "perhaps", "hardly"),
        ("DSGVO-Zustimmung", "liegt vor", "fehlt"),
        ("Opt-in-Verfahren", "Formular", "Telefonat"),
        ("Blacklist-Grund", "Wunsch", ""),
        ("Spamverdacht", "1", "0"),
        ("Bounce type", "soft", "hard"),
        ("Consentement RGPD", "oui par courrier", "à voir"),
        ("Désabonnement", "2020", ""),
        ("Rebonds", "3", "0"),
        ("Baja voluntaria", "x", ""),
        ("Bloqueado por", "admin", ""),
        ("Suppression list", "global", ""),
        ("Unsubscribed lists", "News", ""),
        ("Hard bounce count", "1", "0"),
        ("Total unsubscribes", "1", "0"),
        ("Do not contact", "x", ""),
        ("Kategorie", "vip", "abgemeldet"),
        ("Tags", "vip", "unsubscribed"),
        ("Notes", "a friend", "Bounced"),
    ],
)
def test_what_may_tell_who_left_is_asked_about(column: str, one: str, other: str) -> None:
    """By its name or by what it holds; a person can say what it is, or that it is only a field."""
    text = f"email,{column}\n" + TWO.format(one, other)

    assert [column] == doubts(text)
    assert [] == doubts(text, mapping={"remark": column})
    assert [] == doubts(f"email,{column}\n" + TWO.format("", ""))
    assert (
        "active"
        not in states(text.replace(one, "yes"), mapping={"unsubscribed": column}).split()[0]
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("City", "Ulm"), ("State", "California"), ("Estado", "Jalisco"), ("Type", "person")),
        *(
            ("SMS_BLACKLISTED", "Yes"),
            ("OPTIN_IP", "192.0.2.1"),
            ("Unsubscribe link", "https://x/"),
            ("SMS opt-out", "yes"),
            ("Unsubscribe token", "7"),
            ("Mailing lists", "News"),
        ),
        *(("Consent to Track", "No"), ("Number of bounces", "3"), ("Description", "a friend")),
        *(("Subscriber id", "7"), ("Phone opt-in", "yes"), ("Stripe status", "paid")),
        *(("Subscription source (free)", "app"), ("Email opens", "3"), ("Date", "soon")),
    ],
)
def test_what_has_nothing_to_do_with_it_is_a_field(column: str, cell: str) -> None:
    """Other channels, measurements and places are nothing to ask about."""
    text = f"email,{column}\n" + TWO.format(cell, "")

    assert [] == doubts(text)
    assert "active active" == states(text)


def test_a_word_may_be_given_its_meaning() -> None:
    """Whatever it would have meant, and whatever its case."""
    text = "email,status\na@example.org,Gold\nb@example.org,active\nc@example.org,lost\n"
    told = {"gold": "active", "LOST": "unsubscribed", "active": "pending"}

    assert ["active", "pending", "unsubscribed"] == [
        each.state for each in people(text, states=told)
    ]
    with pytest.raises(
        InvalidTableError, match='unknown state "actve"; use one of pending, active'
    ):
        rows(text, states={"gold": "actve"})


def test_a_column_that_is_asked_about_is_understood_by_its_words() -> None:
    """Whoever says what a word means says with it that the column tells of states."""
    text = "email,Permission level\n" + TWO.format("A", "B")

    assert ["Permission level"] == doubts(text)
    assert ["active", "pending"] == [
        each.state for each in people(text, states={"A": "active", "B": "pending"})
    ]


@pytest.mark.parametrize("cell", ["", "-", "NULL", "n/a", "\\N"])
def test_a_blank_state_has_many_forms(cell: str) -> None:
    """What programs write for nothing is no word that nobody knows."""
    assert "unsubscribed active" == states("email,status\n" + TWO.format("unsubscribed", cell))


def test_a_label_among_others_may_tell_who_left() -> None:
    """It is asked about, too."""
    assert ["Tags"] == doubts('email,Tags\na@example.org,"vip, ""Unsubscribed"""\n')


def test_the_status_of_something_else_is_no_state() -> None:
    """What is ordered or paid tells nothing of mail; what it holds may be asked about."""
    text = "email,Order status\n" + TWO.format("shipped", "cancelled")

    assert ["Order status"] == doubts(text)
    assert "active active" == states(text)
    assert [] == doubts("email,Order status\n" + TWO.format("shipped", "packed"))


def test_a_word_that_nobody_knows_beside_others_is_told_by_its_line() -> None:
    """With how to say what it means."""
    _, bob = rows("email,status\na@example.org,active\nb@example.org,gold\n")

    assert isinstance(bob, RowProblem)
    assert (3, True) == (bob.line, '--state "gold=active"' in bob.message)


def test_numbers_of_states_are_not_guessed() -> None:
    """Where there are more than 0 and 1, every program has numbers of its own."""
    text = "email,status\na@example.org,1\nb@example.org,2\nc@example.org,0\n"

    assert ["status"] == doubts(text)
    assert "active unsubscribed" == states("email,status\na@example.org,1\nb@example.org,0\n")
    told = {"0": "pending", "1": "active", "2": "unsubscribed"}
    assert ["active", "unsubscribed", "pending"] == [
        each.state for each in people(text, states=told)
    ]


def test_a_blank_beside_those_who_are_called_active_is_not() -> None:
    """Where only those who left are marked, it is."""
    assert "active pending" == states("email,status\n" + TWO.format("active", ""))
    assert "unsubscribed active" == states("email,status\n" + TWO.format("unsubscribed", ""))


def test_whatever_else_is_said_a_yes_to_having_left_counts() -> None:
    """A date of long ago does not, where a word says that they are active."""
    header = "email,status,opted out,bounced at\n"

    assert "unsubscribed" == states(f"{header}a@example.org,active,yes,\n")
    assert "active" == states(f"{header}a@example.org,active,no,2020-01-01\n")
    assert "bounced" == states(f"{header}a@example.org,,no,2020-01-01\n")
    assert "unsubscribed" == states(f"{header}a@example.org,pending,x,2020-01-01\n")


def test_the_order_of_days_and_months_is_proved_by_the_file() -> None:
    """One date that can be read in one way only is enough; two that contradict prove nothing."""
    header = "email,subscribed at\n"

    def months(*dates: str) -> list[int]:
        table = "".join(f"r{at}@example.org,{date}\n" for at, date in enumerate(dates))
        return [each.consent.at.month for each in people(header + table)]

    assert [4, 12] == months("03/04/2020", "25/12/2020")
    assert [3, 12] == months("03/04/2020", "12/25/2020")
    assert [5] == months("03/04/2020")  # today's: nobody can tell
    assert [5, 5, 5] == months("03/04/2020", "12/25/2020", "25/12/2020")
    unproved, proved = f"{header}a@example.org,03/04/2020\n", "b@example.org,25/04/2020\n"
    assert any("03/04/2020" in note for note in layout(unproved).notes)
    assert () == layout(unproved + proved).notes


def test_what_a_file_proves_counts_more_than_what_its_service_writes() -> None:
    """An account of Brevo may have the month first."""
    header = "EMAIL;EMAIL_BLACKLISTED;ADDED_TIME\na@example.org;No;03-04-2020 10:00\n"

    assert 4 == people(header)[0].consent.at.month
    assert 3 == people(f"{header}b@example.org;No;03-25-2020 10:00\n")[0].consent.at.month


def test_a_time_to_come_is_no_consent() -> None:
    """It is kept as it is written."""
    (ann,) = people("email,subscribed at\na@example.org,2099-01-01\n")

    assert (2024, (("subscribed at", "2099-01-01"),)) == (ann.consent.at.year, ann.fields)
