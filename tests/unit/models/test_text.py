"""Facts about plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.models import text


def test_clean_drops_what_xml_cannot_hold() -> None:
    """Control characters, lone surrogates and noncharacters go; tab and line feed stay."""
    dirty = "a\x00\x08\x0b\x7f\x85\ud800\ufdd0\ufdef\ufffe\uffff\U0001ffff\U0010fffe\tb\n"

    assert "a\tb\n" == text.strip_invalid_characters(dirty)


def test_clean_of_ascii_drops_control_characters() -> None:
    """Text in ASCII, which is handled apart, loses its control characters too."""
    assert "ab\tc\n" == text.strip_invalid_characters("a\x08b\tc\x1f\n")


def test_clean_ends_every_line_with_a_line_feed() -> None:
    """CRLF and CR become LF."""
    assert "a\nb\nc\n\nd" == text.strip_invalid_characters("a\r\nb\rc\r\n\r\nd")


def test_one_line_has_no_end_in_it() -> None:
    """Line ends of any kind, control characters and noncharacters become one space; blanks stay."""
    assert "a b c d  e" == text.one_line("\ra\r\nb\u2028\x00c\x85\ufdd2d  e\n")


def test_clean_keeps_emoji_and_every_script() -> None:
    """Characters beyond the first plane stay where they are."""
    assert "😀 中文 עברית é" == text.strip_invalid_characters("😀 中文 עברית é")


@given(st.text(st.characters()))
def test_clean_leaves_nothing_to_clean(anything: str) -> None:
    """What is clean stays as it is, and `dirty` finds nothing in it."""
    clean = text.strip_invalid_characters(anything)

    assert clean == text.strip_invalid_characters(clean)
    assert [] == list(text.find_invalid_characters(clean))


@given(st.text(st.characters()))
def test_clean_and_dirty_agree(anything: str) -> None:
    """As many characters go as `dirty` names, line ends aside."""
    lined = anything.replace("\r\n", "\n").replace("\r", "\n")

    assert len(lined) - len(text.strip_invalid_characters(anything)) == len(
        list(text.find_invalid_characters(anything))
    )


def test_dirty_tells_line_and_name() -> None:
    """Each character is named as Unicode names it, with its line, whatever ends the lines."""
    found = list(text.find_invalid_characters("a\x08\r\nb\rc\ud800\ufdd0"))

    assert [(1, "U+0008"), (3, "U+D800"), (3, "U+FDD0")] == found


def test_shorten_leaves_short_text_alone() -> None:
    """Text within the limit only has its white space folded."""
    assert "a b c" == text.shorten(" a\n b\tc ")


def test_shorten_cuts_at_a_word() -> None:
    """No word is cut in two, and no comma is left before the sign of omission."""
    assert "one two…" == text.shorten("one two, three four", 12)


def test_shorten_cuts_chinese_at_a_character() -> None:
    """Where a script has no spaces the cut is between characters."""
    assert "这是重…" == text.shorten("这是重要的中文", 4)


def test_shorten_does_not_cut_a_latin_word_within_chinese() -> None:
    """A word in a spaced script inside an unspaced one is left out whole."""
    assert "我们在用…" == text.shorten("我们在用DeepSeek的产品", 9)


def test_shorten_cuts_an_endless_word() -> None:
    """A word longer than half the limit is cut rather than left out."""
    assert "a" * 9 + "…" == text.shorten("a" * 50, 10)


def test_shorten_keeps_letters_with_their_accents() -> None:
    """A combining mark, a joined emoji, a skin tone and a flag are never parted."""
    assert "a" * 8 + "…" == text.shorten("a" * 8 + "e\u0301" * 20, 10)
    assert "…" == text.shorten("👩\u200d👩\u200d👧" * 3, 3)
    assert "中文中文…" == text.shorten("中文中文👍🏽👍🏽", 6)
    assert "aaaaa…" == text.shorten("aaaaa🇩🇪🇫🇷bbb", 7)
    assert "中文中…" == text.shorten("中文中が\u3099\u3099\u3099文", 5)


@given(st.text(), st.integers(0, 40))
def test_shorten_keeps_the_limit(anything: str, limit: int) -> None:
    """The result is never longer than the limit, and shortening again changes nothing."""
    short = text.shorten(anything, limit)

    assert len(short) <= limit
    assert short == text.shorten(short, limit)


def test_minutes_counts_words_and_ideographs() -> None:
    """230 words a minute, or 400 ideographs, and never less than one minute."""
    assert 1 == text.estimate_reading_time("")
    assert 2 == text.estimate_reading_time("word " * 460)
    assert 2 == text.estimate_reading_time("wörd " * 460)
    assert 2 == text.estimate_reading_time("中" * 800)
    assert 2 == text.estimate_reading_time("中" * 400 + " word" * 230)


def test_plain_gives_visible_text() -> None:
    """Entities are resolved, blocks parted by a space and inline elements by nothing."""
    html = '<p title="a > b">AT&amp;T</p><p>c<b>d</b><br>e<!-- x -->f</p><ul><li>g</ul>'

    assert "AT&T cd ef g" == text.extract_text(html)


def test_plain_leaves_what_is_no_tag() -> None:
    """A lone angle bracket is text."""
    assert "a < b and <3" == text.extract_text("a < b and &lt;3")


def test_nearest_finds_what_was_meant() -> None:
    """A slip of the pen is recognised whatever the letter case; something else is not."""
    assert "title" == text.find_close_match("Tittle", ["date", "title"])
    assert "Title" == text.find_close_match("titel", ["date", "Title"])
    assert "" == text.find_close_match("xyz", ["date", "title"])
    assert "" == text.find_close_match("outdated", ["updated", "date"])


@pytest.mark.parametrize(
    ("word", "meant", "count"),
    [
        ("same", "same", 0),
        ("tittle", "title", 1),
        ("titl", "title", 1),
        ("tible", "title", 1),
        ("titel", "title", 1),
        ("outdated", "updated", 2),
        ("", "abc", 3),
        ("abc", "", 3),
        ("ca", "abc", 3),
    ],
)
def test_slips_are_counted(word: str, meant: str, count: int) -> None:
    """A letter too many, too few, wrong, or in its neighbour's place is one each."""
    assert count == text.compute_edit_distance(word, meant)
