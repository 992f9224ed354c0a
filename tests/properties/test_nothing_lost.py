"""The words that an author wrote to be read are in the page, the feed and the mail, or `check`
tells what is not.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from folders import Site
from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.config.schema import MarkdownConfig
from feedpub.content.library import link_index
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.limits import MarkupError
from feedpub.newsletter.html import adapt_for_email
from feedpub.newsletter.plaintext import render_plaintext
from feedpub.site import template_filters

RENDERERS = {
    "commonmark": MarkdownRenderer(MarkdownConfig()),
    "comrak": MarkdownRenderer(MarkdownConfig(engine="comrak")),
}
# Each "@" is a word that readers see; no two are the same.
PIECES = (
    "@ @", "*@* **@** ~~@~~", "`@`", "# @ {@}", "@ {#id}", "{@}", "[@](https://a.example/) {@}",
    "![@](a.png)", "- @\n  - @", "1) @\n2) @", "> @\n> - @", "| @ | @ |\n|---|---|\n| @ | @ |",
    "```\n@ {{ @ }}\n```", "    @", "@\n===", "@\n---", "- [ ] @", "> [!NOTE]\n> @",
    "!!! note\n    @", "@[^1]\n\n[^1]: @", "Term @\n: @", "$@_1 * b * @$", "$$\n@\n+ @\n\n- @\n$$",
    "\\(@ \\\\ @^2\\)", "{{ @ }} {% @ %}", "{{< @ >}}", "{% raw %}@{% endraw %}", "\\*@\\*",
    "&copy;@&amp;", "<@>", "<div>@</div>", "<details><summary>@</summary>\n\n@\n\n</details>",
    "<b>@</b> <u>@", "</p>@", "<noscript>@</noscript>", "<p><noscript><b>@</b></noscript></p>",
    "<Chart>@</Chart>", "<@/>", "<form>@</form>", "<textarea>@</textarea>", "The <title> @",
    "<select><option>@</select>", "<script>x</script>@", "An <iframe> @",
    '<iframe src="https://a.example/" title="@"></iframe>', "<template>@</template>",
    "<svg><text>@</text></svg>", "<svg><foreignObject>@</foreignObject></svg>",
    "<canvas>@</canvas>", "<button>@</button>", "<object><p>@</p></object>",
    "<table><tr><td>@</table>", "<figure><figcaption>@</figcaption></figure>",
    '{{< figure src="a.png" caption="*@*" attr="@" >}}', "<math><mi>@</mi></math>",
    "<ruby>@<rt>@</rt></ruby>", "<dialog>@</dialog>", "<xmp>@</xmp>", "<script>@</script>",
    "<img alt='@'>", "[@](javascript:x)", "<video>@</video>", "<!-- x -->@",
    "<marquee>@</marquee>", "a <@ b", "1 < @ > 2", "<https://a.example/@>", "www.example.org/@",
)  # fmt: skip
DOCUMENTS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(("\n\n", "\n", "\n\n> ", "\n\n- ", " "))),
    min_size=1,
    max_size=8,
)
FATES = (
    "", "draft: true", "kind: page", "kind: page\ndraft: true", "visibility: unlisted",
    "visibility: private", "kind: page\nvisibility: unlisted", "kind: page\nvisibility: private",
    "date: 2999-01-01", "expires: 2001-01-01", "kind: page\nexpires: 2001-01-01", "title: [",
    "kind: page\ntitle: [", "date: none", "published: false", "status: hidden", "layout: page",
)  # fmt: skip
NAMES = ("a.md", "b.md", "about/index.md", "_index.md", "README.md", "_drafts/c.md", "2025-d.md",
         "pages/e.md", "_pages/f.md", "tags/g/_index.md", "authors/h.md", ".hidden.md")  # fmt: skip
WORD = re.compile(r"qx\d+z")
FENCE = re.compile(r"^.*```.*$", re.MULTILINE)  # names a language, if that is a fence


def written(pieces: list[tuple[str, str]]) -> str:
    """Give the Markdown of some pieces, each word with a number of its own."""
    numbers = iter(range(10_000))
    text = "".join(piece + joint for piece, joint in pieces)
    return re.sub("@", lambda _: f"qx{next(numbers)}z", text)


def shown(html: str) -> set[str]:
    """Give the words in the text of some HTML, and those that stand for a picture or are a link."""
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    texts = [str(root.text_content())]
    texts += [node.get(key, "") for node in root.iter() for key in ("alt", "aria-label", "title")]
    return set(WORD.findall(" ".join(texts)))


def missing(renderer: MarkdownRenderer, body: str) -> Iterator[tuple[str, str]]:
    """Give the words that readers do not get and are not told of, and where they are missing."""
    try:
        rendering = renderer.render(body, 1)
    except MarkupError:  # the post is left out, and that is told
        return
    html = link_index.substitute_urls(
        rendering.body,
        [(each.target, f"https://example.org/{each.target}") for each in rendering.references],
    )
    places = {
        "feed": shown(html),
        "page": shown(template_filters.prepare_for_page(html, "T")),
        "mail": shown(adapt_for_email(html, "T")),
        "text": set(WORD.findall(render_plaintext(html))),
    }
    words = WORD.findall(FENCE.sub("", body))
    for place, seen in places.items():
        lost = [word for word in words if word not in seen]
        if lost and not rendering.notes:
            yield from ((place, word) for word in lost)


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("piece", PIECES)
def test_no_word_of_one_piece_is_lost(name: str, piece: str) -> None:
    """By itself, in a list and in a quotation."""
    for lead in ("", "- ", "> "):
        body = lead + written([(piece, "\n")]).replace("\n", "\n" + " " * len(lead.strip()))

        assert [] == list(missing(RENDERERS[name], body))


@given(DOCUMENTS, st.sampled_from(sorted(RENDERERS)))
def test_no_word_of_any_document_is_lost(pieces: list[tuple[str, str]], name: str) -> None:
    """Pieces in any order, close together or apart."""
    assert [] == list(missing(RENDERERS[name], written(pieces)))


def test_what_is_lost_is_told_by_check_and_counted_by_build(tmp_path: Path) -> None:
    """With its path and line; everything else is in the page and the feeds."""
    site = Site(tmp_path / "site")
    site.post("a.md", body="Seen.\n\n<textarea>gone</textarea>\n\n<Chart>kept</Chart>")

    (built,) = map(str, site.build().problems)
    checked = [str(each) for each in site.check().problems]
    (item,) = json.loads((site.public / "feed.json").read_text(encoding="utf-8"))["items"]

    assert "2 parts of one post" in built
    assert ["content/a.md:7:", "content/a.md:9:"] == [each.split(" ")[0] for each in checked]
    assert "kept" in item["content_html"]
    assert "gone" not in item["content_html"]


@settings(max_examples=max(10, settings().max_examples // 5))
@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.tuples(st.sampled_from(FATES), st.sampled_from(("2025-01-30", ""))),
        max_size=len(NAMES),
    )
)
def test_every_file_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, tuple[str, str]]
) -> None:
    """Whatever it is: a post, a page, shown or not, or left out for a reason that is told."""
    site = Site(tmp_path_factory.mktemp("counted") / "site")
    for name, (fate, date) in written.items():
        dated = f"date: {date}\n" if date and "date:" not in fate else ""
        title = "" if "title:" in fate else f"title: {name}\n"
        site.put(f"content/{name}", f"---\n{title}{dated}{fate}\n---\nText.\n")

    built = site.build()
    out = {each.path for each in built.problems if each.left_out}

    shown = built.published + built.drafts + built.scheduled + built.ignored
    assert built.files == shown + len(out), (built, out)
    assert built.files >= len([name for name in written if not name.startswith(".")])
