"""Whatever stands in a URL that an author wrote, nothing that is published or mailed runs it."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import lxml.html
import made
import mails
import pytest
from folders import Site
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedpub.config.schema import DigestConfig, MarkdownConfig
from feedpub.content.library import link_index
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.limits import MarkupError
from feedpub.site import template_filters

ENGINES = ("markdown", "comrak")
RENDERERS = {name: MarkdownRenderer(MarkdownConfig(engine=name)) for name in ENGINES}
COMPOSER = mails.composer()
SLOT = datetime(2025, 2, 3, 8, tzinfo=UTC)
CONFIG = """
site: {{title: Example, url: "https://example.org/blog/", author: Ann}}
feeds: {{formats: [rss, atom, json], limit: 0}}
markdown: {{engine: {engine}}}
"""
SCHEMES = ("javascript:alert(1)", "vbscript:x", "data:text/html,<script>x</script>")
# What some step of the way to a page removes, replaces, decodes or once took for its own mark.
MARKERS = (
    "<!-- more -->", "<!--more-->", "<!-- x -->", "<!---->", "<!-->", "<b>", "</a>",
    *"\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\U0010f8d0\U0010f8d1\U0010f8d2\ue000\ufffe\U0001ffff",
    "\U0010f8d00\U0010f8d1", "\U0010f8d0000000000000n0\U0010f8d1", "%f4%8f%a3%900%f4%8f%a3%91",
    "%F4%8F%A3%900%F4%8F%A3%91", "%F4%8F%A3%92", "%f4%8f%a3%92", "%EF%B7%90", "%ef%b7%91",
    "&#xfdd0;", "&#xFDD1;", "&#x10f8d0;0&#x10f8d1;", "&#x10f8d2;", "&#64976;", "&amp;#xfdd0;",
    "\t", "&Tab;", "&NewLine;", "&#10;", "&#0;", "&#8;", "\x00", "\x08", "\x02", "\x03", "\x7f",
    "\u00ad", "\u200b", "\u200d", "\u2028", "\u202e", "\ufeff", "&shy;", "&ZeroWidthSpace;",
    "{{ x }}", "{% x %}", "{% raw %}", "{% endraw %}", "{% raw %}{{{% endraw %}",
    "{% comment %}a{% endcomment %}", "{{ site.url }}", "{{ site.baseurl }}", '{{ "" | url }}',
    '{{< ref "" >}}', "{{</* x */>}}", "{static}", "{filename}", "{site}", "|static|", "{: .a}",
    "\\", "%09", "%0a", "%00", "%", "%2", "[TOC]", "wzxhzdk:0", "klzzwxh:0001", "&colon;", "&",
)  # fmt: skip
PLACES = (
    "[a]({})", "[b](<{}>)", '[c]({} "t")', "![d]({})", "[e][{0}]\n\n[{0}]: {0}", "<{}>", "{}",
    '<a href="{}">f</a>', "<a href='{}'>g</a>", "<a href={}>h</a>", '<img src="{}" alt="i">',
    '<img src="a.png" srcset="{0} 1x, b.png 2x, {0} 3x">', '<img data-src="{}">',
    '<video src="{0}" poster="{0}"><source src="{0}"><track src="{0}"></video>',
    '<audio src="{}"></audio>', '<blockquote cite="{}">j</blockquote>', '<q cite="{}">k</q>',
    '<del cite="{}">l</del>', '<iframe src="{}"></iframe>', '<object data="{}"></object>',
    '<embed src="{}">', '<form action="{0}"><button formaction="{0}">m</button></form>',
    '{{{{< figure src="{0}" link="{0}" caption="n" >}}}}', '{{{{< ref "{}" >}}}}', "# [o]({})",
    '[p]({{{{< ref "{}" >}}}})', '[q]({{{{ "{}" | url }}}})', "| a |\n|---|\n| [r]({}) |",
    "x[^1]\n\n[^1]: [s]({})", '<svg><a xlink:href="{}">t</a></svg>', "[u]( {}\n)",
    '<math><a xlink:href="{}">v</a></math>', "`{}`", "```\n{}\n```", '<a ping="{}" href="#">w</a>',
)  # fmt: skip
HEAD = """---
title: {title}
date: 2025-01-30
image: {url}
canonical_url: {url}
authors: [{{name: Eve, url: {url}}}]
enclosures: [{{url: {url}}}]
tags: [x]
---
"""
URLS = frozenset(("action", "background", "cite", "data", "formaction", "href", "poster", "src"))
ALLOWED = frozenset(("http", "https", "ftp", "mailto", "tel", "sms", "geo", "xmpp", "magnet"))
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif)[;,]")


def scheme(url: str) -> str:
    """Give the scheme that a browser finds in a URL (WHATWG URL, section 4.4), or ""."""
    found = SCHEME.match(re.sub(r"[\t\r\n]", "", url.lstrip("".join(map(chr, range(33))))))
    return found[1].lower() if found else ""


def refused(url: str, *, picture: bool = False) -> bool:
    """Tell whether a URL must not be published."""
    found = scheme(url)
    return bool(found) and found not in ALLOWED and not (picture and PICTURE.match(url))


def live(html: str) -> list[str]:
    """Give what would run in a document or a piece of one: URLs, handlers, elements."""
    root = lxml.html.document_fromstring(f"<div>{html}</div>")
    found = []
    for node in root.iter():
        name = str(node.tag)
        for key, value in ((str(key), str(value)) for key, value in node.attrib.items()):
            urls = [value] if key.rpartition(":")[2] in URLS else []
            urls += [each.split()[0] for each in value.split(", ")] if key == "srcset" else []
            found += [url for url in urls if refused(url, picture=name == "img")]
            found += [key] if key.startswith("on") else []
        found += [name] if name in {"iframe", "object", "embed", "form"} else []
    return found


def body(url: str) -> str:
    """Give Markdown that has a URL in every place where one may stand."""
    return "\n\n".join(place.format(url) for place in PLACES)


def quoted(text: str) -> str:
    """Write a text between single quotes, as YAML has it."""
    return "'" + text.replace("'", "''") + "'"


def spoilt(url: str, inserts: Iterable[tuple[int, str]]) -> str:
    """Put texts into a URL, each in front of the character of its number."""
    for at, marker in inserts:
        url = url[: at % len(url)] + marker + url[at % len(url) :]
    return url


def published(site: Site) -> Iterator[tuple[str, list[str]]]:
    """Give what would run in each file of a site: pages, feeds, and HTML in feeds."""
    for path in sorted(site.public.rglob("*")):
        if path.suffix == ".html":
            # The scripts of a page are the theme's own.
            yield path.name, live(path.read_text(encoding="utf-8"))
        elif path.suffix == ".json":
            items = json.loads(path.read_text(encoding="utf-8"))["items"]
            yield path.name, [url for each in items for url in live(each["content_html"])]
            yield path.name, list(filter(refused, _texts(items)))
        elif path.suffix == ".xml":
            root = etree.parse(path).getroot()
            for node in root.iter():
                text, name = node.text or "", etree.QName(node).localname
                is_html = name in {"content", "encoded", "description"} and "<" in text
                yield path.name, live(text) if is_html else []
                urls = [node.get(key, "") for key in ("href", "src", "url")]
                urls += [text] if name in {"link", "uri", "url", "icon", "logo"} else []
                yield path.name, list(filter(refused, urls))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in {"url", "external_url", "image", "avatar"}:
                yield each
            elif key != "content_html":
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_marker_in_a_url_brings_a_scheme_to_life(engine: str, tmp_path: Path) -> None:
    """Each marker in each place where a URL may stand, built into pages and all feeds."""
    site = Site(tmp_path / "site")
    site.config(CONFIG.format(engine=engine))
    for number, marker in enumerate(MARKERS):
        url = spoilt(SCHEMES[0], ((4, marker), (0, marker) if number % 2 else (99, "")))
        head = HEAD.format(title=f"T{number}", url=quoted(url))
        site.put(f"content/p{number}.md", head + body(url))
    summary = site.build()

    assert [] == [str(each) for each in summary.problems if each.left_out]
    assert [] == [(name, found) for name, found in published(site) if found]


@settings(max_examples=max(8, settings().max_examples // 10))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SCHEMES),
            st.lists(st.tuples(st.integers(0, 20), st.sampled_from(MARKERS)), max_size=4),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(ENGINES),
)
def test_no_mixture_of_markers_does(
    urls: list[tuple[str, list[tuple[int, str]]]], engine: str
) -> None:
    """Any of them together, anywhere in a URL: nothing runs on any page, nor in any feed."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        site.config(CONFIG.format(engine=engine))
        for number, (url, inserts) in enumerate(urls):
            whole = spoilt(url, inserts)
            head = HEAD.format(title=f"T{number}", url=quoted(whole))
            site.put(f"content/p{number}.md", head + body(whole))
        site.build()

        assert [] == [(name, found) for name, found in published(site) if found]


