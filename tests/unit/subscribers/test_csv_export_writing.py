"""Our own export, and the way back."""

import csv
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from rosters import listed

from feedpub.models.address import InvalidValueError, normalize_address
from feedpub.models.newsletter import (
    CADENCES,
    SUBSCRIBER_STATES,
    Consent,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.models.text import slugify
from feedpub.subscribers.csv_export import write_csv

NOW = datetime(2024, 5, 31, 18, tzinfo=UTC)
ANN = Subscriber(
    id=7,
    address="ann@example.org",
    consent=Consent(NOW, "form", "192.0.2.1"),
    name='=HYPERLINK("x")',
    fields=(("city", "São Paulo"), ("city", "Oslo")),
    state="unsubscribed",
    language="pt",
    follows=SubscriptionFilter(everything=False, tags=("python", "人工智能"), authors=("ann",)),
    cadence="weekly",
    soft_bounces=2,
    changed=NOW,
)

TEXTS = st.text() | st.text("'=+-@ \t\r\n,;\"{}\\", max_size=6)
TIMES = st.datetimes(timezones=st.just(UTC))
SLUGS = st.lists(st.text(min_size=1).map(slugify), max_size=3, unique=True).map(
    lambda slugs: tuple(sorted(slugs))
)


def valid(address: str) -> bool:
    """Tell whether we would take an address."""
    try:
        return bool(normalize_address(address))
    except InvalidValueError:
        return False


SUBSCRIBERS = st.builds(
    Subscriber,
    id=st.integers(min_value=0),
    address=st.emails().filter(valid) | st.just("'=ömil@bücher.example"),
    consent=st.builds(
        Consent, at=TIMES, how=st.sampled_from(["form", "import", "command"]), source=TEXTS
    ),
    name=TEXTS,
    fields=st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    state=st.sampled_from(SUBSCRIBER_STATES),
    language=TEXTS,
    follows=st.builds(SubscriptionFilter, everything=st.booleans(), tags=SLUGS, authors=SLUGS),
    cadence=st.sampled_from(CADENCES),
    soft_bounces=st.integers(min_value=0),
    changed=st.none() | TIMES,
)


@given(st.lists(SUBSCRIBERS, max_size=3))
def test_whoever_is_written_is_read(readers: list[Subscriber]) -> None:
    """All that is known of anybody comes back from the lines, and from a file of them."""
    lines = list(write_csv(readers))
    file = io.StringIO("".join(lines), newline="")

    assert readers == listed(lines)
    assert readers == listed(file)


def test_an_export_is_a_table_for_people() -> None:
    """Its columns are named by plain words, and no cell of it is a formula."""
    header, ann = csv.reader(write_csv([ANN]))

    assert {
        "id": "7",
        "email": "ann@example.org",
        "name": '\'=HYPERLINK("x")',
        "state": "unsubscribed",
        "language": "pt",
        "follows": "chosen",
        "follows_tags": "python 人工智能",
        "follows_authors": "ann",
        "cadence": "weekly",
        "soft_bounces": "2",
        "changed_at": "2024-05-31T18:00:00+00:00",
        "consented_at": "2024-05-31T18:00:00+00:00",
        "consent_how": "form",
        "consent_source": "192.0.2.1",
        "fields": '{"city": "São Paulo", "city": "Oslo"}',
    } == dict(zip(header, ann, strict=True))


def test_an_export_of_nobody_has_a_header() -> None:
    """It is a roster like any other."""
    assert 1 == len(list(write_csv([])))
    assert [] == listed(write_csv([]))
