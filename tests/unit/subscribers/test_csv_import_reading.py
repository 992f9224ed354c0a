"""Whole files: anybody's export, and what is wrong with a file."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosters import NOW, layout, people, rows

from feedpub.models.newsletter import Consent, Subscriber, SubscriptionFilter
from feedpub.subscribers.csv_import import InvalidTableError, RowProblem, parse_rows


def reader(address: str, name: str = "") -> Subscriber:
    """Somebody of whom a list says nothing more."""
    return Subscriber(0, address, Consent(NOW, "import", "list.csv"), name, state="active")


MAILCHIMP = (
    "Email Address,First Name,Last Name,Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
)
MAILCHIMP_ROW = " Ann , Lee ,Ink Co.,2,2018-02-05 10:00:00,,2018-02-05 11:00:00,1.2.3.4,,,,,,,,"


@pytest.mark.parametrize(
    ("name", "rest", "row", "state", "changed"),
    [
        (
            "subscribed_members_export_1a2b.csv",
            "LAST_CHANGED,LEID,EUID,NOTES,TAGS",
            '2020-01-01 00:00:00,7,abc,,"""Editors"",""Old friends"""',
            "active",
            None,
        ),
        (
            "export.csv",
            "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS",
            '2020-03-04 05:06:07,May,9,7,abc,,"""Editors"",""Old friends"""',
            "unsubscribed",
            datetime(2020, 3, 4, 5, 6, 7, tzinfo=UTC),
        ),
        (
            "export.csv",
            "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS",
            '2020-03-04 05:06:07,,,,,,"""Editors"",""Old friends"""',
            "bounced",
            datetime(2020, 3, 4, 5, 6, 7, tzinfo=UTC),
        ),
        (
            "exports/nonsubscribed_email_audience_export.csv",
            "LAST_CHANGED,LEID,EUID,NOTES,TAGS",
            ',,,,"Editors, Old friends"',
            "pending",
            None,
        ),
    ],
)
def test_the_four_files_of_mailchimp(
    name: str, rest: str, row: str, state: str, changed: datetime | None
) -> None:
    """Its file tells the state; people's own words stay, its measurements do not."""
    (ann,) = people(f"{MAILCHIMP}{rest}\r\nann@example.org,{MAILCHIMP_ROW}{row}\r\n", name)

    assert ann == Subscriber(
        id=0,
        address="ann@example.org",
        consent=Consent(datetime(2018, 2, 5, 11, tzinfo=UTC), "import", name),
        name="Ann Lee",
        fields=(
            ("Company", "Ink Co."),
            ("CONFIRM_IP", "1.2.3.4"),
            ("TAGS", "Editors, Old friends"),
        ),
        state=state,
        changed=changed,
    )


@pytest.mark.parametrize(
    ("rest", "state"),
    [("UNSUB_TIME,LEID", "unsubscribed"), ("CLEAN_TIME,LEID", "bounced"), ("LEID,EUID", "active")],
)
def test_a_file_of_mailchimp_is_about_one_state(rest: str, state: str) -> None:
    """Where the time of it is missing, the column for it still tells what all of them are."""
    (ann,) = people(f"{MAILCHIMP}{rest}\nann@example.org,{MAILCHIMP_ROW},\n", "export.csv")

    assert state == ann.state


def test_substack_as_it_is() -> None:
    """Who switched mails off has left; a free reader has not; nor has one whose card expired."""
    found = people(
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "ann@example.org,true,2025-06-23T23:41:42.980Z,yearly,false,2018-08-29T20:50:03.435Z,\n"
        "bob@example.org,true,2025-06-23T23:41:42.980Z,other,true,2018-08-29T20:50:03.435Z,\n"
        "ömil@example.org,,,,false,2020-08-06,\n"
    )

    assert ["active", "unsubscribed", "active"] == [each.state for each in found]
    assert datetime(2018, 8, 29, 20, 50, 3, 435000, tzinfo=UTC) == found[0].consent.at
    assert (("plan", "yearly"),) == found[0].fields
    assert "ömil@example.org" == found[2].address


def test_the_other_export_of_substack() -> None:
    """What its dashboard exports has a name and forty measurements."""
    (ann,) = people(
        "Email,Name,Stripe plan,Start date,Emails opened (6mo),Subscription source (free)\n"
        "ann@example.org,Ann,free,2023-01-02T03:04:05.000Z,99,direct\n"
    )

    assert "Ann" == ann.name
    assert (("Stripe plan", "free"),) == ann.fields
    assert datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC) == ann.consent.at


GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
    "deleted_at,labels,tiers\r\n"
)


