"""Exports of other services: who left stays out, and consent keeps its date."""

from datetime import UTC, datetime

import pytest
from rosters import NOW, doubts, layout, people, states

from feedpub.subscribers import csv_vendors

# Of each service a small file with its columns and words, then the state of each row, the year in
# which the first one agreed, and the first one's name.
FILES = {
    "Brevo": (
        (
            "EMAIL;NOM;PRENOM;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
            "a@example.org;Rey;Zoé;;No;Yes;03-02-2021 08:15;04-02-2021 08:15\n"
            "b@example.org;;;;Yes;No;03-02-2021 08:15;04-02-2021 08:15\n"
        ),
        "active unsubscribed",
        2021,
        "Zoé Rey",
    ),
    "Brevo with double opt-in": (
        (
            "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,DOUBLE_OPT-IN,EMAIL_BLACKLISTED,ADDED_TIME,"
            "MODIFIED_TIME\n"
            "1,a@example.org,Zoe,Rey,Yes,false,12-11-2019 08:15,\n"
            "2,b@example.org,,,No,false,12-11-2019 08:15,\n"
            "3,c@example.org,,,Yes,true,12-11-2019 08:15,\n"
        ),
        "active pending unsubscribed",
        2019,
        "Zoe Rey",
    ),
    "MailPoet": (
        (
            '"E-Mail","Vorname","Nachname","Listenstatus","Globaler Status","Liste"\n'
            '"a@example.org","Zoe","Rey","subscribed","subscribed","News"\n'
            '"b@example.org","","","subscribed","unsubscribed","News"\n'
            '"c@example.org","","","unsubscribed","subscribed","News"\n'
            '"d@example.org","","","subscribed","bounced","News"\n'
            '"e@example.org","","","unconfirmed","unconfirmed","News"\n'
        ),
        "active unsubscribed unsubscribed bounced pending",
        NOW.year,
        "Zoe Rey",
    ),
    "MailPoet in English": (
        (
            '"Email","First name","Last name","List status","Global status","IP address","List"\n'
            '"a@example.org","Zoe","Rey","subscribed","subscribed","192.0.2.1","News"\n'
            '"b@example.org","","","subscribed","inactive","","News"\n'
        ),
        "active pending",
        NOW.year,
        "Zoe Rey",
    ),
    "phpList": (
        (
            "ID\tEmail\tIs this subscriber confirmed\tIs this subscriber blacklisted\tEntered\t"
            "Number of bounces\tUnique ID\n"
            "1\ta@example.org\t1\t0\t2018-03-04 05:06:07\t0\tx\n"
            "2\tb@example.org\t1\t1\t2018-03-04 05:06:07\t0\ty\n"
            "3\tc@example.org\t0\t0\t2018-03-04 05:06:07\t3\tz\n"
        ),
        "active unsubscribed pending",
        2018,
        "",
    ),
    "an older phpList": (
        (
            "Email,Is this user confirmed,Is this user blacklisted,Is this account disabled?,"
            "Entered\n"
            "a@example.org,1,0,0,2009-03-04\nb@example.org,0,1,0,\nc@example.org,1,0,1,\n"
        ),
        "active unsubscribed suppressed",
        2009,
        "",
    ),
    "Sendy": (
        '"Zoe Rey","a@example.org"\n"","b@example.org"\n',
        "active active",
        NOW.year,
        "Zoe Rey",
    ),
    "Constant Contact": (
        (
            "Email address,First name,Last name,Email status,Email permission status,"
            "Confirmed Opt-Out Date,Confirmed Opt-Out Reason,Email Lists,Created At\n"
            "a@example.org,Zoe,Rey,Active,Implied,,,,2015-07-08 09:10:11.000 +0200\n"
            "b@example.org,,,Unsubscribed,Unsubscribed,2016-07-08 09:10:11.000 +0200,Bored,,\n"
            "c@example.org,,,Awaiting Confirmation,Pending,,,,\n"
            "d@example.org,,,No Permissions Set,,,,,\n"
            "e@example.org,,,,,2016-07-08 09:10:11.000 +0200,,,\n"
            "f@example.org,,,,,,,,\n"
        ),
        "active unsubscribed pending pending unsubscribed pending",
        2015,
        "Zoe Rey",
    ),
    "MailerLite": (
        (
            "Subscriber,Name,Last name,Status,Sent,Opens,State,Subscribed,Unsubscribed,Opted in\n"
            "a@example.org,Zoe,Rey,active,9,3,Ohio,2022-01-01 10:00:00,,2022-01-01 10:05:00\n"
            "b@example.org,,,unsubscribed,9,3,,2022-01-01 10:00:00,2022-02-01 10:00:00,\n"
            "c@example.org,,,junk,9,3,,2022-01-01 10:00:00,,\n"
            "d@example.org,,,unconfirmed,0,0,,,,\n"
            "e@example.org,,,bounced,1,0,,2022-01-01 10:00:00,,\n"
        ),
        "active unsubscribed complained pending bounced",
        2022,
        "Zoe Rey",
    ),
    "beehiiv": (
        (
            "email,status,created,utm_source,subscription_premium_tier_names\n"
            "a@example.org,active,2023-04-05T06:07:08Z,x,\n"
            "b@example.org,inactive,2023-04-05T06:07:08Z,,\n"
            "c@example.org,validating,2023-04-05T06:07:08Z,,\n"
            "d@example.org,invalid,2023-04-05T06:07:08Z,,\n"
            "e@example.org,pending,2023-04-05T06:07:08Z,,\n"
            "f@example.org,needs_attention,2023-04-05T06:07:08Z,,\n"
        ),
        "active unsubscribed pending bounced pending pending",
        2023,
        "",
    ),
    "Kit": (
        (
            "id,email_address,first_name,state,created_at,tags\n"
            "1,a@example.org,Zoe,active,2020-02-03T04:05:06.000Z,vip\n"
            "2,b@example.org,,cancelled,2020-02-03T04:05:06.000Z,\n"
            "3,c@example.org,,inactive,2020-02-03T04:05:06.000Z,\n"
            "4,d@example.org,,complained,2020-02-03T04:05:06.000Z,\n"
            "5,e@example.org,,bounced,2020-02-03T04:05:06.000Z,\n"
        ),
        "active unsubscribed pending complained bounced",
        2020,
        "Zoe",
    ),
    "Campaign Monitor": (
        (
            "Email Address,Name,Date,State,Consent to Track,City\n"
            "a@example.org,Zoe Rey,2012-05-06 07:08:09,Active,Unchanged,Ulm\n"
            "b@example.org,,2012-05-06 07:08:09,Unsubscribed,No,\n"
            "c@example.org,,2012-05-06 07:08:09,Deleted,Yes,\n"
            "d@example.org,,2012-05-06 07:08:09,Spam,Yes,\n"
            "e@example.org,,2012-05-06 07:08:09,Suppressed,Yes,\n"
        ),
        "active unsubscribed unsubscribed complained suppressed",
        2012,
        "Zoe Rey",
    ),
    "ActiveCampaign": (
        (
            "Email,First Name,Last Name,Phone,Status,Date Created,IP Address,Tags\n"
            "a@example.org,Zoe,Rey,,Active,2017-08-09 10:11:12,192.0.2.1,vip\n"
            "b@example.org,,,,Unconfirmed,2017-08-09 10:11:12,,\n"
            "c@example.org,,,,Unsubscribed,2017-08-09 10:11:12,,\n"
            "d@example.org,,,,Bounced,2017-08-09 10:11:12,,\n"
        ),
        "active pending unsubscribed bounced",
        2017,
        "Zoe Rey",
    ),
    "Steady": (
        (
            "first_name,last_name,email,plan_name,state,subscription_state,subscribed_at,cancelled_at\n"
            "Zoe,Rey,a@example.org,Gold,Bayern,active,2021-09-10T11:12:13Z,\n"
            ",,b@example.org,Gold,Wien,not_renewing,2021-09-10T11:12:13Z,2022-01-01T00:00:00Z\n"
            ",,c@example.org,Gold,,cancelled,2021-09-10T11:12:13Z,2022-01-01T00:00:00Z\n"
            ",,d@example.org,Gold,,in_trial,2021-09-10T11:12:13Z,\n"
        ),
        "active active unsubscribed active",
        2021,
        "Zoe Rey",
    ),
    "Mailchimp": (
        (
            "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,"
            "UNSUB_REASON,LEID\n"
            'a@example.org,Zoe,Rey,2,,2016-01-02 03:04:05,2019-01-02 03:04:05,"N/A",7\n'
        ),
        "unsubscribed",
        2016,
        "Zoe Rey",
    ),
    "Substack": (
        (
            "email,active_subscription,plan,email_disabled,created_at\n"
            "a@example.org,true,yearly,false,2019-01-02T03:04:05.000Z\n"
            "b@example.org,true,yearly,true,2019-01-02T03:04:05.000Z\n"
        ),
        "active unsubscribed",
        2019,
        "",
    ),
    "Ghost": (
        (
            "id,email,name,note,subscribed_to_emails,created_at,labels\n"
            "1,a@example.org,Zoe Rey,,true,2022-01-02T03:04:05.000Z,vip\n"
            "2,b@example.org,,,false,2022-01-02T03:04:05.000Z,\n"
        ),
        "active unsubscribed",
        2022,
        "Zoe Rey",
    ),
    "Buttondown": (
        (
            "email_address,type,creation_date,unsubscription_date,unsubscription_reason\n"
            "a@example.org,regular,2022-01-02,2021-01-02,\n"
            "b@example.org,unsubscribed,2022-01-02,2023-01-02,bored\n"
            "c@example.org,unactivated,2022-01-02,,\n"
        ),
        "active unsubscribed pending",
        2022,
        "",
    ),
    "listmonk": (
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            "7a,a@example.org,Zoe Rey,{},enabled,2024-01-02 03:04:05 +0000 UTC,\n"
            "7b,b@example.org,,{},disabled,2024-01-02 03:04:05 +0000 UTC,\n"
            "7c,c@example.org,,{},blocklisted,2024-01-02 03:04:05 +0000 UTC,\n"
        ),
        "active suppressed suppressed",
        2024,
        "Zoe Rey",
    ),
    "Jetpack": (
        (
            "Name,Email,Email subscription,Since\n"
            "Zoe Rey,a@example.org,Subscribed,2020-11-12\n"
            ",b@example.org,Not subscribed,2020-11-12\n"
            ",c@example.org,Not confirmed,2020-11-12\n"
            ",d@example.org,Not sending,2020-11-12\n"
        ),
        "active pending pending suppressed",
        2020,
        "Zoe Rey",
    ),
    "Klaviyo": (
        (
            "Email,First Name,Last Name,Email Marketing Consent,Email Suppressions\n"
            "a@example.org,Zoe,Rey,SUBSCRIBED,\n"
            "b@example.org,,,NEVER_SUBSCRIBED,\n"
            "c@example.org,,,UNSUBSCRIBED,\n"
        ),
        "active pending unsubscribed",
        NOW.year,
        "Zoe Rey",
    ),
    "HubSpot": (
        (
            "Email,First Name,Last Name,Unsubscribed from all email,Create Date\n"
            "a@example.org,Zoe,Rey,false,2020-11-12\nb@example.org,,,true,2020-11-12\n"
        ),
        "active unsubscribed",
        2020,
        "Zoe Rey",
    ),
    "Shopify": (
        (
            "First Name,Last Name,Email,Accepts Email Marketing,Accepts SMS Marketing,Tags\n"
            "Zoe,Rey,a@example.org,yes,no,\n,,b@example.org,no,yes,\n"
        ),
        "active unsubscribed",
        NOW.year,
        "Zoe Rey",
    ),
    "CleverReach": (
        (
            "email;registered;activated;deactivated;source\n"
            "a@example.org;2020-01-01 10:00:00;2020-01-02 10:00:00;;form\n"
            "b@example.org;2020-01-01 10:00:00;2020-01-02 10:00:00;2021-01-01 10:00:00;form\n"
            "c@example.org;2020-01-01 10:00:00;;;form\n"
        ),
        "active unsubscribed pending",
        2020,
        "",
    ),
    "a table with both genders": (
        "Courriel,Désabonné(e)\na@example.org,FAUX\nb@example.org,VRAI\n",
        "active unsubscribed",
        NOW.year,
        "",
    ),
    "a Spanish table": (
        (
            "Nombre;Apellidos;Correo electrónico;Estado de la suscripción;Fecha de alta\n"
            "Zoe;Rey;a@example.org;suscrito;25/12/2020\n"
            ";;b@example.org;dado de baja;01/02/2020\n"
            ";;c@example.org;Pendiente;01/02/2020\n"
        ),
        "active unsubscribed pending",
        2020,
        "Zoe Rey",
    ),
    "a French table": (
        (
            "Prénom,Nom,Adresse e-mail,Statut d'abonnement,Date d'inscription\n"
            "Zoe,Rey,a@example.org,Abonné,2020-12-25\n"
            ",,b@example.org,Désabonné,2020-12-25\n"
            ",,c@example.org,Non confirmé,2020-12-25\n"
        ),
        "active unsubscribed pending",
        2020,
        "Zoe Rey",
    ),
    "a German table": (
        (
            "Vorname;Name;E-Mail-Adresse;Status;Anmeldedatum;Abmeldedatum\n"
            "Zoe;Rey;a@example.org;angemeldet;2020-12-25;\n"
            ";;b@example.org;Abgemeldet;2020-12-25;2021-12-25\n"
            ";;c@example.org;gesperrt;2020-12-25;\n"
        ),
        "active unsubscribed suppressed",
        2020,
        "Zoe Rey",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_who_left_stays_out_whichever_service_they_left(name: str) -> None:
    """States, consent and names are those of the export, and nothing need be asked."""
    text, expected, year, called = FILES[name]
    first = people(text)[0]

    assert expected == states(text)
    assert year == first.consent.at.year
    assert called == first.name
    assert [] == doubts(text)


def test_the_time_at_which_somebody_left_is_kept() -> None:
    """And why, as a field."""
    bob = people(FILES["Constant Contact"][0])[1]

    assert datetime(2016, 7, 8, 7, 10, 11, tzinfo=UTC) == bob.changed
    assert ("Confirmed Opt-Out Reason", "Bored") in bob.fields


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("unsubscribed_members_export_1a2b.csv", "unsubscribed"),
        ("my-list-unconfirmed.csv", "pending"),
        ("News/My list bounces 2024.csv", "bounced"),
        ("Suppressed.csv", "suppressed"),
        ("spam-complaints.csv", "complained"),
        ("list-without-bounces.csv", "active"),
        ("cleaned list.csv", "active"),
        ("subscribers.csv", "active"),
    ],
)
def test_a_file_is_about_the_state_that_its_name_tells(source: str, expected: str) -> None:
    """Where its rows say nothing of one; Sendy and others export one file for each state."""
    text = "email,name\na@example.org,Zoe\n"

    assert expected == states(text, source)
    assert (expected != "active") == any(expected in note for note in layout(text, source).notes)
    assert "active" == states("email,status\na@example.org,active\n", source)


