"""Fields asked for by any of their names."""

from feedpub.content.field_reader import FieldReader
from feedpub.content.frontmatter import parse_front_matter
from feedpub.models.content import Problem


def header(text: str) -> FieldReader:
    """Read YAML lines as the header of `x.md`."""
    return FieldReader("x.md", parse_front_matter(f"---\n{text}\n---\n", "x.md"))


def test_the_first_synonym_that_says_anything_counts() -> None:
    """An empty value is as good as none; the order is that of the synonyms, not of the file."""
    fields = header("b: x\nc: y\na:")

    assert ("b", "x") == fields.get_value(("a", "b", "c"))
    assert [("c", "y"), ("b", "x")] == fields.get_values(("c", "a", "b"))
    assert ("", "") == fields.get_value(("z",))
    assert ("", "") == fields.get_text(("a", "z"))


def test_the_same_key_in_two_spellings_is_told() -> None:
    """Keys that differ in letter case or separators are one; the first counts."""
    fields = header("Date: x\ndate: y\nd-a-te: x")

    assert ("Date", "x") == fields.get_value(("date",))
    assert [Problem("x.md", 3, '"date" is a synonym of "Date", which is used')] == fields.problems


def test_a_list_of_words_in_a_texts_place_is_the_text_as_written() -> None:
    """`title: [Update]` is a list in YAML only."""
    assert ("a", "[Update, b]") == header("a: [Update, b]").get_text(("a",))


def test_a_table_in_a_texts_place_is_told_and_passed_over() -> None:
    """Another synonym may still say it."""
    fields = header("a: {{ x }}\nb: {c: d}\nc: [{d: e}]\nd: ' '\ne: yes")

    assert ("e", "yes") == fields.get_text(("a", "b", "c", "d", "e"))
    assert [
        Problem("x.md", 3, '"b" is a table, not a string; put it in quotes'),
        Problem("x.md", 4, '"c" is a list, not a string; put it in quotes'),
    ] == fields.problems


def test_repeated_and_misspelt_keys_are_told() -> None:
    """Each warning has the line of the key."""
    fields = header("title: x\ntittle: y\ntitle: z")

    assert [
        Problem("x.md", 4, '"title" is set twice; the last value is used'),
        Problem("x.md", 3, 'unknown key "tittle"; did you mean "title"?'),
    ] == fields.problems
    assert {"title": "tittle"} == fields.misspelled_keys


def test_an_error_names_the_line_of_its_key() -> None:
    """Without a key it is about the file as a whole: its first line."""
    fields = header("a: x\nb: y")

    assert Problem("x.md", 3, "no", left_out=True) == fields.build_error("b", "no").problem
    assert Problem("x.md", 1, "no", left_out=True) == fields.build_error("", "no").problem