def test_ghost_as_it_is() -> None:
    """Its numbers and its customers at Stripe are left behind; notes, labels and tiers are not."""
    ann, bob, eve = people(
        GHOST + "64a,ann@example.org,Ann Lee,,true,false,,2022-01-02T03:04:05.000Z,,"
        '"editors,friends",Gold\r\n'
        "64b,bob@example.org,,left in May,false,,cus_1,2022-01-02T03:04:05.000Z,,,\r\n"
        "64c,eve@example.org,,,true,,,2022-01-02T03:04:05.000Z,2023-01-02T03:04:05.000Z,,\r\n"
    )

    assert ("Ann Lee", "active", SubscriptionFilter()) == (ann.name, ann.state, ann.follows)
    assert (
        ("complimentary_plan", "false"),
        ("tiers", "Gold"),
        ("labels", "editors,friends"),
    ) == ann.fields
    assert ("unsubscribed", (("note", "left in May"),)) == (bob.state, bob.fields)
    assert "unsubscribed" == eve.state
    assert datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC) == eve.changed


def test_buttondown_as_it_is() -> None:
    """Its type decides, whatever dates of the past stand beside it."""
    found = people(
        "id,email,notes,metadata,tags,subscriber_type,source,creation_date,subscription_date,"
        "unsubscription_date,utm_source,ip_address\n"
        '1,ann@example.org,a friend,"{""city"": ""Oslo"", ""n"": 2}",editors,regular,api,'
        "2022-01-02T03:04:05.678901+00:00,2022-01-03T00:00:00Z,2021-01-01T00:00:00Z,x,1.2.3.4\n"
        "2,bob@example.org,,{},,unsubscribed,api,2022-01-02T03:04:05Z,,2023-01-01T00:00:00Z,,\n"
        "3,cy@example.org,,\"{'a': 1}\",,undeliverable,api,2022-01-02T03:04:05Z,,,,\n"
        "4,di@example.org,,,,unactivated,api,2022-01-02T03:04:05Z,,,,\n"
        "5,ed@example.org,,,,removed,api,2022-01-02T03:04:05Z,,,,\n"
    )

    assert ["active", "unsubscribed", "bounced", "pending", "suppressed"] == [
        each.state for each in found
    ]
    assert (
        ("notes", "a friend"),
        ("tags", "editors"),
        ("city", "Oslo"),
        ("n", "2"),
    ) == found[0].fields
    assert datetime(2022, 1, 3, tzinfo=UTC) == found[0].consent.at
    assert datetime(2023, 1, 1, tzinfo=UTC) == found[1].changed
    assert (("metadata", "{'a': 1}"),) == found[2].fields


def test_the_newer_names_of_buttondown() -> None:
    """Its API has come to write `email_address` and `type`."""
    found = people(
        "email_address,type,creation_date\n"
        "ann@example.org,premium,2022-01-02\nbob@example.org,unsubscribed,2022-01-02\n"
    )

    assert ["active", "unsubscribed"] == [each.state for each in found]


def test_listmonk_as_it_is() -> None:
    """Attributes become fields, and who is on the block list stays there."""
    ann, bob = people(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '7-a,ann@example.org,Ann,"{""city"": ""Oslo"", ""job"": {""title"": ""editor""}}",enabled,'
        "2024-01-02 03:04:05.678901 +0000 UTC,2024-01-02 03:04:05 +0000 UTC\n"
        "7-b,bob@example.org,Bob,{},blocklisted,2024-01-02 03:04:05 +0000 UTC,\n"
    )

    assert "active" == ann.state
    assert (("city", "Oslo"), ("job", '{"title": "editor"}')) == ann.fields
    assert datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC) == ann.consent.at
    assert "suppressed" == bob.state


@pytest.mark.parametrize(
    "text",
    [
        "email,name\nann@example.org,Ann\n",
        "\ufeffemail,name\r\nann@example.org,Ann\r\n",
        "email;name\nann@example.org;Ann\n",
        "email\tname\nann@example.org\tAnn\n",
        '"name, all of it and, well, more"|E-Mail|Full Name\n|ann@example.org|Ann',
        "sep=;\r\nE-Mail;Name\r\nann@example.org;Ann\r\n",
        "\ufeffsep=\t\nE-Mail\tName\nann@example.org\tAnn\n",
        "\n \n\nemail,name\n\n , \nann@example.org,Ann\n\n",
        "Name,Email Address\rAnn, ann@example.org \r",
        "FNAME,LNAME,email\n,Ann,ann@example.org\n",
        "name,email\n Ann\t,ann@example.org,,\n",
        "メール,name\nann@example.org,Ann",
    ],
)
def test_a_table_is_read_however_it_is_written(text: str) -> None:
    """Mark, delimiter, line ends, blanks and the order of columns make no difference."""
    assert [reader("ann@example.org", "Ann")] == people(text)


