"""Front matter with characters that only look like YAML's, TOML's or JSON's own."""

import pytest

from feedpub.content import frontmatter
from feedpub.errors import PostError


def fault(text: str) -> tuple[int, str]:
    """Return line and message of what is wrong with a file."""
    with pytest.raises(PostError) as caught:
        frontmatter.parse_front_matter(text, "x.md")
    return caught.value.problem.line, caught.value.problem.message


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("---\ntitle:\u00a0A\ndate:\u00a02024-05-01\n---\nx", 2, "no-break space (U+00A0)"),
        ("---\ntitle: A\ndate:\u00a02024-05-01\n---\nx", 3, "no-break space (U+00A0)"),
        ("---\ntitle:\u202fA\ndate: 2024-05-01\n---\nx", 2, "narrow no-break space (U+202F)"),
        ("---\ntitle:\u3000A\n---\nx", 2, "ideographic space (U+3000)"),
        ("---\ntitle:\u200bA\n---\nx", 2, "zero-width space (U+200B)"),
        ("---\ntitle:\u2003A\n---\nx", 2, "unusual space (U+2003)"),
        ("---\ntitle：A\ndate：2024-05-01\n---\nx", 2, '"："'),
        ("---\ntitle: A\ndate： 2024-05-01\n---\nx", 3, '"："'),
        ("---\ntitle: A\nslug﹕ a\n---\nx", 3, '"﹕"'),
        ("+++\ntitle＝'A'\n+++\nx", 2, '"＝"'),
        ("+++\ntitle：'A'\n+++\nx", 2, 'needs "="'),
    ],
)
def test_the_character_is_named_with_its_line(text: str, line: int, named: str) -> None:
    """Nobody sees it otherwise."""
    told = fault(text)

    assert line == told[0]
    assert named in told[1]


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: [A\ntext: 注意：b\n---\nx",
        "---\ntitle: [A\ntext: |\n  \u00a0b\n---\nx",
        "---\ntitle: [A\ntext: b\u00a0c\n---\nx",
    ],
)
def test_such_characters_in_values_are_not_blamed(text: str) -> None:
    """What is wrong is elsewhere."""
    assert "space" not in fault(text)[1]
    assert "：" not in fault(text)[1]


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", " \u00a0 "])
@pytest.mark.parametrize("fence", ["---", "+++"])
def test_fences_end_in_any_blank(fence: str, blank: str) -> None:
    """Nobody sees what stands after a fence."""
    value = "'A'" if fence == "+++" else "A"
    assign = " = " if fence == "+++" else ": "
    found = frontmatter.parse_front_matter(
        f"{fence}{blank}\ntitle{assign}{value}\n{fence}{blank}\nx", "x.md"
    )

    assert (dict(found.values), found.body) == ({"title": "A"}, "x")
