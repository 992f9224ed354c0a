"""Facts about texts that once kept a regular expression busy for minutes, or for ever."""

from time import process_time

import pytest

from feedpub.config.schema import MarkdownConfig
from feedpub.content import authors, field_reader
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.shortcodes import ShortcodeStash

LIMIT = 5.0
"""Seconds of the processor: on a slow machine it takes one, before it took minutes."""


@pytest.mark.parametrize(
    "body",
    [
        "{{< ref " + " " * 1900 + "x", "{{< ref " + " " * 1900 + '"x" y >}}', "{{ " * 30_000,
        "{%" * 30_000, "{{< figure " + " " * 1900 + "x=", ("{{< ref" + " " * 900 + ">}} ") * 100,
        "> > > > > > > > > > > > > > > > > > > > > > > > > > > > > > x ```",
        " >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  >  > x ```",
        "https://a.b/" + "?" * 50_000 + "x", "https://a.b/" + ")" * 50_000,
        "# a" + " " * 50_000 + "#x", "<object data=x " + "name=src " * 10_000 + "></object>",
        "<embed name=movie " * 5_000, '<img src=a srcset="a ' + "0" * 50_000 + '">',
        "    ::::" + "#" * 50_000, '<a href="#fnref-x" class="footnote-backref"' * 2_000,
    ],
)  # fmt: skip
def test_no_text_takes_long(body: str) -> None:
    """Shortcodes, quotations, URLs, embeds and code: what is long is read once."""
    begun = process_time()
    MarkdownRenderer(MarkdownConfig(engine="comrak")).render(body, 1)

    assert process_time() - begun < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "x" + " " * 50_000 + "x", "a@" + "." * 50_000 + "\n", "<b><i>" * 3_000 + "</i></b>" * 3_000,
        "<!--" * 20_000, "![" * 50_000, "<" * 50_000,
    ],
)  # fmt: skip
def test_no_field_takes_long(text: str) -> None:
    """Names of people, titles and summaries."""
    begun = process_time()
    authors.parse_authors(text)
    field_reader.strip_html(text)
    field_reader.strip_markdown(text)

    assert process_time() - begun < LIMIT


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ('{{< ref "a b.md" >}}', "{ref}a b.md"),
        ("{{< ref `x.md`>}}", "{ref}x.md"),
        ("{{< ref x.md outputFormat=amp >}}", "{ref}x.md"),
        ("{{%ref x.md%}}", "{ref}x.md"),
        ("{{%  relref 'y' %}}", "{ref}y"),
    ],
)
def test_references_of_hugo(written: str, target: str) -> None:
    """Quoted or not, with arguments or without."""
    tags = ShortcodeStash()

    assert target == tags.unstash_url(tags.stash(written))


@pytest.mark.parametrize("written", ["{{< ref a>b >}}", '{{< ref a"b >}}', "{{< ref >}}"])
def test_broken_references_mean_nothing(written: str) -> None:
    """What is no reference is left as text, and counts."""
    tags = ShortcodeStash()
    tags.unstash_url(tags.stash(written))

    assert 1 == len(tags.unrendered)


def test_tags_end_where_they_always_did() -> None:
    """At the first sign that closes them, on a line that is not far and not empty."""
    for text in (
        "{{}}",
        "{%%}",
        "{{ a\n\nb }}",
        "{% a\n \t\nb %}",
        "{{" + "a" * 2001 + "}}",
        "{{ a",
    ):
        assert text == ShortcodeStash().stash(text)
    tags = ShortcodeStash()
    taken = tags.stash("{{{ a }}} {% b\nc %} {{" + "d" * 2000 + "}}{{ e }")

    assert 3 == len(tags.stashed)
    assert ["{{{ a }}", "{% b\nc %}"] == [each.text for each in tags.stashed[:2]]
    assert taken.endswith("{{ e }")