@pytest.mark.parametrize("name", [each.name for each in csv_vendors.VENDOR_FORMATS if each.name])
def test_an_export_is_known_by_its_columns(name: str) -> None:
    """A few columns that nobody else has are enough."""
    header = "id,email,name,state,consented_at,consent_how\n"
    text = (
        FILES[f"{name} in English" if name == "MailPoet" else name][0] if name in FILES else header
    )

    assert name == layout(text).vendor


def test_no_word_has_two_meanings() -> None:
    """And each is written as it is looked up."""
    words = [word for words in csv_vendors._WORDS.values() for word in words.split("; ")]

    assert len(words) == len(set(words))
    assert words == [csv_vendors.normalize_label(word) for word in words]
    assert all(state in csv_vendors.STATE_WORDS for state in csv_vendors.STATE_WORDS.values())


@pytest.mark.parametrize(
    ("name", "simple"),
    [("E-Mail", "e mail"), ("EMAIL_Address ", "email address"), ("メール", "メール"), ("(?)", "")],
)
def test_a_name_is_the_same_however_it_is_joined(name: str, simple: str) -> None:
    """Case, dashes and underscores are how programs differ."""
    assert simple == csv_vendors.normalize_label(name)


@pytest.mark.parametrize(
    ("word", "answer"),
    [("Yes", True), ("1", True), ("Oui", True), ("F", False), ("nein", False), ("maybe", None)],
)
def test_a_yes_and_a_no(word: str, *, answer: bool | None) -> None:
    """In the languages that spreadsheets write them in."""
    assert answer is csv_vendors.parse_boolean(word)