def test_a_bare_list_of_addresses_needs_no_header() -> None:
    """One address a line is a roster."""
    assert [reader("ann@example.org"), reader("bob@example.org")] == people(
        "ann@example.org\nbob@example.org\n"
    )


def test_a_cell_may_hold_lines() -> None:
    """A line break between quotation marks is kept, and rows behind it keep their numbers."""
    ann, fault = rows('email,note\nann@example.org,"one\r\ntwo"\nbob,\n')

    assert isinstance(ann, Subscriber)
    assert (("note", "one\r\ntwo"),) == ann.fields
    assert isinstance(fault, RowProblem)
    assert 4 == fault.line


def test_each_bad_row_is_told_by_its_line() -> None:
    """What can be used is given, what cannot is told, in the order of the file."""
    ann, bob, eve, cy = rows(
        "email,name\nann@example.org,Ann\nbob,\neve@example.org,Lee, Eve\ncy@example.org\n"
    )

    assert reader("ann@example.org", "Ann") == ann
    assert isinstance(bob, RowProblem)
    assert (3, '"bob" is not an e-mail address') == (bob.line, bob.message.partition(":")[0])
    assert isinstance(eve, RowProblem)
    assert (4, "3 cells for 2 columns") == (eve.line, eve.message.partition(":")[0])
    assert reader("cy@example.org") == cy


def test_a_quotation_mark_too_many_costs_one_row() -> None:
    """The rows that it seemed to hold are read again by themselves."""
    ann, bob, cy = rows(
        'email,name\nann@example.org,"Ann\nbob@example.org,"Bob"\ncy@example.org,Cy\n'
    )

    assert isinstance(ann, RowProblem)
    assert (2, True) == (ann.line, "must be doubled" in ann.message)
    assert [reader("bob@example.org", "Bob"), reader("cy@example.org", "Cy")] == [bob, cy]


def test_a_quotation_mark_never_closed_costs_one_row() -> None:
    """Wherever the file ends; and the rows behind it keep their numbers."""
    fault, cy, dan = rows('email,name\nbob@example.org,"Bob\ncy@example.org,Cy\n@,Dan\n')

    assert isinstance(fault, RowProblem)
    assert isinstance(dan, RowProblem)
    assert (2, 4) == (fault.line, dan.line)
    assert reader("cy@example.org", "Cy") == cy


def test_reading_again_has_an_end() -> None:
    """Each of these rows opens a quotation mark that only the end of the file closes."""
    row = 'x","""y@example.org\n'
    read_rows = rows("email,name\nann@example.org,Ann\n" + 3_000 * row)

    assert reader("ann@example.org", "Ann") == read_rows[0]
    assert all(isinstance(each, RowProblem) for each in read_rows[1:])
    assert any("lines " in each.message for each in read_rows if isinstance(each, RowProblem))


def test_a_quotation_mark_may_be_written_with_a_backslash() -> None:
    """So MailPoet does."""
    (ann,) = people('email,name\n"ann@example.org","Ann \\"Bo\\" Lee"\n')

    assert 'Ann "Bo" Lee' == ann.name


def test_a_huge_cell_is_told_as_what_it_is() -> None:
    """With its size, and its row; the others are read."""
    fault, bob = rows(f"email,name\nann@example.org,{'x' * 140_000}\nbob@example.org,Bob\n")

    assert isinstance(fault, RowProblem)
    assert (2, True) == (fault.line, "over 128 KiB" in fault.message)
    assert reader("bob@example.org", "Bob") == bob


def test_a_header_that_is_broken_is_told() -> None:
    """There is then nothing more to say."""
    with pytest.raises(InvalidTableError, match="cannot be split into cells") as caught:
        rows('\nemail,"na"me\nann@example.org,\n')

    assert 2 == caught.value.line


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", " , \n"])
def test_an_empty_file_is_told(text: str) -> None:
    """Nobody in it is one thing; no header is another."""
    with pytest.raises(InvalidTableError, match="the file is empty"):
        rows(text)


def test_a_header_alone_is_an_empty_roster() -> None:
    """That is no fault."""
    assert [] == rows("email,name\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Kunde,Stadt\nann,Oslo\n", "no column seems to hold e-mail addresses"),
        ("Kunde,Werber\nann@example.org,bo@example.org\n", "2 columns hold e-mail addresses"),
    ],
)
def test_a_table_without_addresses_is_told_with_its_columns(text: str, told: str) -> None:
    """The message names them, so that one can be chosen."""
    with pytest.raises(InvalidTableError) as caught:
        rows(text)

    message = str(caught.value)
    assert told in message
    assert '--column "email=Kunde"' in message
    assert "Stadt" in message or "Werber" in message


