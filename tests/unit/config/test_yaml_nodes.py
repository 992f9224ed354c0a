"""YAML as it is written, with lines, and what is wrong with it."""

import pytest

from feedpub.config.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, parse_yaml


def node(text: str, **environ: str) -> Node:
    """Read a document that has nothing wrong with it."""
    root, problems = parse_yaml(text, "c.yaml", environ)

    assert not problems
    return root


def told(text: str, **environ: str) -> list[str]:
    """Give what is wrong with a document."""
    return [str(problem) for problem in parse_yaml(text, "c.yaml", environ)[1]]


def test_lines() -> None:
    """Every value knows what it is and on which line it stands."""
    expected = MappingNode(
        (
            (ScalarNode("a", "str", 1), ScalarNode("1", "int", 1)),
            (
                ScalarNode("b", "str", 2),
                SequenceNode((ScalarNode("x", "str", 3), ScalarNode("", "null", 4)), 3),
            ),
        ),
        1,
    )
    actual = node("a: 1\nb:\n- x\n-\n")

    assert expected == actual


def test_nothing_in_it() -> None:
    """A document with nothing in it has no keys."""
    assert MappingNode((), 1) == node("# only a comment\n")


def test_variables() -> None:
    """`${NAME}` is what the environment says, `$${` is `${`."""
    written = "a ${WHO}, $${x} $5 ${WHO}${NONE}"
    actual = node(written, WHO="Ann: #", NONE="")

    assert ScalarNode("a Ann: #, ${x} $5 Ann: #", "str", 1, written) == actual
    assert ScalarNode("${x}", "str", 1) == node("$${x}")


@pytest.mark.parametrize(
    ("value", "tag"),
    [("20", "int"), ("-3", "int"), ("yes", "bool"), ("False", "bool"), ("", "str"), ("~", "str")],
)
def test_variables_that_are_no_text(value: str, tag: str) -> None:
    """A number or a yes can come from the environment; nothing at all is text."""
    actual = node('"${VALUE}"', VALUE=value)

    assert ScalarNode(value, tag, 1, "${VALUE}") == actual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: ${NO NE}",
            'c.yaml:1: "${NO NE}" is not a variable name; write $${ for a literal "${"',
        ),
        ("a: ${NONE", 'c.yaml:1: "${" without "}"; write $${ for a literal "${"'),
        ("a: 1\nb: 2\na: 3", 'c.yaml:3: duplicate key "a", first on line 1'),
        ("? [a]\n: 1", "c.yaml:1: a key must be text"),
        ("accent: #1a5fb4", 'c.yaml:1: "#1a5fb4" is a comment in YAML; put it in quotes'),
        ('a: "x\\by"', "c.yaml:1: U+0008 in a value; feeds cannot contain it"),
        ("a: &x [1, *x]", "c.yaml:1: a value cannot contain itself"),
        ("a: 1\nb: \0", "c.yaml:2: U+0000 is not allowed in YAML"),
        ("[" * 5000, "c.yaml: is nested too deeply"),
    ],
)
def test_faults(text: str, expected: str) -> None:
    """What cannot be used is told with its line."""
    actual = told(text)

    assert [expected] == actual


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("site:\n  title: a: b", 2, 'quote text that contains ": "'),
        ("site:\n\ttitle: a", 2, "indent with spaces"),
        ("a: @x", 1, "quote text that begins with punctuation"),
        ("a: *x", 1, 'quote text that begins with "*"'),
        ('a: "\\d"', 1, "write a backslash as"),
        ("site:\n    a: 1\n  b: 1", 3, "start in the same column"),
        ("a: 1\n---\nb: 2", 2, 'remove the line "---"'),
        ("a: {b: c: d}", 1, "inside braces and brackets, quote text that contains"),
        ("- a\nb: 1", 2, ""),
        ("a: {b: [1], c: {}}\nd:\n  e: [1,\n", 3, "a bracket opened here is never closed"),
        ("%YAML 1.1\n", 2, "expected '<document start>'"),
    ],
)
def test_syntax(text: str, line: int, hint: str) -> None:
    """Where YAML breaks off, the line is told, and what usually helps."""
    (problem,) = parse_yaml(text, "c.yaml", {})[1]

    assert problem.message.startswith("not YAML: ")
    assert hint in problem.message
    assert line == problem.line


def test_a_value_used_twice() -> None:
    """An alias is what its anchor is, and is told of once."""
    root, problems = parse_yaml("a: &x ${}\nb: *x", "c.yaml", {})

    assert isinstance(root, MappingNode)
    assert root.nodes[0][1] == root.nodes[1][1]
    assert [1] == [each.line for each in problems]


def test_a_variable_that_is_not_set_is_told_of_by_whoever_needs_it() -> None:
    """The value is what is left of it."""
    assert ScalarNode("x", "str", 1, "x ${NONE}", "NONE") == node("x ${NONE}")


def test_line_ends() -> None:
    """Text is without the white space around it, its lines end in a line feed."""
    actual = node('"  a\\r\\nb\\n"')

    assert ScalarNode("a\nb", "str", 1) == actual
