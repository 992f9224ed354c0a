"""Comments of Obsidian and kramdown are not shown; what only looks like one is."""

import pytest

from feedpub.content.markup.comments import strip_comments


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("a %%secret%% b", "a  b"),
        ("%% note to me %%\n\ntext", "\n\ntext"),
        ("%%\nseveral\n\nlines\n%%\ntext", "\n\n\n\n\ntext"),
        ("> %%hidden%%\n> shown", "> \n> shown"),
        ("a {::comment}secret{:/comment} b", "a  b"),
        ("{::comment}\nsecret\n\n```\ncode\n```\n{:/}\ntext", "\n\n\n\n\n\n\ntext"),
        ('{::options parse_block_html="true" /}\ntext', "\ntext"),
        ("{::nomarkdown}\n<b>*x*</b>\n{:/nomarkdown}", "\n<b>*x*</b>\n"),
        ("a {::nomarkdown}<i>x</i>{:/} b", "a <i>x</i> b"),
    ],
)
def test_comments_go(body: str, left: str) -> None:
    """Lines stay lines, so that messages name the right ones."""
    assert left == strip_comments(body)


@pytest.mark.parametrize(
    "body",
    [
        "`%%a%%` and `{::comment}x{:/}`",
        "```\n%%a%%\n```",
        "text\n\n    %%a%%\n",
        "100%% sure, 50%% of all",
        "100 %% of these and 50 %% of those",
        "the %%timeit and %%time magics",
        "%%bash and then nothing",
        "\\%%a%%",
        "{::comment} without an end",
        "{::unknown}x{:/}",
        "%%%%",
    ],
)
def test_what_is_no_comment_stays(body: str) -> None:
    """Code, percentages, and what nothing ends."""
    assert body == strip_comments(body)
