"""Front matter in four forms, and where the body begins."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.frontmatter import Value, parse_front_matter
from feedpub.errors import PostError


@pytest.mark.parametrize(
    ("text", "form", "first_line"),
    [
        ("---\ntitle: x\ntags: [a]\n---\nbody\n", "yaml", 5),
        ("\n\n---  \ntitle: x\ntags: [a]\n--- \nbody\n", "yaml", 7),
        ("----\ntitle: x\ntags:\n- a\n...\nbody\n", "yaml", 6),
        ("+++\ntitle = 'x'\ntags = ['a']\n+++\nbody\n", "toml", 5),
        ('{"title": "x", "tags": ["a"]}\nbody\n', "json", 2),
        ('\n{\n  "title": "x",\n  "tags": ["a"]\n}\nbody\n', "json", 6),
    ],
)
def test_four_forms_say_the_same(text: str, form: str, first_line: int) -> None:
    """YAML, TOML and JSON give the same values, and the body with its line in the file."""
    matter = parse_front_matter(text, "x.md")

    assert form == matter.format
    assert {"title": "x", "tags": ["a"]} == matter.values
    assert "body\n" == matter.body
    assert first_line == matter.first_line
    assert "body" == text.splitlines()[matter.first_line - 1]


def test_pelicans_headers_need_no_fence() -> None:
    """`Key: value` lines up to a blank line; indented lines and repeated keys add to the value."""
    matter = parse_front_matter(
        "Title: A: b\nTags: x\n    y\n   Author: Ann\nAuthor: Bob\n\nNote: body", "x.md"
    )

    assert "headers" == matter.format
    assert {"Title": "A: b", "Tags": "x\ny", "Author": "Ann\nBob"} == matter.values
    assert "Note: body" == matter.body
    assert 7 == matter.first_line
    assert 2 == matter.find_line("Tags")


def test_a_header_is_one_line_whatever_unicode_says() -> None:
    """A line separator within a value ends nothing: editors show one line."""
    assert {"Title": "a\u2028Tags: b"} == parse_front_matter(
        "Title: a\u2028Tags: b\n\nbody", "x.md"
    ).values


def test_headers_end_where_a_line_is_none() -> None:
    """A line that is no header begins the body, as in Python-Markdown."""
    matter = parse_front_matter("Title: A\n\tand more\nbody", "x.md")

    assert {"Title": "A\nand more"} == matter.values
    assert "body" == matter.body


@pytest.mark.parametrize(
    "text",
    ["# Heading\n", "Note: this is a text\n\nbody", "{% include x %}", "    Title: code\n", ""],
)
def test_a_text_that_begins_like_any_other_has_no_front_matter(text: str) -> None:
    """A first line with a colon is a header only where it is a key of ours."""
    matter = parse_front_matter(text, "x.md")

    assert "" == matter.format
    assert (text, 1) == (matter.body, matter.first_line)


@pytest.mark.parametrize(
    "text", ["---\n---\nbody", "---\n\n---\nbody", "+++\n+++\nbody", "{}\nbody"]
)
def test_front_matter_may_be_empty(text: str) -> None:
    """Jekyll asks for two fences with nothing between them."""
    matter = parse_front_matter(text, "x.md")

    assert {} == matter.values
    assert "body" == matter.body


def test_values_come_back_as_written() -> None:
    """What YAML, TOML and JSON take for booleans, numbers, dates and nothing stays text."""
    yaml = "tags: [no, 1.0, 0x10, 12:30:45, 2024-01-07, 'null', null, ~, !x y, !!str 5, '!x y']"
    toml = "a = [1.10, 2024-01-07, 2024-01-07T10:00:00Z, 12:30:00, true, 1]"
    values = ["no", "1.0", "0x10", "12:30:45", "2024-01-07", "null", "", "", "!x y", "5", "!x y"]

    assert {"tags": values} == parse_front_matter(f"---\n{yaml}\n---\n", "x.md").values
    assert {
        "a": ["1.10", "2024-01-07", "2024-01-07T10:00:00+00:00", "12:30:00", "true", "1"]
    } == parse_front_matter(f"+++\n{toml}\n+++\n", "x.md").values
    assert {"a": ["1.10", "1", "false", "", {"b": "NaN"}]} == parse_front_matter(
        '{"a": [1.10, 1, false, null, {"b": NaN}]}', "x.md"
    ).values


def test_tables_and_lists_nest() -> None:
    """Hugo's and Zola's tables come back as tables; YAML's aliases and merges are followed."""
    toml = parse_front_matter("+++\n[extra]\nteam = 'x'\n[[extra.also]]\npath = '/'\n+++\n", "x.md")
    yaml = parse_front_matter(
        "---\na: &a {b: c, d: e}\nf: {<<: *a, d: g}\nh: *a\n<<: i\n---\n", "x.md"
    )

    assert {"extra": {"team": "x", "also": [{"path": "/"}]}} == toml.values
    assert {
        "a": {"b": "c", "d": "e"},
        "f": {"b": "c", "d": "g"},
        "h": {"b": "c", "d": "e"},
        "<<": "i",
    } == yaml.values


def test_a_template_call_without_quotes_is_an_empty_table() -> None:
    """`{{ page.title }}` is a table with a table for a key in YAML; that says nothing."""
    assert {"title": {}} == parse_front_matter("---\ntitle: {{ page.title }}\n---\n", "x.md").values


