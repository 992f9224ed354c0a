"""The value that says what a notice means."""

from feedpub.delivery.bounces.event import BounceEvent, build_event


def test_the_words_are_kept_on_one_line() -> None:
    """Line ends become spaces, control characters go, and nobody's novel is kept."""
    report = build_event(
        "soft", " ann@example.net\r\n", "4.2.2", "full\r\n  \x1b[31m up\0" + "x" * 999
    )

    assert "full [31m up" + "x" * 288 == report.text
    assert "ann@example.net" == report.recipient


def test_nobody_is_known_at_first() -> None:
    """Who it is about is added by whoever has the keys."""

    assert BounceEvent("auto", None, "", "", "") == build_event("auto")
