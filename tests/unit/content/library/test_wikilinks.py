"""Wiki links lead to posts and files by name, title or alias, as in Obsidian."""

import json
import re
from pathlib import Path

import pytest
from folders import CONFIG, Site, told


@pytest.fixture(params=["markdown", "comrak"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """Give a site of some notes, read by one engine or the other."""
    site = Site(tmp_path / "site")
    site.config(f"{CONFIG}markdown:\n  engine: {request.param}\n")
    site.put("content/Tomato Care.md", "---\ntitle: Growing tomatoes\ndate: 2025-01-02\n---\nx\n")
    site.put(
        "content/garden/2024-05-01-peas.md",
        "---\ntitle: Peas & beans\naliases: [Legumes]\n---\n## When to sow\n\nx\n",
    )
    site.put("content/garden/red/map.png", b"x")
    site.put("content/talk.mp3", b"x")
    return site


def _shown(site: Site, body: str) -> str:
    site.post("hello.md", "Hello", body=body)
    site.build()
    items = json.loads(site.read("feed.json"))["items"]
    html: str = next(each["content_html"] for each in items if each["title"] == "Hello")
    return html.replace("https://example.org", "")


def test_links_lead_to_what_they_name(site: Site) -> None:
    """By the name of the file, its end of a path, the title or an alias."""
    expected = {
        "[[Tomato Care]]": '<a href="/blog/posts/tomato-care/">Tomato Care</a>',
        "[[tomato care.md|how to]]": '<a href="/blog/posts/tomato-care/">how to</a>',
        "[[Growing tomatoes]]": '<a href="/blog/posts/tomato-care/">Growing tomatoes</a>',
        "[[Legumes]]": '<a href="/blog/posts/peas/">Legumes</a>',
        "[[Peas & beans]]": '<a href="/blog/posts/peas/">Peas &amp; beans</a>',
        "[[peas#When to sow|sow]]": '<a href="/blog/posts/peas/#when-to-sow">sow</a>',
        "[[garden/peas|p]]": '<a href="/blog/posts/peas/">p</a>',
        "[[red/map.png]]": '<a href="/blog/garden/red/map.png">red/map.png</a>',
        "| a |\n|---|\n| [[peas\\|q]] |": '<a href="/blog/posts/peas/">q</a>',
        "![[peas]]": '<a href="/blog/posts/peas/">peas</a>',
        "![[talk.mp3]]": '<audio src="/blog/talk.mp3" controls="">',
    }

    shown = _shown(site, "\n\n".join(expected))

    assert [] == [each for each in expected.values() if each not in shown]
    assert [] == told(site.check())


def test_pictures_are_shown_in_their_size(site: Site) -> None:
    """The last part of the label is a size where it is a number."""
    written = ("[map.png]", "[map.png|300]", "[map.png|A map|300x200]", "[map.png|My map]")
    shown = _shown(site, "\n\n".join(f"![{each}]" for each in written))

    pictures = [
        dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall("<img [^>]*>", shown)
    ]
    source = {"src": "/blog/garden/red/map.png"}
    assert [
        {**source, "alt": "map"},
        {**source, "alt": "map", "width": "300"},
        {**source, "alt": "A map", "width": "300", "height": "200"},
        {**source, "alt": "My map"},
    ] == pictures


def test_what_is_no_link_stays_as_it_is(site: Site) -> None:
    """Code, escapes, and what has no name."""
    written = ("`[[peas]]`", "```\n[[peas]]\n```", "\\[[peas]]", "[[1, 2]]", "[[ -f x ]]")
    shown = _shown(site, "\n\n".join(written))

    assert "<a " not in shown
    assert len(written) == shown.count("[[")
    assert [] == told(site.check())


def test_dead_links_are_text_and_told(site: Site) -> None:
    """In the page and the feeds; a picture that is not there is told too."""
    shown = _shown(site, "See [[Nobody]],\n[[None|such]] and ![[gone.png]].")

    assert "href" not in shown
    assert "See Nobody,\nsuch and" in re.sub(r"</?a>", "", shown)
    found = [line.split(": ")[:2] for line in told(site.check()) if "[[" in line]
    assert [
        ["content/hello.md:5", 'wiki link "[[Nobody]]"'],
        ["content/hello.md:6", 'wiki link "[[None]]"'],
        ["content/hello.md:6", 'wiki link "[[gone.png]]"'],
    ] == found


def test_of_several_the_nearest_is_taken_or_that_is_told(tmp_path: Path) -> None:
    """The folder of the post itself comes first, and a whole path is never in doubt."""
    site = Site(tmp_path / "site")
    for path in ("map.png", "red/map.png", "a/twin.png", "b/twin.png"):
        site.put(f"content/{path}", path)

    shown = _shown(site, "![[map.png]] ![[red/map.png]] ![[twin.png]]")

    sources = ["/blog/map.png", "/blog/red/map.png", "/blog/a/twin.png"]
    assert sources == re.findall(r'src="([^"]*)"', shown)
    found = told(site.check())
    assert ["content/hello.md:5"] == [line.split(": ")[0] for line in found]
    assert "a/twin.png or b/twin.png" in found[0]


def test_a_link_of_commonmark_is_none_of_a_wiki(tmp_path: Path) -> None:
    """Brackets that a definition or a destination follows mean what they mean in CommonMark."""
    site = Site(tmp_path / "site")
    site.put("content/peas.md", "---\ntitle: Peas\ndate: 2025-01-02\n---\nx\n")

    shown = _shown(site, "[[peas]](/x/) [[beans]]\n\n[beans]: https://example.com/\n")

    assert '<a href="/x/">[peas]</a>' in shown
    assert '[<a href="https://example.com/">beans</a>]' in shown


def test_a_new_note_makes_links_to_it_live(tmp_path: Path) -> None:
    """Posts are made again when what they name comes or goes."""
    site = Site(tmp_path / "site")
    assert "/blog/posts/later/" not in _shown(site, "[[Later]]")

    site.put("content/later.md", "---\ntitle: Later\ndate: 2025-01-02\n---\nx\n")
    site.build()

    assert '<a href="/blog/posts/later/">Later</a>' in site.read("posts/hello/index.html")