def test_tabs_are_taken_where_libyaml_takes_them() -> None:
    """A tab between a key and its value is white space."""
    assert {"title": "x"} == parse_front_matter("---\ntitle:\tx\t\n---\n", "x.md").values


ALIASES = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
)


@pytest.mark.parametrize(
    ("matter", "line", "said"),
    [
        (f"---\n{ALIASES}\n---\n", 13, "10,000 values"),
        ("---\na: &a [*a]\n---\n", 1, "nested too deeply"),
        ("---\na: &a {b: [x, *a]}\n---\n", 1, "nested too deeply"),
        (f"---\na: 1\nb: {'x' * 70_000}\n---\n", 3, "64,000 characters"),
        (f"---\na: [{'x, ' * 11_000}]\n---\n", 2, "10,000 values"),
        ("---\n" + "".join(f"k{n}: 1\n" for n in range(1_001)) + "---\n", 2, "1,000 keys"),
        ("---\na: " + "[" * 2_000 + "]" * 2_000 + "\n---\n", 2, "nested too deeply"),
        ("---\na:\n" + "- " * 60 + "x\n---\n", 2, "nested too deeply"),
        ("+++\na = " + "[" * 2_000 + "]" * 2_000 + "\n+++\n", 2, "nested too deeply"),
        ("+++\n" + "a." * 2_000 + "b = 1\n+++\n", 2, "nested too deeply"),
        ("+++\na = " + "9" * 5_000 + "\n+++\n", 2, "digits"),
        ("+++\na = [" + "1," * 11_000 + "]\n+++\n", 2, "10,000 values"),
        ('{"a": ' + "[" * 20_000 + "]" * 20_000 + "}", 1, "nested too deeply"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", 1, "nested too deeply"),
    ],
)
def test_what_would_cost_too_much_is_refused(matter: str, line: int, said: str) -> None:
    """Before it is made, or handed on: with the line, where there is one."""
    with pytest.raises(PostError) as raised:
        parse_front_matter(matter, "x.md")

    problem = raised.value.problem

    assert ("x.md", True) == (problem.path, problem.left_out)
    assert said in problem.message
    assert line <= problem.line <= line + 1


def test_aliases_that_repeat_a_few_values_are_expanded() -> None:
    """They are what people use aliases for."""
    matter = parse_front_matter("---\na: &a [x, y]\nb: [*a, *a]\nc: {<<: {k: v}}\n---\n", "x.md")

    assert [["x", "y"], ["x", "y"]] == matter.values["b"]
    assert {"k": "v"} == matter.values["c"]


def test_a_number_of_thousands_of_digits_is_a_text_in_json() -> None:
    """As every number of front matter is."""
    matter = parse_front_matter('{"weight": ' + "9" * 5_000 + "}\nText.\n", "x.md")

    assert "9" * 5_000 == matter.values["weight"]
    assert "Text.\n" == matter.body


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("---\ntitle: a\ntitle: b\n---\n", "b"),
        ('{"title": "a",\n"title": "b"}\n', "b"),
    ],
)
def test_of_two_equal_keys_the_last_counts_and_both_are_told(text: str, value: str) -> None:
    """As in Jekyll and Hugo the last one wins, but somebody should know."""
    matter = parse_front_matter(text, "x.md")

    assert {"title": value} == matter.values
    assert ("title",) == matter.duplicate_keys


def test_every_key_has_its_line() -> None:
    """Lines are those of the file, whatever the form; an unknown key is at the top."""
    yaml = parse_front_matter("\n---\nx: |\n  title: no\ntitle: y\n---\n", "x.md")
    toml = parse_front_matter("+++\n\n# title\ntitle = 'y'\n+++\n", "x.md")
    json = parse_front_matter('{\n\n"title": "y"}\n', "x.md")

    assert [5, 4, 3, 2] == [
        yaml.find_line("title"),
        toml.find_line("title"),
        json.find_line("title"),
        toml.find_line("absent"),
    ]


def test_escapes_bring_no_control_characters_in() -> None:
    r"""`\b` between quotes is as unwelcome as the character itself, at any depth."""
    yaml = parse_front_matter('---\na: "x\\by"\nb: ["\\b", {c: "\\ufdd0"}]\n---\n', "x.md")

    assert {"a": "xy", "b": ["", {"c": ""}]} == yaml.values


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_any_json_reads_back(values: dict[str, Value]) -> None:
    """Whatever texts a JSON object holds, they come back, but for what no feed can carry."""
    matter = parse_front_matter(json.dumps(values, ensure_ascii=False, indent=1) + "\nbody", "x.md")

    assert list(values) == list(matter.values)
    assert ("body", "json") == (matter.body, matter.format)


@given(st.text(alphabet="ab:-[]{}'\"&*!|>%@`#, \n\t\\<~?=+."))
def test_no_header_breaks_anything_but_itself(header: str) -> None:
    """Whatever stands between the fences, it is read or a PostError with a line of the file."""
    for fence in ("---", "+++"):
        line = 1
        try:
            parse_front_matter(f"{fence}\n{header}\n{fence}\nbody", "x.md")
        except PostError as error:
            line = error.problem.line

        assert 1 <= line <= header.count("\n") + 4
