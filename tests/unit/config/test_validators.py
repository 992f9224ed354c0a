"""Values that a key takes, and what is said of those it does not take."""

import re

import pytest

from feedpub.config import validators
from feedpub.config.fields import Validator

CHECKS = [
    (validators.validate_nonempty, "x"),
    (validators.one_of("full", "summary"), "full"),
    (validators.validate_language, "en"),
    (validators.validate_language, "zh-Hant-TW"),
    (validators.validate_language, "x-klingon"),
    (validators.validate_timezone, "UTC"),
    (validators.validate_timezone, "America/Argentina/Buenos_Aires"),
    (validators.validate_colour, "#abc"),
    (validators.validate_colour, "#1A5fb4"),
    (validators.validate_email, "ann@example.org"),
    (validators.validate_hook, "bin/tell --public 'a b'"),
    (validators.validate_hook, "https://hooks.example/x"),
    (validators.validate_network, "127.0.0.1"),
    (validators.validate_network, "2001:db8::/32"),
    (validators.normalize_folder, "../content"),
    (validators.normalize_folder, "/"),
    (validators.validate_permalink, "posts/{slug}/"),
    (validators.validate_permalink, "{year}/{month}/{day}/{path}.html"),
    (validators.validate_permalink, "https://their.site/{year}/{slug}/"),
]


@pytest.mark.parametrize(("check", "value"), CHECKS)
def test_taken_as_it_is(check: Validator, value: str) -> None:
    """A value in its normal form is taken as it is."""
    actual = check(value)

    assert value == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (validators.normalize_folder, "content/", "content"),
        (validators.validate_permalink, "/{slug}/", "{slug}/"),
        (validators.validate_permalink, "https://Their.site/{slug}", "https://their.site/{slug}"),
        (
            validators.validate_permalink,
            "https://their.site/?p={slug}",
            "https://their.site/?p={slug}",
        ),
    ],
)
def test_normal_form(check: Validator, value: str, expected: str) -> None:
    """A value is brought to its normal form."""
    actual = check(value)

    assert expected == actual


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (validators.validate_nonempty, "", "is empty"),
        (validators.one_of("full", "summary"), "sumary", 'summary; did you mean "summary"?'),
        (validators.one_of("full", "summary"), "x", "is not one of full, summary"),
        (validators.validate_language, "english", "is not a BCP 47 language tag such as"),
        (validators.validate_language, "en_US", 'did you mean "en-US"?'),
        (validators.validate_timezone, "Berlin", 'did you mean "Europe/Berlin"?'),
        (validators.validate_timezone, "new york", 'did you mean "America/New_York"?'),
        (validators.validate_timezone, "Europe/Berln", 'did you mean "Europe/Berlin"?'),
        (validators.validate_timezone, "Europe", "is not a time zone"),
        (validators.validate_timezone, "+02:00", 'use a name such as "Europe/Berlin"'),
        (validators.validate_timezone, "../etc/passwd", "is not a time zone"),
        (validators.validate_timezone, "localtime", "is not a time zone"),
        (validators.validate_timezone, "right/Europe/Berlin", "is not a time zone"),
        (validators.validate_hook, "", "is empty; set a command or a URL"),
        (validators.validate_hook, "bin/tell 'a", "is not a command: no closing quotation"),
        (validators.validate_hook, "ftp://x.example/", "http"),
        (validators.validate_colour, "red", "is not a colour"),
        (validators.validate_colour, "#12345", "is not a colour"),
        (validators.validate_email, "ann", "is not an e-mail address"),
        (validators.validate_schedule, "weekly", 'is not a schedule; use "daily 08:00"'),
        (validators.validate_schedule, "daily 25:00", 'is not a schedule: invalid time "25:00"'),
        (validators.validate_schedule, "0 8 30 2 *", "is not a schedule (Bad day-of-month)"),
        (validators.normalize_folder, "", "is empty"),
        (
            validators.validate_permalink,
            "{slug}/{yaer}",
            "has unknown placeholder {yaer}; use {year} {month}",
        ),
        (validators.validate_permalink, "{slug", "has an unmatched brace"),
        (validators.validate_permalink, "{{ slug }}", "has an unmatched brace"),
        (validators.validate_permalink, "{year}/", "gives every post the same URL"),
        (validators.validate_permalink, ":year/:month/", "gives every post the same URL"),
        (
            validators.validate_permalink,
            "/:collection/:title/",
            "has unknown placeholder :collection",
        ),
        (validators.validate_permalink, "pretty-urls/", "gives every post the same URL"),
        (validators.validate_permalink, "../{slug}", "is not a path on the site"),
        (validators.validate_permalink, "p?{slug}", "is not a path on the site"),
        (
            validators.validate_permalink,
            "//their.site/{slug}",
            "neither a path on the site nor an http",
        ),
        (validators.validate_permalink, "ftp:{slug}", "neither a path on the site nor an http"),
        (validators.validate_permalink, "ftp://their.site/{slug}", "must begin with https://"),
        (
            validators.validate_network,
            "localhost",
            'is neither an IP address nor a network such as "10.0.0.0/8"',
        ),
        (validators.validate_network, "10.0.0.1/8", "is neither an IP address nor a network"),
    ],
)
def test_refused(check: Validator, value: str, expected: str) -> None:
    """A value that cannot be used is refused with a reason and, where near, what was meant."""
    with pytest.raises(ValueError, match=re.escape(expected)):
        check(value)
