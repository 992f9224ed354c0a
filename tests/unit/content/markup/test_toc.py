"""Facts about headings."""

import re

import pytest

from feedpub.content.markup.toc import process_headings


def test_headings_get_ids_of_their_words() -> None:
    """Letters of every script stay in an id, and no id is given twice."""
    html = process_headings(
        "<h2>A &amp; <b>B</b>!</h2><h2>你好 世界</h2><h2>A B</h2><h2>?</h2>", {"x"}
    ).html

    assert (
        '<h2 id="a--b">A &amp; <b>B</b>!</h2><h2 id="你好-世界">你好 世界</h2>'
        '<h2 id="a-b"><span id="a-b-1"></span>A B</h2><h2 id="section">?</h2>'
    ) == html


@pytest.mark.parametrize(
    ("text", "name", "former"),
    [
        ("C++ &amp; Rust", "c--rust", "c-rust"),
        ("Why? — Because", "why--because", "why-because"),
        ("a -- b", "a----b", "a-b"),
        ("🚀 Launch", "-launch", "launch"),
        ("v1.2.3 (beta)", "v123-beta", ""),
        ("snake_case", "snake_case", ""),
        ("हिन्दी में", "हिन्दी-में", "हनद-म"),
    ],
)
def test_ids_are_those_of_github_and_old_ones_stay_anchors(
    text: str, name: str, former: str
) -> None:
    """Hugo and kramdown make the same, so that a table of contents made by hand works."""
    html = process_headings(f"<h2>{text}</h2>", set()).html

    assert html.startswith(f'<h2 id="{name}">')
    assert ([former] if former else []) == re.findall(r'<span id="([^"]*)"></span>', html)


def test_an_old_id_that_another_heading_has_now_is_no_anchor() -> None:
    """No id stands twice in a page."""
    html = process_headings("<h2>A &amp; B</h2><h2>A B</h2><h2>A / B</h2>", {"x"}).html
    found = re.findall(r'id="([^"]*)"', html)

    assert len(found) == len(set(found))
    assert {"a--b", "a-b", "a--b-1", "a-b-1", "a-b-2"} >= set(found)


def test_ids_that_are_taken_are_not_given() -> None:
    """An id that stands elsewhere in the post is left to it."""
    assert '<h2 id="x-1">x</h2>' == process_headings("<h2>x</h2>", {"x"}).html


def test_ids_that_authors_give_are_kept() -> None:
    """`id=` and `{#id}` win over the words."""
    assert '<h2 id="y">x</h2>' == process_headings('<h2 id="y">x</h2>', {"y"}).html
    assert '<h2 id="y">x</h2>' == process_headings("<h2>x {#y}</h2>", set()).html
    assert '<h2 id="y">x</h2>' == process_headings("<h2>x {: #y .z}</h2>", set()).html
    assert '<h2 id="c">c#</h2>' == process_headings("<h2>c#</h2>", set()).html


def test_levels_begin_below_the_title_and_leave_none_out() -> None:
    """The page's title is the first level; from there each step down is one level."""
    written = [1, 3, 6, 3, 2, 1, 2, 3, 4, 5, 6]
    html = process_headings("".join(f"<h{level}>x</h{level}>" for level in written), set()).html

    assert [2, 3, 4, 3, 3, 2, 3, 4, 5, 6, 6] == [int(part[0]) for part in html.split("<h")[1:]]


def test_a_heading_without_words_is_none() -> None:
    """An empty heading goes; one that holds a picture stays."""
    assert "" == process_headings("<h2> </h2>", set()).html
    assert '<h2 id="section"><img src="a"></h2>' == (
        process_headings('<h2><img src="a"></h2>', set()).html
    )


def test_the_first_heading_is_told_as_text() -> None:
    """The first heading is plain text, and "" where there is none."""
    assert (
        "a < b"
        == process_headings("<p>x</p><h3>a &lt; <i>b</i></h3><h2>c</h2>", set()).first_heading
    )
    assert "" == process_headings("<p>x</p>", set()).first_heading


def test_a_table_of_contents_stands_where_it_is_asked_for() -> None:
    """`[TOC]` becomes lists within lists, whose links lead to the headings."""
    found = process_headings("<p>[TOC]</p><h1>a</h1><h2>b</h2><h2>c</h2><h1>d</h1>", set())
    a, b, c, d = (f'<a href="#{name}">{name}</a>' for name in "abcd")

    assert (
        f'<div class="toc"><ul><li>{a}<ul><li>{b}</li><li>{c}</li></ul></li><li>{d}</li></ul></div>'
    ) in found.html


def test_a_table_of_nothing_is_nothing() -> None:
    """Without headings `[TOC]` leaves nothing behind."""
    assert "" == process_headings("<p>[TOC]</p>", set()).html
    assert "<p>[x]</p>" == process_headings("<p>[x]</p>", set()).html
