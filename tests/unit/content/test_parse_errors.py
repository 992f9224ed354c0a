"""What people are told when front matter cannot be read."""

import pytest

from feedpub.content.frontmatter import parse_front_matter
from feedpub.errors import PostError


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("title: Foo: bar", 2, 'a value contains ": "'),
        ("a: b\ntitle: @x", 3, 'cannot start with "@"'),
        ("title: `x` y", 2, 'cannot start with "`"'),
        ("title: %x", 2, 'cannot start with "%"'),
        ("title: - x", 2, 'cannot start with "- "'),
        ("title: *x*", 2, 'cannot start with "*"'),
        ("title: *x", 2, 'cannot start with "*"'),
        ("title: &", 2, 'cannot start with "&"'),
        ('title: "a" b', 2, "neither a key nor part of a value"),
        ("title: [a] b", 2, "neither a key nor part of a value"),
        ("a: It's\nx: 'It's'", 3, "neither a key nor part of a value"),
        ('title: "abc\nfoo: x', 2, "a quotation mark opened here is never closed"),
        ('title: "C:\\Users"', 2, "use single quotes"),
        ('title: "a\\qb"', 2, "use single quotes"),
        ("tags: [a, b\nx: c", 2, "a bracket opened here"),
        ("title: x\nbroken line\ntags: 3", 3, 'this line is not "key: value"'),
        ("title: x\na:\n\t- b", 4, "a tab where YAML needs spaces"),
        ("title: x\n\tdate: y", 3, "a tab where YAML needs spaces"),
        ("%foo", 2, "invalid YAML: found unknown directive name"),
        ("- a\n- b", 2, "not a mapping of keys to values"),
        ("a: &a [*a]", 2, "nested too deeply"),
        ("a: " + "[" * 60 + "]" * 60, 2, "nested too deeply"),
        ("a: b\n--- c", 3, "invalid YAML"),
    ],
)
def test_broken_yaml_is_explained_where_it_breaks(header: str, line: int, message: str) -> None:
    """The line is that of the file, and the message says what to do in plain words."""
    with pytest.raises(PostError) as caught:
        parse_front_matter(f"---\n{header}\n---\nbody", "x.md")

    assert line == caught.value.problem.line
    assert message in caught.value.problem.message
    assert caught.value.problem.left_out
    assert "x.md" == caught.value.problem.path


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("+++\na = 'b'\ntitle = x\n+++\n", 3, "invalid TOML: invalid value (strings need quotes"),
        ("+++\na = 1\na = 2\n+++\n", 3, "invalid TOML: cannot overwrite a value"),
        ("+++\na = [1,\n+++\n", 2, "invalid TOML: "),
        ("+++\na = " + "[" * 3000 + "\n+++\n", 2, "nested too deeply"),
        ('{"a": 1,\n "b" 2}\n', 2, "invalid JSON: expecting ':' delimiter"),
        ('{"a": 1,\n "b": "x\n}\n', 2, "invalid JSON: a quotation mark is never closed"),
        ("---\ntitle: x\n\nno end", 1, 'unterminated front matter: put a line "---"'),
        ("\n\n+++\ntitle = 'x'\n", 3, 'unterminated front matter: put a line "+++"'),
        ("---", 1, 'unterminated front matter: put a line "---"'),
    ],
)
def test_broken_toml_json_and_fences_are_explained(text: str, line: int, message: str) -> None:
    """Other forms too give the line of the file and say what is wrong."""
    with pytest.raises(PostError) as caught:
        parse_front_matter(text, "x.md")

    assert line == caught.value.problem.line
    assert message in caught.value.problem.message