def test_the_only_column_of_addresses_holds_the_readers() -> None:
    """Whatever it is called; that is told."""
    text = "Kunde,Stadt\nann@example.org,Oslo\nbob,Ulm\n" + 9 * "cy@example.org,Rom\n"

    assert any("Kunde" in note for note in layout(text).notes)
    ann, bob, *_ = rows(text)
    assert isinstance(ann, Subscriber)
    assert ("ann@example.org", (("Stadt", "Oslo"),)) == (ann.address, ann.fields)
    assert isinstance(bob, RowProblem)


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        ('"Ann Lee","ann@example.org"\n"","bob@example.org"\n', "Ann Lee", "active"),
        ("ann@example.org;Ann Lee\nbob@example.org\n", "Ann Lee", "active"),
        ("ann@example.org\t2024-05-01\tUnsubscribed\n", "", "unsubscribed"),
        ("Ann Lee,ann@example.org,abgemeldet\n", "Ann Lee", "unsubscribed"),
        ("1,ann@example.org,17\n", "", "active"),
        ("Ann Lee <ann@example.org>\nBo <bo@example.org>\n", "Ann Lee", "active"),
        ("Ann,Lee,ann@example.org\n", "", "active"),
    ],
)
def test_a_file_without_a_header_is_known_by_its_cells(text: str, name: str, state: str) -> None:
    """One column holds addresses, and perhaps one names, or one states."""
    ann = people(text)[0]

    assert ("ann@example.org", name, state) == (ann.address, ann.name, ann.state)
    assert any("no header" in note for note in layout(text).notes)


def test_columns_without_a_header_have_numbers() -> None:
    """By which a person can say what they are."""
    (ann,) = people(
        "Ann,Lee,ann@example.org\n", mapping={"first_name": "column 1", "last_name": "column 2"}
    )

    assert "Ann Lee" == ann.name


def test_a_row_in_another_encoding_is_told_by_its_line() -> None:
    """Opened with surrogateescape, what is not UTF-8 is found where it stands."""
    data = "email,name\nann@example.org,Zoé\n".encode() + "zoe@example.org,Zoé\n".encode("cp1252")
    text = data.decode("utf-8", "surrogateescape")

    good, bad = rows(text)

    assert reader("ann@example.org", "Zoé") == good
    assert isinstance(bad, RowProblem)
    assert (3, True) == (bad.line, "--encoding cp1252" in bad.message)


def test_a_mapping_says_what_nobody_can_guess() -> None:
    """Any column can be any thing, and any other word makes a field of it."""
    (ann,) = rows(
        'Adresse,Wer,Ort,Sprache,Wunsch\nann@example.org,Ann,Oslo,nb_NO,"Python, Web"\n',
        mapping={
            "email": "Adresse",
            "name": "wer",
            "city": "Ort",
            "language": "Sprache",
            "follows_tags": "Wunsch",
        },
    )

    assert ann == Subscriber(
        id=0,
        address="ann@example.org",
        consent=Consent(NOW, "import", "list.csv"),
        name="Ann",
        fields=(("city", "Oslo"),),
        state="active",
        language="nb-NO",
        follows=SubscriptionFilter(everything=False, tags=("python", "web")),
    )


def test_rows_are_read_one_by_one() -> None:
    """A file of any length is never held as a whole."""
    taken = []

    def lines() -> Iterator[str]:
        for number in range(10**9):
            taken.append(number)
            yield f"reader{number}@example.org\n"

    found = parse_rows(lines(), layout("ann@example.org\n"), NOW)

    assert reader("reader0@example.org") == next(found)
    assert reader("reader1@example.org") == next(found)
    assert len(taken) < 5


CELLS = st.text(st.sampled_from("ab@.\"'{}[]:,;\t\n\r =-é\x00\ud800"), max_size=12)
WORDS = st.sampled_from(
    [
        *("email", "name", "status", "subscribed", "unsubscribed", "created_at", "attributes"),
        *("tags", "follows_tags", "cadence", "language", "uuid", "Email Address", "LEID"),
        *("UNSUB_TIME", "consented_at", "consent_how", "state", "fields", "id", "city", ""),
        *("type", "date", "EMAIL_BLACKLISTED", "Global status", "opted in", "consent", "Vorname"),
    ]
)


@given(
    header=st.lists(WORDS | CELLS, max_size=8),
    table=st.lists(st.lists(CELLS | st.just("ann@example.org"), max_size=9), max_size=4),
    tail=CELLS,
)
def test_no_file_is_too_odd(header: list[str], table: list[list[str]], tail: str) -> None:
    """Anything at all becomes subscribers and faults, each with a line of the file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *table])
    text = out.getvalue() + tail

    try:
        found = rows(text)
    except InvalidTableError as error:
        found = [RowProblem(error.line, str(error))]
    for row in found:
        assert isinstance(row, Subscriber) or 1 <= row.line <= 1 + text.count("\n") + text.count(
            "\r"
        )
