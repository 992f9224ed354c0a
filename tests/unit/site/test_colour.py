"""Colours can be read, whatever accent a site chooses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.site.colour import blend, contrast_ratio, ensure_contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_black_on_white_is_the_greatest_contrast() -> None:
    """Black and white have a contrast of 21, whichever comes first."""

    assert 21 == round(contrast_ratio("#000", "#ffffff"), 6)
    assert 21 == round(contrast_ratio("#ffffff", "#000"), 6)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    """The site's own colour is not touched where its contrast is enough."""

    assert "#1a5fb4" == ensure_contrast("#1A5FB4", "#fff", 4.5)


@given(COLOURS, st.sampled_from(["#fdfdfc", "#17181a", "#fff", "#000"]), st.floats(1, 7))
@example("#ffff00", "#fff", 7)
@example("#0000ff", "#17181a", 7)
def test_every_accent_becomes_legible(accent: str, ground: str, ratio: float) -> None:
    """Any colour gets the contrast asked for on the grounds that pages have."""

    assert contrast_ratio(ensure_contrast(accent, ground, ratio), ground) >= ratio


@given(COLOURS, COLOURS)
def test_the_impossible_is_answered_with_black_or_white(accent: str, ground: str) -> None:
    """Where no colour has the contrast, the best there is comes back."""

    assert ensure_contrast(accent, ground, 21) in {"#000000", "#ffffff"}


def test_the_hue_stays() -> None:
    """A legible yellow is a dark yellow: more red than green, and more green than blue."""
    found = ensure_contrast("#f6d32d", "#fff", 7)

    red, green, blue = (int(found[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue


def test_a_blend_lies_between() -> None:
    """A tenth of black in white is a light grey."""

    assert "#e6e6e6" == blend("#000", "#fff", 0.1)


@pytest.mark.parametrize("wrong", ["red", "#12", "#1234", "", "#12345g"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    """Only #rgb and #rrggbb are colours; the message quotes what was written."""
    with pytest.raises(ValueError, match=f'"{wrong}" is not a colour'):
        contrast_ratio(wrong, "#fff")