@given(
    st.sampled_from(SCHEMES),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(MARKERS)), max_size=4),
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=5),
    st.sampled_from(ENGINES),
)
def test_nor_does_a_mail_run_it(
    url: str, inserts: list[tuple[int, str]], places: list[str], engine: str
) -> None:
    """What pages, feeds and mails are made of has no such URL; nor has a mail's text."""
    written = "\n\n".join(place.format(spoilt(url, inserts)) for place in places)
    try:
        rendering = RENDERERS[engine].render(written, 1)
    except MarkupError:
        return
    targets = [(each.target, f"https://example.org/{each.target}") for each in rendering.references]
    html = link_index.substitute_urls(
        rendering.body, targets[1:]
    )  # one that nobody resolved is there too
    content = COMPOSER.compose_issue(
        DigestConfig("weekly", intro=written.replace("{{", "").replace("{%", "")),
        (made.post(),), SLOT, "https://example.org/i/", lambda _: html, "en",
    )  # fmt: skip

    assert [] == live(html)
    assert [] == live(
        template_filters.convert_inline_styles(template_filters.prepare_for_page(html, "T"))
    )
    assert [] == live(content.html)
    assert [] == [
        found
        for found in re.findall(r"^\[\d+\] (.*)$", content.text, re.MULTILINE)
        if refused(unescape(found))
    ]
