"""What a check finds."""

from pathlib import Path

import pytest
from folders import CONFIG, Site, told

from feedpub.errors import TemplateError

_CALLS = ("{% one %}", "{{< two >}}", ":::tabs", "{::three}", "{% five %}")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with one post, built."""
    site = Site(tmp_path / "site")
    site.post("hello.md")
    site.build()
    return site


def test_a_sound_site_has_nothing_to_mend(site: Site) -> None:
    """A site that was just built is found to be in order, and is not touched."""
    before = site.written()

    summary = site.check()

    assert [] == told(summary)
    assert before == site.written()
    assert (1, 0, 0) == (summary.published, summary.written, summary.removed)


def test_problems_of_content_are_told_as_a_build_tells_them(site: Site) -> None:
    """What a build would leave out or warn of is found without building."""
    site.put("content/bad.md", "---\ntitle: Bad\n---\nText.\n")

    assert ["content/bad.md:1"] == [line.split(": ")[0] for line in told(site.check())]


def test_links_that_lead_nowhere_are_told_with_their_line(site: Site) -> None:
    """A picture that is not there is told where it is shown; what is there is not."""
    site.post("links.md", "Links", body="[there](hello.md) ![gone](gone.png)")
    site.build()

    assert ['content/links.md:5: link to "gone.png": target not found'] == told(site.check())


def test_dead_anchors_are_told_with_their_line(site: Site) -> None:
    """On the page itself, in other posts and on pages of the site; what is there is not told."""
    site.post(
        "guide.md",
        "Guide",
        body="## C++ & Rust\n\n<a id='mark'></a>x<a name='old'></a>[^1]\n\n[^1]: Note.\n",
    )
    dead = "[a](#nowhere)\n[b](guide.md#gone)\n[c](/blog/archive/#none)\n"
    live = "[d](#part) [e](guide.md#c--rust) [f](guide.md#c-rust) [g](guide.md#mark) [h](#top)"
    more = "[i](guide.md#fn:1) [j](guide.md#old)"
    site.post("links.md", "Links", body=f"{dead}{live} {more}\n\n## Part\n")
    site.build()

    found = [line.split(": ")[:2] for line in told(site.check())]

    assert [
        ["content/links.md:5", 'link to "#nowhere"'],
        ["content/links.md:6", 'link to "guide.md#gone"'],
        ["content/links.md:7", 'link to "/blog/archive/#none"'],
    ] == found


def test_links_within_the_site_may_name_folders(site: Site) -> None:
    """A page is found with and without the slash at its end, and the home page too."""
    body = "[a](/blog/posts/hello) [b](/blog/posts/hello/) [c](/blog/) [d](/blog/rss.xml)"
    site.post("links.md", "Links", body=body)
    site.build()

    assert [] == told(site.check())


def test_what_is_left_of_other_tools_is_listed(site: Site) -> None:
    """A build says how much there is, and a check names each with its line."""
    calls = "{% one %}\n\n{{< two >}}\n\n:::tabs\nText.\n:::\n\n{::three}\n"
    site.post("calls.md", "Calls", body=f"{calls}`{{::four}}` [x]({{% five %}})")

    assert any("5 parts" in line for line in told(site.build()))
    found = [line.split(" ", 1) for line in told(site.check()) if "link to" not in line]
    assert [
        ("content/calls.md:5:", "{% one %}"),
        ("content/calls.md:7:", "{{< two >}}"),
        ("content/calls.md:9:", ":::tabs"),
        ("content/calls.md:13:", "{::three}"),
        ("content/calls.md:14:", "{% five %}"),
    ] == [(place, next(each for each in _CALLS if each in message)) for place, message in found]


def test_feeds_that_are_out_of_date_are_told(site: Site) -> None:
    """A post that was changed since the last build is noticed."""
    site.post("hello.md", body="Other text.")

    (problem,) = told(site.check())

    assert problem.endswith(
        "6 of 6 feeds are missing or out of date (such as rss.xml); run feedpub build"
    )


def test_before_the_first_build_no_feed_is_missing(tmp_path: Path) -> None:
    """Whoever checks before they publish has not done so yet."""
    site = Site(tmp_path / "new")
    site.post("hello.md")

    assert [] == told(site.check())


def test_feeds_that_are_broken_are_told_by_name(site: Site) -> None:
    """A feed that somebody spoilt is named, whichever its format."""
    (site.public / "rss.xml").write_text("<rss>", encoding="utf-8")
    (site.public / "feed.json").write_text("{", encoding="utf-8")
    (site.public / "atom.xml").unlink()

    problems = told(site.check())

    assert [True, True, True] == [
        any("rss.xml: is not well-formed XML" in each for each in problems),
        any("feed.json: is not JSON" in each for each in problems),
        any("1 of 6 feeds are missing or out of date" in each for each in problems),
    ]


@pytest.mark.parametrize("edited", [False, True], ids=["as it was", "edited"])
def test_a_renamed_file_would_change_its_id(site: Site, *, edited: bool) -> None:
    """A published post under a new name is told with the id that readers know."""
    (site.content / "hello.md").unlink()
    site.post("moved.md", body="Edited." if edited else "Text.")

    problems = told(site.check())

    assert any(
        each.startswith("content/moved.md: was published as hello.md")
        and 'add "id: tag:example.org,2026:hello.md"' in each
        for each in problems
    )
    assert problems == told(site.check())


def test_a_renamed_file_that_keeps_its_id_is_in_order(site: Site) -> None:
    """Who follows the advice is not told again."""
    (site.content / "hello.md").unlink()
    text = "---\ntitle: Hello\ndate: 2025-01-30\nid: tag:example.org,2026:hello.md\n---\nText.\n"
    site.put("content/moved.md", text)

    assert not any("hello.md when" in each for each in told(site.check()))


def test_another_new_post_is_no_renamed_one(site: Site) -> None:
    """A post that has nothing of one that went is simply new."""
    (site.content / "hello.md").unlink()
    site.post("other.md", "Other", "2025-03-01", body="Something else.")

    assert not any("was published as" in each for each in told(site.check()))


def test_templates_are_tried(site: Site) -> None:
    """A template that cannot be rendered is told, though nothing is written."""
    site.put("templates/404.html", "{{ page.nothing }}")

    with pytest.raises(TemplateError, match=r"templates/404.html:1"):
        site.check()


def test_names_in_templates_are_checked(site: Site) -> None:
    """A name nobody gives is told with its line, in a branch that no page takes too."""
    site.put("templates/404.html", "{% if page.pager and page.post %}\n{{ tittle }}{% endif %}")

    assert any("404.html:2" in each and "tittle" in each for each in told(site.check()))


def test_a_site_without_pages_is_checked(site: Site) -> None:
    """Feeds alone have no templates to try."""
    site.config(CONFIG + "pages: false\n")
    site.build()

    assert [] == told(site.check())
