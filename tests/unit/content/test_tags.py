"""What a post is about: its tags and categories, in the front matter, its folders, its text."""

from pathlib import Path

import pytest
from folders import Site, told

from feedpub.content import tags as content_tags


@pytest.mark.parametrize(
    ("html", "tags"),
    [
        ("<p>Some #gardening and #plants/tomato.</p>", ("gardening", "plants/tomato")),
        ("<p>#first word, and (#bracketed) or [#boxed]</p>", ("first", "bracketed", "boxed")),
        ("<ul><li>#übung #日本 #snake_case #kebab-case</li></ul>", None),
        ("<p>#same #same</p>", ("same",)),
        ("<p>#2024-review</p>", ("2024-review",)),
        ("<p>issue #1, #12, C#, a#b, #fff, #FF8800, &#35;x, # x, ##</p>", ()),
        ("<p><code>#include</code> <a href='#part'>#part</a></p><pre>#if</pre>", ()),
        ("<h2>#heading</h2><p>text</p>", ()),
        ("<p><a href='x'><em>#a</em></a> #b</p>", ("b",)),
    ],
)
def test_tags_in_the_text_are_found(html: str, tags: tuple[str, ...] | None) -> None:
    """As Obsidian reads them: with a letter, after a space; not in links, code or headings."""
    expected = ("übung", "日本", "snake_case", "kebab-case") if tags is None else tags

    assert content_tags.find_inline_tags([html]) == expected


@pytest.mark.parametrize(
    ("path", "form", "categories"),
    [
        ("cooking/soup.md", "headers", ("cooking",)),
        ("food/cooking/soup.md", "headers", ("cooking",)),
        ("cooking/soup/index.md", "headers", ("cooking",)),
        ("soup.md", "headers", ()),
        ("cooking/soup.md", "yaml", ()),
        ("unicorns/_posts/2015-05-01-x.md", "yaml", ("unicorns",)),
        ("a/b/_posts/2015-05-01-x.md", "yaml", ("a", "b")),
        ("a/_drafts/x.md", "yaml", ("a",)),
        ("_posts/2015-05-01-x.md", "yaml", ()),
        ("_posts/sub/2015-05-01-x.md", "yaml", ()),
    ],
)
def test_folders_are_categories(path: str, form: str, categories: tuple[str, ...]) -> None:
    """Pelican takes the folder, Jekyll all folders above _posts."""
    assert content_tags.derive_categories(path, form) == categories


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an empty site with feeds of categories."""
    site = Site(tmp_path)
    site.config(
        'site: {title: T, url: "https://example.org/"}\nfeeds: {kinds: [site, tags, categories]}\n'
    )
    return site


def test_categories_of_folders_have_feeds(site: Site) -> None:
    """Beside those of Jekyll's front matter, and unless Pelican's says another."""
    site.put("content/cooking/soup.md", "Title: Soup\nDate: 2020-01-02\n\nBoil.\n")
    site.put("content/cooking/x.md", "Title: X\nDate: 2020-01-02\nCategory: other\n\nX.\n")
    site.put("content/u/_posts/2015-05-01-p.md", "---\ntitle: P\ncategory: more\n---\nx\n")
    site.build()

    feeds = {
        name: site.read(f"categories/{name}/rss.xml") for name in ("cooking", "other", "u", "more")
    }
    assert "<title>Soup</title>" in feeds["cooking"]
    assert "<title>X</title>" not in feeds["cooking"]
    assert "<title>X</title>" in feeds["other"]
    assert "<title>P</title>" in feeds["u"]
    assert "<title>P</title>" in feeds["more"]


@pytest.mark.parametrize(
    ("front_matter", "config", "tagged"),
    [
        ("", "", True),
        ("tags: mine", "", False),
        ("tags: []", "", True),
        ("categories: [mine]", "", False),
        ("", "content: {inline_tags: false}", False),
    ],
)
def test_tags_in_the_text_count_where_the_front_matter_has_none(
    site: Site, front_matter: str, config: str, tagged: bool
) -> None:
    """And where the configuration lets them; the text stays as it is."""
    site.config(f'site: {{title: T, url: "https://example.org/"}}\n{config}\n')
    site.put("content/a.md", f"---\ntitle: A\ndate: 2024-05-01\n{front_matter}\n---\nOn #tea.\n")
    site.build()

    assert (site.public / "tags/tea/index.html").exists() is tagged
    assert "On #tea." in site.read("posts/a/index.html")


@pytest.mark.parametrize(
    ("front_matter", "line"),
    [
        ("tags: python web feeds", 4),
        ("layout: post\ntags: python web", 5),
        ("layout: post\ncategories: jekyll update", 5),
        ("tags: Internet of Things", 0),
        ("tags: machine learning", 0),
        ("tags: python web, feeds", 0),
        ("tags: [python web feeds]", 0),
        ("tag: python web feeds", 0),
        ("layout: post\ncategory: jekyll update", 0),
    ],
)
def test_tags_that_look_divided_by_spaces_are_told(
    site: Site, front_matter: str, line: int
) -> None:
    """Once for the site, with the setting that divides them."""
    for name in ("a", "b"):
        site.put(f"content/{name}.md", f"---\ntitle: A\ndate: 2024-05-01\n{front_matter}\n---\nx\n")
    problems = site.build().problems

    assert [(each.path, each.line) for each in problems] == [("content/a.md", line)] * bool(line)
    assert all("tags_split: space" in each.message for each in problems)


def test_the_setting_ends_the_question(site: Site) -> None:
    """`content.tags_split: space` divides them."""
    site.config('site: {title: T, url: "https://example.org/"}\ncontent: {tags_split: space}\n')
    site.put("content/a.md", "---\ntitle: A\ndate: 2024-05-01\ntags: python web feeds\n---\nx\n")

    assert told(site.build()) == []
    assert (site.public / "tags/web/index.html").exists()
