"""Facts about fenced code."""

import pytest

from feedpub.content.markup import fences
from feedpub.content.markup.fences import Fence


def _find(body: str) -> list[Fence]:
    return list(fences.find_fences(body.split("\n")))


def test_a_fence_has_language_and_code() -> None:
    """A fenced block tells its lines, its language and what is in it."""
    assert [Fence(1, 3, "", 0, "python", "x = 1\n", is_liquid=False)] == _find(
        "a\n```Python\nx = 1\n```\nb"
    )


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("", ""), ("rust,ignore", "rust"), ("{.python .numberLines}", "python"), ("c++", "c++"),
        ('title="x"', ""), (" lang:ruby x", "ruby"), ("{python}", "python"), ("language-js", "js"),
        ("{ }", ""), ("?", ""),
    ],
)  # fmt: skip
def test_the_language_is_the_first_word(info: str, language: str) -> None:
    """Whichever way it is written, the first word names the language."""
    assert language == fences.parse_info_string(info)


def test_an_open_fence_reaches_to_the_end() -> None:
    """As in CommonMark a fence that nobody closes goes on to the end."""
    assert ["a\n``\n~~~\n"] == [fence.code for fence in _find("````\na\n``\n~~~")]


def test_a_fence_in_a_quotation_ends_with_it() -> None:
    """The marks of quotation are no part of the code, and a line without them ends it."""
    found = _find("> ```\n> a\n\nb\n> > ~~~\n> > c\n> > ~~~")

    assert [("> ", "a\n", 1), ("> > ", "c\n", 6)] == [
        (fence.quote_prefix, fence.code, fence.last_line) for fence in found
    ]


def test_a_fence_in_a_list_loses_its_margin() -> None:
    """Code in a list item is told without the item's indentation, tabs counted as four."""
    found = _find("1. a\n\n    ```\n      b\n    c\n  d\n\te\n    ```\n")

    assert [(4, "  b\nc\nd\ne\n")] == [(fence.indent, fence.code) for fence in found]


def test_four_columns_make_code_of_a_fence() -> None:
    """Outside of lists an indented fence is code itself; within, relative to the item."""
    assert [] == _find("a\n\n    ```\n    b")
    assert [] == _find("- a\n\n       ```\n- b\n\nc\n\n    ```")
    assert [0] == [fence.indent for fence in _find("   ```\nx\n   ```")]


def test_backticks_in_a_line_are_no_fence() -> None:
    """Inline code that begins with three backticks opens nothing."""
    assert [] == _find("```a``` b")


def test_liquid_and_hugo_blocks_are_fences() -> None:
    """Blocks of `highlight` and `codeblock` are code when they are closed."""
    body = (
        "{% highlight ruby linenos %}\na\n{% endhighlight %}\n"
        '{{< highlight go "hl" >}}\nb\n{{< /highlight >}}\n'
        "{% codeblock lang:js %}\nc\n{% endcodeblock %}"
    )

    assert [("ruby", "a\n"), ("go", "b\n"), ("js", "c\n")] == [
        (fence.language, fence.code) for fence in _find(body)
    ]
    assert all(fence.is_liquid for fence in _find(body))


def test_a_liquid_block_without_end_is_none() -> None:
    """A `highlight` that nobody ends is text, and what follows is read as usual."""
    found = _find("{% highlight a %}\n{% highlight b %}\n> {% highlight c %}\nx\n```\ny\n```")

    assert ["y\n"] == [fence.code for fence in found]
