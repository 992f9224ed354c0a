"""Values that a key takes, and what is said of those it does not take."""

import re

import pytest

from feedpub.config import checks
from feedpub.config.keys import Validator

CHECKS = [
    (checks.validate_nonempty, "x"),
    (checks.one_of("full", "summary"), "full"),
    (checks.validate_language, "en"),
    (checks.validate_language, "zh-Hant-TW"),
    (checks.validate_language, "x-klingon"),
    (checks.validate_timezone, "UTC"),
    (checks.validate_timezone, "America/Argentina/Buenos_Aires"),
    (checks.validate_colour, "#abc"),
    (checks.validate_colour, "#1A5fb4"),
    (checks.validate_email, "ann@example.org"),
    (checks.validate_hook, "bin/tell --public 'a b'"),
    (checks.validate_hook, "https://hooks.example/x"),
    (checks.validate_network, "127.0.0.1"),
    (checks.validate_network, "2001:db8::/32"),
    (checks.normalize_folder, "../content"),
    (checks.normalize_folder, "/"),
    (checks.validate_permalink, "posts/{slug}/"),
    (checks.validate_permalink, "{year}/{month}/{day}/{path}.html"),
    (checks.validate_permalink, "https://their.site/{year}/{slug}/"),
]


@pytest.mark.parametrize(("check", "value"), CHECKS)
def test_taken_as_it_is(check: Validator, value: str) -> None:
    """A value in its normal form is taken as it is."""
    actual = check(value)

    assert value == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (checks.normalize_folder, "content/", "content"),
        (checks.validate_permalink, "/{slug}/", "{slug}/"),
        (checks.validate_permalink, "https://Their.site/{slug}", "https://their.site/{slug}"),
        (checks.validate_permalink, "https://their.site/?p={slug}", "https://their.site/?p={slug}"),
    ],
)
def test_normal_form(check: Validator, value: str, expected: str) -> None:
    """A value is brought to its normal form."""
    actual = check(value)

    assert expected == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (checks.validate_nonempty, "", "is empty"),
        (checks.one_of("full", "summary"), "sumary", 'summary; did you mean "summary"?'),
        (checks.one_of("full", "summary"), "x", "is not one of full, summary"),
        (checks.validate_language, "english", "is not a language as BCP 47 writes it"),
        (checks.validate_language, "en_US", 'did you mean "en-US"?'),
        (checks.validate_timezone, "Berlin", 'did you mean "Europe/Berlin"?'),
        (checks.validate_timezone, "new york", 'did you mean "America/New_York"?'),
        (checks.validate_timezone, "Europe/Berln", 'did you mean "Europe/Berlin"?'),
        (checks.validate_timezone, "Europe", "is not a time zone"),
        (checks.validate_timezone, "+02:00", 'they are named as in "Europe/Berlin"'),
        (checks.validate_timezone, "../etc/passwd", "is not a time zone"),
        (checks.validate_timezone, "localtime", "is not a time zone"),
        (checks.validate_timezone, "right/Europe/Berlin", "is not a time zone"),
        (checks.validate_hook, "", "is empty; name a command or a URL"),
        (checks.validate_hook, "bin/tell 'a", "is no command: no closing quotation"),
        (checks.validate_hook, "ftp://x.example/", "http"),
        (checks.validate_colour, "red", "is not a colour"),
        (checks.validate_colour, "#12345", "is not a colour"),
        (checks.validate_email, "ann", "is not an e-mail address"),
        (checks.validate_schedule, "weekly", 'is no schedule: write "daily 08:00"'),
        (checks.validate_schedule, "daily 25:00", 'is no schedule: "25:00" is no time of day'),
        (checks.validate_schedule, "0 8 30 2 *", "is no schedule (Bad day-of-month)"),
        (checks.normalize_folder, "", "is empty"),
        (checks.validate_permalink, "{slug}/{yaer}", "has {yaer} in it; known are {year} {month}"),
        (checks.validate_permalink, "{slug", "has a brace that belongs to no placeholder"),
        (checks.validate_permalink, "{{ slug }}", "has a brace that belongs to no placeholder"),
        (checks.validate_permalink, "{year}/", "gives every post the same URL"),
        (checks.validate_permalink, ":year/:month/", "gives every post the same URL"),
        (checks.validate_permalink, "/:collection/:title/", "has :collection in it"),
        (checks.validate_permalink, "pretty-urls/", "gives every post the same URL"),
        (checks.validate_permalink, "../{slug}", "is not a path in the site"),
        (checks.validate_permalink, "p?{slug}", "is not a path in the site"),
        (
            checks.validate_permalink,
            "//their.site/{slug}",
            "neither a path in the site nor a whole",
        ),
        (checks.validate_permalink, "ftp:{slug}", "neither a path in the site nor a whole"),
        (checks.validate_permalink, "ftp://their.site/{slug}", "must begin with https://"),
        (
            checks.validate_network,
            "localhost",
            'is neither an IP address nor a network as "10.0.0.0/8"',
        ),
        (checks.validate_network, "10.0.0.1/8", "is neither an IP address nor a network"),
    ],
)
def test_refused(check: Validator, value: str, expected: str) -> None:
    """A value that cannot be used is refused with a reason and, where near, what was meant."""
    with pytest.raises(ValueError, match=re.escape(expected)):
        check(value)
