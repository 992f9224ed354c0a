"""A page of plots, and a picture of them, that need nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from lxml import etree, html
from wordings import english, spoken

from feedpub.cli.charts import render_page, render_svg
from feedpub.models.newsletter import IssueStats
from feedpub.models.stats import FeedAudience, IssueSummary, Statistics
from feedpub.site.i18n import Catalog

TODAY = date(2025, 6, 1)
SINCE = TODAY - timedelta(days=2)
ISSUE = IssueSummary(
    TODAY, "weekly", "New <things>", "done", IssueStats(1000, 950, 10, 20, 15, 2, 3)
)
WHOLE = Statistics(
    title="Notes & more",
    accent="#1a5fb4",
    since=SINCE,
    today=TODAY,
    active=tuple((SINCE + timedelta(days=each), 1000 - each) for each in range(3)),
    states=(("pending", 3), ("active", 998)),
    feeds=(FeedAudience("rss.xml", 34, 24), FeedAudience("atom.xml", 1, 400)),
    user_agents=(("Feedly", 20),),
    issues=(ISSUE, replace(ISSUE, subject="")),
)
EMPTY = Statistics("Notes", "#fff", TODAY, TODAY, (), (), (), (), ())


def words(document: str) -> str:
    """Give all that a page or a picture says."""
    text = etree.fromstring(document) if document.startswith("<svg") else html.fromstring(document)
    return " ".join(" ".join(map(str, text.itertext())).split())


def test_a_page_tells_everything() -> None:
    """The numbers that somebody looks for first, and then the plots."""
    told = words(render_page(WHOLE, english()))

    for expected in (
        "Notes & more",
        "30 May 2025 to 1 June 2025",
        "people on the list 998",
        "readers of the most read feed 34",
        "messages taken 95.0%",
        "998 are mailed now, −2 since 30 May 2025.",
        "rss.xml 34 atom.xml 1",
        "1 June · New <things> 950 of 1,000",
        "1 June · weekly",
        "waiting or in doubt",
        "Feedly 20",
    ):
        assert expected in told


def test_a_picture_tells_the_same() -> None:
    """As one SVG."""
    told = words(render_svg(WHOLE, english()))

    for expected in ("People on the list", "−2 since", "rss.xml 34", "New <things>", "failed"):
        assert expected in told


def test_both_speak_the_language_of_the_site() -> None:
    """With its dates; and a page of Arabic runs from right to left."""
    chinese = render_page(WHOLE, spoken("zh"))

    assert '<html lang="zh" dir="ltr">' in chinese
    assert "2025年5月30日至2025年6月1日" in words(chinese)
    assert "现在收信的有 998 人，2025年5月30日以来 −2。" in words(render_svg(WHOLE, spoken("zh")))
    assert "6月1日 · New <things> 950 / 1,000" in words(chinese)
    assert '<html lang="ar" dir="rtl">' in render_page(WHOLE, spoken("ar"))


@pytest.mark.parametrize("draw", [render_page, render_svg])
def test_nothing_is_fetched(draw: Callable[[Statistics, Catalog], str]) -> None:
    """Neither style nor script nor picture."""
    document = draw(WHOLE, english())
    bare = document.replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert [] == re.findall(r"https?:|src=|href=|url\(|@import|<script", bare)


def test_both_fit_light_and_dark() -> None:
    """By what the reader's system prefers."""
    for document in (render_page(WHOLE, english()), render_svg(WHOLE, english())):
        assert "color-scheme:light dark" in document
        assert "@media (prefers-color-scheme:dark)" in document


def test_where_there_is_nothing_there_is_little() -> None:
    """No plot of nothing but that of the list."""
    told = words(render_page(EMPTY, english()))

    assert "0 are mailed now, as many as on 1 June 2025." in told
    assert "none sent" in told
    assert "Feeds by readers" not in told
    assert "Issues" not in told
    assert "Programs" not in told


def test_of_many_feeds_the_most_read_are_shown() -> None:
    """And it is told how many are not."""
    many = replace(WHOLE, feeds=tuple(FeedAudience(f"{each}.xml", 1, 1) for each in range(20)))
    told = words(render_page(many, english()))

    assert "8 more are read by fewer." in told
    assert "11.xml" in told
    assert "12.xml" not in told
