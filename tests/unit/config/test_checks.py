"""Values that a key takes, and what is said of those it does not take."""

import re

import pytest

from feedpub.config import checks
from feedpub.config.keys import Check

CHECKS = [
    (checks.name, "x"),
    (checks.one_of("full", "summary"), "full"),
    (checks.language, "en"),
    (checks.language, "zh-Hant-TW"),
    (checks.language, "x-klingon"),
    (checks.timezone, "UTC"),
    (checks.timezone, "America/Argentina/Buenos_Aires"),
    (checks.accent, "#abc"),
    (checks.accent, "#1A5fb4"),
    (checks.email, "ann@example.org"),
    (checks.hook, "bin/tell --public 'a b'"),
    (checks.hook, "https://hooks.example/x"),
    (checks.network, "127.0.0.1"),
    (checks.network, "2001:db8::/32"),
    (checks.folder, "../content"),
    (checks.folder, "/"),
    (checks.permalink, "posts/{slug}/"),
    (checks.permalink, "{year}/{month}/{day}/{path}.html"),
    (checks.permalink, "https://their.site/{year}/{slug}/"),
]


@pytest.mark.parametrize(("check", "value"), CHECKS)
def test_taken_as_it_is(check: Check, value: str) -> None:
    """A value in its normal form is taken as it is."""
    actual = check(value)

    assert value == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (checks.folder, "content/", "content"),
        (checks.permalink, "/{slug}/", "{slug}/"),
        (checks.permalink, "https://Their.site/{slug}", "https://their.site/{slug}"),
        (checks.permalink, "https://their.site/?p={slug}", "https://their.site/?p={slug}"),
    ],
)
def test_normal_form(check: Check, value: str, expected: str) -> None:
    """A value is brought to its normal form."""
    actual = check(value)

    assert expected == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (checks.name, "", "is empty"),
        (checks.one_of("full", "summary"), "sumary", 'summary; did you mean "summary"?'),
        (checks.one_of("full", "summary"), "x", "is not one of full, summary"),
        (checks.language, "english", "is not a language as BCP 47 writes it"),
        (checks.language, "en_US", 'did you mean "en-US"?'),
        (checks.timezone, "Berlin", 'did you mean "Europe/Berlin"?'),
        (checks.timezone, "new york", 'did you mean "America/New_York"?'),
        (checks.timezone, "Europe/Berln", 'did you mean "Europe/Berlin"?'),
        (checks.timezone, "Europe", "is not a time zone"),
        (checks.timezone, "+02:00", 'they are named as in "Europe/Berlin"'),
        (checks.timezone, "../etc/passwd", "is not a time zone"),
        (checks.timezone, "localtime", "is not a time zone"),
        (checks.timezone, "right/Europe/Berlin", "is not a time zone"),
        (checks.hook, "", "is empty; name a command or a URL"),
        (checks.hook, "bin/tell 'a", "is no command: no closing quotation"),
        (checks.hook, "ftp://x.example/", "http"),
        (checks.accent, "red", "is not a colour"),
        (checks.accent, "#12345", "is not a colour"),
        (checks.email, "ann", "is not an e-mail address"),
        (checks.schedule, "weekly", 'is no schedule: write "daily 08:00"'),
        (checks.schedule, "daily 25:00", 'is no schedule: "25:00" is no time of day'),
        (checks.schedule, "0 8 30 2 *", "is no schedule (Bad day-of-month)"),
        (checks.folder, "", "is empty"),
        (checks.permalink, "{slug}/{yaer}", "has {yaer} in it; known are {year} {month}"),
        (checks.permalink, "{slug", "has a brace that belongs to no placeholder"),
        (checks.permalink, "{{ slug }}", "has a brace that belongs to no placeholder"),
        (checks.permalink, "{year}/", "gives every post the same URL"),
        (checks.permalink, ":year/:month/", "gives every post the same URL"),
        (checks.permalink, "/:collection/:title/", "has :collection in it"),
        (checks.permalink, "pretty-urls/", "gives every post the same URL"),
        (checks.permalink, "../{slug}", "is not a path in the site"),
        (checks.permalink, "p?{slug}", "is not a path in the site"),
        (checks.permalink, "//their.site/{slug}", "neither a path in the site nor a whole"),
        (checks.permalink, "ftp:{slug}", "neither a path in the site nor a whole"),
        (checks.permalink, "ftp://their.site/{slug}", "must begin with https://"),
        (checks.network, "localhost", 'is neither an IP address nor a network as "10.0.0.0/8"'),
        (checks.network, "10.0.0.1/8", "is neither an IP address nor a network"),
    ],
)
def test_refused(check: Check, value: str, expected: str) -> None:
    """A value that cannot be used is refused with a reason and, where near, what was meant."""
    with pytest.raises(ValueError, match=re.escape(expected)):
        check(value)
