"""Headers, and what a person says of them."""

import pytest

from feedpub.roster import MAPPABLE, Faulty
from feedpub.roster.layout import layout


def test_the_column_of_addresses_is_the_one_that_says_so_best() -> None:
    """Of several, the plainest name is taken."""
    assert 1 == layout(("Mail", "Email", "E-Mail Address"), "", {}).email


def test_what_a_person_says_counts_more() -> None:
    """A column said to be something takes the place of those that would have been guessed."""
    found = layout(("email", "Name", "First Name", "Nick"), "", {"name": "Nick"})

    assert (3,) == found.names
    assert ((1, "Name"), (2, "First Name")) == found.fields


def test_a_person_may_name_the_other_column_of_addresses() -> None:
    """What would have been guessed is then a field."""
    found = layout(("email", "Privat"), "", {"email": "Privat"})

    assert 1 == found.email
    assert ((0, "email"),) == found.fields


def test_a_field_may_be_named() -> None:
    """A word that means nothing here names the field that a column becomes."""
    assert ((1, "nick"),) == layout(("email", "name"), "", {"nick": "NAME"}).fields


def test_a_blank_in_a_mapping_names_no_column() -> None:
    """It says only that none is to be guessed."""
    found = layout(("email", "language"), "", {"language": "", "city": ""})

    assert () == found.language
    assert ((1, "language"),) == found.fields


@pytest.mark.parametrize("means", [*MAPPABLE, "city"])
def test_a_column_that_is_not_there_is_told(means: str) -> None:
    """The message names those that are."""
    with pytest.raises(Faulty, match=r'there is no column "Ort"; the columns are "email", "City"'):
        layout(("email", " City "), "", {means: "Ort"})


def test_without_addresses_there_is_no_roster() -> None:
    """A postal address is none."""
    with pytest.raises(Faulty, match="no column is known to hold e-mail addresses"):
        layout(("Name", "Address"), "", {})
