"""What build and check say: true, once, and with what to do."""

from pathlib import Path

import pytest
from folders import Site, told


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an empty site."""
    return Site(tmp_path)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("line\nbreak.md", "a line break"),
        ("line\rbreak.md", "a line break"),
        ("a\tb.md", "a tab"),
        ("bell\x07.md", "a control character (U+0007)"),
        ("fol\nder/post.md", "a line break"),
        ("pic\nture.png", "a line break"),
    ],
)
def test_a_name_with_a_control_character_is_told_as_such(site: Site, name: str, held: str) -> None:
    """It is UTF-8, after all."""
    site.post(name)
    problems = site.build().problems

    assert [each.message for each in problems] == [f"file name contains {held}; rename it"]
    assert "\n" not in problems[0].path


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ("[x](nope.md)", "nope.md"),
        ("[x](../nope.md#part)", "../nope.md#part"),
        ("[x]({filename}/nope.md)", "{filename}/nope.md"),
        ("![x](nope.png)", "nope.png"),
        ("[x](/blog/nope/)", "/blog/nope/"),
    ],
)
def test_a_dead_link_is_told_once(site: Site, body: str, target: str) -> None:
    """Check finds it by two ways."""
    site.post("a.md", body=body)
    site.build()

    found = [each for each in site.check().problems if f'link to "{target}"' in each.message]
    assert [(each.path, each.line) for each in found] == [("content/a.md", 5)]


def test_two_dead_links_of_one_line_are_told_each(site: Site) -> None:
    """They are two links."""
    site.post("a.md", body="[x](nope.md) [y](neither.md) ![z](gone.png)")
    site.build()

    found = sorted(line.split('"')[1] for line in told(site.check()))
    assert found == ["gone.png", "neither.md", "nope.md"]


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("My own title", "# My own title"),
        ("My own title", "## My *own* title"),
        ("My own title", "My own title\n============"),
        ("My own title", "<h1>My own  Title</h1>"),
        ("", "# My own title"),
    ],
)
def test_a_title_that_the_first_heading_repeats_is_shown_once(
    site: Site, title: str, heading: str
) -> None:
    """Feeds and mails show it above, as the page does."""
    name = "a.md" if title else "2025-01-30-a.md"
    head = f"---\ntitle: {title}\ndate: 2025-01-30\n---\n" if title else ""
    site.put(f"content/{name}", f"{head}{heading}\n\nText.\n\n## More\n")
    site.build()

    for feed in ("rss.xml", "atom.xml", "feed.json"):
        text = site.read(feed)
        assert text.lower().count("my own title") == 1, feed
        assert "Text." in text
        assert "More" in text


@pytest.mark.parametrize(
    "heading", ["# Another title", "Text first.\n\n# My own title", "# My own title"]
)
def test_other_headings_stay(site: Site, heading: str) -> None:
    """They say something that the title does not."""
    site.put("content/a.md", f"---\ntitle: My own title\ndate: 2025-01-30\n---\n{heading}\n")
    site.build()

    assert f"&gt;{heading.rpartition('# ')[2]}&lt;/h" in site.read("rss.xml")


@pytest.mark.parametrize(
    ("front_matter", "line", "hint"),
    [
        ("slug: one", 4, "slug"),
        ("permalink: /posts/one/", 4, "permalink"),
        ("url: /posts/one/", 4, "permalink"),
        ("tags: x\nslug: one", 5, "slug"),
        ("permalink: /tags/", 4, "permalink"),
        ("permalink: /rss.xml/", 4, "permalink"),
    ],
)
def test_an_address_that_is_taken_is_told_with_the_line_that_asks(
    site: Site, front_matter: str, line: int, hint: str
) -> None:
    """And with the key to change."""
    site.post("one.md", date="2024-01-01")
    site.put("content/two.md", f"---\ntitle: Two\ndate: 2025-01-30\n{front_matter}\n---\nx\n")

    (problem,) = site.build().problems
    assert (problem.path, problem.line) == ("content/two.md", line)
    assert problem.message.endswith(f"give it another {hint}")


def test_a_name_that_asks_for_an_address_taken_has_no_line(site: Site) -> None:
    """Nothing in the file asks for it."""
    site.post("a/one.md", date="2024-01-01")
    site.post("b/one.md")

    (problem,) = site.build().problems
    assert (problem.path, problem.line) == ("content/b/one.md", 0)


@pytest.mark.parametrize("key", ["id", "guid", "ID"])
def test_an_id_that_is_taken_is_told_with_its_line(site: Site, key: str) -> None:
    """Two posts of one id would be one for readers."""
    text = "---\ntitle: {0}\ndate: 2025-01-30\n{1}: urn:x:1\n---\nx\n"
    for name in ("one", "two"):
        site.put(f"content/{name}.md", text.format(name, key))

    (problem,) = site.build().problems
    assert (problem.path, problem.line) == ("content/two.md", 4)


@pytest.mark.parametrize("key", ["outdated", "republished", "polished"])
def test_a_key_that_is_another_word_is_no_slip(site: Site, key: str) -> None:
    """`outdated: true` marks a post whose content is old."""
    site.put("content/a.md", f"---\ntitle: A\ndate: 2025-01-30\n{key}: true\n---\nx\n")

    assert told(site.build()) == []
